// outbox.js - what a visitor does, on its way to the garden. Each act waits in IndexedDB under an
// Idempotency-Key of its own until the garden has taken it, so that it arrives once, whatever
// becomes of the network, the page or the answer. Where nothing can be stored, memory holds it.

import { post } from "/lib/api.js";

const NAME = "garden-kiosk", ACTS = "acts", FIRST_MS = 1000, MOST_MS = 30000;

/** A random name that nobody guesses; crypto.randomUUID wants https, which a kiosk may not have. */
export function randomId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * { add(path, body) -> key, drop(key) -> whether it had not left yet, size, likes, away, full }.
 * changed(): called when one of the last four may have changed.
 */
export async function openOutbox(changed) {
  const base = await openBase();
  const outbox = {
    full: !base, away: !navigator.onLine,
    get size() { return acts.length; },
    get likes() { return acts.filter((act) => act.path === "/like").length; },
  };
  const acts = await stored(base);
  let leaving = null, timer = 0, wait = FIRST_MS;

  const keep = (work) => ask(base, "readwrite", work).catch(() => { outbox.full = true; changed(); });
  const remove = (act) => {
    acts.splice(acts.indexOf(act), 1);
    keep((store) => store.delete(act.key));
  };

  outbox.add = (path, body) => {
    const act = { key: randomId(), path, body, at: Date.now() };
    acts.push(act);
    keep((store) => store.put(act));
    send();
    return act.key;
  };
  outbox.drop = (key) => {
    const act = acts.find((one) => one.key === key);
    if (!act || act.tried) return false;
    remove(act);
    changed();
    return true;
  };

  async function send() {
    if (leaving || acts.length === 0) return changed();
    clearTimeout(timer);
    leaving = acts[0];
    try {
      if (!navigator.onLine) throw Object.assign(new Error("offline"), { passes: true });
      leaving.tried = true; // it may have arrived, even where no answer comes back
      await post(leaving.path, leaving.body, { idempotencyKey: leaving.key, timeoutMs: 10000 });
      arrived();
    } catch (error) {
      if (error.passes || error.locked) later();
      else arrived(); // refused for what it is: sending it again would not change that
    }
  }

  function arrived() {
    remove(leaving);
    leaving = null;
    outbox.away = false;
    wait = FIRST_MS;
    send();
  }

  function later() {
    leaving = null;
    outbox.away = true;
    timer = setTimeout(send, wait);
    wait = Math.min(wait * 2, MOST_MS);
    changed();
  }

  addEventListener("online", () => { outbox.away = false; wait = FIRST_MS; send(); });
  addEventListener("offline", () => { outbox.away = true; changed(); });
  send();
  return outbox;
}

function openBase() {
  return new Promise((resolve) => {
    try {
      const opening = indexedDB.open(NAME, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(ACTS, { keyPath: "key" });
      opening.onsuccess = () => resolve(opening.result);
      opening.onerror = opening.onblocked = () => resolve(null);
    } catch { resolve(null); } // forbidden in this browser
  });
}

function ask(base, mode, work) {
  if (!base) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const transaction = base.transaction(ACTS, mode);
    const asked = work(transaction.objectStore(ACTS));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onabort = transaction.onerror = () => reject(transaction.error);
  });
}

async function stored(base) {
  const acts = await ask(base, "readonly", (store) => store.getAll()).catch(() => null);
  return (acts ?? []).sort((a, b) => a.at - b.at).map((act) => ({ ...act, tried: true }));
}
