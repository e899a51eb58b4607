// ambient.js - what a wall shows while nobody has chosen: pictures of the garden that fit the
// season and the hour, one slowly after the other.

import { get, objectPath } from "/lib/api.js";
import { PictureSet } from "./pictures.js";

const WEATHERS = ["sunny", "cloudy", "rainy", "snowy"];
const SEASONS = ["winter", "spring", "summer", "autumn"]; // by the month, from December on
const PICTURES = 16, ENOUGH = 4, RENEW_MS = 15 * 60000, RETRY_MS = 20000, NOTE = "ambient";

export const seasonOf = (date) => SEASONS[Math.floor((date.getMonth() + 1) % 12 / 3)];

export function hourOf(date) {
  const hour = date.getHours();
  if (hour >= 5 && hour < 8) return "the-early-dawn";
  if (hour >= 8 && hour < 17) return "day";
  return hour >= 17 && hour < 20 ? "sunset" : "the-middle-of-the-night";
}

// The same order on all screens, another one each day.
function order(items, date) {
  const seed = date.toDateString();
  const rank = (key) => [...seed + key].reduce((sum, c) => Math.imul(sum ^ c.codePointAt(0), 16777619) >>> 0, 2166136261);
  return items.map((item) => [rank(item.key), item]).sort(([a], [b]) => a - b).map(([, item]) => item);
}

async function listItems(filter, orientation) {
  const query = new URLSearchParams({ ...filter, orientation, limit: "200" });
  return (await get(`/v1/items?${query}`)).items;
}

/** The pictures that fit best: season and hour, else the season, else any. */
async function pick(date, orientation) {
  const season = seasonOf(date), hour = hourOf(date);
  const fitting = await Promise.all(WEATHERS.map((weather) => listItems({ favorite: `${season},${weather},${hour}` }, orientation)));
  let items = fitting.flat();
  if (items.length < ENOUGH) {
    const all = await listItems({}, orientation);
    const ofSeason = all.filter((item) => item.emotion.includes(`/${season},`) || item.key.includes(season));
    items = ofSeason.length >= ENOUGH ? ofSeason : all;
  }
  return order(items, date).slice(0, PICTURES).map(({ key, sha256 }) => ({ key, sha256 }));
}

export class Ambient {
  #due = 0;
  #busy = false;

  constructor(library, vault, clock, orientation, changed) {
    Object.assign(this, { library, vault, clock, changed });
    this.orientation = orientation === "v" ? "portrait" : "landscape";
    this.set = null;
    this.next = null;
    this.entries = [];
  }

  async restore() {
    this.entries = await this.vault.note(NOTE) ?? [];
  }

  /** The pictures, as far as they are there, or null; has them fetched where they are not. */
  want() {
    if (performance.now() >= this.#due) this.#renew();
    if (this.next?.some) {
      this.set?.end();
      this.set = this.next;
      this.next = null;
    }
    return this.set?.some ? this.set : null;
  }

  /** Somebody has chosen. */
  rest() {
    this.set?.end();
    this.next?.end();
    this.set = this.next = null;
    this.#due = 0;
  }

  /** Takes a picture off that the garden no longer has. */
  async check(picture) {
    try {
      const answer = await fetch(objectPath(picture.key), { method: "HEAD", cache: "no-store" });
      if (answer.status !== 404 && answer.status !== 410) return;
      this.entries = this.entries.filter((entry) => entry.key !== picture.key);
      this.set?.drop(picture);
      this.changed();
    } catch { /* no network: what is kept is shown */ }
  }

  async #renew() {
    if (this.#busy) return;
    this.#busy = true;
    let entries = this.entries, wait = RETRY_MS;
    try {
      entries = await pick(new Date(this.clock.now()), this.orientation);
      wait = RENEW_MS * (0.9 + Math.random() / 5);
      this.vault.keepNote(NOTE, entries);
    } catch { /* what was kept goes on */ }
    this.#busy = false;
    this.#due = performance.now() + wait;
    this.#take(entries);
  }

  #take(entries) {
    const same = this.set && JSON.stringify(entries) === JSON.stringify(this.entries);
    this.entries = entries;
    if (same) return;
    this.next?.end();
    this.next = entries.length ? new PictureSet(this.library, entries, this.changed) : null;
    this.changed();
  }
}
