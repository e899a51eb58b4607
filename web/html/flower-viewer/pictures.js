// pictures.js - pictures that are whole: their bytes are what the manifest says (SHA-256), and
// they are decoded before anybody sees them. Each is one <img>, whose blob is given back as soon
// as it has loaded.

import { objectPath } from "/lib/api.js";
import { element } from "/lib/dom.js";

const RETRIES_MS = [1000, 2000, 5000, 10000, 30000], FETCH_MS = 30000;

/** The SHA-256 in hexadecimal, or null where the browser has none (plain http on a network). */
async function hash(bytes) {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function fetchBytes(key) {
  const answer = await fetch(objectPath(key), { cache: "no-cache", signal: AbortSignal.timeout(FETCH_MS) });
  if (!answer.ok) throw new Error(`${key}: ${answer.status}`);
  return answer.arrayBuffer();
}

async function decode(bytes, label) {
  const address = URL.createObjectURL(new Blob([bytes]));
  const img = element("img", { alt: label, draggable: "false" });
  try {
    img.src = address;
    await img.decode();
    return img;
  } finally {
    URL.revokeObjectURL(address);
  }
}

export class Library {
  #pictures = new Map(); // of { key, sha256, img } by name

  /** label(key): what a picture is called. wrong(key): its bytes are not what they should be. */
  constructor(vault, { label, wrong }) {
    this.vault = vault;
    this.label = label;
    this.wrong = wrong;
  }

  get size() {
    return this.#pictures.size;
  }

  /** A picture in memory, or undefined. */
  find(entry) {
    return this.#pictures.get(nameOf(entry));
  }

  /** Fetches a picture from memory, disk or the garden; throws where it cannot be shown. */
  async load(entry) {
    const found = this.find(entry);
    if (found) return found;
    const kept = await this.vault.picture(entry.sha256);
    const made = kept && await this.#make(entry, kept).catch(() => null);
    return made ?? this.#make(entry, await fetchBytes(entry.key), true);
  }

  /** Lets go of all that is in none of the sets and not on the stage. */
  keepOnly(entries, shown) {
    const wanted = new Set(entries.map(nameOf));
    for (const [name, picture] of this.#pictures)
      if (!wanted.has(name) && !shown.has(picture)) {
        picture.img.remove();
        this.#pictures.delete(name);
      }
  }

  relabel() {
    for (const picture of this.#pictures.values()) picture.img.alt = this.label(picture.key);
  }

  async #make(entry, bytes, isNew = false) {
    const sha256 = await hash(bytes);
    if (sha256 && entry.sha256 && sha256 !== entry.sha256) {
      if (isNew) this.wrong(entry.key);
      throw new Error(`${entry.key}: its bytes are not those of the manifest`);
    }
    const picture = { key: entry.key, sha256: entry.sha256 ?? sha256 ?? "", img: await decode(bytes, this.label(entry.key)) };
    if (isNew) await this.vault.keepPicture(picture.sha256, bytes);
    const other = this.find(entry);
    if (!other) this.#pictures.set(nameOf(entry), picture);
    return other ?? picture;
  }
}

const nameOf = (entry) => `${entry.sha256 ?? ""} ${entry.key}`;

/** Pictures that are shown together. changed(): one has come, or cannot. */
export class PictureSet {
  #pictures;
  #tried;
  #ended = false;
  #timers = new Set();

  constructor(library, entries, changed) {
    this.library = library;
    this.entries = entries;
    this.changed = changed;
    this.#pictures = entries.map((entry) => library.find(entry) ?? null);
    this.#tried = this.#pictures.map(Boolean);
    this.started = performance.now();
    entries.forEach((_, i) => this.#pictures[i] || this.#load(i, 0));
  }

  get whole() {
    return this.#pictures.every(Boolean);
  }

  get some() {
    return this.#pictures.some(Boolean);
  }

  /** All that can be had now is there. */
  get tried() {
    return this.#tried.every(Boolean);
  }

  /** The picture at a place; where it cannot be shown, the next that can. */
  at(place) {
    const n = this.entries.length;
    for (let i = 0; i < n; i++) {
      const picture = this.#pictures[(place + i) % n];
      if (picture) return picture;
    }
    return null;
  }

  /** Takes a picture out for good. */
  drop(picture) {
    this.#pictures = this.#pictures.map((one) => one === picture ? null : one);
  }

  end() {
    this.#ended = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  async #load(i, attempt) {
    try {
      this.#pictures[i] = await this.library.load(this.entries[i]);
    } catch {
      if (!this.#ended) this.#later(i, attempt);
    }
    this.#tried[i] = true;
    if (!this.#ended) this.changed();
  }

  #later(i, attempt) {
    const wait = RETRIES_MS[Math.min(attempt, RETRIES_MS.length - 1)] * (0.75 + Math.random() / 2);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#load(i, attempt + 1);
    }, wait);
    this.#timers.add(timer);
  }
}
