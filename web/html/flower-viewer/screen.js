// screen.js - one screen of a zone: which picture is due, and that it is shown. Nothing here
// waits for the network; what comes from there only changes what is due.

import { Ambient } from "./ambient.js";
import { Beats } from "./beats.js";
import { ZoneClock } from "./clock.js";
import { Follower } from "./follow.js";
import { Library, PictureSet } from "./pictures.js";
import { placeAt, Programme } from "./programme.js";
import { Stage } from "./stage.js";
import { Vault } from "./vault.js";

const FADE_MS = 1200, FADE_PART = 0.4; // of the period, where that is short
const AMBIENT_PERIOD_MS = 12000, AMBIENT_FADE_MS = 4000;
const GRACE_MS = 8000; // after which a set is shown without the pictures that cannot be had
const FIRST_BEAT_MS = 800, FIRST_SET_MS = 3000, ASK_AFTER_MS = 3000, LONGEST_TICK_MS = 1000;
const NOTE = "manifests", AHEAD = "viewer.ahead";

export class Screen {
  #timer;
  #sets = new Map(); // of PictureSet by manifest
  #from = 0; // since when the picture is seen
  #stale = false; // something may be let go of
  #asking;

  /** setting: { zone, slot, orientation, period, screen }; changed(): for who shows the state. */
  constructor(setting, root, label, changed) {
    this.setting = setting;
    this.changed = changed;
    this.root = root;
    this.clock = new ZoneClock(Number(kept(AHEAD)) || 0);
    this.programme = new Programme();
    this.vault = new Vault(`${setting.zone} ${setting.orientation}`, () => changed());
    this.library = new Library(this.vault, { label, wrong: (key) => { this.wrong = key; changed(); } });
    this.ambient = new Ambient(this.library, this.vault, this.clock, setting.orientation, () => this.tick());
    this.stage = new Stage(root, (picture, before) => this.#seen(picture, before));
    this.stage.settled = () => this.#tidy();
    this.beats = new Beats(setting, this.clock, () => this.#report(), (answer, again) => this.#answered(answer, again));
    this.active = null; // { set, version, ambient }
    this.version = 0; // of what is really shown
    this.changedAt = 0;
  }

  async start() {
    this.begun = performance.now();
    await Promise.all([this.#restore(), this.ambient.restore()]);
    const beat = this.beats.beat();
    this.follower = new Follower(this.setting.zone, {
      manifest: (manifest) => this.#take(manifest), none: () => this.#none(), changed: this.changed,
    }, () => this.programme.newest?.version ?? 0);
    // The zone's clock first, so that the first picture is the right one.
    await Promise.race([beat, new Promise((resolve) => setTimeout(resolve, FIRST_BEAT_MS))]);
    this.tick();
  }

  /** Shows what is due now, and comes back when something else is. */
  tick() {
    clearTimeout(this.#timer);
    const now = this.clock.now(), due = this.#due(now);
    if (due) this.#activate(due);
    this.#show(now);
    const period = this.#period(), edge = (Math.floor(now / period) + 1) * period;
    const next = Math.min(edge, this.programme.next(now), now + LONGEST_TICK_MS);
    this.#timer = setTimeout(() => this.tick(), Math.max(1, next - this.clock.now()));
  }

  #period() {
    return this.active?.ambient ? AMBIENT_PERIOD_MS : this.setting.period;
  }

  #entries(manifest) {
    return manifest[this.setting.orientation === "v" ? "portrait" : "landscape"];
  }

  // What is to be shown from now on, or null: what is shown stays.
  #due(now) {
    const manifest = this.programme.at(now);
    for (const one of this.programme.manifests) this.#setOf(one);
    if (!manifest && this.#awaits(now)) return null;
    if (!manifest || !this.#entries(manifest).length) return { set: this.ambient.want(), version: manifest?.version ?? 0, ambient: true };
    const set = this.#setOf(manifest);
    const late = now - manifest.effective_at > GRACE_MS && performance.now() - set.started > GRACE_MS;
    return set.whole || (late && set.tried && set.some) ? { set, version: manifest.version, ambient: false } : null;
  }

  // At the start: whether a set is about to come, so that nothing else need be shown first.
  #awaits(now) {
    if (this.active || performance.now() - this.begun > FIRST_SET_MS) return false;
    const newest = this.programme.newest;
    return newest ? newest.effective_at - now < FIRST_SET_MS : this.told > 0;
  }

  #setOf(manifest) {
    if (!this.#sets.has(manifest)) this.#sets.set(manifest, new PictureSet(this.library, this.#entries(manifest), () => this.tick()));
    return this.#sets.get(manifest);
  }

  #activate(due) {
    const was = this.active;
    if (was?.set === due.set && was?.version === due.version) return;
    this.active = due;
    this.changedAt = this.clock.now();
    if (!due.ambient) this.ambient.rest();
    this.#stale = true;
    this.changed();
  }

  async #show(now) {
    const { active, stage } = this, period = this.#period();
    if (!active) return;
    const place = placeAt(now, period, this.setting.slot), picture = active.set?.at(place) ?? null;
    const fadeMs = active.ambient ? AMBIENT_FADE_MS : Math.min(FADE_MS, period * FADE_PART);
    await stage.show(picture, fadeMs);
    if (stage.picture !== picture || this.active !== active) return;
    if (this.version !== active.version) this.#showsVersion(active.version);
    if (this.prepared === place || !active.set) return;
    this.prepared = place;
    const next = active.set.at(place + 1);
    stage.prepare(next);
    if (active.ambient && next) this.ambient.check(next);
  }

  #showsVersion(version) {
    this.version = version;
    this.root.dataset.version = version;
    this.beats.beat();
    this.changed();
  }

