// studio.js - a garden with a generator that draws small pictures fast (the tiny random model of
// tests/golden), and a pool to look through.
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { openPage } from "./browser.js";
import { startGarden } from "./garden.js";

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../..");
const LONG_MS = 30000;
const PICTURES = path.join(root, "models/starter-garden/pictures");

/** A garden that is empty and draws: bulk pictures are 128x64 and 64x128, in four steps. */
export const startDrawing = (env = {}) => startGarden({
  env: {
    GENERATOR_MODEL: path.join(root, "tests/golden/diffusion/sd15/model"), GENERATOR_THREADS: "1", GARDEN_GENERATION_STEPS: "4",
    GARDEN_BULK_LANDSCAPE: "128x64", GARDEN_BULK_PORTRAIT: "64x128", GARDEN_STARTER: "0", ...env,
  },
  pictures: 0,
});

/** A page whose browser is logged in. */
export async function openStudioPage(browser, garden, address, options = {}) {
  const page = await openPage(browser, garden, options);
  await page.goto(`${garden.url}/login?key=${garden.key}`);
  await page.goto(`${garden.url}${address}`);
  return page;
}

/** The starter garden's pictures of an emotion: [{ name, bytes }], landscapes and portraits. */
export async function starterPictures(emotion) {
  const found = [];
  for (const entry of (await readdir(path.join(PICTURES, emotion), { withFileTypes: true, recursive: true })))
    if (entry.name.endsWith(".jpeg")) found.push({ name: entry.name, bytes: await readFile(path.join(entry.parentPath ?? entry.path, entry.name)) });
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Puts a picture into the pool, or anywhere. */
export async function putPicture(garden, key, bytes) {
  const answer = await fetch(`${garden.url}/v1/objects/${key.split("/").map(encodeURIComponent).join("/")}`, {
    method: "PUT", body: bytes, headers: { Authorization: `Bearer ${garden.key}`, "Content-Type": "image/jpeg" },
  });
  if (!answer.ok) throw new Error(`putting ${key}: ${answer.status} ${await answer.text()}`);
}

/** Fills the pool with pairs of starter pictures: so many of each emotion, in these favourites. */
export async function fillPool(garden, emotions, favourites, each = 2) {
  const keys = [];
  for (const emotion of emotions) {
    const pictures = await starterPictures(emotion);
    const wide = pictures.filter(({ name }) => name.endsWith("h.jpeg")), tall = pictures.filter(({ name }) => name.endsWith("v.jpeg"));
    for (const [f, favourite] of favourites.entries())
      for (let i = 0; i < each; i++)
        for (const [letter, shelf] of [["h", wide], ["v", tall]]) {
          const key = `imgPool/${emotion}${favourite && `/${favourite}`}/img_20260504-090807_${f * each + i}${letter}.jpeg`;
          await putPicture(garden, key, shelf[(f * each + i) % shelf.length].bytes);
          keys.push(key);
        }
  }
  return keys;
}

/** Asks until probe() gives something, and gives that; the catalogue follows the store a little later. */
export async function eventually(what, probe) {
  const until = Date.now() + LONG_MS;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > until) throw new Error(`${what}: not so after ${LONG_MS / 1000} s`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/** Waits until the catalogue has this many pictures of the pool. */
export const waitPool = (garden, count, query = "") => eventually(`${count} pictures in the pool${query}`, async () => {
  const { items } = await garden.ask("GET", `/v1/pool?limit=1000${query}`);
  return items.length >= count && items;
});
