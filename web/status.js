// status.js - draws what /v1/status and /v1/items say: eight flowers, one for each emotion, that
// grow with the pictures of its garden; a few of the pictures; and how the works are.

import { get } from "/lib/api.js";
import { byId, element } from "/lib/dom.js";
import { flower, hue } from "/lib/flowers.js";
import { EMOTIONS, NAMES } from "/lib/moods.js";
import { speak } from "/lib/language.js";

const TEXT = {
  en: {
    language: "한국어", looking: "Looking over the wall…", bed: "Gardens", pictures: "In bloom",
    doors: "Doors", kiosk: "Kiosk", kioskFor: "A visit: your mood, your garden.", screen: "Screen", screenFor: "A picture on the wall.",
    studio: "Studio", studioFor: "Drawing, choosing, filling gaps.", fleet: "Fleet", fleetFor: "Which screens show what they should.",
    works: "Behind the wall", api: "API", capabilities: "Capabilities", metrics: "Metrics", readyz: "Readiness",
    login: "Log in", logout: "Log out", empty: "Nothing planted yet.", poolOf: (n) => `${n} in the pool`,
    lead: (g, p) => g + p === 0 ? "The ground is ready. Put pictures into the pool, choose the good ones, and they bloom here."
      : `${g} ${g === 1 ? "picture blooms" : "pictures bloom"} in the gardens, and ${p} ${p === 1 ? "waits" : "wait"} in the pool to be chosen.`,
    up: "well", down: "not reachable", locked: "This garden asks for a key. ", lost: "The gateway does not answer. Trying again…",
    garden: "in the gardens", pool: "in the pool", lag: "events to catalogue", uptime: "running", version: "version",
    parts: { bus: "Bus", store: "Pictures' store", catalogue: "Catalogue", "item-ingest": "Ingest" },
    names: NAMES.en,
  },
  ko: {
    language: "English", looking: "담장 너머를 살펴보는 중…", bed: "정원", pictures: "피어난 그림",
    doors: "들어가는 문", kiosk: "키오스크", kioskFor: "내 기분에서 피어나는 나의 정원.", screen: "화면", screenFor: "벽에 걸리는 한 점의 그림.",
    studio: "화실", studioFor: "그리고, 고르고, 빈 곳을 채웁니다.", fleet: "화면들", fleetFor: "어느 화면이 제 그림을 보여 주는지.",
    works: "담장 뒤편", api: "API", capabilities: "기능", metrics: "지표", readyz: "준비 상태",
    login: "로그인", logout: "로그아웃", empty: "아직 심은 그림이 없어요.", poolOf: (n) => `풀에 ${n}점`,
    lead: (g, p) => g + p === 0 ? "흙은 준비되었어요. 그림을 풀에 넣고 마음에 드는 것을 고르면 여기에서 피어납니다."
      : `정원에 그림 ${g}점이 피었고, 풀에서 ${p}점이 선택을 기다리고 있어요.`,
    up: "정상", down: "연결되지 않음", locked: "이 정원에는 열쇠가 필요해요. ", lost: "게이트웨이가 응답하지 않아요. 다시 시도하는 중…",
    garden: "정원의 그림", pool: "풀의 그림", lag: "목록에 오를 이벤트", uptime: "가동 시간", version: "버전",
    parts: { bus: "버스", store: "그림 저장소", catalogue: "목록", "item-ingest": "수집" },
    names: NAMES.ko,
  },
};

const THUMBS = 8, POLL_MS = 5000;

const state = { status: null, seen: {} };
const speech = speak(TEXT, () => state.status && draw(true));

function drawFlowers(status) {
  byId("flowers").replaceChildren(...EMOTIONS.map((emotion) => {
    const garden = status.garden.emotions[emotion], pool = status.pool.emotions[emotion];
    return element("li", {}, element("a", { href: `#${emotion}` }, flower(emotion, garden),
      element("span", { class: "name" }, speech.say("names")[emotion]),
      element("span", { class: "count" }, `${speech.number(garden)} · ${speech.say("poolOf", speech.number(pool))}`)));
  }));
}

function thumbnail(item) {
  const path = "/" + item.key.split("/").map(encodeURIComponent).join("/");
  return element("li", {}, element("a", { href: path },
    element("img", { src: `${path}?w=320`, alt: item.emotion, loading: "lazy" })));
}

async function drawGarden(emotion) {
  const row = element("article", { class: "row", id: emotion }, element("h3", {}, speech.say("names")[emotion]));
  row.style.setProperty("--hue", hue(emotion));
  const { items } = await get(`/v1/items?emotion=${emotion}&limit=${THUMBS}`);
  row.append(items.length ? element("ul", {}, ...items.map(thumbnail)) : element("p", {}, speech.say("empty")));
  return row;
}

async function drawGardens() {
  byId("gardens").replaceChildren(...await Promise.all(EMOTIONS.map(drawGarden)));
}

function duration(seconds) {
  const units = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, unit] = units.find(([s]) => seconds >= s) ?? [1, "second"];
  return speech.number(Math.floor(seconds / size), { style: "unit", unit, unitDisplay: "long" });
}

function drawWorks(status) {
  byId("services").replaceChildren(...Object.entries(status.services).map(([name, part]) =>
    element("li", { class: part.state }, element("i", {}), element("b", {}, speech.say("parts")[name] ?? name),
      element("span", {}, part.state === "up" ? speech.say("up") : part.reason ?? speech.say("down")))));
  const figures = [["garden", speech.number(status.garden.total)], ["pool", speech.number(status.pool.total)],
    ["lag", status.lag === null ? "–" : speech.number(status.lag)], ["uptime", duration(status.uptime_seconds)], ["version", status.version]];
  byId("figures").replaceChildren(...figures.map(([name, value]) =>
    element("div", {}, element("dt", {}, speech.say(name)), element("dd", {}, value))));
}

function showTrouble(message, link) {
  byId("trouble").hidden = !message;
  byId("trouble").replaceChildren(message, ...(link ? [element("a", { href: "/login" }, speech.say("login"))] : []));
}

// Draws what changed since it was drawn last.
async function draw(again) {
  const status = state.status, seen = state.seen;
  const counts = JSON.stringify([status.garden, status.pool]), gardens = JSON.stringify(status.garden);
  byId("lead").textContent = speech.say("lead", status.garden.total, status.pool.total);
  drawWorks(status);
  if (again || counts !== seen.counts) drawFlowers(status);
  state.seen = { counts, gardens };
  if (again || gardens !== seen.gardens) await drawGardens();
}

async function refresh() {
  try {
    state.status = await get("/v1/status");
    showTrouble("");
    await draw(false);
  } catch (error) {
    showTrouble(speech.say(error.locked ? "locked" : "lost"), error.locked);
  }
}

await refresh();
setInterval(() => document.hidden || refresh(), POLL_MS);
