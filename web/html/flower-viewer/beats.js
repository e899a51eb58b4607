// beats.js - heartbeats: every ten seconds a screen says what it really shows, and what it has
// shown since (proof of play). What was not heard waits, up to a limit, also over a restart.

import { path, post } from "/lib/api.js";

const EVERY_MS = 10000, PLAYS_A_BEAT = 100, PLAYS_BYTES = 40000, PLAYS_KEPT = 2000;

export class Beats {
  #timer;
  #busy = false;
  #again = false;

  /** screen: its id; report(): { version, showing }; answered(answer, again): what the garden said, again after silence. */
  constructor({ zone, screen, slot, orientation }, clock, report, answered) {
    Object.assign(this, { zone, screen, slot, orientation, clock, report, answered });
    this.store = `viewer.plays.${screen}`;
    this.plays = take(this.store);
    this.refused = "";
    addEventListener("pagehide", () => this.keep());
  }

  /** Of a picture whose hash is not known nothing can be proved. */
  played({ key, sha256 }, from, to) {
    if (!sha256) return;
    this.plays.push({ key, sha256, from: Math.round(from), to: Math.round(Math.max(from, to)) });
    if (this.plays.length > PLAYS_KEPT) this.plays.splice(0, this.plays.length - PLAYS_KEPT);
  }

  /** Beats now, or right after the beat that is on its way. */
  async beat() {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#busy = true;
    const more = await this.#send(this.#batch());
    this.#busy = false;
    if (more || this.#again) {
      this.#again = false;
      this.beat();
    } else {
      this.#timer = setTimeout(() => this.beat(), EVERY_MS * (0.95 + Math.random() / 10));
    }
  }

  /** Remembers the plays that nobody has heard of. */
  keep() {
    try {
      if (this.plays.length) localStorage.setItem(this.store, JSON.stringify(this.plays));
      else localStorage.removeItem(this.store);
    } catch { /* no room: they are told of as long as the page lives */ }
  }

  #batch() {
    let plays = this.plays.slice(0, PLAYS_A_BEAT);
    while (plays.length > 1 && JSON.stringify(plays).length > PLAYS_BYTES) plays = plays.slice(0, plays.length / 2);
    return plays;
  }

  // True where more plays wait than one beat takes.
  async #send(plays) {
    const sent = performance.now();
    try {
      const answer = await post(path`/v1/zones/${this.zone}/heartbeat`, {
        screen: this.screen, slot: this.slot, orientation: this.orientation, ...this.report(),
        clock: Date.now(), plays,
      }, { timeoutMs: 8000 });
      this.clock.hear(answer.now, sent, performance.now());
      this.plays.splice(0, plays.length);
      const again = this.refused !== "";
      this.refused = "";
      this.answered(answer, again);
      return this.plays.length >= PLAYS_A_BEAT;
    } catch (error) {
      this.#failed(error, plays);
      return false;
    }
  }

  // What the garden will never take must not stand in the way of what it will.
  #failed(error, plays) {
    this.refused = error.message;
    if (error.status === 400 || error.status === 413 || error.status === 422) this.plays.splice(0, plays.length);
    else this.keep();
  }
}

function take(store) {
  try {
    const plays = JSON.parse(localStorage.getItem(store) ?? "[]");
    localStorage.removeItem(store);
    return Array.isArray(plays) ? plays : [];
  } catch {
    return [];
  }
}
