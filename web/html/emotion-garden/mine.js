// mine.js - my garden: what bears the visitor's seal, on its way to the walls, and home by a QR
// code.

import { get, path, put } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { qrShape } from "/lib/qr.js";
import { seal, takeBack } from "./garden.js";
import { pictureSrc } from "./gardens.js";

const PLACES = 8, USUAL = ["zone1", "zone2", "zone3"], SEND_MS = 10000;

export function mineStep(kiosk) {
  const hanging = byId("hanging"), sent = byId("sent");
  let zones = USUAL;

  async function enter() {
    sent.textContent = "";
    try {
      const known = (await get("/v1/zones")).zones.map((one) => one.zone);
      zones = [...new Set([...known, ...USUAL])];
    } catch { zones = USUAL; }
    if (kiosk.at("mine")) drawZones();
  }

  function draw() {
    const { visit, speech } = kiosk;
    visit.taken = visit.liked.some((one) => one.key === visit.taken) ? visit.taken : visit.liked.at(-1)?.key;
    byId("mine-hint").textContent = visit.liked.length ? speech.say("mineHint", visit.liked.length) : speech.say("mineNone");
    hanging.replaceChildren(...visit.liked.map((one, i) => hang(one, i)));
    drawZones();
    drawCode();
  }

  function hang(one, i) {
    const { visit, speech } = kiosk;
    const choose = element("button", { type: "button", class: "picture", "aria-pressed": String(one.key === visit.taken), "aria-label": speech.say("choose", i + 1) },
      element("img", { src: pictureSrc(one.key, 320), alt: "", class: "here" }), seal(visit.mood));
    choose.addEventListener("click", () => { visit.taken = one.key; draw(); });
    const out = element("button", { type: "button", class: "out", "aria-label": speech.say("takeOut", i + 1) }, "×");
    out.addEventListener("click", () => {
      visit.liked.splice(visit.liked.indexOf(one), 1);
      takeBack(kiosk.outbox, visit, one);
      draw();
    });
    return element("li", { class: one.tall ? "tall" : "wide" }, choose, out);
  }

  function drawZones() {
    const { speech, visit } = kiosk;
    const legend = byId("zones").querySelector("legend");
    visit.zone ??= zones[0];
    byId("zones").replaceChildren(legend, ...zones.map((zone) => {
      const radio = element("input", { type: "radio", name: "zone", value: zone, class: "unseen", checked: visit.zone === zone });
      radio.addEventListener("change", () => { visit.zone = zone; byId("zone").value = ""; });
      return element("label", { class: "chip" }, radio, element("span", {}, speech.say("zone", zone)));
    }));
  }

  function drawCode() {
    const { visit, speech } = kiosk;
    const key = visit.taken ?? visit.walk?.shown[0];
    const address = key && `${visit.base ?? location.origin}/image?content=${encodeURIComponent(key)}`;
    const code = address && qrShape(address, { "aria-label": speech.say("qr") });
    byId("take-lead").textContent = speech.say(address ? "takeLead" : "noTake");
    byId("qr").replaceChildren(...(code ? [code] : []));
    byId("link").replaceChildren(...(address ? [element("a", { href: address, target: "_blank", rel: "noopener" }, speech.say("page"))] : []));
  }

  async function send(event) {
    event.preventDefault();
    const { speech, visit } = kiosk, name = byId("zone").value.trim() || visit.zone;
    const garden = choice(visit);
    if (!name) return say("noZone");
    if (garden.landscape.length + garden.portrait.length === 0) return say("nothingToSend");
    say("sending");
    try {
      const gone = await sendWithoutGone(name, garden);
      say("sent", speech.say("zone", name));
      if (gone) sent.append(" ", speech.say("gone", gone));
    } catch (error) {
      say(error.passes ? "notSent" : "notTaken", error.status === 0 ? speech.say("unreachable") : error.message);
    }
  }

  const say = (...words) => { sent.textContent = kiosk.speech.say(...words); };

  byId("sending").addEventListener("submit", send);
  byId("zone").addEventListener("input", () => {
    const radio = byId("zones").querySelector(":checked");
    if (radio && byId("zone").value.trim()) radio.checked = false;
  });
  byId("done").addEventListener("click", () => kiosk.over());
  byId("forget").addEventListener("click", () => {
    kiosk.forget();
    kiosk.over();
  });
  return { enter, draw };
}

// What bears the seal first, then what else grows in this garden.
function choice(visit) {
  const garden = visit.walk?.garden ?? { landscape: [], portrait: [] };
  const side = (tall, others) => [...new Set([...visit.liked.filter((one) => one.tall === tall).map((one) => one.key), ...others])].slice(0, PLACES);
  return { landscape: side(false, garden.landscape), portrait: side(true, garden.portrait) };
}

// Pictures that were removed meanwhile are named by the garden: the others go without them.
async function sendWithoutGone(zone, garden) {
  const where = path`/v1/zones/${zone}`;
  try {
    await put(where, garden, { timeoutMs: SEND_MS });
    return 0;
  } catch (error) {
    const gone = error.status === 422 ? error.body?.keys ?? [] : [];
    if (!gone.length) throw error;
    const left = (keys) => keys.filter((key) => !gone.includes(key));
    await put(where, { landscape: left(garden.landscape), portrait: left(garden.portrait) }, { timeoutMs: SEND_MS });
    return gone.length;
  }
}
