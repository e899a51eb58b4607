// studio_units_test.js - the studio's sums: prompts, recipes, looks, stacks, places and where cards go.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { module } from "./support/modules.js";

const { bulkBody, fillTemplate, makeRows } = await module("/html/studio/prompts.js");
const { formatRecipe, parseRecipe, recipeInside } = await module("/html/studio/recipe.js");
const { distance, lookOf, NEAR } = await module("/html/studio/look.js");
const { makeCards, makeStacks } = await module("/html/studio/stacks.js");
const { layOut, neighbour, rowsBetween } = await module("/html/studio/flow.js");
const { countItems, noPlaces, requestsFor } = await module("/html/studio/places.js");
const prompts = JSON.parse(await readFile(new URL("../../web/prompts.json", import.meta.url)));

const plan = (more) => ({ emotions: ["happy"], animals: ["none"], weathers: ["sunny"], seasons: ["spring"], times: ["day"],
  templates: prompts.templates, per_row: 16, stamp: "20260504-090807", ...more });
const item = (key, more = {}) => ({ key, emotion: key.split("/").slice(1, -1).join("/"), orientation: /v\.jpeg$/.test(key) ? "portrait" : "landscape", sha256: key, ...more });

test("a gap without a word leaves nothing behind", () => {
  const choice = { emotion: "happy", animal: "none", weather: "sunny", season: "spring", time: "day" };
  assert.equal(fillTemplate("[ANIMAL] in a garden, [EMOTION], [ANIMAL], [TIME] [SEASON], [ANIMAL]", choice, prompts.words), "in a garden, happy, by day in spring");
  assert.equal(fillTemplate("[ANIMAL], [WEATHER]", { ...choice, animal: "cat" }, prompts.words), "a cat, sunny");
});

test("the table is the whole product, with templates in turn", () => {
  const rows = makeRows(plan({ emotions: ["happy", "sad"], animals: ["none", "dog", "cat"], seasons: ["spring", "winter"] }), prompts.words);
  assert.equal(rows.length, 12);
  assert.equal(new Set(rows.map((row) => `${row.emotion} ${row.animal} ${row.season}`)).size, 12);
  assert.equal(rows[4].prompt, fillTemplate(prompts.templates[0], rows[4], prompts.words));
  assert.ok(rows.every((row) => row.favourite === `${row.season},sunny,day`));
});

test("no two pictures of a table have one name", () => {
  const rows = makeRows(plan({ animals: ["none", "dog", "cat"] }), prompts.words);
  const names = rows.flatMap((row) => Array.from({ length: row.requests }, (_, k) => bulkBody(row, k, "flowers"))).map(({ fname, index }) => `${fname}_${index}`);
  assert.equal(names.length, 24);
  assert.equal(new Set(names).size, 24);
});

test("an edited prompt is what is sent", () => {
  const [row] = makeRows(plan({ edits: { 0: "</script> \"quoted\"" } }), prompts.words);
  assert.equal(JSON.parse(bulkBody(row, 0, "flowers").prompt).emotionText, "</script> \"quoted\"");
});

test("a recipe comes back as it was", () => {
  const recipe = { prompt: "a lake,\nSteps: of stone", negative_prompt: "text, people", steps: 20, scheduler: "dpmpp-2m-karras", guidance: 7.5, seed: 42, width: 1280, height: 800 };
  assert.deepEqual(parseRecipe(formatRecipe(recipe)), recipe);
  assert.equal(parseRecipe("a garden at night, flowers"), null);
});

test("a file that is no picture has no recipe", () => {
  for (const bytes of [[], [0xff, 0xd8], [0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 0x45, 0x78, 0x69, 0x66, 0, 0, 1, 2, 3, 4]])
    assert.equal(recipeInside(Uint8Array.from(bytes).buffer), null);
});

