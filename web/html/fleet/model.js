// model.js - what is known of zones and screens: asked for again and again, and what follows from
// it over time.

import { get, path } from "/lib/api.js";

const ITEMS = 1000, PLAYS = 30;
const ORDER = { stale: 0, dark: 1, live: 2 };

export class Fleet {
  #manifests = new Map(); // by zone
  #since = new Map(); // by screen: { state, at }
  #keys = new Map(); // of pictures by hash
  #ahead = 0;
  #askedItems = false;

  constructor() {
    this.screens = [];
    this.zones = [];
    this.plays = [];
  }

  /** The garden's time, in ms: this machine's own may be wrong. */
  now() {
    return Date.now() - this.#ahead;
  }

  /** The key of a picture with this hash, where it was seen. */
  keyOf(sha256) {
    return this.#keys.get(sha256);
  }

  manifest(zone) {
    return this.#manifests.get(zone);
  }

  async refresh() {
    const [{ screens }, { zones }, { plays }] = await Promise.all([
      get("/v1/screens", { answered: (answer) => this.#hear(answer) }), get("/v1/zones"), get(`/v1/plays?limit=${PLAYS}`)]);
    this.zones = zones.sort((a, b) => a.zone.localeCompare(b.zone, undefined, { numeric: true }));
    await Promise.all(zones.map((zone) => this.#learn(zone)));
    this.plays = plays.slice(0, PLAYS);
    for (const { sha256, key } of this.plays) this.#keys.set(sha256, key);
    const before = this.#since;
    this.#since = new Map();
    this.screens = screens.map((screen) => this.#date(screen, before)).sort((a, b) => ORDER[a.state] - ORDER[b.state] ||
      a.zone.localeCompare(b.zone, undefined, { numeric: true }) || a.slot - b.slot || a.screen.localeCompare(b.screen));
    await this.#nameAll();
  }

  // Good to a second, which is enough for "seen 40 s ago".
  #hear(answer) {
    const date = Date.parse(answer.headers.get("Date") ?? "");
    if (date) this.#ahead = Math.abs(Date.now() - date) > 2000 ? Date.now() - date : 0;
  }

  async #learn({ zone, version }) {
    if (!version || this.#manifests.get(zone)?.version === version) return;
    try {
      const manifest = await get(path`/v1/zones/${zone}`);
      this.#manifests.set(zone, manifest);
      for (const { sha256, key } of [...manifest.landscape, ...manifest.portrait]) this.#keys.set(sha256, key);
    } catch (error) {
      if (error.status !== 404) throw error;
      this.#manifests.delete(zone);
    }
  }

  // Since when a screen is what it is. Of a dark one and of one that missed a change the garden
  // knows; else it is from when it was seen so.
  #date(screen, known) {
    const name = `${screen.zone} ${screen.screen}`, before = known.get(name), manifest = this.manifest(screen.zone);
    const missed = screen.state === "stale" && manifest && screen.version < manifest.version ? manifest.effective_at : 0;
    const at = screen.state === "dark" ? screen.seen : before?.state === screen.state ? before.at : missed || this.now();
    this.#since.set(name, { state: screen.state, at });
    return { ...screen, since: at };
  }

  // Ambient gardens show pictures that are in no manifest.
  async #nameAll() {
    if (this.#askedItems || this.screens.every(({ showing }) => !showing || this.#keys.has(showing))) return;
    this.#askedItems = true;
    const { items } = await get(`/v1/items?limit=${ITEMS}`);
    for (const { sha256, key } of items) if (sha256) this.#keys.set(sha256, key);
  }
}
