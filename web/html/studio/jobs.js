// jobs.js - the generator's jobs, followed while they are drawn.

import { ask, get, path } from "/lib/api.js";

const EVENTS = ["accepted", "started", "step", "image", "done", "failed", "cancelled"];
const LAST = ["done", "failed", "cancelled"];
const FOLLOWED = 2; // streams at once: a browser has six connections to a garden, for all its pages
const LOOK_MS = 2500;

export const hasEnded = (state) => LAST.includes(state);
export const cancelJob = (id) => ask("DELETE", path`/v1/generations/${id}`);

/**
 * Follows one job: on(type, data) for each event, until the last one. A stream that is lost is taken up
 * again, by the browser or, where the gateway has refused it, here. on("lost", error): it cannot be
 * followed, e.g. because the gateway has forgotten it. Returns what stops it.
 */
export function followJob(id, on) {
  let stream = null, timer = null, stopped = false;
  const take = (type, data) => {
    if (stopped) return;
    if (hasEnded(type) || type === "lost") stop();
    on(type, data);
  };
  const refused = async () => {
    try {
      const job = await get(path`/v1/generations/${id}`);
      for (const image of job.images) take("image", image);
      if (hasEnded(job.state)) take(job.state, job);
    } catch (error) {
      if (error.locked || error.status === 404) take("lost", error);
    }
    if (!stopped) timer = setTimeout(open, LOOK_MS);
  };
  const open = () => {
    stream = new EventSource(path`/v1/generations/${id}/events`);
    for (const type of EVENTS) stream.addEventListener(type, (event) => take(type, JSON.parse(event.data)));
    stream.addEventListener("error", () => stream.readyState === EventSource.CLOSED && refused());
  };
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    stream?.close();
  };
  open();
  return stop;
}

/** A step's small picture as an address for <img>, to be revoked; null where it has none. */
export function previewAddress(data) {
  if (!data.preview) return null;
  const bytes = Uint8Array.from(atob(data.preview), (letter) => letter.charCodeAt(0));
  return URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
}

/**
 * Follows many, until nobody has the key any more: a few by their streams, beginning with those that are being drawn, the others by the
 * list of jobs. jobs: [{ id, state }], changed in place: state, images, step, steps, reason.
 * on(job, what): something of it is new. Returns what stops it.
 */
export function followJobs(jobs, on) {
  const streams = new Map();
  let stopped = false, timer = null, locked = false;

  const note = (job, type, data) => {
    if (type === "image") job.images = [...(job.images ?? []).filter((one) => one.key !== data.key), data];
    if (type === "started" && !hasEnded(job.state)) job.state = "running";
    if (type === "step") Object.assign(job, { output: data.output, step: data.step, steps: data.steps });
    if (type === "accepted" && data.steps) job.steps = data.steps;
    if (hasEnded(type)) Object.assign(job, { state: type, reason: data.reason });
    if (type === "lost" && data.status === 404) Object.assign(job, { state: "failed", reason: data.message });
    if (type === "lost" && data.status !== 404) locked = true;
    on(job, type, data);
    if (hasEnded(type) || type === "lost") {
      streams.get(job)?.();
      streams.delete(job);
      refill();
    }
  };
  const open = (job) => streams.set(job, followJob(job.id, (type, data) => stopped || note(job, type, data)));
  const refill = () => {
    if (locked) return;
    const going = jobs.filter((job) => job.id && !hasEnded(job.state) && !streams.has(job));
    going.sort((a, b) => (b.state === "running") - (a.state === "running"));
    for (const job of going.slice(0, Math.max(0, FOLLOWED - streams.size))) open(job);
    if (streams.size === 0 && jobs.every((job) => hasEnded(job.state))) stop();
  };
  // One that is being drawn is worth more than one that waits.
  const prefer = (running) => {
    for (const [job, close] of streams)
      if (job.state !== "running" && running.some((other) => !streams.has(other))) {
        close();
        streams.delete(job);
      }
  };
  const look = async () => {
    try {
      const found = await listJobs(jobs.filter((job) => job.id && !hasEnded(job.state)));
      for (const [job, told] of found) takeIn(job, told, streams.has(job), on);
      prefer(found.filter(([, told]) => told.state === "running").map(([job]) => job));
      refill();
    } catch { /* the next look tells */ }
    if (!stopped) timer = setTimeout(look, LOOK_MS);
  };
  const stop = () => {
    stopped = true;
    clearTimeout(timer);
    for (const close of streams.values()) close();
    streams.clear();
  };
  refill();
  timer = setTimeout(look, LOOK_MS);
  return { stop, refill };
}

function takeIn(job, told, streamed, on) {
  if (streamed && !hasEnded(told.state)) {
    job.state = told.state;
    return;
  }
  const before = (job.images ?? []).length;
  const changed = job.state !== told.state || before !== told.images.length;
  Object.assign(job, { state: told.state, images: told.images, reason: told.reason, ...told.progress });
  if (changed) on(job, hasEnded(told.state) ? told.state : "image", told);
}

// The list, as far as these are in it; a job that the gateway has forgotten is asked for by itself.
async function listJobs(wanted) {
  const byId = new Map(wanted.map((job) => [job.id, job])), found = [];
  let cursor = "", pages = 0;
  while (byId.size > 0 && cursor !== null && pages++ < 10) {
    const page = await get(`/v1/generations?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    for (const told of page.generations)
      if (byId.has(told.id)) {
        found.push([byId.get(told.id), told]);
        byId.delete(told.id);
      }
    cursor = page.cursor;
  }
  return found;
}

/** Seconds left, from what is done of all since it began; null while nobody can tell. */
export function secondsLeft(started_ms, share, now_ms = Date.now()) {
  if (!(share > 0.001) || now_ms - started_ms < 1500) return null;
  return share >= 1 ? 0 : (now_ms - started_ms) / 1000 * (1 - share) / share;
}

/** A duration as people say it. */
export function duration(speech, seconds) {
  const [size, unit] = [[3600, "hour"], [60, "minute"], [1, "second"]].find(([s]) => seconds >= s) ?? [1, "second"];
  const value = seconds / size;
  return speech.number(value < 10 && unit !== "second" ? Math.round(value * 10) / 10 : Math.round(value),
    { style: "unit", unit, unitDisplay: "long" });
}
