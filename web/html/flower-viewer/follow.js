// follow.js - hears of a zone's manifests: by a stream of events, where that does not hold by long
// poll, and where that does not either by asking now and then. A way that fails is at fault only
// where plain asking works meanwhile; else it is the network. After a failure it waits, longer each
// time and never as long as the next screen, so that they do not all come back at once.

import { get, path } from "/lib/api.js";
import { readStream } from "./stream.js";

const WAYS = ["stream", "wait", "ask"];
const FAILURES = 2; // until the next way is tried
const BACK_MS = 2 * 60000; // after which the best way gets another chance
const SILENT_MS = 60000, WAIT_S = 25, ASK_MS = 8000, PAUSE_MS = 1000, LONGEST_MS = 30000, SHORT_MS = 2000;

export class Follower {
  #way = 0;
  #since = performance.now();
  #failures = 0; // in a row, of this way
  #waits = 0; // in a row, of any way
  #wake = () => {};

  /**
   * on: manifest(manifest) what holds or will; none() nobody has chosen; changed() way or
   * reached changed. version(): the newest that is known.
   */
  constructor(zone, on, version) {
    this.zone = zone;
    this.on = on;
    this.version = version;
    this.reached = false;
    this.locked = false;
    this.lastId = "";
    this.etag = "";
    addEventListener("online", () => this.retry());
    this.#run();
  }

  get way() {
    return WAYS[this.#way];
  }

  /** Tries at once, the best way first: the network is back. */
  retry() {
    this.#waits = 0;
    this.#choose(0);
    this.#wake();
  }

  /** Asks once, beside what is going on. False: the garden cannot be asked. */
  async ask() {
    const before = this.version();
    try {
      const manifest = await get(path`/v1/zones/${this.zone}`);
      if (this.version() === before && manifest.version !== before) this.on.manifest(manifest);
      return true;
    } catch (error) {
      if (error.status === 404 && this.version() === before) this.on.none();
      return error.status === 404;
    }
  }

  async #run() {
    for (;;) {
      try {
        await this[`_${this.way}`]();
      } catch (error) {
        await this.#failed(error);
      }
      if (this.#way > 0 && performance.now() - this.#since > BACK_MS) this.#choose(0);
    }
  }

  async #failed(error) {
    this.locked = error.status === 401 || error.status === 403;
    this.#set(false);
    if (this.#way < WAYS.length - 1 && await this.ask() && ++this.#failures >= FAILURES) this.#choose(this.#way + 1);
    const wait = Math.min(LONGEST_MS, PAUSE_MS * 2 ** this.#waits++) * (0.5 + Math.random() / 2);
    await this.#sleep(wait);
  }

  #choose(way) {
    this.#way = way;
    this.#since = performance.now();
    this.#failures = 0;
    this.on.changed();
  }

  #worked() {
    this.#failures = this.#waits = 0;
    this.locked = false;
    this.#set(true);
  }

  #set(reached) {
    if (reached === this.reached) return;
    this.reached = reached;
    this.on.changed();
  }

  #sleep(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  // A stream that ends is begun again; one that ends at once has failed.
  async _stream() {
    const begun = performance.now();
    await readStream(path`/v1/zones/${this.zone}/feed`, {
      lastId: this.version() ? this.lastId : "", silentMs: SILENT_MS,
      alive: () => this.#worked(),
      event: ({ id, type, data }) => {
        if (type !== "manifest") return;
        this.lastId = id;
        this.on.manifest(JSON.parse(data));
      },
    });
    if (performance.now() - begun < SHORT_MS) throw new Error("the stream ended at once");
    await this.#sleep(PAUSE_MS * Math.random()); // all streams end together where the garden restarts
  }

  async _wait() {
    const begun = performance.now();
    await this.#get(`?after=${this.version()}&wait=${WAIT_S}`, (WAIT_S + 15) * 1000);
    if (performance.now() - begun < SHORT_MS) await this.#sleep(ASK_MS / 2 * (0.5 + Math.random() / 2));
  }

  async _ask() {
    await this.#get("", 15000);
    await this.#sleep(ASK_MS * (0.75 + Math.random() / 2));
  }

  async #get(query, timeoutMs) {
    const headers = this.etag && this.version() ? { "If-None-Match": this.etag } : {};
    let etag = "";
    try {
      const manifest = await get(path`/v1/zones/${this.zone}` + query, {
        headers, timeoutMs, answered: (answer) => { etag = answer.headers.get("ETag") ?? ""; },
      });
      this.#worked();
      this.etag = etag;
      this.on.manifest(manifest);
    } catch (error) {
      if (error.status !== 304 && error.status !== 404) throw error;
      this.#worked();
      if (error.status === 404) this.on.none();
    }
  }
}
