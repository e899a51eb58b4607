// ground.js - what is behind the pictures: a meadow at the hour's light. It is seen while the first
// picture is fetched, and where a garden has none.

import { shape } from "/lib/dom.js";
import { hourOf } from "./ambient.js";

const WIDTH = 1600, HEIGHT = 900, FLOWERS = 30;
const HUES = [["#f2b632", "#f7d774"], ["#f0826a", "#f3a98c"], ["#5fa9a6", "#b9ddd0"], ["#c4283a", "#e0483d"], ["#5b4a86", "#9d8cc6"], ["#b773b4", "#e3b7d5"], ["#8ea63f", "#c3c65c"], ["#4c77b8", "#a9c2e4"]];

function petals(x, y, size, [outer, inner], turn) {
  const head = shape("g", { transform: `translate(${x} ${y}) rotate(${turn})` });
  for (let ring = 0; ring < 2; ring++)
    for (let i = 0, n = 11 - ring * 3; i < n; i++) {
      const length = size * (1 - ring * 0.36), wide = size * 0.26;
      head.append(shape("path", {
        d: `M0 0C${wide} ${-length * 0.3} ${wide} ${-length * 0.9} 0 ${-length}C${-wide} ${-length * 0.9} ${-wide} ${-length * 0.3} 0 0Z`,
        fill: ring ? inner : outer, "fill-opacity": 0.42, transform: `rotate(${i * 360 / n + ring * 14})`,
      }));
    }
  head.append(shape("circle", { r: size * 0.1, fill: "#5c4327", "fill-opacity": 0.7 }));
  return head;
}

function stem(x, y, size, lean) {
  return shape("path", {
    d: `M${x - lean} ${HEIGHT + 20}C${x - lean} ${HEIGHT - 90} ${x + lean} ${y + 130} ${x} ${y}`,
    fill: "none", stroke: "#6f8a58", "stroke-opacity": 0.65, "stroke-width": 1.5 + size * 0.03,
  });
}

function leaf(x, y, size, side) {
  const far = side * size;
  return shape("path", {
    d: `M${x} ${y}c${far * 0.3} ${-size * 0.5} ${far} ${-size * 0.7} ${far * 1.3} ${-size * 0.6}c${-far * 0.1} ${size * 0.45} ${-far * 0.7} ${size * 0.7} ${-far * 1.3} ${size * 0.6}Z`,
    fill: "#7d9a63", "fill-opacity": 0.5,
  });
}

/** Draws the meadow into root; the light follows the clock. */
export function drawGround(root, clock = Date) {
  const meadow = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "xMidYMax slice", "aria-hidden": "true" });
  for (let i = 0; i < FLOWERS; i++) {
    const part = (i * 0.618034) % 1, depth = i / FLOWERS; // spread evenly, the near ones last
    const x = 40 + part * (WIDTH - 80), size = 26 + depth * 58, y = HEIGHT - 130 - ((i * 0.754878) % 1) * 400 * (1.15 - depth * 0.55);
    const plant = shape("g", { class: "plant" });
    plant.append(stem(x, y, size, ((i * 37) % 50) - 25), leaf(x, (y + HEIGHT) / 2 + 40, size, i % 2 ? 1 : -1), petals(x, y, size, HUES[Math.floor(((i * 0.5698) % 1) * HUES.length)], i * 23));
    meadow.append(plant);
  }
  root.replaceChildren(meadow);
  const light = () => { root.dataset.hour = hourOf(new Date(clock.now())); };
  light();
  setInterval(light, 60000);
}
