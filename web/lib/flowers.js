// flowers.js - a flower for each of the eight emotions, drawn anew at any size.

import { shape } from "/lib/dom.js";

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
const GROUND = 360, MIDDLE = 80;

/** The colour that stands for an emotion. */
export const hue = (emotion) => FLOWERS[emotion].hues[0];

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

/**
 * The flower of a garden with count pictures as an SVG: taller and fuller the more there are, a bud
 * where there is none. A page's CSS blends its .petal and may let its .plant sway.
 */
export function flower(emotion, count) {
  const kind = FLOWERS[emotion], random = chance(emotion);
  const grown = Math.min(1, Math.log10(1 + count) / 3), size = count ? 0.72 + grown * 0.4 : 0.34;
  const top = GROUND - (120 + grown * 95) * kind.stem * (count ? 1 : 0.62), lean = (random() - 0.5) * 26;
  const svg = shape("svg", { viewBox: "12 44 136 322", class: "flower", "aria-hidden": "true" });
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
