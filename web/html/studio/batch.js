// batch.js - many requests to /bulk, each a landscape and a portrait for the pool.

import { post } from "/lib/api.js";
import { cancelJob } from "/html/studio/jobs.js";

const AT_ONCE = 3, BUSY_MS = 2000, BUSY_TRIES = 30;

/**
 * Sends each entry that has no id yet: entry.id is its job then, entry.state waiting. bodyOf(entry): what
 * /bulk takes. on(entry) after each. The first refusal is kept as its entry's reason, thrown, and
 * ends the sending; what was not sent yet can be sent later. signal stops it: what is on its way is
 * waited for and cancelled, and its entry left as it is.
 */
export async function sendBatch(entries, bodyOf, { on = () => {}, signal } = {}) {
  const left = entries.filter((entry) => !entry.id && entry.state !== "cancelled");
  let refused = null;

  const work = async () => {
    for (let entry = left.shift(); entry && !refused && !signal?.aborted; entry = left.shift()) {
      try {
        const id = await sendOne(bodyOf(entry), signal);
        if (signal?.aborted) return void await cancelJob(id);
        Object.assign(entry, { id, state: "waiting", reason: undefined });
      } catch (error) {
        if (signal?.aborted) return;
        refused ??= error;
        Object.assign(entry, { state: "unsent", reason: error.message });
      }
      on(entry);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (refused) throw refused;
}

// The limit of requests a second is nobody's fault: that is waited for.
async function sendOne(body, signal) {
  for (let tries = 0; ; tries++) {
    try {
      let id = "";
      await post("/bulk", body, { answered: (answer) => { id = answer.headers.get("Location")?.split("/").pop() ?? ""; } });
      return decodeURIComponent(id);
    } catch (error) {
      if (error.status !== 429 || tries >= BUSY_TRIES) throw error;
      await new Promise((resolve) => { setTimeout(resolve, BUSY_MS); });
      if (signal?.aborted) throw error;
    }
  }
}

/** How far all are, 0 to 1; each job is two pictures. */
export function shareDone(jobs) {
  const sum = jobs.reduce((total, job) => total + (["done", "failed", "cancelled"].includes(job.state) ? 1 : partOf(job)), 0);
  return jobs.length ? sum / jobs.length : 0;
}

function partOf(job) {
  const stored = job.images?.length ?? 0;
  return Math.min(1, (stored + (job.steps && (job.output ?? 0) >= stored ? (job.step ?? 0) / job.steps : 0)) / 2);
}
