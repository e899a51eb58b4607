// mood.js - the mood: as it was seen, or as the visitor names it among eight flowers.

import { byId, element } from "/lib/dom.js";
import { flower, hue } from "/lib/flowers.js";
import { EMOTIONS, NAMES } from "/lib/moods.js";
import { pictureSrc } from "./gardens.js";

const FULL = 500; // a flower that stands for itself is in full bloom

export function chooseStep(kiosk) {
  const choose = (emotion) => {
    const { visit } = kiosk;
    Object.assign(visit, { mood: emotion, seen: false });
    const word = { emotion };
    if (visit.generation) word.generation = visit.generation;
    if (visit.gender) word.gender = visit.gender;
    kiosk.outbox.add(`/v1/users/${visit.id}/mood`, word);
    kiosk.moodIsKnown();
    kiosk.go("mood");
  };
  return {
    draw() {
      const names = NAMES[kiosk.speech.language];
      byId("bed").replaceChildren(...EMOTIONS.map((emotion) => {
        const button = element("button", { type: "button", onclick: () => choose(emotion), "data-emotion": emotion, "aria-pressed": String(kiosk.visit.mood === emotion) },
          flower(emotion, FULL), element("span", {}, names[emotion]));
        button.style.setProperty("--hue", hue(emotion));
        return element("li", {}, button);
      }));
    },
  };
}

export function moodStep(kiosk) {
  const moon = byId("mood-moon");

  // The first picture of the garden is shown as soon as it is there.
  async function show(visit) {
    const garden = await visit.garden.catch(() => null);
    const key = garden?.portrait[0] ?? garden?.landscape[0];
    if (!key || visit !== kiosk.visit || !moon.isConnected) return;
    const picture = element("img", { src: pictureSrc(key, 800), alt: "" });
    picture.addEventListener("load", () => {
      picture.classList.add("here");
      if (kiosk.at("mood")) kiosk.firstPicture();
    });
    moon.prepend(picture);
  }

  byId("mood-yes").addEventListener("click", () => kiosk.go("favourite"));
  byId("mood-no").addEventListener("click", () => kiosk.go("choose"));
  return {
    enter() {
      moon.replaceChildren(flower(kiosk.visit.mood, FULL));
      show(kiosk.visit);
    },
    draw() {
      const { visit, speech } = kiosk;
      byId("mood-title").textContent = NAMES[speech.language][visit.mood];
      byId("mood-lead").textContent = speech.say(visit.seen ? "seen" : "chosen");
      byId("mood-hint").textContent = speech.say(visit.seen ? "moodHint" : "moodChosenHint");
      byId("mood-receipt").textContent = visit.seen && visit.receipt?.erased
        ? speech.say("receipt", new Date(visit.receipt.erased_at).toLocaleTimeString(speech.language), visit.receipt.sent_to) : "";
    },
  };
}
