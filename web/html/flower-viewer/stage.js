// stage.js - one picture after another. The next fades in over the one before, which stays until
// it is covered: the wall never shows through. A picture goes up only when it is decoded.

const still = matchMedia("(prefers-reduced-motion: reduce)");

export class Stage {
  #turn = 0;
  #coming = null; // { picture, done } while it is decoded
  #leaving = new Set();

  /** changed(picture, before): called at the moment a picture starts to be seen. */
  constructor(root, changed) {
    this.root = root;
    this.changed = changed;
    this.picture = null;
  }

  /** Pictures that can be seen now. */
  get shown() {
    return new Set([this.picture, ...this.#leaving].filter(Boolean));
  }

  /** Has a picture decoded that is next. */
  prepare(picture) {
    if (!picture) return;
    if (!picture.img.isConnected) this.root.append(picture.img);
    picture.img.decode().catch(() => { /* it is tried again when it is due */ });
  }

  /** Shows a picture, or none: then what is behind the stage. */
  show(picture, fadeMs) {
    if (this.#coming?.picture === picture) return this.#coming.done;
    const turn = ++this.#turn;
    this.#coming = null;
    if (picture === this.picture) return Promise.resolve();
    const done = this.#bring(picture, turn, fadeMs);
    if (this.#turn === turn && this.picture !== picture) this.#coming = { picture, done };
    return done;
  }

  async #bring(picture, turn, fadeMs) {
    if (picture && !picture.img.isConnected) this.root.append(picture.img);
    try {
      await picture?.img.decode();
    } catch {
      if (turn === this.#turn) this.#coming = null;
      return; // the one before stays
    }
    if (turn !== this.#turn) return;
    this.#coming = null;
    this.#change(picture, still.matches ? 0 : fadeMs);
  }

  #change(picture, fadeMs) {
    const before = this.picture;
    this.picture = picture;
    if (before) this.#leaving.add(before);
    this.#leaving.delete(picture);
    for (const one of this.#leaving) one.img.className = "leaving";
    if (picture) picture.img.className = "shown";
    this.changed(picture, before);
    this.#fade(picture ?? before, picture ? [0, 1] : [1, 0], fadeMs, () => this.#settle(picture));
  }

  #fade(picture, opacity, fadeMs, done) {
    if (!picture || fadeMs < 1) return done();
    const fading = picture.img.animate({ opacity }, { duration: fadeMs, easing: "ease-in-out" });
    fading.onfinish = fading.oncancel = () => {
      fading.onfinish = fading.oncancel = null;
      done();
    };
  }

  // What the picture has covered is taken down, unless another has come meanwhile.
  #settle(picture) {
    if (picture !== this.picture) return;
    for (const one of this.#leaving) one.img.className = "";
    this.#leaving.clear();
    this.settled?.();
  }
}
