// status.js - the card in the corner that tells how a screen is; hidden until somebody presses i.

import { byId, element } from "/lib/dom.js";

const EVERY_MS = 1000;

function line(screen, speech) {
  if (screen.follower?.locked) return speech.say("needsKey");
  return screen.follower?.reached ? speech.say("ways")[screen.follower.way] : speech.say("lost");
}

function troubles(screen, speech) {
  const found = [];
  if (screen.vault.out) found.push(speech.say("full_disk"));
  if (screen.wrong) found.push(speech.say("wrong", screen.wrong));
  if (!globalThis.isSecureContext) found.push(speech.say("insecure"));
  if (screen.beats.refused && screen.follower?.reached) found.push(screen.beats.refused);
  return found.join(" · ");
}

function rows(screen, speech) {
  const { zone, slot, orientation, period } = screen.setting, dash = speech.say("none");
  const time = (ms) => ms ? new Date(ms).toLocaleString(speech.language, { dateStyle: "medium", timeStyle: "medium" }) : dash;
  return {
    zone, place: `img${slot} · ${speech.say(orientation)} · ${speech.number(period / 1000)} ${speech.say("seconds")}`,
    version: screen.version || speech.say("ambient"), next: screen.programme.newest?.version ?? dash, line: line(screen, speech),
    changed: time(screen.changedAt), clock: speech.say("ahead", Math.round(screen.clock.ahead / 1000)),
    memory: screen.library.size, waiting: screen.beats.plays.length, screen: screen.setting.screen, trouble: troubles(screen, speech) || dash,
  };
}

export class StatusCard {
  #timer = null;

  constructor(screen, speech) {
    this.screen = screen;
    this.speech = speech;
    this.card = byId("card");
  }

  toggle() {
    this.card.hidden = !this.card.hidden;
    clearInterval(this.#timer);
    if (this.card.hidden) return;
    this.draw();
    this.#timer = setInterval(() => this.draw(), EVERY_MS);
  }

  draw() {
    if (this.card.hidden) return;
    const names = this.speech.say("status");
    byId("rows").replaceChildren(...Object.entries(rows(this.screen, this.speech)).map(([name, value]) =>
      element("div", { "data-row": name }, element("dt", {}, names[name]), element("dd", {}, String(value)))));
  }
}
