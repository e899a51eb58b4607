// garden.js - the garden, three pictures at a time: a wide one and two tall ones. A like puts the
// visitor's seal on a picture at once; the garden hears of it when it can be reached.

import { byId, element } from "/lib/dom.js";
import { NAMES } from "/lib/moods.js";
import { askGarden, pictureSrc } from "./gardens.js";
import { randomId } from "./outbox.js";

const SHOWN = 3, WIDE = 940, TALL = 460;
const SEALS = { ...NAMES.ko, confused: "혼란" };

/** A red seal with the visitor's mood in it; a sign, not a text. */
export const seal = (mood) => element("span", { class: "stamp", "data-seal": SEALS[mood] });

export function gardenStep(kiosk) {
  const trio = byId("trio"), hint = byId("garden-hint");
  let turn = 0;

  async function enter() {
    const { visit } = kiosk;
    if (visit.walk) return show(visit.walk.shown);
    hint.textContent = kiosk.speech.say("waiting");
    trio.replaceChildren();
    performance.mark("garden-asked");
    try {
      visit.walk = newWalk(await (visit.favourite ? askGarden(visit) : visit.garden));
    } catch (error) {
      if (visit === kiosk.visit && error.locked) kiosk.go("consent", { trouble: "locked" });
      return;
    }
    if (visit !== kiosk.visit || !kiosk.at("garden")) return;
    walkOn();
  }

  function walkOn() {
    const { walk } = kiosk.visit;
    turn += 1;
    walk.shown = take(walk);
    show(walk.shown);
    const ahead = peek(walk);
    for (const key of ahead) new Image().src = pictureSrc(key, isTall(walk, key) ? TALL : WIDE);
  }

  function show(keys) {
    trio.className = turn % 2 ? "trio" : "trio turned";
    trio.replaceChildren(...keys.map((key, i) => element("li", {}, frame(kiosk, key, i))));
    draw();
    const first = trio.querySelector("img");
    first?.addEventListener("load", shown, { once: true });
  }

  function shown() {
    kiosk.firstPicture();
    if (performance.getEntriesByName("garden-shown").length === 0)
      requestAnimationFrame(() => performance.measure("garden-shown", "garden-asked"));
  }

  function draw() {
    const { visit, speech } = kiosk;
    byId("garden-title").textContent = speech.say("gardenTitle", NAMES[speech.language][visit.mood]);
    byId("mine").textContent = speech.say("mine", visit.liked.length);
    trio.querySelectorAll("button").forEach((button, i) => button.setAttribute("aria-label", speech.say("like", i + 1)));
    if (visit.walk) hint.textContent = speech.say(word(visit.walk));
  }

  function next() {
    const { visit } = kiosk;
    if (!visit.walk) return; // it is on its way
    if (visit.walk.shown.length === 0) return again(visit);
    if (visit.walk.garden.kept || visit.learnt !== visit.liked.length) refresh(visit);
    walkOn();
  }

  function again(visit) {
    visit.walk = null;
    visit.garden = askGarden(visit);
    return enter();
  }

  // What was liked since changes what comes next; so does a network that is back.
  async function refresh(visit) {
    visit.learnt = visit.liked.length;
    const garden = await askGarden(visit).catch(() => null);
    if (garden && !garden.kept && visit === kiosk.visit && visit.walk) reorder(visit.walk, garden);
  }

  byId("next").addEventListener("click", next);
  byId("mine").addEventListener("click", () => kiosk.go("mine"));
  return { enter, draw };
}

function word(walk) {
  if (!walk.shown.length) return "gardenEmpty";
  return walk.round > walk.told ? (walk.told = walk.round, "gardenEnd") : walk.garden.kept ? "gardenStarter" : "gardenHint";
}

// -- the way through a garden: what is still to be seen, the best first --

function newWalk(garden) {
  return { garden, landscape: [...garden.landscape], portrait: [...garden.portrait], seen: new Set(), shown: [], round: 0, told: 0 };
}

const isTall = (walk, key) => walk.garden.portrait.includes(key);

// One wide and two tall ones, others in their place where there are no more of those.
function pick(landscape, portrait) {
  const wide = landscape.shift() ?? portrait.shift();
  const rest = [0, 1].map(() => portrait.shift() ?? landscape.shift());
  return [wide, ...rest].filter(Boolean);
}

const peek = (walk) => pick([...walk.landscape], [...walk.portrait]);

function take(walk) {
  if (walk.landscape.length + walk.portrait.length < SHOWN && walk.seen.size) {
    walk.round += 1;
    walk.seen.clear();
    walk.landscape = [...walk.garden.landscape];
    walk.portrait = [...walk.garden.portrait];
  }
  const keys = pick(walk.landscape, walk.portrait);
  keys.forEach((key) => walk.seen.add(key));
  return keys;
}

function reorder(walk, garden) {
  walk.garden = garden;
  for (const side of ["landscape", "portrait"]) walk[side] = garden[side].filter((key) => !walk.seen.has(key));
}

// -- one picture --

function frame(kiosk, key, i) {
  const { visit } = kiosk;
  const picture = element("img", { src: pictureSrc(key, i ? TALL : WIDE), alt: "", decoding: "async" });
  picture.addEventListener("load", () => picture.classList.add("here"));
  picture.addEventListener("error", () => picture.classList.add("gone"));
  const button = element("button", { type: "button", class: "picture", "aria-pressed": String(visit.liked.some((one) => one.key === key)) },
    picture, seal(visit.mood));
  button.addEventListener("click", (event) => like(kiosk, key, button, event.timeStamp));
  return button;
}

function like(kiosk, key, button, pressed) {
  const { visit, outbox } = kiosk;
  const before = visit.liked.find((one) => one.key === key);
  button.setAttribute("aria-pressed", String(!before));
  requestAnimationFrame(() => setTimeout(() => performance.measure("like-shown", { start: pressed, end: performance.now() })));
  if (before) {
    visit.liked.splice(visit.liked.indexOf(before), 1);
    takeBack(outbox, visit, before);
  } else {
    const act = outbox.add("/like", { id: visit.id, itemId: key, impression: visit.walk.shown });
    visit.liked.push({ key, act, tall: isTall(visit.walk, key) });
  }
  byId("mine").textContent = kiosk.speech.say("mine", visit.liked.length);
}

/** A like that had left already is answered by its opposite, at the garden's time: this clock may be wrong. */
export function takeBack(outbox, visit, liked) {
  if (outbox.drop(liked.act)) return;
  outbox.add("/v1/events", { events: [{ event_id: randomId(), user_id: visit.id, event_type: "dislike", item_id: liked.key }] });
}
