// table.js - the prompt table: templates cycled over emotions, animals, weathers, seasons and times,
// a row each, filled by /bulk. What was begun goes on after the page was left.

import { get, objectPath } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { sendBatch } from "/html/studio/batch.js";
import { kept, openStudio } from "/html/studio/head.js";
import { cancelJob, duration, secondsLeft } from "/html/studio/jobs.js";
import { bulkBody, keysOf, makeRows } from "/html/studio/prompts.js";
import { ANIMALS, EMOTIONS, HUES, SEASONS, stamp, TIMES, WEATHERS } from "/html/studio/words.js";

const TEXT = {
  en: {
    title: "Prompt table", lead: "Sentences with gaps, and what may stand in them: every meeting of the chosen words is a row.",
    emotions: "Emotions", animals: "Animals", weathers: "Weathers", seasons: "Seasons", times: "Times of day", templates: "Templates, one a line",
    templatesHelp: "Gaps: [EMOTION] [ANIMAL] [WEATHER] [SEASON] [TIME]. Row after row takes the next template.", others: "Others, after every prompt",
    perRow: "Pictures a row", table: "Rows", row: "Row", what: "Garden", prompt: "Prompt", pictures: "Pictures", all: "all", none: "none",
    sum: (rows, pictures) => `${rows} rows, ${pictures} pictures`, nothing: "Choose at least one word of each kind, and a template.",
    fill: "Fill all rows", goOn: "Go on", stop: "Stop", fresh: "New table", one: "Fill this row", page: (n, of) => `Page ${n} of ${of}`, before: "Back", next: "Next",
    progress: (dry, all) => `${dry} of ${all} pictures are dry`, sent: (n, of) => n < of ? `${n} of ${of} requests sent` : "", left: (time) => `about ${time} left`,
    over: "The table is full.", stopped: "Stopped. What was drawn stays.", resumed: "Going on where it was left.", failed: (n) => `${n} requests failed`, promptOf: (n) => `Prompt of row ${n}`,
    rowDone: (n, of) => `${n} of ${of}`, picture: (n) => `picture ${n}`, choices: "What stands in the gaps", bar: "Progress",
  },
  ko: {
    title: "프롬프트 표", lead: "빈칸이 있는 문장과 그 자리에 들어갈 말. 고른 말이 만나는 경우마다 한 줄이 돼요.",
    emotions: "감정", animals: "동물", weathers: "날씨", seasons: "계절", times: "시간", templates: "템플릿 (한 줄에 하나)",
    templatesHelp: "빈칸: [EMOTION] [ANIMAL] [WEATHER] [SEASON] [TIME]. 줄마다 다음 템플릿을 써요.", others: "모든 프롬프트 뒤에 붙일 말",
    perRow: "한 줄의 그림 수", table: "줄", row: "줄", what: "정원", prompt: "프롬프트", pictures: "그림", all: "모두", none: "없음",
    sum: (rows, pictures) => `${rows}줄, 그림 ${pictures}점`, nothing: "종류마다 낱말 하나와 템플릿 하나 이상을 골라 주세요.",
    fill: "모든 줄 채우기", goOn: "이어서 하기", stop: "멈추기", fresh: "새 표", one: "이 줄 채우기", page: (n, of) => `${of}쪽 중 ${n}쪽`, before: "이전", next: "다음",
    progress: (dry, all) => `그림 ${all}점 중 ${dry}점이 말랐어요`, sent: (n, of) => n < of ? `요청 ${of}건 중 ${n}건 보냄` : "", left: (time) => `약 ${time} 남음`,
    over: "표가 가득 찼어요.", stopped: "멈췄어요. 그린 그림은 남아요.", resumed: "멈춘 곳에서 이어 가요.", failed: (n) => `${n}건 실패`, promptOf: (n) => `${n}번째 줄 프롬프트`,
    rowDone: (n, of) => `${of}점 중 ${n}점`, picture: (n) => `그림 ${n}`, choices: "빈칸에 들어갈 말", bar: "진행",
  },
};