  #seen(picture, before) {
    const now = this.clock.now();
    if (before) this.beats.played(before, this.#from, now);
    this.#from = now;
    this.root.dataset.showing = picture?.sha256 ?? "";
    this.root.dataset.garden = this.active.ambient ? "ambient" : "chosen";
  }

  // Lets go of sets and pictures that nobody will see again.
  #tidy() {
    if (!this.#stale) return;
    this.#stale = false;
    for (const [manifest, set] of this.#sets)
      if (!this.programme.manifests.includes(manifest) && set !== this.active?.set) {
        set.end();
        this.#sets.delete(manifest);
      }
    const sets = [...this.#sets.values(), this.ambient.set, this.ambient.next].filter(Boolean);
    const entries = sets.flatMap((set) => set.entries);
    this.library.keepOnly(entries, this.stage.shown);
    this.vault.keepOnly([...entries, ...this.ambient.entries].map((entry) => entry.sha256).filter(Boolean));
  }

  #report() {
    return { version: this.version, showing: this.stage.picture?.sha256 ?? "" };
  }

  #answered({ version }, again) {
    this.told = version;
    keep(AHEAD, Math.round(this.clock.ahead));
    const known = () => this.programme.newest?.version ?? 0;
    if (version !== known() && !this.#asking)
      this.#asking = setTimeout(() => {
        this.#asking = null;
        if (version !== known()) this.follower.ask();
      }, ASK_AFTER_MS);
    if (again && !this.follower.reached) this.follower.retry();
    this.changed();
  }

  #take(manifest) {
    if (!this.programme.take(manifest)) return;
    this.#stale = true;
    this.tick();
    this.vault.keepNote(NOTE, this.programme.manifests);
    this.changed();
  }

  #none() {
    if (!this.programme.newest) return;
    this.programme.clear();
    this.#stale = true;
    this.vault.dropNote(NOTE);
    this.tick();
  }

  async #restore() {
    for (const manifest of await this.vault.note(NOTE) ?? []) this.programme.take(manifest);
  }
}

export function kept(name) {
  try { return localStorage.getItem(name); } catch { return null; }
}

export function keep(name, value) {
  try { localStorage.setItem(name, value); } catch { /* until the page is left */ }
}
