// scene.js - small landscapes that show a season, a weather and a time of day; what is left out is
// not shown. They are the signs to choose by, and grow together in the gate.

import { shape } from "/lib/dom.js";

const NIGHT = "the-middle-of-the-night";
const SKIES = {
  day: ["#8fc1dc", "#dcebe6"], sunset: ["#6f5f96", "#f3a566"],
  [NIGHT]: ["#1b2450", "#4a5788"], "the-early-dawn": ["#8c9cc8", "#f6d3cb"],
};
const HILLS = {
  spring: ["#a9c98a", "#84b06b"], summer: ["#6da35f", "#47824c"], autumn: ["#d3a55a", "#a9713f"], winter: ["#e9eef2", "#cfd9e2"],
  none: ["#a8b79a", "#8ba083"],
};
const CROWNS = {
  spring: ["#f3b8c8", "#e992ae", "#fbdce3"], summer: ["#3f7d46", "#5f9a4d", "#86b35c"],
  autumn: ["#d9542f", "#e98b35", "#b93a32"], winter: ["#f7fafc", "#dfe7ee", "#ffffff"],
};
const SHADES = { sunset: ["#5a2f4e", 0.18], [NIGHT]: ["#0d1233", 0.42], "the-early-dawn": ["#6d6aa0", 0.16] };
let made = 0;

/** An SVG of 200 by 200. */
export function scene({ season, weather, time }) {
  const id = `sky-${++made}`, sky = SKIES[time ?? "day"], hills = HILLS[season ?? "none"];
  const svg = shape("svg", { viewBox: "0 0 200 200", class: "scene", "aria-hidden": "true" });
  svg.append(
    shape("defs", {}, shape("linearGradient", { id, x1: 0, y1: 0, x2: 0, y2: 1 },
      shape("stop", { offset: 0, "stop-color": sky[0] }), shape("stop", { offset: 0.78, "stop-color": sky[1] }))),
    shape("rect", { width: 200, height: 200, fill: `url(#${id})` }),
    ...(time === NIGHT ? [] : light(time ?? "day", weather)),
    shape("path", { d: "M0 142C40 118 78 128 112 140S176 150 200 132V200H0Z", fill: hills[0] }),
    shape("path", { d: "M0 166C52 142 96 158 132 160S182 156 200 150V200H0Z", fill: hills[1] }));
  if (season) svg.append(...tree(season));
  if (SHADES[time]) svg.append(shape("rect", { width: 200, height: 200, fill: SHADES[time][0], opacity: SHADES[time][1] }));
  if (time === NIGHT) svg.append(...light(time, weather)); // above the dark that lies on all else
  if (weather) svg.append(...falling(weather, time));
  return svg;
}

const disc = (cx, cy, r, fill, opacity = 1) => shape("circle", { cx, cy, r, fill, opacity });

function light(time, weather) {
  const dim = weather && weather !== "sunny" ? 0.45 : 1;
  if (time === NIGHT) {
    const stars = [[34, 40], [66, 24], [98, 58], [28, 84], [170, 96], [120, 26], [116, 84], [182, 40]];
    return [...stars.map(([x, y], i) => disc(x, y, i % 3 ? 1.3 : 2.1, "#f6efd2", dim)),
      shape("path", { d: "M150 36a26 26 0 1 0 16 44 21 21 0 0 1-16-44Z", fill: "#f4e7bb", opacity: dim })];
  }
  if (time === "sunset") return [disc(72, 128, 54, "#f7c27a", 0.4 * dim), disc(72, 128, 30, "#f0673f", dim)];
  if (time === "the-early-dawn") return [disc(140, 142, 70, "#ffe3c4", 0.55 * dim), disc(140, 142, 18, "#fff3dd", dim)];
  return [disc(146, 54, 40, "#fff2c2", 0.5 * dim), disc(146, 54, 23, "#f7c948", dim)];
}

function tree(season) {
  const parts = [shape("path", {
    d: "M70 168C72 144 70 130 74 112M73 136C62 126 56 118 52 108M73 128C84 118 90 110 96 104",
    fill: "none", stroke: "#5c4636", "stroke-width": 5, "stroke-linecap": "round",
  })];
  const count = season === "winter" ? 13 : 34, hues = CROWNS[season];
  for (let i = 0; i < count; i++) { // turned by the golden angle, so that they spread evenly
    const far = Math.sqrt((i + 0.5) / count), angle = i * 2.39996;
    parts.push(disc(74 + Math.cos(angle) * far * 40, 94 + Math.sin(angle) * far * 30, season === "winter" ? 4 : 9.5 - far * 3, hues[i % 3], 0.8));
  }
  if (season === "autumn" || season === "spring")
    for (let i = 0; i < 9; i++) parts.push(disc(36 + i * 11, 172 + (i * 7) % 13, 2.6, hues[i % 3], 0.9));
  return parts;
}

function cloud(x, y, size, fill) {
  return shape("g", { fill, opacity: 0.92, transform: `translate(${x} ${y}) scale(${size})` },
    disc(0, 0, 17, fill), disc(20, -9, 21, fill), disc(43, 0, 17, fill), shape("rect", { x: -15, y: 0, width: 73, height: 17, rx: 8.5, fill }));
}

function falling(weather, time) {
  if (weather === "sunny")
    return time && time !== "day" ? [] : Array.from({ length: 12 }, (_, i) => shape("path", {
      d: "M146 20V12", stroke: "#f7c948", "stroke-width": 3.4, "stroke-linecap": "round", transform: `rotate(${i * 30} 146 54)`,
    }));
  const fill = weather === "cloudy" ? "#f4f4f2" : weather === "rainy" ? "#8b97a8" : "#e3e9ef";
  const parts = [cloud(88, 62, 1.15, fill), cloud(34, 44, 0.7, fill)];
  if (weather === "rainy")
    for (let i = 0; i < 22; i++)
      parts.push(shape("path", { d: `M${14 + (i * 37) % 176} ${88 + (i * 29) % 84}l-5 15`, stroke: "#e4eef7", "stroke-width": 2.2, "stroke-linecap": "round", opacity: 0.85 }));
  if (weather === "snowy")
    for (let i = 0; i < 30; i++) parts.push(disc(10 + (i * 53) % 182, 84 + (i * 31) % 100, 2 + (i % 3) * 0.7, "#fff", 0.95));
  return parts;
}
