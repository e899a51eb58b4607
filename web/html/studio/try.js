// try.js - one prompt, tried: how it is drawn is watched step by step, and what came out can be
// drawn again.

import { get, objectPath, post } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { copyText, fillOptions, kept, openStudio } from "/html/studio/head.js";
import { cancelJob, duration, followJob, hasEnded, previewAddress, secondsLeft } from "/html/studio/jobs.js";
import { formatRecipe, parseRecipe, recipeInside } from "/html/studio/recipe.js";
import { EMOTIONS, favouriteName, tidyFavourite } from "/html/studio/words.js";

const TEXT = {
  en: {
    title: "Try a prompt", lead: "Say what should grow, and watch it being painted.", prompt: "Prompt",
    promptHint: "a flower garden in spring, after the rain", negative: "What should not be in it", size: "Size", free: "Free",
    width: "Width", height: "Height", more: "Finer strokes", steps: "Steps", stepsHint: "as the model needs", guidance: "Guidance",
    guidanceHint: "as the model says", seed: "Seed", seedHint: "by chance", scheduler: "Scheduler", count: "Pictures",
    place: "Where it goes", placeNone: "Only tried, in no garden", favourite: "Favourite", favouriteHint: "season,weather,time", draw: "Draw", cancel: "Stop",
    waiting: "It waits for its turn…", running: "The paper is being wetted…", step: (n, of) => `Step ${n} of ${of}`,
    picture: (n, of) => of > 1 ? `picture ${n} of ${of}` : "", left: (time) => `about ${time} left`, done: (time) => `Dry after ${time}.`,
    cancelled: "Stopped.", failed: (why) => `It failed: ${why}`, copy: "Copy the recipe", copied: "The recipe is in the clipboard.",
    copyByHand: "The browser keeps its clipboard shut. Copy this by hand:", again: "Take this seed", open: "Open", recent: "Tried lately",
    nothing: "Nothing tried yet. Paste a recipe into the prompt to begin from one.", seedOf: (n) => `seed ${n}`, took: "The recipe is taken over.",
    easel: "Easel", blank: "The paper is still white.", stored: "It was drawn before with the same recipe.", chance: "By chance",
  },
  ko: {
    title: "프롬프트 시험", lead: "무엇이 자라면 좋을지 적고, 그려지는 모습을 지켜보세요.", prompt: "프롬프트",
    promptHint: "a flower garden in spring, after the rain", negative: "들어가면 안 되는 것", size: "크기", free: "자유",
    width: "너비", height: "높이", more: "더 섬세하게", steps: "단계", stepsHint: "모델에 맞게", guidance: "가이던스",
    guidanceHint: "모델에 맞게", seed: "시드", seedHint: "우연히", scheduler: "스케줄러", count: "장수",
    place: "둘 곳", placeNone: "시험만 하고 정원에는 두지 않기", favourite: "취향", favouriteHint: "season,weather,time", draw: "그리기", cancel: "멈추기",
    waiting: "차례를 기다리고 있어요…", running: "종이를 적시는 중…", step: (n, of) => `${of}단계 중 ${n}단계`,
    picture: (n, of) => of > 1 ? `${of}장 중 ${n}장째` : "", left: (time) => `약 ${time} 남음`, done: (time) => `${time} 만에 말랐어요.`,
    cancelled: "멈췄어요.", failed: (why) => `그리지 못했어요: ${why}`, copy: "레시피 복사", copied: "레시피를 복사했어요.",
    copyByHand: "브라우저가 클립보드를 허락하지 않아요. 직접 복사해 주세요.", again: "이 시드 쓰기", open: "열기", recent: "최근에 시험한 그림",
    nothing: "아직 시험한 것이 없어요. 레시피를 프롬프트에 붙여 넣어 시작할 수도 있어요.", seedOf: (n) => `시드 ${n}`, took: "레시피를 가져왔어요.",
    easel: "이젤", blank: "종이가 아직 하얘요.", stored: "같은 레시피로 이미 그린 그림이에요.", chance: "우연히",
  },
};

const SIZES = [["Basic", 768, 512], ["WSVGA", 1024, 600], ["WXGA", 1280, 800]];
const RECENT = 18, KEPT = "try";

const job = { asked: null, id: null, state: null, stop: null, frames: [], started: 0, told: null, detail: null };
const studio = openStudio({ page: "try", texts: TEXT, change: redraw, entered: drawRecent });
const { say, speech } = studio;

// -- the form --

function fillForm() {
  byId("sizes").append(...[...SIZES, ["free", 0, 0]].map(([name, width, height], i) => element("label", { class: "size" },
    element("input", { type: "radio", name: "size", value: name, checked: i === 0 }),
    shapeOf(width || 12, height || 12), element("b", name === "free" ? { "data-text": "free" } : {}, name === "free" ? say("free") : name),
    name === "free" ? null : element("span", {}, `${width}×${height}`))));
  namePlaces();
}

