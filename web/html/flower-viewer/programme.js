// programme.js - which manifest holds when. The garden tells of a set before it takes effect, so
// that screens can fetch it; of those that are due, the newest holds.

const KEPT = 8; // sets that wait for their time; more are never told of at once

export class Programme {
  #manifests = [];

  /** The newest that was told of, due or not. */
  get newest() {
    return this.#manifests.at(-1) ?? null;
  }

  /** Takes what the garden says now. False: it is known. A lower version means that the garden began anew. */
  take(manifest) {
    const newest = this.newest;
    if (newest?.version === manifest.version && newest.effective_at === manifest.effective_at) return false;
    if (newest && manifest.version <= newest.version) this.#manifests = [];
    this.#manifests = [...this.#manifests, manifest].slice(-KEPT);
    return true;
  }

  clear() {
    this.#manifests = [];
  }

  /** What holds at this time, or null; what it replaces is forgotten. */
  at(now) {
    const last = this.#manifests.findLastIndex((manifest) => manifest.effective_at <= now);
    if (last > 0) this.#manifests.splice(0, last);
    return last < 0 ? null : this.#manifests[0];
  }

  /** When the next one takes effect, or Infinity. */
  next(now) {
    return Math.min(Infinity, ...this.#manifests.map((one) => one.effective_at).filter((time) => time > now));
  }

  /** All that holds or will. */
  get manifests() {
    return this.#manifests;
  }
}

/** Slot n starts at place n, and all move on by one each period. */
export const placeAt = (now, period, slot) => Math.floor(now / period) + slot - 1;
