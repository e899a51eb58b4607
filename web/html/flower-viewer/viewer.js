// viewer.js - the display page: finds out where it hangs, starts the screen, and keeps the machine
// awake and the pointer out of the way.

import { byId } from "/lib/dom.js";
import { speak } from "/lib/language.js";
import { pictureName } from "/lib/moods.js";
import { drawGround } from "./ground.js";
import { Screen } from "./screen.js";
import { askSetting, settingOfAddress } from "./setup.js";
import { StatusCard } from "./status.js";
import { TEXT } from "./texts.js";

const HIDE_POINTER_MS = 2500;

let screen, card;
const speech = speak(TEXT, () => {
  screen?.library.relabel();
  card?.draw();
});

function watchPointer() {
  let timer;
  const seen = () => {
    document.body.classList.remove("untouched");
    clearTimeout(timer);
    timer = setTimeout(() => document.body.classList.add("untouched"), HIDE_POINTER_MS);
  };
  addEventListener("pointermove", seen);
  seen();
}

// A lock ends whenever the page is hidden, so it is asked for again.
function stayAwake() {
  const ask = () => {
    if (!document.hidden) navigator.wakeLock?.request("screen").catch(() => { /* the machine does not let it */ });
  };
  document.addEventListener("visibilitychange", ask);
  ask();
}

function toggleFull() {
  const going = document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen?.();
  going?.catch(() => { /* not here */ });
}

function listenToKeys() {
  const actions = { i: () => card.toggle(), f: toggleFull, s: () => location.assign(location.pathname) };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    actions[event.key.toLowerCase()]?.();
  });
}

async function keepForOffline() {
  navigator.storage?.persist?.().catch(() => { /* then it is kept as long as there is room */ });
  try {
    await navigator.serviceWorker?.register("sw.js");
  } catch { /* no worker here: the screen runs as long as the page is open */ }
}

document.title = speech.say("page");
drawGround(byId("ground"));
keepForOffline();
const setting = settingOfAddress() ?? await askSetting(speech);
document.body.classList.add("playing");
screen = new Screen(setting, byId("stage"), (key) => pictureName(speech.language, key), () => card?.draw());
card = new StatusCard(screen, speech);
watchPointer();
stayAwake();
listenToKeys();
screen.start();
