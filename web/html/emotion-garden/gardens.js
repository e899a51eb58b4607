// gardens.js - which pictures a visitor's garden has: what the recommender picks, else all of that
// mood, else a starter garden that this kiosk keeps for the hours without a network.

import { get, objectPath, post } from "/lib/api.js";
import { EMOTIONS } from "/lib/moods.js";

const STARTER = "kiosk-starter", LIST = "/html/emotion-garden/starter.json", STARTER_EACH = 16;
const ASK_MS = 5000, FEW = 12;

/** The address of a picture that is shown width CSS pixels wide. */
export const pictureSrc = (key, width) => `${objectPath(key)}?w=${Math.ceil(width * Math.min(devicePixelRatio || 1, 2))}`;

const isPortrait = (key) => /v\.jpeg$/.test(key);

/**
 * { landscape: [key], portrait: [key], base, kept }: base is where the garden is reached from
 * outside, or null; kept: it is the starter garden. Throws only where a key is needed.
 */
export async function askGarden(visit) {
  const body = { id: visit.id, emotion: visit.favourite ? `${visit.mood}/${visit.favourite}` : visit.mood };
  if (visit.generation) body.generation = visit.generation;
  if (visit.gender) body.gender = visit.gender;
  try {
    return await recommended(body);
  } catch (error) {
    if (error.locked) throw error;
  }
  return starter(visit.mood);
}

async function recommended(body) {
  let garden;
  try {
    garden = keysOf(await post("/garden", body, { timeoutMs: ASK_MS }));
  } catch (error) {
    if (error.status === 0 || error.locked) throw error;
    garden = keysOf(await post("/gardenfromDB", { emotion: body.emotion }, { timeoutMs: ASK_MS }));
  }
  const plain = body.emotion.split("/")[0];
  if (garden.landscape.length + garden.portrait.length < FEW && plain !== body.emotion)
    join(garden, keysOf(await post("/gardenfromDB", { emotion: plain }, { timeoutMs: ASK_MS })));
  return garden;
}

function keysOf(answer) {
  const keys = (shown) => shown.map((one) => decodeURIComponent(new URL(one.url, location.href).pathname.slice(1)));
  const first = answer.landscape[0] ?? answer.portrait[0];
  return { landscape: keys(answer.landscape), portrait: keys(answer.portrait), kept: false, base: first ? baseOf(first.url) : null };
}

// GARDEN_PUBLIC_URL may have a path of its own before the key.
function baseOf(url) {
  const at = url.indexOf("/emotions/");
  return at > 0 ? url.slice(0, at) : new URL(url, location.href).origin;
}

function join(garden, more) {
  for (const side of ["landscape", "portrait"])
    garden[side] = [...new Set([...garden[side], ...more[side]])];
  garden.base ??= more.base;
}

// -- the starter garden --

/** Fetches a few pictures of every mood for later; { emotion: [key] } of what there is now. */
export async function keepStarter() {
  const lists = {};
  try {
    for (const emotion of EMOTIONS)
      lists[emotion] = (await get(`/v1/items?emotion=${emotion}&limit=${STARTER_EACH}`)).items.map((item) => item.key);
  } catch { return keptLists(); }
  keepPictures(lists);
  return lists;
}

async function keepPictures(lists) {
  if (!globalThis.caches) return; // plain http from another machine
  try {
    const cache = await caches.open(STARTER);
    await cache.put(LIST, new Response(JSON.stringify(lists), { headers: { "Content-Type": "application/json" } }));
    const wanted = new Set(byTurns(Object.values(lists)).map((key) => objectPath(key)));
    for (const old of await cache.keys()) {
      const path = new URL(old.url).pathname;
      if (path !== LIST && !wanted.delete(path)) await cache.delete(old);
    }
    for (const path of wanted) await cache.add(`${path}?w=640`);
  } catch { /* full, or away: what is there is what is shown */ }
}

// One of each mood, then another of each: whenever the network goes, every mood has some.
function byTurns(lists) {
  const longest = Math.max(0, ...lists.map((list) => list.length));
  return Array.from({ length: longest }, (_, i) => lists.map((list) => list[i])).flat().filter(Boolean);
}

async function keptLists() {
  try {
    return await (await caches.match(LIST, { cacheName: STARTER })).json();
  } catch { return {}; }
}

async function keptPaths() {
  try {
    return new Set((await (await caches.open(STARTER)).keys()).map((kept) => new URL(kept.url).pathname));
  } catch { return new Set(); }
}

async function starter(mood) {
  const paths = await keptPaths();
  const keys = ((await keptLists())[mood] ?? []).filter((key) => paths.has(objectPath(key)));
  return { landscape: keys.filter((key) => !isPortrait(key)), portrait: keys.filter(isPortrait), base: null, kept: true };
}
