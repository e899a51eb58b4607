// look.js - a picture of the visitor, by the camera or from a file, on its way to be looked at. It
// is in this page for as long as that takes: nothing here keeps it, and the camera is off after.

import { post } from "/lib/api.js";
import { byId } from "/lib/dom.js";

const LARGEST = 960, COUNT_FROM = 3, QUALITY = 0.92, LOOK_MS = 20000;

/** Consent, and the ways on from there. */
export function consentStep(kiosk) {
  const picked = async (file) => {
    if (!file) return;
    const picture = await readPicture(file);
    if (picture) await lookAt(kiosk, picture);
    else kiosk.trouble("badPicture");
  };

  byId("use-camera").addEventListener("click", () => kiosk.go("camera"));
  byId("use-words").addEventListener("click", () => kiosk.go("choose"));
  byId("file").addEventListener("change", async (event) => {
    await picked(event.target.files[0]);
    event.target.value = "";
  });
  return { draw: () => { byId("consent-trouble").textContent = kiosk.troubleText(); } };
}

export function cameraStep(kiosk) {
  const video = byId("preview"), count = byId("count"), shutter = byId("shutter");
  let stream = null, counting = null, entered = 0;

  async function enter() {
    const turn = ++entered;
    let opened;
    shutter.disabled = true;
    try {
      opened = await open();
    } catch (error) {
      return turn === entered && kiosk.go("consent", { trouble: ["NotAllowedError", "SecurityError"].includes(error.name) ? "refused" : "noCamera" });
    }
    if (turn !== entered) return stop(opened); // the visitor went on meanwhile
    video.srcObject = stream = opened;
    await video.play().catch(() => {});
    shutter.disabled = false;
  }

  function leave() {
    entered += 1;
    counting?.abort();
    stop(stream);
    stream = video.srcObject = null;
    count.textContent = "";
  }

  async function take() {
    shutter.disabled = true;
    counting = new AbortController();
    if (!await countDown(count, kiosk.speech, counting.signal)) return;
    const picture = await squareOf(video, video.videoWidth, video.videoHeight);
    await lookAt(kiosk, picture);
  }

  shutter.addEventListener("click", take);
  byId("camera-words").addEventListener("click", () => kiosk.go("choose"));
  return { enter, leave };
}

const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

function open() {
  const devices = navigator.mediaDevices; // only with https, or on this machine itself
  if (!devices) throw new DOMException("no camera without https", "NotFoundError");
  return devices.getUserMedia({ audio: false, video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 960 } } });
}

// False where the visitor went away meanwhile.
function countDown(where, speech, signal) {
  return new Promise((resolve) => {
    let left = COUNT_FROM;
    const tick = () => {
      where.textContent = left ? speech.say("countdown", left) : "";
      if (left-- === 0) return resolve(true);
      timer = setTimeout(tick, 800);
    };
    let timer = setTimeout(tick, 0);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(false); });
  });
}

// What the round preview showed.
function squareOf(source, width, height) {
  const side = Math.min(width, height), size = Math.min(side, LARGEST);
  return draw(size, size, (context) => context.drawImage(source, (width - side) / 2, (height - side) / 2, side, side, 0, 0, size, size));
}

// Upright, reduced, and without what a file tells beside its picture; null where it is none.
async function readPicture(file) {
  let bitmap;
  try { bitmap = await createImageBitmap(file); } catch { return null; }
  const scale = Math.min(1, LARGEST * 1.5 / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale)), height = Math.max(1, Math.round(bitmap.height * scale));
  const picture = await draw(width, height, (context) => context.drawImage(bitmap, 0, 0, width, height));
  bitmap.close();
  return picture;
}

async function draw(width, height, paint) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  paint(canvas.getContext("2d"));
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  canvas.width = canvas.height = 0; // gives the pixels back now
  return blob;
}

// What a receipt says; its signature is for who takes it along to check (/v1/privacy/key).
function readReceipt(jws) {
  try {
    return JSON.parse(atob(jws.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  } catch { return null; }
}

async function lookAt(kiosk, picture) {
  const { visit } = kiosk;
  kiosk.go("looking");
  try {
    const seen = await post("/emotion", picture, {
      headers: { "X-user-id": visit.id, "Content-Type": "image/jpeg" }, timeoutMs: LOOK_MS,
      answered: ({ headers }) => { visit.receipt = readReceipt(headers.get("X-Privacy-Receipt")); },
    });
    if (visit !== kiosk.visit || !kiosk.at("looking")) return; // the visit is over, or went on
    Object.assign(visit, { mood: seen.emotions.toLowerCase(), seen: true, generation: seen.generation, gender: seen.gender });
    kiosk.moodIsKnown();
    kiosk.go("mood");
  } catch (error) {
    if (visit !== kiosk.visit || !kiosk.at("looking")) return;
    kiosk.go("consent", { trouble: error.status === 404 ? "noFace" : error.status === 400 ? "badPicture" : error.locked ? "locked" : "unseen" });
  }
}
