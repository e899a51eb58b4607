// setup.js - where a screen hangs: from the address, or asked for once and kept. A screen that was
// set up starts by itself when nobody touches it, so that a wall comes back after a power cut.

import { get } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { keep, kept } from "./screen.js";

const KEPT = "viewer.setting", DEVICE = "viewer.device";
const ZONES = ["zone1", "zone2", "zone3"], SLOTS = 9;
const ZONE = /^(?!\.\.?$)[A-Za-z0-9._-]{1,64}$/;
const PERIOD_MS = 3000, SHORTEST_MS = 20, LONGEST_MS = 86400000, COUNTDOWN_S = 15;

const PORTRAIT = ["v", "vertical", "portrait"];

function whole(text, low, high, other) {
  const n = Number.parseInt(text, 10);
  return Number.isFinite(n) ? Math.min(high, Math.max(low, n)) : other;
}

// The name that the garden knows this browser by; of no meaning elsewhere.
function device() {
  const known = kept(DEVICE);
  if (/^[a-z0-9]{8}$/.test(known ?? "")) return known;
  const made = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => "abcdefghijkmnpqrstuvwxyz23456789"[byte % 32]).join("");
  keep(DEVICE, made);
  return made;
}

function complete({ zone, slot, orientation, period, screen }) {
  const setting = {
    zone: String(zone), slot: whole(String(slot ?? "").replace(/^img/, ""), 1, SLOTS, 1),
    orientation: PORTRAIT.includes(String(orientation)) ? "v" : "h", period: whole(period, SHORTEST_MS, LONGEST_MS, PERIOD_MS),
  };
  const named = /^[A-Za-z0-9._-]{1,64}$/.test(screen ?? "") ? screen : null;
  return { ...setting, screen: named ?? `${device()}-${setting.slot}${setting.orientation}` };
}

/** The setting that the address names, or null where it names none that a garden takes. */
export function settingOfAddress() {
  const asked = Object.fromEntries(new URLSearchParams(location.search));
  const zone = asked.zone?.trim();
  return ZONE.test(zone ?? "") ? complete({ ...asked, zone }) : null;
}

/** The address of a setting, so that a reload finds it again. */
function addressOf({ zone, slot, orientation, period }) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries({ zone, slot, orientation, period })) query.set(name, value);
  return `${location.pathname}?${query}`;
}

/** Asks; resolves to the setting. */
export function askSetting(speech) {
  const form = byId("setup"), before = location.search.includes("zone=") ? null : JSON.parse(kept(KEPT) ?? "null");
  fill(form, before ?? {});
  refuseAddress(form, speech);
  form.hidden = false;
  form.elements.zone.focus();
  offerZones(form, speech);
  return new Promise((resolve) => {
    const started = (setting) => {
      form.hidden = true;
      keep(KEPT, JSON.stringify({ ...setting, full: form.elements.full.checked }));
      history.replaceState(null, "", addressOf(setting));
      resolve(setting);
    };
    const stop = before ? countDown(speech, () => started(complete(before))) : () => {};
    for (const touch of ["pointerdown", "keydown", "input"]) form.addEventListener(touch, stop, { once: true });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      stop();
      const setting = read(form, speech);
      if (!setting) return;
      if (form.elements.full.checked) document.documentElement.requestFullscreen?.().catch(() => { /* not here */ });
      started(setting);
    });
  });
}

// An address with a name that no zone has: the name, and why not.
function refuseAddress(form, speech) {
  const zone = new URLSearchParams(location.search).get("zone")?.trim();
  if (!zone) return;
  form.elements.zone.value = zone;
  read(form, speech);
}

function fill(form, { zone = "", slot = 1, orientation = "h", period = PERIOD_MS, full = true }) {
  form.elements.zone.value = zone;
  form.elements.seconds.value = period / 1000;
  form.elements.full.checked = full;
  form.elements.orientation.value = orientation;
  byId("slots").replaceChildren(...Array.from({ length: SLOTS }, (_, i) => element("label", {},
    element("input", { type: "radio", name: "slot", value: i + 1, checked: i + 1 === Number(slot) }), element("span", {}, String(i + 1)))));
}

function read(form, speech) {
  const { zone, slot, orientation, seconds } = form.elements, name = zone.value.trim();
  const wrong = !name ? "needZone" : ZONE.test(name) ? "" : "badZone";
  byId("wrong").textContent = wrong && speech.say(wrong);
  zone.setAttribute("aria-invalid", String(Boolean(wrong)));
  if (wrong) zone.focus();
  return wrong ? null : complete({ zone: name, slot: slot.value, orientation: orientation.value, period: Number(seconds.value.replace(",", ".")) * 1000 || PERIOD_MS });
}

async function offerZones(form, speech) {
  const choose = (name) => () => {
    form.elements.zone.value = name;
    form.elements.zone.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const draw = (zones) => byId("zones").replaceChildren(...zones.map(({ zone, landscape, portrait }) =>
    element("li", {}, element("button", { type: "button", onclick: choose(zone) }, zone,
      landscape + portrait ? element("small", {}, speech.say("chosen", landscape + portrait)) : null))));
  const usual = ZONES.map((zone) => ({ zone, landscape: 0, portrait: 0 }));
  draw(usual);
  try {
    const { zones } = await get("/v1/zones");
    const known = new Map([...usual, ...zones].map((one) => [one.zone, one]));
    draw([...known.values()].slice(0, 60));
  } catch (error) {
    if (error.locked) byId("locked").hidden = false;
  }
}

/** Starts by itself after a while; the function it gives stops that. */
function countDown(speech, start) {
  const line = byId("countdown");
  let left = COUNTDOWN_S;
  const say = () => { line.textContent = speech.say("countdown", left); };
  const timer = setInterval(() => {
    if (--left > 0) return say();
    clearInterval(timer);
    start();
  }, 1000);
  say();
  return () => {
    clearInterval(timer);
    line.textContent = "";
  };
}