function painting(shade, other = false) {
  const [wide, high, skew] = other ? [7, 2, -90] : [3, 5, 60];
  const rgba = new Uint8ClampedArray(4 * 32 * 32);
  for (let y = 0; y < 32; y++)
    for (let x = 0; x < 32; x++) {
      rgba.set([128 + 60 * Math.sin(x / wide) + shade, 120 + 60 * Math.cos(y / high + x / 7) + shade, 90 + 60 * Math.sin((x * y) / skew) + shade, 255], 4 * (32 * y + x));
    }
  return lookOf(rgba);
}

test("a brighter print looks the same, another picture does not, and a plain one like nothing", () => {
  assert.ok(distance(painting(0), painting(18)) <= NEAR);
  assert.ok(distance(painting(0), painting(0, true)) > NEAR);
  assert.equal(lookOf(new Uint8ClampedArray(4 * 32 * 32).fill(200)), null);
});

test("a landscape and its portrait are one card", () => {
  const cards = makeCards(["a_1h", "a_1v", "a_2h"].map((name) => item(`imgPool/happy/${name}.jpeg`)).reverse(), true);
  assert.deepEqual(cards.map((card) => card.items.map(({ key }) => key.slice(-9))), [["_2h.jpeg"], ["_1h.jpeg", "_1v.jpeg"]].map((names) => names.map((name) => `a${name}`)));
  assert.equal(makeCards([item("imgPool/happy/a_1h.jpeg"), item("imgPool/happy/a_1v.jpeg")], false).length, 2);
});

test("what looks alike lies in one stack, but not across favourites", () => {
  const items = ["happy/a_1h", "happy/a_2h", "happy/a_3h", "happy/spring,sunny,day/a_4h"].map((name) => item(`imgPool/${name}.jpeg`));
  const looks = new Map([[items[0].key, painting(0)], [items[1].key, painting(18)], [items[2].key, painting(0, true)], [items[3].key, painting(0)]]);
  const tops = makeStacks(makeCards(items, false), looks);
  assert.deepEqual(tops.map((card) => card.stack.length), [1, 0, 0]);
});

test("rows of the wall are full, and of ten thousand cards only those near the window are looked for", () => {
  const shares = Array.from({ length: 10000 }, (_, i) => [1.6, 0.625, 2.2][i % 3]);
  const { rows, rowOf, height } = layOut(shares, { width: 1000, wanted: 200, gap: 10 });
  for (const row of rows.slice(0, -1)) assert.ok(Math.abs(row.widths.reduce((a, b) => a + b) + 10 * (row.widths.length - 1) - 1000) < 0.01);
  const [from, to] = rowsBetween(rows, height / 2, height / 2 + 900);
  assert.ok(to - from < 8 && rows[from].top + rows[from].height > height / 2 && rows[to].top >= height / 2 + 900);
  assert.equal(rowOf[neighbour({ rows, rowOf }, 5000, 1, 10)], rowOf[5000] + 1);
  assert.equal(neighbour({ rows, rowOf }, 0, -1, 10), 0);
});

test("a promoted picture counts once, and a thin place asks for what it lacks", () => {
  const counts = noPlaces();
  const garden = [item("emotions/happy/spring,sunny,day/a_1h.jpeg")];
  countItems(counts, "garden", garden);
  countItems(counts, "pool", [item("imgPool/happy/spring,sunny,day/a_1h.jpeg"), item("imgPool/happy/spring,sunny,day/a_2h.jpeg"), item("imgPool/happy/<b>/a_3h.jpeg")], new Set(garden.map(({ key }) => key)));
  const place = counts.places.get("happy/spring,sunny,day");
  assert.deepEqual([counts.places.size, place.garden, place.pool, counts.loose.get("happy").pool], [512, 1, 1, 1]);
  assert.equal(requestsFor(place, 5, "both"), 2);
  assert.equal(requestsFor({ ...place, coming: 4 }, 5, "both"), 0);
  assert.equal(requestsFor(place, 2, "garden"), 1);
});