function shapeOf(width, height) {
  const shape = element("i", { class: "shape", "aria-hidden": "true" });
  shape.style.aspectRatio = `${width} / ${height}`;
  return shape;
}

function namePlaces() {
  fillOptions(byId("emotion"), ["", ...EMOTIONS], (emotion) => emotion ? studio.name(emotion) : say("placeNone"));
}

function chosenSize() {
  const name = byId("form").elements.size.value, size = SIZES.find(([one]) => one === name);
  return size ? { width: size[1], height: size[2] } : { width: Number(byId("width").value), height: Number(byId("height").value) };
}

function showSize() {
  const free = byId("form").elements.size.value === "free";
  byId("free").hidden = !free;
  if (!free) Object.assign(byId("width"), { value: chosenSize().width }) && Object.assign(byId("height"), { value: chosenSize().height });
}

const numberOf = (id) => byId(id).value.trim() === "" ? undefined : Number(byId(id).value);

function request() {
  const emotion = byId("emotion").value;
  return {
    prompt: byId("prompt").value, negative_prompt: byId("negative").value, ...chosenSize(), steps: numberOf("steps"),
    guidance: numberOf("guidance"), seed: numberOf("seed"), scheduler: byId("scheduler").value, count: numberOf("count") ?? 1,
    ...(emotion ? { emotion, favorite: tidyFavourite(byId("favourite").value) || undefined } : {}), preview: true,
  };
}

function takeRecipe(recipe) {
  const known = SIZES.find(([, width, height]) => width === recipe.width && height === recipe.height);
  byId("prompt").value = recipe.prompt;
  byId("negative").value = recipe.negative_prompt ?? "";
  if (recipe.width) byId("form").elements.size.value = known?.[0] ?? "free";
  for (const name of ["steps", "guidance", "seed", "width", "height"]) if (recipe[name]) byId(name).value = recipe[name];
  if (recipe.scheduler) byId("scheduler").value = recipe.scheduler;
  showSize();
}

function pasteRecipe(event) {
  const recipe = parseRecipe(event.clipboardData?.getData("text/plain") ?? "");
  if (!recipe) return;
  event.preventDefault();
  takeRecipe(recipe);
  studio.notice(say("took"));
}

// -- drawing --

async function draw() {
  if (job.state && !hasEnded(job.state)) return;
  studio.trouble(null);
  setBusy(true);
  try {
    job.asked = post("/v1/generations", request(), { idempotencyKey: crypto.randomUUID?.() ?? String(Date.now()) });
    const told = await job.asked;
    kept.write(KEPT, told.id);
    watch(told);
  } catch (error) {
    setBusy(false);
    studio.trouble(error);
  }
}

function watch(told) {
  job.stop?.();
  Object.assign(job, { id: told.id, state: told.state, told, detail: null, started: Date.now() });
  byId("easel").style.setProperty("--across", told.count > 1 ? 2 : 1);
  job.frames = Array.from({ length: told.count }, () => makeFrame(told));
  byId("easel").replaceChildren(...job.frames.map((frame) => frame.figure));
  setBusy(true);
  showState();
  byId("easel").scrollIntoView({ block: "nearest", behavior: "smooth" });
  job.stop = followJob(told.id, onEvent);
}

function makeFrame(told) {
  const img = element("img", { alt: "", width: told.width, height: told.height, hidden: true });
  const caption = element("figcaption");
  const figure = element("figure", { class: "mat" }, element("div", { class: "paper" }, img), caption);
  figure.firstChild.style.aspectRatio = `${told.width} / ${told.height}`;
  return { figure, img, caption, preview: null };
}

function onEvent(type, data) {
  if (type === "accepted" || type === "started") {
    job.state = type === "started" ? "running" : job.state;
    if (type === "started") job.started = Date.now();
  } else if (type === "step") onStep(data);
  else if (type === "image") onImage(data);
  else if (hasEnded(type)) return onEnd(type, data);
  else if (type === "lost") return onLost(data);
  job.detail = type === "step" ? data : job.detail;
  showState();
}

function onStep(data) {
  const frame = job.frames[data.output ?? 0], address = previewAddress(data);
  if (!frame || !address) return;
  frame.img.src = address;
  frame.img.hidden = false;
  frame.img.alt = job.told.prompt;
  frame.figure.classList.add("wet");
  if (frame.preview) URL.revokeObjectURL(frame.preview);
  frame.preview = address;
}

