// status.js - draws what /v1/status and /v1/items say: eight flowers, one for each emotion, that
// grow with the pictures of its garden; a few of the pictures; and how the works are.

import { get } from "/lib/api.js";
import { byId, element, shape } from "/lib/dom.js";
import { speak } from "/lib/language.js";

const TEXT = {
  en: {
    language: "한국어", looking: "Looking over the wall…", bed: "Gardens", pictures: "In bloom",
    works: "Behind the wall", api: "API", capabilities: "Capabilities", metrics: "Metrics", readyz: "Readiness",
    login: "Log in", logout: "Log out", empty: "Nothing planted yet.", poolOf: (n) => `${n} in the pool`,
    lead: (g, p) => g + p === 0 ? "The ground is ready. Put pictures into the pool, choose the good ones, and they bloom here."
      : `${g} ${g === 1 ? "picture blooms" : "pictures bloom"} in the gardens, and ${p} ${p === 1 ? "waits" : "wait"} in the pool to be chosen.`,
    up: "well", down: "not reachable", locked: "This garden asks for a key. ", lost: "The gateway does not answer. Trying again…",
    garden: "in the gardens", pool: "in the pool", lag: "events to catalogue", uptime: "running", version: "version",
    parts: { bus: "Bus", store: "Pictures' store", catalogue: "Catalogue", "item-ingest": "Ingest" },
    names: { happy: "Happy", surprised: "Surprised", calm: "Calm", angry: "Angry", fear: "Fear", confused: "Confused", disgusted: "Disgusted", sad: "Sad" },
  },
  ko: {
    language: "English", looking: "담장 너머를 살펴보는 중…", bed: "정원", pictures: "피어난 그림",
    works: "담장 뒤편", api: "API", capabilities: "기능", metrics: "지표", readyz: "준비 상태",
    login: "로그인", logout: "로그아웃", empty: "아직 심은 그림이 없어요.", poolOf: (n) => `풀에 ${n}점`,
    lead: (g, p) => g + p === 0 ? "흙은 준비되었어요. 그림을 풀에 넣고 마음에 드는 것을 고르면 여기에서 피어납니다."
      : `정원에 그림 ${g}점이 피었고, 풀에서 ${p}점이 선택을 기다리고 있어요.`,
    up: "정상", down: "연결되지 않음", locked: "이 정원에는 열쇠가 필요해요. ", lost: "게이트웨이가 응답하지 않아요. 다시 시도하는 중…",
    garden: "정원의 그림", pool: "풀의 그림", lag: "목록에 오를 이벤트", uptime: "가동 시간", version: "버전",
    parts: { bus: "버스", store: "그림 저장소", catalogue: "목록", "item-ingest": "수집" },
    names: { happy: "행복", surprised: "놀람", calm: "평온", angry: "화남", fear: "공포", confused: "혼란스러움", disgusted: "역겨움", sad: "슬픔" },
  },
};

// Each emotion's flower: colours of its rings from the outside in, petals of a ring, their length
// and width, where they are widest (0 the heart, 1 the tip), how far round they go in degrees,
// how much they differ, and how far the head bows.
const FLOWERS = {
  happy: { hues: ["#f2b632", "#ee9130", "#f7d774"], petals: 15, length: 50, width: 11, belly: 0.75, arc: 360, vary: 0.08, bow: 0, stem: 1 },
  surprised: { hues: ["#f0826a", "#f3a98c", "#e6567a"], petals: 22, length: 58, width: 5, belly: 0.85, arc: 360, vary: 0.3, bow: 4, stem: 1.12 },
  calm: { hues: ["#5fa9a6", "#8cc7bd", "#b9ddd0"], petals: 9, length: 56, width: 17, belly: 0.45, arc: 210, vary: 0.05, bow: 0, stem: 0.72 },
  angry: { hues: ["#c4283a", "#e0483d", "#8d1c36"], petals: 13, length: 62, width: 8, belly: 0.25, arc: 300, vary: 0.2, bow: -6, stem: 1.05 },
  fear: { hues: ["#5b4a86", "#7d6aa8", "#3d3663"], petals: 8, length: 46, width: 12, belly: 0.6, arc: 150, vary: 0.16, bow: 128, stem: 0.86 },
  confused: { hues: ["#b773b4", "#e0a35c", "#7aa7c7"], petals: 11, length: 52, width: 13, belly: 0.65, arc: 360, vary: 0.5, bow: 12, stem: 0.95 },
  disgusted: { hues: ["#8ea63f", "#6f8f4b", "#c3c65c"], petals: 26, length: 42, width: 4, belly: 0.3, arc: 250, vary: 0.22, bow: -8, stem: 0.8 },
  sad: { hues: ["#4c77b8", "#7aa0d2", "#a9c2e4"], petals: 7, length: 52, width: 14, belly: 0.55, arc: 120, vary: 0.08, bow: 158, stem: 0.98 },
};
const EMOTIONS = Object.keys(FLOWERS);
const GROUND = 360, MIDDLE = 80, THUMBS = 8, POLL_MS = 5000;

