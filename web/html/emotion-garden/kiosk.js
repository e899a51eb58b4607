// kiosk.js - a visit from the opening to the goodbye. Each step is a section of the page and a
// module that fills it: enter() when it is come to, leave() when it is left, draw() also when the
// language changes. Nothing of a visit is kept after it but what waits in the outbox.

import { ask } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { hue } from "/lib/flowers.js";
import { EMOTIONS } from "/lib/moods.js";
import { speak } from "/lib/language.js";
import { favouriteStep } from "./favourite.js";
import { gardenStep } from "./garden.js";
import { askGarden, keepStarter, pictureSrc } from "./gardens.js";
import { watchIdle } from "./idle.js";
import { cameraStep, consentStep } from "./look.js";
import { mineStep } from "./mine.js";
import { chooseStep, moodStep } from "./mood.js";
import { openOutbox, randomId } from "./outbox.js";
import { TEXT } from "./texts.js";

const PASSING = ["camera", "looking"]; // nobody goes back to these
const GATE_MS = 6000, STARTER_MS = 600000;

const kiosk = { visit: newVisit(), step: "opening", trail: [], told: null };
kiosk.speech = speak(TEXT, drawAll);

function newVisit() {
  return { id: randomId(), mood: null, seen: false, generation: null, gender: null, favourite: null, liked: [], learnt: 0, walk: null, garden: null, base: null };
}

kiosk.at = (step) => kiosk.step === step;

/** Goes to a step; trouble: the name of what went wrong, told there. */
kiosk.go = (step, { trouble = null, back = false } = {}) => {
  if (!back) remember(step);
  kiosk.told = trouble;
  steps[kiosk.step].leave?.();
  kiosk.step = step;
  drawAll();
  for (const section of document.querySelectorAll(".step")) section.hidden = section.id !== `step-${step}`;
  steps[step].enter?.();
  scrollTo(0, 0);
  byId(`${step}-title`).focus({ preventScroll: true });
  idle.set(step !== "opening");
};

// The way back; who comes to where they have just been, has gone back.
function remember(step) {
  if (kiosk.trail.at(-1) === step) kiosk.trail.pop();
  else if (!PASSING.includes(kiosk.step)) kiosk.trail.push(kiosk.step);
}

kiosk.trouble = (name) => {
  kiosk.told = name;
  steps[kiosk.step].draw?.();
};
kiosk.troubleText = () => kiosk.told ? kiosk.speech.say(kiosk.told) : "";

/** The garden is asked for at once: its first picture is there before the next question. */
kiosk.moodIsKnown = () => {
  const { visit } = kiosk;
  performance.mark("mood-known");
  visit.walk = null;
  visit.favourite = null;
  visit.first = false;
  visit.garden = askGarden(visit).then((garden) => {
    visit.base = garden.base;
    return garden;
  });
  visit.garden.catch(() => {}); // told where it is needed
  document.body.style.setProperty("--hue", hue(visit.mood));
};

kiosk.firstPicture = () => {
  if (kiosk.visit.first) return;
  kiosk.visit.first = true;
  requestAnimationFrame(() => performance.measure("first-picture", "mood-known"));
};

/** Has the garden forget who this was. */
kiosk.forget = () => { ask("DELETE", `/v1/users/${kiosk.visit.id}/mood`).catch(() => {}); };

kiosk.over = () => {
  kiosk.visit = newVisit();
  document.body.style.removeProperty("--hue");
  for (const form of document.forms) form.reset();
  for (const shown of ["trio", "hanging", "mood-moon", "qr", "link", "bed"]) byId(shown).replaceChildren();
  performance.clearMarks();
  performance.clearMeasures();
  kiosk.go("opening");
  kiosk.trail = [];
};

function drawAll() {
  byId("bar").hidden = kiosk.step === "opening";
  byId("back").hidden = kiosk.step === "looking";
  document.body.dataset.step = kiosk.step;
  steps[kiosk.step].draw?.();
  drawAway();
}

function drawAway() {
  const { outbox, speech } = kiosk;
  if (!outbox) return;
  byId("away").textContent = outbox.away ? speech.say("away", outbox.likes) : outbox.full && outbox.size ? speech.say("full") : "";
  document.body.dataset.waiting = outbox.size;
}

// -- the opening: pictures of all moods pass by in the moon gate --

function openingStep() {
  const moon = byId("opening-moon");
  let keys = [], kept = 0, turn = 0;

  async function gather() {
    if (Date.now() - kept < STARTER_MS) return;
    kept = Date.now();
    const lists = await keepStarter();
    keys = EMOTIONS.flatMap((emotion) => lists[emotion]?.slice(0, 3) ?? []);
    keys = keys.map((_, i) => keys[(i * 7 + 1) % keys.length]); // moods by turns
    show();
  }

  function show() {
    if (!kiosk.at("opening") || keys.length === 0 || document.hidden) return;
    const picture = element("img", { src: pictureSrc(keys[turn++ % keys.length], 640), alt: "" });
    picture.addEventListener("load", () => {
      picture.classList.add("here");
      while (moon.children.length > 2) moon.firstChild.remove();
    });
    moon.append(picture);
  }

  const begin = (language) => {
    kiosk.speech.choose(language);
    byId("consent-moon").replaceChildren(...moon.querySelectorAll(".here:last-of-type"));
    kiosk.go("consent");
  };
  byId("begin-ko").addEventListener("click", () => begin("ko"));
  byId("begin-en").addEventListener("click", () => begin("en"));
  setInterval(show, GATE_MS);
  return { enter: gather };
}

const steps = {
  opening: openingStep(), consent: consentStep(kiosk), camera: cameraStep(kiosk), looking: {},
  choose: chooseStep(kiosk), mood: moodStep(kiosk), favourite: favouriteStep(kiosk),
  garden: gardenStep(kiosk), mine: mineStep(kiosk),
};
const idle = watchIdle(kiosk.speech, kiosk.over);

byId("back").addEventListener("click", () => kiosk.go(kiosk.trail.pop() ?? "opening", { back: true }));
byId("leave").addEventListener("click", kiosk.over);

// The page and a starter garden are there when the network is not.
navigator.serviceWorker?.register("/html/emotion-garden/sw.js").catch(() => {});
kiosk.outbox = await openOutbox(drawAway);
drawAll();
steps.opening.enter();
document.body.dataset.ready = "yes";
