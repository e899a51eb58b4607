// garden.js - a running garden of its own: `gardenctl up` on a free port of loopback, with the
// starter garden in it, until the test file ends.
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createWriteStream } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), "../../..");
const READY_MS = 60000;

/**
 * { url, key, data, ask(method, path, body), stop(), restart() }. env: settings beside those of a
 * garden without a model. wanted(status): when it is ready; by default when 100 pictures bloom.
 */
export async function startGarden({ env = {}, pictures = 100 } = {}) {
  const data = await mkdtemp(path.join(tmpdir(), "garden-web."));
  const port = await freePort();
  const garden = { data, url: `http://127.0.0.1:${port}` };
  const settings = { GARDEN_DATA: data, GARDEN_LISTEN: `127.0.0.1:${port}`, GENERATOR_MODEL: "none", GARDEN_SHARE: root, ...env };

  garden.ask = async (method, where, body, headers = {}) => {
    const answer = await fetch(garden.url + where, {
      method, body: body === undefined ? undefined : JSON.stringify(body),
      headers: { Authorization: `Bearer ${garden.key}`, "Content-Type": "application/json", ...headers },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${text}`);
    try { return JSON.parse(text); } catch { return text; }
  };
  /** The keys of what blooms, by orientation: { landscape, portrait }. */
  garden.pictures = async () => {
    const { items } = await garden.ask("GET", "/v1/items?limit=200");
    const of = (orientation) => items.filter((item) => item.orientation === orientation).map((item) => item.key);
    return { landscape: of("landscape"), portrait: of("portrait") };
  };
  garden.start = async () => {
    const log = createWriteStream(path.join(data, "up.log"), { flags: "a" });
    const child = spawn(path.resolve(root, process.env.TEST_BUILD ?? "build", "gardenctl"), ["up"], {
      cwd: root, env: { ...process.env, ...settings }, stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    garden.child = child;
    garden.ended = new Promise((resolve) => child.once("exit", resolve));
    await ready(garden, pictures);
    garden.key = (await readFile(path.join(data, "operator.key"), "utf8")).trim();
  };
  /** Ends it as an operator would; what it had is still there. */
  garden.halt = async () => {
    garden.child.kill("SIGTERM");
    await garden.ended;
  };
  garden.stop = async () => {
    await garden.halt();
    if (!process.env.TEST_KEEP) await rm(data, { recursive: true, force: true });
  };
  await garden.start();
  return garden;
}

async function ready(garden, pictures) {
  const until = Date.now() + READY_MS;
  for (;;) {
    try {
      const answer = await fetch(`${garden.url}/v1/items?limit=200`);
      if (answer.ok && (await answer.json()).items.length >= pictures && (await fetch(`${garden.url}/readyz`)).ok) return;
    } catch { /* it does not listen yet */ }
    if (garden.child.exitCode !== null || Date.now() > until)
      throw new Error(`the garden does not come up: ${await readFile(path.join(garden.data, "up.log"), "utf8")}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