function onImage(data) {
  const frame = job.frames[data.output ?? 0];
  if (!frame) return;
  frame.image = data;
  frame.img.src = objectPath(data.key);
  frame.img.hidden = false;
  frame.img.alt = job.told.prompt;
  frame.figure.classList.remove("wet");
  captionFrame(frame);
}

function captionFrame(frame) {
  const { image } = frame;
  if (!image) return;
  frame.caption.replaceChildren(
    element("span", { class: "seed" }, say("seedOf", image.seed)), element("span", {}, `${image.width}×${image.height}`),
    element("button", { type: "button", onclick: () => { byId("seed").value = image.seed; } }, say("again")),
    element("button", { type: "button", onclick: () => copyRecipe(image) }, say("copy")),
    element("a", { href: objectPath(image.key) }, say("open")), image.stored ? element("span", { class: "quiet" }, say("stored")) : "",
    image.note ? element("span", { class: "quiet" }, image.note) : "");
}

async function onEnd(type, data) {
  job.state = type;
  job.reason = data.reason;
  job.stop = null;
  job.seconds = (Date.now() - job.started) / 1000;
  setBusy(false);
  showState();
  for (const frame of job.frames) if (frame.preview) URL.revokeObjectURL(frame.preview);
  await drawRecent();
}

function onLost(error) {
  Object.assign(job, { state: "failed", reason: error.message, stop: null });
  setBusy(false);
  showState();
  studio.trouble(error);
}

// The picture has its true recipe in it; the job tells the rest where that cannot be read.
async function copyRecipe(image) {
  let text = null;
  try {
    text = recipeInside(await (await fetch(objectPath(image.key))).arrayBuffer());
  } catch { /* the job's own words then */ }
  await copyText(studio, text ?? formatRecipe({ ...job.told, seed: image.seed }), say("copied"));
}

// Its name may still be on the way.
async function cancel() {
  try { await cancelJob((await job.asked ?? job).id); } catch (error) { if (error.status !== 409) studio.trouble(error); }
}

// -- what is shown --

function setBusy(busy) {
  byId("draw").hidden = busy;
  byId("cancel").hidden = !busy;
  byId("stroke").hidden = !busy;
}

function showState() {
  const { detail } = job, parts = [];
  if (job.state === "failed") parts.push(say("failed", job.reason ?? ""));
  else if (job.state === "cancelled") parts.push(say("cancelled"));
  else if (job.state === "done") parts.push(say("done", duration(speech, job.seconds)));
  else if (detail) parts.push(...progress(detail));
  else if (job.state) parts.push(say(job.state));
  byId("state").textContent = parts.filter(Boolean).join(" · ");
  byId("state").classList.toggle("bad", job.state === "failed");
}

function progress({ output = 0, step, steps }) {
  const share = (output + step / steps) / job.told.count, left = secondsLeft(job.started, share);
  byId("stroke").value = share;
  return [say("step", step, steps), say("picture", output + 1, job.told.count), left === null ? "" : say("left", duration(speech, left))];
}

async function drawRecent() {
  try {
    const { generations } = await get(`/v1/generations?limit=${RECENT}`);
    const left = job.id ? null : generations.find((one) => one.id === kept.read(KEPT));
    if (left && !hasEnded(left.state)) watch(left); // the page was left while it was drawn
    showRecent(generations.filter((one) => isTried(one) && one.images.length > 0));
  } catch (error) {
    if (!error.locked) studio.trouble(error);
  }
}

// Those of bulk requests have a landscape and a portrait.
const isTried = (one) => !one.images.some((image) => image.width !== one.width || image.height !== one.height);

function showRecent(jobs) {
  byId("nothing").hidden = jobs.length > 0;
  byId("recent").replaceChildren(...jobs.flatMap((one) => one.images.map((image) => element("li", {},
    element("button", { type: "button", class: "slip", title: one.prompt, onclick: () => { takeRecipe({ ...one, seed: image.seed }); scrollTo({ top: 0 }); } },
      element("img", { src: `${objectPath(image.key)}?w=320`, alt: one.prompt, loading: "lazy" }),
      element("span", {}, one.emotion ? `${studio.name(one.emotion)} ${favouriteName(one.favorite ?? "", speech.language)}` : say("seedOf", image.seed)))))));
}

function redraw() {
  namePlaces();
  showState();
  for (const frame of job.frames) captionFrame(frame);
  drawRecent();
}

fillForm();
byId("form").addEventListener("change", showSize);
byId("form").addEventListener("submit", (event) => { event.preventDefault(); draw(); });
byId("prompt").addEventListener("paste", pasteRecipe);
byId("form").addEventListener("keydown", (event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) draw(); });
byId("chance").addEventListener("click", () => { byId("seed").value = ""; });
byId("cancel").addEventListener("click", cancel);
await drawRecent();