const KINDS = { emotions: EMOTIONS, seasons: SEASONS, weathers: WEATHERS, times: TIMES, animals: ANIMALS };
const FIRST = { emotions: EMOTIONS, seasons: SEASONS, weathers: ["sunny"], times: ["day"], animals: ["none"] };
const KEPT = "table", PAGE = 12, LOOK_MS = 2500, KEEP_MS = 1000, LATE_MS = 60000, NAME = /^(.*)_(\d+)([hv])\.jpeg$/;

// begun: { at, sending, ids: { "row.k": job } } once something of the table is asked for.
const table = { plan: null, begun: null, rows: [], entries: new Map(), page: 0, dry: new Map(), failed: new Map(), sending: null, words: {}, since: null, looking: null };
const studio = openStudio({ page: "table", texts: TEXT, change: redraw, entered: () => table.begun?.sending && send() });
const { say, speech } = studio;

// -- what is chosen --

function makeChips() {
  byId("kinds").append(...Object.entries(KINDS).map(([kind, values]) => element("fieldset", { class: "chips" },
    element("legend", { "data-text": kind }), ...values.map((value) => chip(kind, value)))));
}

function chip(kind, value) {
  const made = element("label", { class: "chip" }, element("input", { type: "checkbox", name: kind, value, checked: table.plan[kind].includes(value) }),
    element("span", { "data-word": value }));
  if (HUES[value]) made.style.setProperty("--hue", HUES[value]);
  return made;
}

function readPlan() {
  const chosen = (kind) => [...document.querySelectorAll(`input[name="${kind}"]:checked`)].map((input) => input.value);
  for (const kind of Object.keys(KINDS)) table.plan[kind] = chosen(kind);
  table.plan.templates = byId("templates").value.split("\n").map((line) => line.trim()).filter(Boolean);
  table.plan.others = byId("others").value;
  table.plan.per_row = Math.max(2, Number(byId("per-row").value) || 16);
  table.plan.edits = {};
  table.page = 0;
  remake();
}

function remake() {
  table.rows = makeRows(table.plan, table.words);
  table.entries = new Map();
  for (const row of table.rows)
    for (let k = 0; k < row.requests; k++) {
      const id = table.begun?.ids[`${row.i}.${k}`];
      table.entries.set(`${row.fname}_${row.first + k}`, { row, k, id, state: id ? "waiting" : "unsent" });
    }
  drawPage();
  showProgress();
}

// -- filling --

async function fill(entries) {
  table.begun ??= { at: new Date(Date.now() - 1000).toISOString(), ids: {}, began: Date.now() };
  table.begun.wanted = entries.length === table.entries.size ? "all" : [...new Set([...(table.begun.wanted === "all" ? [] : table.begun.wanted ?? []), ...entries.map((entry) => entry.row.i)])];
  await send();
}

const wanted = (entry) => table.begun && (table.begun.wanted === "all" || table.begun.wanted?.includes(entry.row.i));

async function send() {
  studio.trouble(null);
  table.begun.sending = true;
  table.sending = new AbortController();
  lock();
  drawPage();
  look();
  try {
    await sendBatch([...table.entries.values()].filter(wanted), (entry) => bulkBody(entry.row, entry.k, table.plan.others), { on: noteSent, signal: table.sending.signal });
    table.begun.sending = false;
  } catch (error) {
    studio.trouble(error);
  }
  table.sending = null;
  keep(true);
  drawPage();
  showProgress();
}

function noteSent(entry) {
  if (entry.id) table.begun.ids[`${entry.row.i}.${entry.k}`] = entry.id;
  keep();
  showProgress();
}

let keepTimer = null;
function keep(now) {
  const write = () => { keepTimer = null; kept.write(KEPT, { plan: table.plan, begun: table.begun }); };
  if (now) { clearTimeout(keepTimer); write(); } else keepTimer ??= setTimeout(write, KEEP_MS);
}

async function stop() {
  table.sending?.abort();
  table.begun.sending = false;
  const going = [...table.entries.values()].filter((entry) => entry.id && dryOf(entry) < 2 && !table.failed.has(entry.id));
  const cancel = async () => {
    for (let entry = going.pop(); entry; entry = going.pop()) {
      try { await cancelJob(entry.id); } catch (error) { if (![404, 409].includes(error.status)) studio.trouble(error); }
      delete table.begun.ids[`${entry.row.i}.${entry.k}`];
      entry.id = undefined;
      entry.state = "unsent";
    }
  };
  await Promise.all([cancel(), cancel(), cancel()]);
  keep(true);
  studio.notice(say("stopped"));
  drawPage();
  showProgress();
}

