// review.js - looking through the pool (body data-area="pool") and through the garden ("garden"):
// what is picked goes into the garden, what is rejected into the trash, and all of it can be undone.

import { ApiError, objectPath } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { listAll, promoteAll, removeAll, restoreAll } from "/html/studio/changes.js";
import { fillOptions, kept, openStudio } from "/html/studio/head.js";
import { makeLarge } from "/html/studio/large.js";
import { lookAt } from "/html/studio/look.js";
import { lookKey, makeCards, makeStacks } from "/html/studio/stacks.js";
import { EMOTIONS, FAVOURITES, favouriteName } from "/html/studio/words.js";
import { makeWall } from "/html/studio/wall.js";
import { TEXT } from "/html/studio/review-texts.js";

const area = document.body.dataset.area, isPool = area === "pool";
const KEPT = `marks.${area}`, ROW = 210, NARROW_ROW = 150, LOOKS_AT_ONCE = 6, STACK_EVERY = 200, LINES = 200, CATALOGUE_TRIES = 20, CATALOGUE_MS = 250;

const state = {
  items: [], gone: new Set(), inGarden: new Set(), marks: new Map(kept.read(KEPT) ?? []), past: [], looks: new Map(), expanded: new Set(),
  loading: null, complete: false, stacking: null,
};
const studio = openStudio({ page: area, texts: TEXT[area], change: redraw, entered: () => load() });
const { say, speech } = studio;
const KEYS = {
  p: () => isPool && judge("pick"), x: () => judge("reject"), u: undo, e: toggleStack, d: keepBest, " ": openLarge, Enter: openLarge, "?": () => byId("help").showModal(),
};
const wall = makeWall(byId("wall"), { makeCard, dressCard, shareOf, wanted: () => innerWidth < 700 ? NARROW_ROW : ROW, onMove: showLarge });
const large = makeLarge(studio, {
  keys: onKey, onClose: () => byId("wall").focus({ preventScroll: true }),
  acts: [["before", () => wall.move(wall.current - 1, false)], ...(isPool ? [["doPick", KEYS.p]] : []), ["doReject", KEYS.x], ["next", () => wall.move(wall.current + 1, false)]],
});

// -- what is looked at --

function filters() {
  const query = new URLSearchParams();
  for (const name of ["emotion", "favorite", "orientation"]) if (byId(name).value.trim()) query.set(name, byId(name).value.trim());
  return query;
}

function readAddress() {
  const asked = new URLSearchParams(location.search);
  for (const name of ["emotion", "favorite", "orientation", "start", "number"]) if (asked.get(name)) byId(name).value = asked.get(name);
}

function writeAddress() {
  const query = filters();
  for (const name of ["start", "number"]) if (Number(byId(name).value)) query.set(name, byId(name).value);
  const lang = new URLSearchParams(location.search).get("lang");
  if (lang) query.set("lang", lang);
  history.replaceState(null, "", `${location.pathname}${query.size ? `?${query}` : ""}`);
}

async function load() {
  state.loading?.abort();
  const { signal } = state.loading = new AbortController();
  Object.assign(state, { items: [], complete: false });
  studio.trouble(null);
  writeAddress();
  const query = filters().toString(), end = range()[1];
  try {
    await listAll(`/v1/${isPool ? "pool" : "items"}${query && `?${query}`}`, (items, complete) => {
      Object.assign(state, { items, complete });
      remake();
      return items.length >= end;
    }, signal);
    if (isPool) await loadGarden(query, signal);
    if (byId("stacks").checked) stackUp();
  } catch (error) {
    if (!signal.aborted) studio.trouble(error);
  }
}

