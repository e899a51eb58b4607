// clock.js - the zone's clock: what the garden says the time is, carried on by a clock of this
// machine that nobody can set. Screens of a zone change together because they all go by it, also
// where the machine's own date is wrong.

const SAMPLES = 8; // of which the one that travelled shortest is believed; a machine's clock drifts little in that time

export class ZoneClock {
  #samples = [];
  #offset;

  /** ahead: by how much the machine's date was ahead of the zone's clock when it was last heard. */
  constructor(ahead = 0) {
    this.#offset = Date.now() - ahead - performance.now();
    this.heard = false;
  }

  now() {
    return performance.now() + this.#offset;
  }

  /** How far the machine's date is ahead of the zone's clock, in ms. */
  get ahead() {
    return Date.now() - this.now();
  }

  /** The garden said `now` at some moment between two readings of performance.now(). */
  hear(now, sent, received) {
    const doubt = (received - sent) / 2, offset = now + doubt - received;
    const stepped = this.#samples.some((other) => Math.abs(other.offset - offset) > other.doubt + doubt + 500);
    if (stepped) this.#samples = [];
    this.#samples = [...this.#samples, { offset, doubt }].slice(-SAMPLES);
    this.#offset = this.#samples.reduce((best, one) => one.doubt < best.doubt ? one : best).offset;
    this.heard = true;
  }
}
