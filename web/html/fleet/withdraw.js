// withdraw.js - takes a picture off all walls: asks first, and then counts the screens that have
// let go of it until all have.

import { ask, get, objectPath, path, post } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { pictureName } from "/lib/moods.js";
import { drawKeyed } from "./keyed.js";

const EVERY_MS = 1000, NAMED = 6, LISTED = 20, KEPT = "fleet.withdrawals";

function kept() {
  try { return JSON.parse(sessionStorage.getItem(KEPT) ?? "[]"); } catch { return []; }
}

export class Withdrawals {
  #timer;

  constructor(speech, fleet, drawing) {
    Object.assign(this, { speech, fleet, drawing });
    this.list = kept(); // { id, key, told, trouble }
    this.dialog = byId("ask");
    byId("keep").addEventListener("click", () => this.dialog.close());
    this.dialog.addEventListener("close", () => { this.key = null; });
    byId("ask-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const key = this.key, trash = byId("trash").checked;
      this.dialog.close();
      this.#withdraw(key, trash);
    });
    this.draw();
    this.#follow();
  }

  /** Asks, naming the picture and the walls that it is on. */
  askFor(key) {
    const shows = (manifest) => [...manifest?.landscape ?? [], ...manifest?.portrait ?? []].some((one) => one.key === key);
    const zones = this.fleet.zones.map(({ zone }) => zone).filter((zone) => shows(this.fleet.manifest(zone)));
    this.key = key;
    byId("ask-title").textContent = this.speech.say("ask", pictureName(this.speech.language, key));
    byId("ask-key").textContent = key;
    byId("ask-zones").textContent = this.speech.say("askZones", zones);
    byId("ask-picture").replaceChildren(element("img", { src: `${objectPath(key)}?w=320`, alt: pictureName(this.speech.language, key) }));
    this.dialog.showModal();
  }

  async #withdraw(key, trash) {
    const made = { id: null, key, told: null, trouble: "" };
    this.list = [made, ...this.list].slice(0, LISTED);
    this.draw();
    try {
      made.told = await post("/v1/withdrawals", { keys: [key] }, { idempotencyKey: `withdraw-${Date.now()}-${Math.random().toString(36).slice(2)}` });
      made.id = made.told.id;
      if (trash) await this.#trash(made);
    } catch (error) {
      made.trouble = this.speech.say("failed", error.message);
    }
    this.draw();
    this.#follow();
  }

  async #trash(made) {
    try {
      await ask("DELETE", path`/v1/items/${made.key}`);
    } catch (error) {
      if (error.status !== 404) made.trouble = this.speech.say("untrashed", error.message);
    }
  }

  async #follow() {
    clearTimeout(this.#timer);
    const open = this.list.filter((one) => one.id && one.told?.outstanding !== 0);
    await Promise.all(open.map(async (one) => {
      try { one.told = await get(path`/v1/withdrawals/${one.id}`); } catch (error) {
        if (error.status === 404) one.told = { ...one.told, outstanding: 0 };
      }
    }));
    this.draw();
    if (this.list.some((one) => one.id && one.told?.outstanding !== 0)) this.#timer = setTimeout(() => this.#follow(), EVERY_MS);
  }

  draw() {
    try { sessionStorage.setItem(KEPT, JSON.stringify(this.list)); } catch { /* until the page is left */ }
    byId("withdrawals").hidden = this.list.length === 0;
    drawKeyed(byId("withdrawal-list"), this.list, ({ id, key }) => `${id} ${key}`, (one) => this.#entry(one));
  }

  #entry({ key, told, trouble }) {
    const { speech } = this, { acknowledged = 0, outstanding = 0 } = told ?? {}, all = acknowledged + outstanding;
    const waiting = (told?.screens ?? []).filter((one) => !one.acknowledged).map((one) => `${one.zone} ${one.screen}`);
    const names = waiting.slice(0, NAMED).join(", ") + (waiting.length > NAMED ? ` ${speech.say("andMore", waiting.length - NAMED)}` : "");
    return element("li", { class: told && outstanding === 0 ? "done" : "open" },
      element("b", {}, pictureName(speech.language, key)), element("code", {}, key),
      told ? element("progress", { max: Math.max(1, all), value: all ? acknowledged : 1, "aria-label": pictureName(speech.language, key) }) : null,
      told ? element("span", { class: "count" }, speech.say("told", acknowledged, all)) : null,
      waiting.length ? element("small", {}, speech.say("waits", names)) : null,
      trouble ? element("small", { class: "trouble" }, trouble) : null);
  }
}
