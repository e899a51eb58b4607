// bulk.js - many pictures of one mood: queued, watched while they are drawn, and looked through.

import { ask, get, objectPath } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { sendBatch, shareDone } from "/html/studio/batch.js";
import { fillOptions, kept, openStudio } from "/html/studio/head.js";
import { cancelJob, duration, followJobs, hasEnded, secondsLeft } from "/html/studio/jobs.js";
import { keysOf } from "/html/studio/prompts.js";
import { removeAll } from "/html/studio/changes.js";
import { bothNames, EMOTIONS, FAVOURITES, poolFolder, stamp, tidyFavourite } from "/html/studio/words.js";

const TEXT = {
  en: {
    title: "Bulk", lead: "One mood, many pictures. Each is a landscape and its portrait, and hangs here as soon as it is dry.",
    count: "Repeat count", emotion: "Emotion", emotionText: "Emotion text", favourite: "Favourite", favouriteHint: "e.g. spring,sunny,day, or nothing",
    others: "Others", generate: "Generate", update: "Update", remove: "Remove", stop: "Stop", goOn: "Send the rest", again: "Try again",
    sheet: "Contact sheet", empty: "Nothing hangs here yet.", unsent: "not sent", waiting: "waits", running: (n, of) => of ? `step ${n} of ${of}` : "begins",
    done: "dry", failed: "failed", cancelled: "stopped", total: (n, all) => `${n} of ${all} pictures`, left: (time) => `about ${time} left`,
    over: "All are dry.", overSome: (n) => `${n} could not be drawn; each says why.`, dislike: "Mark for removal", marked: (n) => n ? `Remove ${n}` : "Remove",
    none: "Nothing is marked. Press the cross on a picture first.", removed: (n) => `${n} moved to the trash.`, undo: "Undo", back: "They are back.",
    pool: (n) => `${n} in the pool there.`, landscape: "landscape", portrait: "portrait", progress: "Progress",
    texts: {
      happy: "a joyful flower garden full of light", surprised: "a flower garden that opens all at once", calm: "a quiet flower garden beside still water",
      angry: "a stormy flower garden of burning red", fear: "a flower garden in deep shadow", confused: "a flower garden that winds like a maze",
      disgusted: "an overgrown flower garden of acid green", sad: "a lonely flower garden in blue rain",
    },
  },
  ko: {
    title: "한꺼번에 그리기", lead: "한 가지 기분을 여러 장으로. 가로와 세로가 한 쌍이고, 마르는 대로 여기에 걸려요.",
    count: "반복 횟수", emotion: "감정", emotionText: "감정 문구", favourite: "취향", favouriteHint: "예: spring,sunny,day 또는 비움",
    others: "그 밖의 문구", generate: "생성", update: "새로 보기", remove: "삭제", stop: "멈추기", goOn: "나머지 보내기", again: "다시 그리기",
    sheet: "밀착 인화", empty: "아직 걸린 그림이 없어요.", unsent: "보내지 않음", waiting: "대기", running: (n, of) => of ? `${of}단계 중 ${n}단계` : "시작",
    done: "완성", failed: "실패", cancelled: "멈춤", total: (n, all) => `그림 ${all}점 중 ${n}점`, left: (time) => `약 ${time} 남음`,
    over: "모두 말랐어요.", overSome: (n) => `${n}건은 그리지 못했어요. 이유는 각각 적혀 있어요.`, dislike: "삭제 표시", marked: (n) => n ? `${n}점 삭제` : "삭제",
    none: "표시한 그림이 없어요. 먼저 그림의 ✕를 눌러 주세요.", removed: (n) => `${n}점을 휴지통으로 옮겼어요.`, undo: "되돌리기", back: "돌아왔어요.",
    pool: (n) => `풀의 이곳에 ${n}점.`, landscape: "가로", portrait: "세로", progress: "진행",
  },
};

const KEPT = "bulk", LETTERS = ["landscape", "portrait"];
// batch: { fname, prompt, began, jobs: [{ index, fname, id, state, images, reason }] }
const state = { batch: kept.read(KEPT), marked: new Set(), gone: new Set(), follower: null, sending: null, textWritten: false, cards: new Map() };

const studio = openStudio({ page: "bulk", texts: TEXT, change: redraw, entered: () => state.batch && follow() });
const { say, speech } = studio;

// -- the form --

function nameForm() {
  fillOptions(byId("emotion"), EMOTIONS, bothNames);
  suggestText();
}

