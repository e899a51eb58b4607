// fleet.js - the fleet view: which screens live, what they show against what they should, and
// taking a picture off all of them.

import { byId, element } from "/lib/dom.js";
import { speak } from "/lib/language.js";
import { Drawing, VIEWER } from "./draw.js";
import { drawKeyed, forget } from "./keyed.js";
import { Fleet } from "./model.js";
import { TEXT } from "./texts.js";
import { Withdrawals } from "./withdraw.js";

const POLL_MS = 3000, POLL_PART = 10, LONGEST_POLL_MS = 30000, TICK_MS = 1000, ROWS = 400;
const STATES = ["all", "live", "stale", "dark"];

const fleet = new Fleet();
const filter = { state: "all", zone: "", text: "" };
let loaded = false;

const speech = speak(TEXT, () => {
  drawHeads();
  for (const id of ["zone-list", "screen-rows", "play-rows", "states", "withdrawal-list"]) forget(byId(id));
  if (loaded) draw();
  withdrawals.draw();
});
const drawing = new Drawing(speech, fleet, (key) => withdrawals.askFor(key));
const withdrawals = new Withdrawals(speech, fleet, drawing);

function drawHeads() {
  document.title = speech.say("page");
  byId("screen-head").replaceChildren(drawing.head(speech.say("columns")));
  byId("play-head").replaceChildren(drawing.head(speech.say("played")));
}

function drawFilters() {
  const count = (state) => fleet.screens.filter((screen) => state === "all" || screen.state === state).length;
  drawKeyed(byId("states"), STATES.map((state) => ({ state, count: count(state), on: filter.state === state })), ({ state }) => state, ({ state, count, on }) =>
    element("button", { type: "button", class: `mark ${state}`, "aria-pressed": String(on), "data-what": state, onclick: () => { filter.state = state; draw(); } },
      element("i", {}), `${speech.say(state)} `, element("b", {}, speech.number(count))));
  const select = byId("zone"), names = fleet.zones.map(({ zone }) => zone), mark = JSON.stringify([speech.language, names]);
  if (select.dataset.mark === mark) return;
  select.dataset.mark = mark;
  select.replaceChildren(element("option", { value: "" }, speech.say("everyZone")), ...names.map((zone) => element("option", { value: zone }, zone)));
  select.value = names.includes(filter.zone) ? filter.zone : "";
}

function fits({ state, zone, screen }) {
  return (filter.state === "all" || state === filter.state) && (!filter.zone || zone === filter.zone) &&
    (!filter.text || `${screen} ${zone}`.toLowerCase().includes(filter.text));
}

function drawZones() {
  const named = ({ zone }) => zone.toLowerCase().includes(filter.text) || fleet.screens.some((screen) => screen.zone === zone && fits(screen));
  const zones = fleet.zones.filter((one) => (!filter.zone || one.zone === filter.zone) && named(one))
    .map(({ zone, screens }) => ({ zone, screens, manifest: fleet.manifest(zone) ?? null }));
  drawKeyed(byId("zone-list"), zones, ({ zone }) => zone, (zone) => drawing.zone(zone));
  byId("no-zones").hidden = zones.length > 0;
}

function drawScreens() {
  const fitting = fleet.screens.filter(fits);
  const rows = fitting.slice(0, ROWS).map((screen) => ({
    ...screen, key: fleet.keyOf(screen.showing) ?? null, keys: screen.expected.map((hash) => fleet.keyOf(hash)).filter(Boolean),
  }));
  drawKeyed(byId("screen-rows"), rows, ({ zone, screen }) => `${zone} ${screen}`, (screen) => drawing.screen(screen));
  byId("no-screens").hidden = rows.length > 0;
  byId("more").textContent = fitting.length > ROWS ? speech.say("more", speech.number(fitting.length - ROWS)) : "";
}

function drawPlays() {
  const plays = fleet.plays.filter(({ zone }) => !filter.zone || zone === filter.zone);
  drawKeyed(byId("play-rows"), plays, ({ zone, screen, from, key }) => `${zone} ${screen} ${from} ${key}`, (play) => drawing.play(play));
  byId("no-plays").hidden = plays.length > 0;
}

function draw() {
  const live = fleet.screens.filter(({ state }) => state === "live").length;
  byId("lead").textContent = speech.say("lead", live, fleet.screens.length);
  byId("open").href = VIEWER;
  drawFilters();
  drawZones();
  drawScreens();
  drawPlays();
}

function showTrouble(message, locked) {
  byId("trouble").hidden = !message;
  byId("trouble").replaceChildren(message, ...(locked ? [element("a", { href: "/login" }, speech.say("login"))] : []));
  byId("body").hidden = !loaded;
}

async function refresh() {
  try {
    await fleet.refresh();
    loaded = true;
    showTrouble("");
    draw();
  } catch (error) {
    if (!("status" in error)) throw error;
    showTrouble(speech.say(error.locked ? "locked" : "lost"), error.locked);
  }
}

// A fleet of thousands takes its time to be told of; it is asked for less often then.
async function keepRefreshing() {
  const begun = performance.now();
  if (!document.hidden) await refresh();
  setTimeout(keepRefreshing, Math.min(LONGEST_POLL_MS, Math.max(POLL_MS, (performance.now() - begun) * POLL_PART)));
}

byId("zone").addEventListener("change", (event) => { filter.zone = event.target.value; draw(); });
byId("search").addEventListener("input", (event) => { filter.text = event.target.value.trim().toLowerCase(); draw(); });
drawHeads();
setInterval(() => document.hidden || drawing.tick(document.body), TICK_MS);
keepRefreshing();