const state = { status: null, seen: {} };
const speech = speak(TEXT, () => state.status && draw(true));

// Numbers that look random and are the same each time, so that a flower keeps its face.
function chance(seed) {
  let n = [...seed].reduce((sum, c) => Math.imul(sum, 31) + c.codePointAt(0), 7) >>> 0;
  return () => {
    n = (Math.imul(n, 1664525) + 1013904223) >>> 0;
    return n / 2 ** 32;
  };
}

function petal(length, width, belly, fill, angle) {
  const low = -length * belly * 0.4, high = -length * (0.45 + belly * 0.55), tip = width * (0.25 + belly * 0.75);
  return shape("path", {
    class: "petal", fill, "fill-opacity": 0.5, transform: `rotate(${angle.toFixed(1)})`,
    d: `M0 0C${width} ${low} ${tip} ${high} 0 ${-length}C${-tip} ${high} ${-width} ${low} 0 0Z`,
  });
}

function ring(head, kind, layer, size, random) {
  const count = Math.max(5, Math.round(kind.petals * (1 - layer * 0.2)));
  for (let i = 0; i < count; i++) {
    const part = kind.arc === 360 ? i / count : count === 1 ? 0.5 : i / (count - 1);
    const angle = -kind.arc / 2 + kind.arc * part + layer * 11 + (random() - 0.5) * kind.vary * 40;
    const length = kind.length * size * (1 - layer * 0.24) * (1 + (random() - 0.5) * kind.vary);
    head.append(petal(length, kind.width * size * (1 - layer * 0.12), kind.belly, kind.hues[layer], angle));
  }
}

function leaf(plant, x, y, side, size) {
  plant.append(shape("path", {
    class: "petal", fill: "#7d9a63", "fill-opacity": 0.55,
    d: `M${x} ${y}c${side * 10 * size} ${-22 * size} ${side * 36 * size} ${-30 * size} ${side * 46 * size} ${-26 * size}` +
      `c${side * -4 * size} ${18 * size} ${side * -24 * size} ${28 * size} ${side * -46 * size} ${26 * size}Z`,
  }));
}

function heart(head, kind, size, random) {
  const n = kind.arc < 200 ? 5 : 14;
  for (let i = 0; i < n; i++) {
    const angle = random() * 6.283, far = Math.sqrt(random()) * 8 * size;
    head.append(shape("circle", {
      cx: (Math.cos(angle) * far).toFixed(1), cy: (Math.sin(angle) * far).toFixed(1), r: (1.1 + random() * 1.3).toFixed(1),
      fill: i % 3 ? "#5c4327" : "#f3d27a", "fill-opacity": 0.8,
    }));
  }
}

// The flower of a garden with count pictures: taller and fuller the more there are, a bud where
// there is none.
function flower(emotion, count) {
  const kind = FLOWERS[emotion], random = chance(emotion);
  const grown = Math.min(1, Math.log10(1 + count) / 3), size = count ? 0.72 + grown * 0.4 : 0.34;
  const top = GROUND - (120 + grown * 95) * kind.stem * (count ? 1 : 0.62), lean = (random() - 0.5) * 26;
  const svg = shape("svg", { viewBox: "12 44 136 322", "aria-hidden": "true" });
  const plant = shape("g", { class: "plant" });
  plant.append(shape("path", {
    d: `M${MIDDLE} ${GROUND}C${MIDDLE - lean} ${GROUND - 70} ${MIDDLE + lean} ${top + 70} ${MIDDLE + lean * 0.4} ${top}`,
    fill: "none", stroke: "#6f8a58", "stroke-width": 2.4, "stroke-linecap": "round", "stroke-opacity": 0.85,
  }));
  leaf(plant, MIDDLE - lean * 0.2, GROUND - 34, -1, 0.85);
  leaf(plant, MIDDLE, GROUND - 62, 1, 0.7);
  const bow = count ? kind.bow : kind.bow * 0.4;
  const head = shape("g", { transform: `translate(${MIDDLE + lean * 0.4} ${top}) rotate(${bow})` });
  const shown = count ? kind : { ...kind, arc: 46, petals: 5, vary: 0.05 };
  for (let layer = 0; layer < 3; layer++) ring(head, shown, layer, size, random);
  if (count) heart(head, kind, size, random);
  plant.append(head);
  svg.append(plant);
  return svg;
}

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
  row.style.setProperty("--hue", FLOWERS[emotion].hues[0]);
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
