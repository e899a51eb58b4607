// coverage.js - where the gardens are thin: all emotions by season, weather and time of day, with
// what each place has, filled by one click.

import { get } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { sendBatch, shareDone } from "/html/studio/batch.js";
import { listAll } from "/html/studio/changes.js";
import { kept, openStudio } from "/html/studio/head.js";
import { cancelJob, duration, followJobs, hasEnded, secondsLeft } from "/html/studio/jobs.js";
import { countItems, countOf, noPlaces, requestsFor } from "/html/studio/places.js";
import { bulkBody, fillTemplate } from "/html/studio/prompts.js";
import { EMOTIONS, HUES, poolFolder, SEASONS, stamp, TIMES, WEATHERS } from "/html/studio/words.js";

const TEXT = {
  en: {
    title: "Coverage", lead: "Every place a visitor may come to: eight moods, four seasons, four weathers, four times of day. The paler, the thinner. One click paints more.",
    wanted: "Wanted at each place", counted: "Counted", countedboth: "garden and pool", countedgarden: "garden alone", emotion: "Emotion", season: "Season",
    cell: (name, garden, pool, coming) => `${name}: ${garden} in the garden, ${pool} in the pool${coming ? `, ${coming} coming` : ""}`, add: (n) => `Paint ${n} more`, enough: "enough",
    fillRow: (n, name) => `+${n}: fill ${name}`, loose: (garden, pool) => `${garden + pool} without a favourite`,
    sum: (thin, empty) => `${thin} of 512 places are thin, ${empty} are empty.`, counting: (n) => `Counting… ${n} pictures`, table: "Pictures at each place", stop: "Stop", goOn: "Send the rest",
    state: (dry, all) => `${dry} of ${all} pictures painted`, left: (time) => `about ${time} left`, failed: (n, why) => `${n} failed: ${why}`, progress: "Progress",
    key: "Large: in the garden. Small: waiting in the pool. Dotted: still to come.",
  },
  ko: {
    title: "분포도", lead: "방문객이 닿을 수 있는 모든 곳: 여덟 가지 기분, 네 계절, 네 날씨, 네 시간. 옅을수록 그림이 적어요. 한 번 누르면 더 그려요.",
    wanted: "곳마다 원하는 수", counted: "세는 것", countedboth: "정원과 풀", countedgarden: "정원만", emotion: "감정", season: "계절",
    cell: (name, garden, pool, coming) => `${name}: 정원에 ${garden}점, 풀에 ${pool}점${coming ? `, 그리는 중 ${coming}점` : ""}`, add: (n) => `${n}점 더 그리기`, enough: "충분함",
    fillRow: (n, name) => `+${n}: ${name} 채우기`, loose: (garden, pool) => `취향 없이 ${garden + pool}점`,
    sum: (thin, empty) => `512곳 가운데 ${thin}곳이 얇고, ${empty}곳은 비어 있어요.`, counting: (n) => `세는 중… ${n}점`, table: "곳마다의 그림 수", stop: "멈추기", goOn: "나머지 보내기",
    state: (dry, all) => `그림 ${all}점 중 ${dry}점 그림`, left: (time) => `약 ${time} 남음`, failed: (n, why) => `${n}건 실패: ${why}`, progress: "진행",
    key: "큰 수: 정원. 작은 수: 풀에서 기다림. 점: 그리는 중.",
  },
};

const KEPT = "coverage";
const before = kept.read(KEPT);
// jobs: [{ place, row, index, k, id, state, images }]
const state = { counts: noPlaces(), jobs: before?.jobs ?? [], began: before?.began ?? 0, prompts: null, follower: null, sending: null, cells: new Map(), loaded: false, turn: 0 };
const studio = openStudio({ page: "coverage", texts: TEXT, change: drawTable, entered: () => resume() });
const { say, speech } = studio;

const wanted = () => Math.max(1, Number(byId("wanted").value) || 1);
const counted = () => byId("counted").value;
const placesOf = (emotion, season) => [...state.counts.places.values()].filter((place) => place.emotion === emotion && (!season || place.favourite.startsWith(`${season},`)));
const needs = (places) => places.reduce((sum, place) => sum + requestsFor(place, wanted(), counted()), 0);
const nameOf = (place) => [place.emotion, ...place.favourite.split(",")].map(studio.name).join(", ");

