// vault.js - what a screen keeps on its disk: the last manifest, the ambient garden and their
// pictures, so that it starts without a network. Where there is no room or no Cache Storage (it
// wants https or this machine), the screen lives by what is in memory.

const PREFIX = "garden-viewer ", BASE = "/html/flower-viewer/kept/";

export class Vault {
  /** name: whose pictures, e.g. the zone and orientation. full(): called when there is no room. */
  constructor(name, full = () => {}) {
    this.name = PREFIX + name;
    this.full = full;
    this.out = false;
  }

  /** The bytes that were kept as this hash, or null. */
  async picture(sha256) {
    return sha256 ? (await this.#find(sha256))?.arrayBuffer() ?? null : null;
  }

  keepPicture(sha256, bytes) {
    return sha256 ? this.#keep(sha256, new Response(bytes)) : Promise.resolve();
  }

  async note(name) {
    try { return await (await this.#find(name))?.json() ?? null; } catch { return null; }
  }

  keepNote(name, value) {
    return this.#keep(name, new Response(JSON.stringify(value)));
  }

  async dropNote(name) {
    try { await (await caches.open(this.name)).delete(BASE + name); } catch { /* it is not there, then */ }
  }

  /** Drops the pictures that are in none of these sets. */
  async keepOnly(hashes) {
    const wanted = new Set([...hashes].map((hash) => BASE + hash));
    try {
      const cache = await caches.open(this.name);
      for (const { url } of await cache.keys()) {
        const path = new URL(url).pathname;
        if (/^[0-9a-f]{64}$/.test(path.slice(BASE.length)) && !wanted.has(path)) await cache.delete(path);
      }
    } catch { /* nothing is kept, then */ }
  }

  async #find(name) {
    try { return await (await caches.open(this.name)).match(BASE + name) ?? null; } catch { return null; }
  }

  // No room: what was kept for other zones goes first.
  async #keep(name, response) {
    if (!globalThis.caches) return;
    const again = response.clone();
    try {
      await this.#put(name, response);
    } catch {
      try {
        await this.#dropOthers();
        await this.#put(name, again);
      } catch {
        if (!this.out) this.full();
        this.out = true;
      }
    }
  }

  async #put(name, response) {
    await (await caches.open(this.name)).put(BASE + name, response);
    this.out = false;
  }

  async #dropOthers() {
    for (const name of await caches.keys())
      if (name.startsWith(PREFIX) && name !== this.name) await caches.delete(name);
  }
}
