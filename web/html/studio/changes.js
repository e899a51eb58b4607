// changes.js - what a curator does to pictures, and undoes: each key has its own result.

import { ask, get, objectPath, post } from "/lib/api.js";

const AT_ONCE = 4, KEYS = 1000;

/** Moves pictures of the pool or the garden to the trash. */
export async function removeAll(keys, on = () => {}) {
  const done = [], failed = [], left = [...keys];
  const work = async () => {
    for (let key = left.shift(); key !== undefined; key = left.shift()) {
      try {
        await ask("DELETE", `/v1/${key.startsWith("imgPool/") ? "pool" : "items"}${objectPath(key)}`);
        done.push(key);
      } catch (error) {
        if (error.status === 404) done.push(key);
        else failed.push({ key, error });
      }
      on(done.length + failed.length);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { done, failed };
}

/** Brings pictures back from the trash. */
export const restoreAll = (keys) => inParts(keys, async (part) => (await post("/v1/trash/restore", { keys: part })).results, "restored");

/**
 * Copies pictures of the pool to the garden. fresh: keys in the garden that were not there before,
 * which is what an undo takes away.
 */
export async function promoteAll(keys) {
  const before = await gardenOf(keys);
  const { done, failed, results } = await inParts(keys, async (part) => (await post("/v1/pool/promote", { keys: part })).results, "promoted");
  const fresh = results.filter((one) => one.result === "promoted" && one.item && !before.has(one.item)).map((one) => one.item);
  return { done, failed, fresh };
}

async function gardenOf(keys) {
  const found = new Set();
  for (const search of new Set(keys.map((key) => key.split("/").slice(1, -1).join("/"))))
    for (const item of await listAll(`/v1/items?emotion=${encodeURIComponent(search)}`)) found.add(item.key);
  return found;
}

/** All pages of a listing; on(items, complete) after each, true where that is enough. */
export async function listAll(address, on = () => {}, signal) {
  const items = [];
  for (let cursor = ""; cursor !== null;) {
    const page = await get(`${address}${address.includes("?") ? "&" : "?"}limit=${KEYS}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`, { signal });
    items.push(...page.items);
    cursor = page.cursor;
    if (on(items, cursor === null) === true) break;
  }
  return items;
}

async function inParts(keys, send, good) {
  const done = [], failed = [], results = [];
  for (let i = 0; i < keys.length; i += KEYS)
    for (const one of await send(keys.slice(i, i + KEYS))) {
      results.push(one);
      if (one.result === good) done.push(one.key);
      else failed.push({ key: one.key, error: new Error(one.reason ?? one.result) });
    }
  return { done, failed, results };
}
