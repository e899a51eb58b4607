// idle.js - a kiosk is left without a word: after a while it asks, and then forgets the visit.

import { byId } from "/lib/dom.js";

const USUAL_S = 60, WARNING_S = 15;

/** speech: of the page; over(): ends the visit. ?idle=SECONDS changes how long it waits. */
export function watchIdle(speech, over) {
  const asked = Number(new URLSearchParams(location.search).get("idle"));
  const idleMs = (asked > 0 ? asked : USUAL_S) * 1000;
  const dialog = byId("idle");
  let active = false, timer = 0, left = 0;

  const wait = () => {
    clearTimeout(timer);
    if (active) timer = setTimeout(warn, idleMs);
  };
  const tick = () => {
    if (left === 0) return end();
    byId("idle-text").textContent = speech.say("idleText", left);
    left -= 1;
    timer = setTimeout(tick, 1000);
  };
  const warn = () => {
    left = Math.min(WARNING_S, Math.ceil(idleMs / 1000));
    dialog.showModal();
    tick();
  };
  const end = () => {
    dialog.close();
    over();
  };

  dialog.addEventListener("close", wait);
  byId("here").addEventListener("click", () => dialog.close());
  for (const sign of ["pointerdown", "keydown", "wheel", "input"])
    addEventListener(sign, () => dialog.open || wait(), { passive: true });
  return {
    /** Whether there is a visit to end. */
    set(value) { active = value; wait(); },
  };
}