function freshTable() {
  if (table.sending) table.sending.abort();
  clearTimeout(table.looking);
  Object.assign(table, { begun: null, dry: new Map(), failed: new Map(), since: null, looking: null, page: 0 });
  Object.assign(table.plan, { stamp: stamp(), edits: {} });
  kept.drop(KEPT);
  lock();
  remake();
}

function lock() {
  byId("choices").disabled = Boolean(table.begun);
}

// -- what has landed: the pool tells, also of jobs that are forgotten --

async function look() {
  if (table.looking) return;
  table.looking = setTimeout(async () => {
    table.looking = null;
    try { await lookOnce(); } catch (error) { if (error.locked) return studio.trouble(error); }
    if (table.begun && isGoing()) look();
  }, table.since ? LOOK_MS : 0);
}

async function lookOnce() {
  const changed = new Set();
  let cursor = "", newest = table.since ?? table.begun.at;
  for (; cursor !== null;) {
    const page = await get(`/v1/pool?limit=1000&since=${encodeURIComponent(table.since ?? table.begun.at)}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    for (const item of page.items) {
      if (item.time > newest) newest = item.time;
      const [, fname, index, letter] = NAME.exec(item.key) ?? [], entry = table.entries.get(`${fname}_${index}`);
      if (!entry || table.dry.get(item.key)) continue;
      table.dry.set(item.key, letter);
      changed.add(entry.row.i);
    }
    cursor = page.cursor;
  }
  table.since = new Date(Date.parse(newest) - LATE_MS).toISOString(); // the catalogue may be late
  const failed = await get("/v1/generations?state=failed&limit=100");
  const byJob = new Map(failed.generations.map((one) => [one.id, one.reason]));
  for (const entry of table.entries.values())
    if (entry.id && byJob.has(entry.id) && !table.failed.has(entry.id)) {
      table.failed.set(entry.id, byJob.get(entry.id));
      changed.add(entry.row.i);
    }
  for (const i of changed) drawRow(i);
  showProgress();
}

const dryOf = (entry) => keysOf(entry.row.fname, entry.row.first + entry.k).filter((key) => table.dry.has(key)).length;
const isGoing = () => Boolean(table.sending) || [...table.entries.values()].some((entry) => entry.id && dryOf(entry) < 2 && !table.failed.has(entry.id));

function showProgress() {
  const rows = table.rows.length, begun = Boolean(table.begun), all = [...table.entries.values()].filter(wanted);
  const dry = all.reduce((sum, entry) => sum + dryOf(entry), 0), sent = all.filter((entry) => entry.id).length, going = begun && isGoing();
  const left = going ? secondsLeft(table.begun.began, dry / (2 * all.length)) : null;
  byId("sum").textContent = rows ? say("sum", speech.number(rows), speech.number([...table.entries].length * 2)) : say("nothing");
  byId("state").textContent = !begun ? "" : [dry === table.entries.size * 2 ? say("over") : say("progress", speech.number(dry), speech.number(all.length * 2)),
    say("sent", sent, all.length), table.failed.size ? say("failed", table.failed.size) : "", left === null ? "" : say("left", duration(speech, left))].filter(Boolean).join(" · ");
  byId("bar").hidden = !going;
  byId("bar").value = all.length ? dry / (2 * all.length) : 0;
  byId("fill").hidden = rows === 0 || Boolean(table.sending) || sent === table.entries.size;
  byId("fill").textContent = begun && table.begun.wanted === "all" ? say("goOn") : say("fill");
  byId("stop").hidden = !going;
  byId("fresh").hidden = !begun || Boolean(table.sending);
}

// -- the rows --

const pageCount = () => Math.max(1, Math.ceil(table.rows.length / PAGE));

function drawPage() {
  byId("rows").replaceChildren(...table.rows.slice(table.page * PAGE, (table.page + 1) * PAGE).map(makeRow));
  byId("page").textContent = say("page", table.page + 1, pageCount());
  byId("before").disabled = table.page === 0;
  byId("next").disabled = table.page + 1 >= pageCount();
  byId("pages").hidden = table.rows.length <= PAGE;
}

function drawRow(i) {
  const old = document.getElementById(`row-${i}`);
  if (old && !old.contains(document.activeElement)) old.replaceWith(makeRow(table.rows[i]));
  else if (old) old.querySelector(".strip16").replaceWith(makeStrip(table.rows[i]));
}

function makeRow(row) {
  const entries = entriesOf(row), begun = entries.some((entry) => entry.id);
  const prompt = element("textarea", { rows: 3, "aria-label": say("promptOf", row.i + 1), readonly: begun, maxlength: 3000 });
  prompt.value = row.prompt;
  prompt.addEventListener("input", () => editPrompt(row, prompt.value));
  const dot = element("i", { class: "dot", "aria-hidden": "true" });
  dot.style.setProperty("--hue", HUES[row.emotion]);
  return element("tr", { id: `row-${row.i}` }, element("th", { scope: "row" }, speech.number(row.i + 1)),
    element("td", { class: "what" }, dot, element("b", {}, studio.name(row.emotion)),
      element("span", {}, [row.season, row.weather, row.time].map(studio.name).join(" · ")), row.animal === "none" ? null : element("span", {}, studio.name(row.animal))),
    element("td", { class: "says" }, prompt), element("td", {}, makeStrip(row)));
}

const entriesOf = (row) => Array.from({ length: row.requests }, (_, k) => table.entries.get(`${row.fname}_${row.first + k}`));

function makeStrip(row) {
  const entries = entriesOf(row), dry = entries.reduce((sum, entry) => sum + dryOf(entry), 0), unsent = entries.filter((entry) => !entry.id);
  const reason = entries.map((entry) => table.failed.get(entry.id)).find(Boolean);
  const pictures = entries.flatMap((entry) => keysOf(row.fname, row.first + entry.k)).map((key, n) => element("li", { class: /v\.jpeg$/.test(key) ? "v" : "h" },
    ...(table.dry.has(key) ? [element("a", { href: objectPath(key) }, element("img", { src: `${objectPath(key)}?w=160`, alt: say("picture", n + 1), loading: "lazy" }))] : [])));
  return element("div", { class: "strip16" }, element("ul", {}, ...pictures), element("p", {},
    unsent.length < entries.length ? say("rowDone", dry, entries.length * 2) : "", reason ? element("span", { class: "why" }, ` ${reason}`) : "",
    unsent.length && !table.sending ? element("button", { type: "button", onclick: () => fill(unsent) }, say("one")) : ""));
}

function editPrompt(row, text) {
  row.prompt = text;
  table.plan.edits[row.i] = text;
  keep();
}

function turn(step) {
  table.page = Math.min(pageCount() - 1, Math.max(0, table.page + step));
  drawPage();
  byId("rows").closest("table").scrollIntoView({ block: "nearest" });
}

function redraw() {
  for (const word of document.querySelectorAll("[data-word]")) word.textContent = studio.name(word.dataset.word);
  speech.apply(byId("kinds"));
  drawPage();
  showProgress();
}

async function begin() {
  const prompts = await get("/prompts.json"), before = kept.read(KEPT);
  table.words = prompts.words;
  table.plan = before?.plan ?? { ...FIRST, templates: prompts.templates, others: prompts.others, per_row: 16, stamp: stamp(), edits: {} };
  table.begun = before?.begun ?? null;
  makeChips();
  byId("templates").value = table.plan.templates.join("\n");
  byId("others").value = table.plan.others;
  byId("per-row").value = table.plan.per_row;
  lock();
  remake();
  redraw();
  if (!table.begun) return;
  if (table.begun.sending) {
    studio.notice(say("resumed"));
    await send();
  } else look();
}

byId("choices").addEventListener("input", readPlan);
byId("fill").addEventListener("click", () => fill([...table.entries.values()]));
byId("stop").addEventListener("click", stop);
byId("fresh").addEventListener("click", freshTable);
byId("before").addEventListener("click", () => turn(-1));
byId("next").addEventListener("click", () => turn(1));
addEventListener("pagehide", () => table.begun && keep(true));
await begin();
