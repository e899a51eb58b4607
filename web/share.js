// share.js - passing the page on: by the device's own sheet, else by the clipboard. Where there is
// neither, the page does without.

import { byId } from "/lib/dom.js";

const button = byId("pass");

async function pass() {
  const url = document.querySelector("link[rel=canonical]").href;
  if (navigator.share) return navigator.share({ title: document.title, url }).catch(() => {}); // called off
  await navigator.clipboard.writeText(url);
  byId("passed").hidden = false;
}

button.hidden = !navigator.share && !navigator.clipboard;
button.addEventListener("click", pass);