// -- counting --

async function count() {
  const tell = (items) => { byId("sum").textContent = say("counting", speech.number(items.length)); };
  const garden = await listAll("/v1/items", tell), pool = await listAll("/v1/pool", tell);
  state.counts = noPlaces();
  countItems(state.counts, "garden", garden);
  countItems(state.counts, "pool", pool, new Set(garden.map((item) => item.key)));
  for (const job of state.jobs) if (!hasEnded(job.state)) placeOf(job).coming += 2 - (job.images?.length ?? 0);
  state.loaded = true;
}

const placeOf = (job) => state.counts.places.get(job.place);

// -- the table --

function drawTable() {
  state.cells.clear();
  const heads = [element("tr", {}, element("th", { scope: "col", rowspan: 2 }, say("emotion")), element("th", { scope: "col", rowspan: 2 }, say("season")),
    ...WEATHERS.map((weather) => element("th", { scope: "colgroup", colspan: TIMES.length }, studio.name(weather)))),
  element("tr", {}, ...WEATHERS.flatMap(() => TIMES.map((time) => element("th", { scope: "col", class: "time" }, studio.name(time)))))];
  byId("map").replaceChildren(element("caption", { class: "unseen" }, say("table")), element("thead", {}, ...heads), ...EMOTIONS.map(drawEmotion));
  for (const place of state.counts.places.values()) drawCell(place);
  drawFills();
}

function drawEmotion(emotion) {
  const body = element("tbody", {}, ...SEASONS.map((season, i) => element("tr", {},
    ...(i === 0 ? [element("th", { scope: "rowgroup", rowspan: SEASONS.length, class: "mood" }, element("b", {}, studio.name(emotion)),
      element("small", { "data-loose": emotion }), fillButton(emotion))] : []),
    element("th", { scope: "row", class: "season" }, studio.name(season), fillButton(emotion, season)),
    ...WEATHERS.flatMap((weather) => TIMES.map((time) => makeCell(`${emotion}/${season},${weather},${time}`))))));
  body.style.setProperty("--hue", HUES[emotion]);
  return body;
}

function fillButton(emotion, season) {
  return element("button", { type: "button", class: "fill", "data-fill": emotion, "data-season": season, onclick: () => fill(placesOf(emotion, season)) });
}

function makeCell(key) {
  const cell = element("td", {}, element("button", { type: "button", onclick: () => fill([state.counts.places.get(key)]) }));
  state.cells.set(key, cell);
  return cell;
}

function drawCell(place) {
  const cell = state.cells.get(`${place.emotion}/${place.favourite}`), button = cell.firstChild;
  const have = countOf(place, counted()), more = requestsFor(place, wanted(), counted()) * 2;
  cell.style.setProperty("--share", `${Math.round(Math.min(1, have / wanted()) * 100)}%`);
  cell.className = have === 0 ? "empty" : have < wanted() ? "thin" : "";
  button.disabled = more === 0;
  button.title = `${say("cell", nameOf(place), place.garden, place.pool, place.coming)}. ${more ? say("add", more) : say("enough")}`;
  button.replaceChildren(element("span", { class: "unseen" }, button.title), element("b", { "aria-hidden": "true" }, speech.number(place.garden)),
    place.pool ? element("span", { "aria-hidden": "true" }, speech.number(place.pool)) : "",
    place.coming ? element("i", { "aria-hidden": "true" }, "·".repeat(Math.min(4, place.coming))) : "");
}

function drawFills() {
  for (const button of byId("map").querySelectorAll("[data-fill]")) {
    const n = needs(placesOf(button.dataset.fill, button.dataset.season)) * 2;
    button.disabled = n === 0;
    button.textContent = n ? `+${speech.number(n)}` : "✓";
    const place = [button.dataset.fill, button.dataset.season].filter(Boolean).map(studio.name).join(", ");
    button.setAttribute("aria-label", n ? say("fillRow", speech.number(n), place) : `✓ ${place}: ${say("enough")}`);
  }
  for (const small of byId("map").querySelectorAll("[data-loose]")) {
    const { garden, pool } = state.counts.loose.get(small.dataset.loose);
    small.textContent = garden + pool ? say("loose", garden, pool) : "";
  }
  if (!state.loaded) return;
  const all = [...state.counts.places.values()].map((place) => countOf(place, counted()));
  byId("sum").textContent = say("sum", all.filter((n) => n < wanted()).length, all.filter((n) => n === 0).length);
}