// Which of the pool's pictures bloom already.
async function loadGarden(query, signal) {
  await listAll(`/v1/items${query && `?${query}`}`, (items) => { state.inGarden = new Set(items.map((item) => item.key.replace(/^emotions\//, "imgPool/"))); }, signal);
  remake();
}

// "Start" and "Number of images" as in the viewers before; no number is all of them.
function range() {
  const start = Math.max(0, Number(byId("start").value) || 0), number = Number(byId("number").value) || Infinity;
  return [start, start + number];
}

function remake() {
  const id = wall.cards[wall.current]?.id;
  wall.set(visibleCards(), id);
  showSum();
}

function visibleCards() {
  const show = byId("show").value;
  const wanted = (item) => !state.gone.has(item.key) && (show === "all" || (show === "new" ? !state.inGarden.has(item.key)
    : show === "open" ? !state.marks.has(item.key) : state.marks.get(item.key) === show));
  const cards = makeCards(state.items.slice(...range()).filter(wanted), byId("pairs").checked);
  if (!byId("stacks").checked) return cards;
  return makeStacks(cards, state.looks).flatMap((card) => state.expanded.has(card.id) ? [card, ...card.stack] : [card]);
}

// -- cards --

function aspect(item) {
  if (item.width && item.height) return item.width / item.height;
  return item.orientation === "portrait" ? 0.625 : 1.6;
}

function shareOf(card) {
  return card.items.reduce((sum, item) => sum + aspect(item), 0) + (card.items.length - 1) * 0.03;
}

// Of a pair that was judged differently there is none.
function verdictOf(card) {
  const [first, ...others] = card.items.map((item) => state.marks.get(item.key));
  return others.every((verdict) => verdict === first) ? first : undefined;
}

function nameOf(card) {
  return [studio.name(card.emotion), card.favourite && favouriteName(card.favourite, speech.language)].filter(Boolean).join(", ");
}

function makeCard(card, i) {
  const made = element("div", { class: "card" }, element("div", { class: "prints" }, ...card.items.map(makePrint)),
    element("div", { class: "badges", "aria-hidden": "true" }), element("span", { class: "name", "aria-hidden": "true" }, nameOf(card)));
  made.addEventListener("click", () => i === wall.current && document.activeElement === byId("wall") ? openLarge() : wall.move(i));
  made.addEventListener("mousedown", (event) => event.preventDefault());
  return made;
}

// What changes while a card hangs; its pictures are left alone, so that nothing flickers.
function dressCard(made, card) {
  const verdict = verdictOf(card), blooms = isPool && card.items.every((item) => state.inGarden.has(item.key));
  const stacked = card.stack.length && byId("stacks").checked && !state.expanded.has(card.id) ? card.stack.length + 1 : 0;
  const label = [nameOf(card), say(card.items.length > 1 ? "pair" : card.items[0].orientation), verdict && say(verdict), blooms && say("blooms"), stacked && say("stackOf", stacked)];
  made.setAttribute("aria-label", label.filter(Boolean).join(", "));
  made.setAttribute("aria-selected", String(verdict === "pick"));
  made.classList.toggle("stacked", stacked > 0);
  if (verdict) made.dataset.verdict = verdict;
  else delete made.dataset.verdict;
  made.querySelector(".badges").replaceChildren(...(blooms ? [element("span", { class: "blooms", title: say("blooms") }, "❀")] : []),
    ...(stacked ? [element("span", { class: "count" }, String(stacked))] : []));
  made.querySelector(".name").textContent = nameOf(card);
}

function makePrint(item) {
  const img = element("img", { src: `${objectPath(item.key)}?w=320`, alt: "", draggable: "false", decoding: "async" });
  img.style.flexGrow = aspect(item) * 100; // below 1 in all, flex would leave room
  return img;
}

function openLarge() {
  const card = wall.cards[wall.current];
  if (card) large.show(card, verdictOf(card));
}

function showLarge(i) {
  if (large.open) large.show(wall.cards[i], verdictOf(wall.cards[i]));
}

// -- marks --

function mark(keys, verdict) {
  state.past.push({ marks: keys.map((key) => [key, state.marks.get(key)]) });
  for (const key of keys) {
    if (verdict) state.marks.set(key, verdict);
    else state.marks.delete(key);
  }
  afterMarks();
}

function afterMarks() {
  kept.write(KEPT, [...state.marks]);
  wall.refresh();
  showLarge(wall.current);
  showSum();
}

// The verdict that it has already is taken back; after a new one the next card is looked at.
function judge(verdict) {
  const card = wall.cards[wall.current];
  if (!card) return;
  const same = verdictOf(card) === verdict;
  mark(card.items.map((item) => item.key), same ? undefined : verdict);
  if (!same && wall.current + 1 < wall.cards.length) wall.move(wall.current + 1, !large.open);
}

// The current card is the best of its stack; the others go.
function keepBest() {
  const card = wall.cards[wall.current];
  if (card?.stack.length) mark(card.stack.flatMap((other) => other.items.map((item) => item.key)), "reject");
}

const marked = (verdict) => state.items.map((item) => item.key).filter((key) => state.marks.get(key) === verdict && !state.gone.has(key));

function showSum() {
  const picked = marked("pick").length, rejected = marked("reject").length, part = state.items.slice(...range());
  const pictures = part.filter((item) => !state.gone.has(item.key)).length;
  byId("sum").textContent = say("sum", pictures, state.complete || part.length === range()[1] - range()[0]);
  byId("tally").textContent = [isPool && picked ? say("picked", speech.number(picked)) : "", rejected ? say("rejected", speech.number(rejected)) : ""].filter(Boolean).join(" · ");
  byId("promote").hidden = !isPool;
  byId("promote").disabled = picked === 0;
  byId("promote").textContent = say("promote", picked);
  byId("remove").disabled = rejected === 0;
  byId("remove").textContent = say("remove", rejected);
  byId("undo").disabled = state.past.length === 0;
  byId("none").hidden = wall.cards.length > 0 || !state.complete;
}

// -- changes --

async function promote() {
  await change(async () => {
    const { done, failed, fresh } = await promoteAll(marked("pick"));
    for (const key of done) state.inGarden.add(key), state.marks.delete(key);
    state.past.push({ promoted: done, fresh });
    return [say("promoted", done.length), failed];
  });
}

async function remove() {
  await change(async () => {
    const { done, failed } = await removeAll(marked("reject"), (n) => { byId("tally").textContent = say("removing", n); });
    for (const key of done) state.gone.add(key), state.marks.delete(key);
    state.past.push({ removed: done });
    return [say("removed", done.length), failed];
  });
}

async function undo() {
  const last = state.past.pop();
  if (!last) return;
  if (last.marks) {
    for (const [key, verdict] of last.marks) if (verdict) state.marks.set(key, verdict); else state.marks.delete(key);
    return afterMarks();
  }
  await change(async () => {
    const { done, failed } = await (last.removed ? restoreAll(last.removed) : removeAll(last.fresh));
    for (const key of last.removed ? done : []) state.gone.delete(key), state.marks.set(key, "reject");
    for (const key of last.promoted ?? []) {
      if (done.some((other) => other.replace(/^emotions\//, "imgPool/") === key)) state.inGarden.delete(key);
      state.marks.set(key, "pick");
    }
    return [say("undone"), failed];
  }, last);
}

// One at a time; what failed is said with its picture.
async function change(doing, again) {
  if (byId("bar").dataset.busy) return;
  byId("bar").dataset.busy = "yes";
  studio.trouble(null);
  try {
    const [told, failed] = await doing();
    studio.notice(told);
    if (failed.length) studio.trouble(new ApiError(failed[0].error.status, say("some", failed.length, failed[0].key, failed[0].error.message)));
  } catch (error) {
    if (again) state.past.push(again);
    studio.trouble(error);
  }
  delete byId("bar").dataset.busy;
  kept.write(KEPT, [...state.marks]);
  remake();
}

// -- stacks --

async function stackUp() {
  const run = state.stacking = {}, left = state.items.slice(...range()).filter((item) => !state.looks.has(lookKey(item)));
  const all = left.length;
  const work = async () => {
    for (let item = left.shift(); item && state.stacking === run; item = left.shift()) {
      state.looks.set(lookKey(item), await lookOfItem(item));
      byId("stacks-state").textContent = say("looking", speech.number(all - left.length), speech.number(all));
      if ((all - left.length) % STACK_EVERY === 0) remake();
    }
  };
  await Promise.all(Array.from({ length: LOOKS_AT_ONCE }, work));
  if (state.stacking !== run) return;
  byId("stacks-state").textContent = say("stacked", visibleCards().filter((card) => card.stack.length).length);
  remake();
}

async function lookOfItem(item) {
  const image = new Image();
  image.src = `${objectPath(item.key)}?w=160`;
  try {
    await image.decode();
    return lookAt(image);
  } catch {
    return null;
  }
}

function toggleStack() {
  const card = wall.cards[wall.current];
  if (!card) return;
  const top = state.expanded.has(card.id) || card.stack.length ? card : wall.cards.find((other) => other.stack.includes(card));
  if (!top) return;
  if (!state.expanded.delete(top.id)) state.expanded.add(top.id);
  wall.set(visibleCards(), top.id);
}

// -- the trash --

async function openTrash() {
  byId("trash").showModal();
  await drawTrash();
}

async function drawTrash() {
  try {
    const prefix = isPool ? "imgPool/" : "emotions/", items = (await listAll("/v1/trash")).filter((item) => item.key.startsWith(prefix)).reverse();
    byId("trash-sum").textContent = say("inTrash", items.length);
    byId("trash-all").hidden = items.length === 0;
    byId("trash-all").onclick = () => restore(items.map((item) => item.key));
    byId("trash-list").replaceChildren(...items.slice(0, LINES).map((item) => element("li", {}, element("span", {}, item.key.slice(prefix.length)),
      element("button", { type: "button", "aria-label": `${say("restore")}: ${item.key}`, onclick: () => restore([item.key]) }, say("restore")))));
  } catch (error) {
    byId("trash").close();
    studio.trouble(error);
  }
}

async function restore(keys) {
  try {
    const { done, failed } = await restoreAll(keys), known = new Set(state.items.map((item) => item.key));
    for (const key of done) state.gone.delete(key);
    studio.notice(say("restored", done.length));
    if (failed.length) studio.trouble(failed[0].error);
    await drawTrash();
    await load();
    // The catalogue hears of it a moment later.
    const looked = filters().toString(), missing = () => filters().toString() === looked && done.some((key) => known.has(key) && !state.items.some((item) => item.key === key));
    for (let tries = 0; missing() && tries < CATALOGUE_TRIES; tries++) {
      await new Promise((resolve) => { setTimeout(resolve, CATALOGUE_MS); });
      await load();
    }
  } catch (error) {
    byId("trash").close();
    studio.trouble(error);
  }
}

// -- keys --

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.closest("input, select, textarea, button, a, summary");
  if (typing && !event.target.closest("dialog.large")) return;
  const done = wall.step(event.key);
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!done && !(key in KEYS)) return;
  event.preventDefault();
  if (!done) KEYS[key]();
}

function redraw() {
  fillOptions(byId("emotion"), ["", ...EMOTIONS], (emotion) => emotion ? studio.name(emotion) : say("every"));
  fillOptions(byId("orientation"), ["", "landscape", "portrait"], (value) => say(value || "both"));
  fillOptions(byId("show"), isPool ? ["all", "new", "open", "pick", "reject"] : ["all", "open", "reject"], (value) => say(`show${value}`));
  byId("favourites").replaceChildren(...FAVOURITES.map((value) => element("option", { value, label: favouriteName(value, speech.language) })));
  wall.refresh();
  showSum();
}

redraw();
readAddress();
for (const name of ["emotion", "favorite", "orientation", "start", "number"]) byId(name).addEventListener("change", load);
for (const name of ["show", "pairs"]) byId(name).addEventListener("change", remake);
byId("stacks").addEventListener("change", () => { state.stacking = null; byId("stacks-state").textContent = ""; remake(); if (byId("stacks").checked) stackUp(); });
byId("filters").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", (event) => document.querySelector("dialog[open]") || onKey(event));
for (const [id, does] of [["promote", promote], ["remove", remove], ["undo", undo], ["open-trash", openTrash], ["open-help", KEYS["?"]],
  ["do-pick", KEYS.p], ["do-reject", KEYS.x], ["do-large", openLarge]]) byId(id).addEventListener("click", does);
for (const close of document.querySelectorAll("dialog [data-close]")) close.addEventListener("click", () => close.closest("dialog").close());
byId("do-pick").hidden = !isPool;
await load();