function suggestText() {
  if (!state.textWritten) byId("emotion-text").value = say("texts")[byId("emotion").value];
}

async function fillOthers() {
  byId("favourites").append(...FAVOURITES.map((value) => element("option", { value })));
  byId("others").value = (await get("/prompts.json")).others;
}

// -- generating --

function newBatch() {
  const emotion = byId("emotion").value, favorite = tidyFavourite(byId("favourite").value);
  const fname = `${poolFolder(emotion, favorite)}/img_${stamp()}`;
  const prompt = JSON.stringify({ emotion: emotion.toUpperCase(), emotionText: byId("emotion-text").value, favorite, others: byId("others").value });
  return { fname, prompt, began: Date.now(),
    jobs: Array.from({ length: Number(byId("count").value) }, (_, index) => ({ index, fname, state: "unsent" })) };
}

async function generate() {
  state.follower?.stop();
  state.batch = newBatch();
  state.marked.clear();
  drawSheet();
  await send();
}

async function send() {
  const { batch } = state;
  studio.trouble(null);
  state.sending = new AbortController();
  showProgress();
  try {
    await sendBatch(batch.jobs, (job) => ({ index: job.index, prompt: batch.prompt, fname: job.fname }),
      { on: changed, signal: state.sending.signal });
  } catch (error) {
    studio.trouble(error);
  }
  state.sending = null;
  if (state.batch === batch) follow();
}

function follow() {
  state.follower?.stop();
  state.follower = followJobs(state.batch.jobs, changed);
  showProgress();
}

// A job that failed has its name for five minutes: drawn again, it takes a new one.
async function again(job) {
  Object.assign(job, { id: undefined, state: "unsent", reason: undefined, images: [], fname: `${job.fname.replace(/\/img_[^/]*$/, "")}/img_${stamp()}` });
  changed(job);
  await send();
}

async function stop() {
  state.sending?.abort();
  for (const job of state.batch.jobs.filter((one) => !hasEnded(one.state))) {
    try {
      if (job.id) await cancelJob(job.id);
      else job.state = "cancelled";
    } catch (error) {
      if (error.status !== 409 && error.status !== 404) studio.trouble(error);
    }
    changed(job);
  }
}

function changed(job, type) {
  drawCard(job);
  showProgress();
  if (type !== "step") kept.write(KEPT, state.batch);
}

// -- the sheet --

function drawSheet() {
  state.cards.clear();
  byId("sheet").replaceChildren(...(state.batch?.jobs ?? []).map(makeCard));
  byId("empty").hidden = Boolean(state.batch);
  for (const job of state.batch?.jobs ?? []) drawCard(job);
}

function makeCard(job) {
  const slots = LETTERS.map((orientation) => element("div", { class: `slot ${orientation}` }));
  const line = element("p", { class: "card-line" });
  const card = element("li", { class: "twin" }, element("div", { class: "frames" }, ...slots), line);
  state.cards.set(job.index, { card, slots, line });
  return card;
}

function drawCard(job) {
  const { card, slots, line } = state.cards.get(job.index);
  card.dataset.state = job.state;
  for (const key of keysOf(job.fname, job.index)) {
    const image = job.images?.find((one) => one.key === key), slot = slots[/h\.jpeg$/.test(key) ? 0 : 1];
    if (image && slot.dataset.key !== key && !state.gone.has(key)) hang(slot, key, job);
    if (!image && slot.dataset.key) {
      delete slot.dataset.key;
      slot.replaceChildren();
    }
  }
  line.replaceChildren(element("b", {}, `${speech.number(job.index + 1)}`), " ", stateOf(job),
    ...(job.reason && job.state !== "done" ? [element("span", { class: "why" }, job.reason)] : []),
    ...(job.state === "failed" ? [element("button", { type: "button", onclick: () => again(job) }, say("again"))] : []));
}

const stateOf = (job) => say(job.state, job.step ?? 0, job.steps ?? 0);

function hang(slot, key, job) {
  const path = objectPath(key), which = say(slot.classList.contains("landscape") ? "landscape" : "portrait");
  const mark = element("button", { type: "button", class: "cross", "aria-label": `${say("dislike")}: ${job.index + 1} ${which}`,
    "aria-pressed": String(state.marked.has(key)), onclick: () => toggleMark(key, mark) }, "✕");
  slot.dataset.key = key;
  slot.replaceChildren(element("a", { href: path }, element("img", { src: `${path}?w=320`, alt: `${job.index + 1}, ${which}` })), mark);
}