// -- filling --

async function fill(places) {
  const at = stamp();
  if (state.jobs.every((job) => hasEnded(job.state))) Object.assign(state, { jobs: [], began: Date.now() });
  for (const place of places) {
    const requests = requestsFor(place, wanted(), counted());
    for (let k = 0; k < requests; k++) state.jobs.push(makeJob(place, at));
    place.coming += requests * 2;
    drawCell(place);
  }
  drawFills();
  await send();
}

function makeJob({ emotion, favourite }, at) {
  const [season, weather, time] = favourite.split(","), { templates, words } = state.prompts;
  const prompt = fillTemplate(templates[state.turn++ % templates.length], { emotion, season, weather, time, animal: "none" }, words);
  const fname = `${poolFolder(emotion, favourite)}/img_${at}`, index = state.jobs.filter((job) => job.row.fname === fname).length;
  return { place: `${emotion}/${favourite}`, state: "unsent", row: { emotion, favourite, prompt, fname, first: index } };
}

async function send() {
  if (state.sending) return;
  studio.trouble(null);
  state.sending = new AbortController();
  try {
    while (state.jobs.some((job) => job.state === "unsent"))
      await sendBatch(state.jobs.filter((job) => job.state === "unsent"), (job) => bulkBody(job.row, 0, state.prompts.others), { on: note, signal: state.sending.signal });
  } catch (error) {
    studio.trouble(error);
  }
  state.sending = null;
  resume();
}

function resume() {
  state.follower?.stop();
  state.follower = followJobs(state.jobs, note);
  showProgress();
}

function note(job, type) {
  const place = placeOf(job), landed = job.images?.length ?? 0, fresh = landed - (job.seen ?? 0);
  if (fresh > 0) {
    place.pool += fresh;
    place.coming = Math.max(0, place.coming - fresh);
    job.seen = landed;
  }
  if (hasEnded(job.state) && !job.over) {
    place.coming = Math.max(0, place.coming - (2 - landed));
    job.over = true;
  }
  if (type === "step") return showProgress();
  drawCell(place);
  drawFills();
  showProgress();
  kept.write(KEPT, { jobs: state.jobs, began: state.began });
}

async function stop() {
  state.sending?.abort();
  for (const job of state.jobs.filter((one) => !hasEnded(one.state))) {
    if (!job.id) job.state = "cancelled";
    else try { await cancelJob(job.id); } catch (error) { if (![404, 409].includes(error.status)) studio.trouble(error); }
    note(job);
  }
}

function showProgress() {
  const { jobs } = state, going = jobs.some((job) => job.id && !hasEnded(job.state)) || Boolean(state.sending);
  const dry = jobs.reduce((sum, job) => sum + (job.images?.length ?? 0), 0), failed = jobs.filter((job) => job.state === "failed");
  const share = shareDone(jobs), left = going ? secondsLeft(state.began, share) : null;
  byId("progress").textContent = jobs.length === 0 ? "" : [say("state", dry, jobs.length * 2), left === null ? "" : say("left", duration(speech, left)),
    failed.length ? say("failed", failed.length, failed[0].reason ?? "") : ""].filter(Boolean).join(" · ");
  byId("bar").hidden = !going;
  byId("bar").value = share;
  byId("stop").hidden = !going;
  byId("go-on").hidden = Boolean(state.sending) || !jobs.some((job) => job.state === "unsent");
}

for (const id of ["wanted", "counted"]) byId(id).addEventListener("input", drawTable);
byId("stop").addEventListener("click", stop);
byId("go-on").addEventListener("click", send);
byId("settings").addEventListener("submit", (event) => event.preventDefault());
drawTable();
try {
  state.prompts = await get("/prompts.json");
  await count();
} catch (error) {
  studio.trouble(error);
}
drawTable();
resume();