function toggleMark(key, button) {
  const on = !state.marked.has(key);
  if (on) state.marked.add(key);
  else state.marked.delete(key);
  button.setAttribute("aria-pressed", String(on));
  byId("remove").textContent = say("marked", state.marked.size);
}

function showProgress() {
  const { batch } = state, jobs = batch?.jobs ?? [];
  const share = shareDone(jobs), going = jobs.some((job) => !hasEnded(job.state) && (job.id || state.sending));
  const dry = jobs.reduce((sum, job) => sum + (job.images?.length ?? 0), 0), failed = jobs.filter((job) => job.state === "failed").length;
  const left = batch && going ? secondsLeft(batch.began, share) : null;
  byId("bar").hidden = !going;
  byId("bar").value = share;
  byId("stop").hidden = !going;
  byId("generate").disabled = Boolean(state.sending);
  byId("go-on").hidden = Boolean(state.sending) || !jobs.some((job) => job.state === "unsent");
  byId("state").textContent = jobs.length === 0 ? "" : [say("total", dry, jobs.length * 2), left === null ? "" : say("left", duration(speech, left)),
    failed ? say("overSome", failed) : share === 1 && dry === jobs.length * 2 ? say("over") : ""].filter(Boolean).join(" · ");
}

// -- update and remove --

// What hangs is what the pool has: pictures of this batch, also those whose job is forgotten.
async function update() {
  studio.trouble(null);
  const emotion = byId("emotion").value, favorite = tidyFavourite(byId("favourite").value);
  try {
    const search = favorite ? `${emotion}/${favorite}` : emotion;
    const items = await poolOf(search);
    for (const job of state.batch?.jobs ?? []) {
      const found = items.filter((item) => keysOf(job.fname, job.index).includes(item.key));
      if (found.length && !hasEnded(job.state)) Object.assign(job, { images: found, state: found.length === 2 ? "done" : job.state });
      if (found.length) job.images = found;
      changed(job);
    }
    studio.notice(say("pool", items.length));
  } catch (error) {
    studio.trouble(error);
  }
}

async function poolOf(search) {
  const items = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await get(`/v1/pool?limit=1000&emotion=${encodeURIComponent(search)}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    items.push(...page.items.filter((item) => item.emotion === search));
    cursor = page.cursor;
  }
  return items;
}

async function remove() {
  const keys = [...state.marked];
  if (keys.length === 0) return studio.notice(say("none"));
  const { done, failed } = await removeAll(keys);
  for (const key of done) takeDown(key);
  if (failed.length) studio.trouble(failed[0].error);
  if (done.length) studio.notice(say("removed", done.length), element("button", { type: "button", onclick: () => bringBack(done) }, say("undo")));
}

function takeDown(key) {
  state.marked.delete(key);
  state.gone.add(key);
  byId("remove").textContent = say("marked", state.marked.size);
  for (const { slots } of state.cards.values())
    for (const slot of slots) if (slot.dataset.key === key) {
      delete slot.dataset.key;
      slot.replaceChildren();
    }
  for (const job of state.batch?.jobs ?? []) job.images = job.images?.filter((image) => image.key !== key);
  kept.write(KEPT, state.batch);
}

async function bringBack(keys) {
  try {
    await ask("POST", "/v1/trash/restore", { keys });
    for (const key of keys) {
      state.gone.delete(key);
      const job = state.batch?.jobs.find((one) => keysOf(one.fname, one.index).includes(key));
      if (job) (job.images ??= []).push({ key });
    }
    drawSheet();
    studio.notice(say("back"));
  } catch (error) {
    studio.trouble(error);
  }
}

function redraw() {
  nameForm();
  drawSheet();
  showProgress();
  byId("remove").textContent = say("marked", state.marked.size);
}

byId("form").addEventListener("submit", (event) => { event.preventDefault(); generate(); });
byId("emotion").addEventListener("change", suggestText);
byId("emotion-text").addEventListener("input", () => { state.textWritten = byId("emotion-text").value !== ""; });
byId("update").addEventListener("click", update);
byId("remove").addEventListener("click", remove);
byId("stop").addEventListener("click", stop);
byId("go-on").addEventListener("click", send);
redraw();
await fillOthers();
if (state.batch?.jobs.some((job) => job.id && !hasEnded(job.state))) follow();
