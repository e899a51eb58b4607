// zones.js - stands in for the garden's zones while they are being built: the same API, in memory,
// before a garden that answers everything else.
import { createHash } from "node:crypto";
import { createServer, request } from "node:http";

const LEAD_MS = 2000;

export async function startZones(garden) {
  const zones = new Map(), screens = new Map(), withdrawals = [], plays = [], feeds = new Set();
  let offset = 0;

  const send = (answer, status, body, headers = {}) => {
    answer.writeHead(status, { "Content-Type": status < 400 ? "application/json" : "application/problem+json", ...headers });
    answer.end(body === undefined ? "" : JSON.stringify(body));
  };
  const entry = async (key) => {
    const bytes = Buffer.from(await (await fetch(`${garden.url}/${key}`)).arrayBuffer());
    return { key, sha256: createHash("sha256").update(bytes).digest("hex"), url: `${garden.url}/${key}` };
  };
  const publish = (manifest) => {
    manifest.offset = ++offset;
    zones.set(manifest.zone, manifest);
    for (const feed of feeds) if (feed.zone === manifest.zone) write(feed.answer, manifest);
    return manifest;
  };
  const write = (answer, manifest) => answer.write(`id: ${manifest.offset}\nevent: manifest\ndata: ${JSON.stringify(manifest)}\n\n`);
  const stateOf = (screen) => {
    const manifest = zones.get(screen.zone), now = Date.now();
    const expected = manifest?.[screen.orientation === "v" ? "portrait" : "landscape"].map((one) => one.sha256) ?? [];
    const wrong = manifest && (screen.version !== manifest.version || (expected.length && !expected.includes(screen.showing)));
    const state = now - screen.seen > 30000 ? "dark" : wrong && now > manifest.effective_at + 10000 ? "stale" : "live";
    return { ...screen, state, expected };
  };
  const withdrawal = ({ id, keys, zones: touched }) => {
    const told = [...screens.values()].filter((one) => touched.some((zone) => zone.zone === one.zone))
      .map((one) => ({ screen: one.screen, zone: one.zone, acknowledged: one.version >= touched.find((zone) => zone.zone === one.zone).version }));
    return { id, keys, zones: touched, screens: told, acknowledged: told.filter((one) => one.acknowledged).length, outstanding: told.filter((one) => !one.acknowledged).length };
  };

  async function zoneRoute(method, zone, rest, query, body, ask, answer) {
    const manifest = zones.get(zone);
    if (method === "PUT") {
      const made = { zone, version: (manifest?.version ?? 0) + 1, effective_at: body.effective_at ?? Date.now() + LEAD_MS,
        landscape: await Promise.all(body.landscape.map(entry)), portrait: await Promise.all(body.portrait.map(entry)) };
      return send(answer, 200, publish(made));
    }
    if (rest === "heartbeat") {
      screens.set(`${zone} ${body.screen}`, { screen: body.screen, zone, slot: body.slot, orientation: body.orientation, seen: Date.now(), version: body.version, showing: body.showing, clock_off: body.clock - Date.now() });
      plays.push(...body.plays.map((play) => ({ ...play, zone, screen: body.screen })));
      return send(answer, 200, { now: Date.now(), version: manifest?.version ?? 0, effective_at: manifest?.effective_at ?? 0 });
    }
    if (rest === "feed") {
      const feed = { zone, answer };
      feeds.add(feed);
      answer.on("close", () => feeds.delete(feed));
      answer.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
      answer.write(": here\n\n");
      if (manifest && String(manifest.offset) !== ask.headers["last-event-id"]) write(answer, manifest);
      return null;
    }
    if (!manifest) return send(answer, 404, { detail: "nobody has chosen for this zone yet" });
    const etag = `"${encodeURIComponent(zone)}-${manifest.version}"`;
    const known = ask.headers["if-none-match"] === etag || Number(query.get("after")) === manifest.version;
    return send(answer, known ? 304 : 200, known ? undefined : manifest, { ETag: etag });
  }

  async function withdraw({ keys }, answer) {
    const touched = [];
    for (const manifest of zones.values()) {
      const without = (list) => list.filter((one) => !keys.includes(one.key));
      const landscape = without(manifest.landscape), portrait = without(manifest.portrait);
      if (landscape.length + portrait.length === manifest.landscape.length + manifest.portrait.length) continue;
      const made = publish({ ...manifest, version: manifest.version + 1, effective_at: Date.now(), landscape, portrait });
      touched.push({ zone: made.zone, version: made.version });
    }
    const made = { id: `w${withdrawals.length}`, keys, zones: touched };
    withdrawals.push(made);
    send(answer, 202, withdrawal(made));
  }

  async function route(ask, answer, body) {
    const url = new URL(ask.url, garden.url), parts = url.pathname.split("/").slice(1).map(decodeURIComponent);
    const locked = !ask.headers.authorization && !ask.headers.cookie;
    if (parts[0] === "v1" && parts[1] === "zones" && !parts[2])
      return send(answer, 200, { zones: [...zones.values()].map((one) => {
        const count = { live: 0, stale: 0, dark: 0 };
        for (const screen of screens.values()) if (screen.zone === one.zone) count[stateOf(screen).state]++;
        return { zone: one.zone, version: one.version, effective_at: one.effective_at, landscape: one.landscape.length, portrait: one.portrait.length, screens: count };
      }) });
    if (parts[0] === "v1" && parts[1] === "zones") return zoneRoute(ask.method, parts[2], parts[3], url.searchParams, body, ask, answer);
    if (parts[0] === "v1" && ["screens", "withdrawals", "plays"].includes(parts[1])) {
      if (locked) return send(answer, 401, { detail: "this needs the operator's key" });
      if (parts[1] === "screens") return send(answer, 200, { screens: [...screens.values()].map(stateOf) });
      if (parts[1] === "plays") return send(answer, 200, { plays: plays.toReversed() });
      if (ask.method === "POST") return withdraw(body, answer);
      return send(answer, 200, withdrawal(withdrawals.find((one) => one.id === parts[2])));
    }
    return null;
  }

  const server = createServer((ask, answer) => {
    const own = /^\/v1\/(zones|screens|withdrawals|plays)/.test(ask.url);
    if (!own) {
      const passed = request(garden.url + ask.url, { method: ask.method, headers: ask.headers }, (from) => {
        answer.writeHead(from.statusCode, from.rawHeaders);
        from.pipe(answer);
      });
      passed.on("error", () => answer.destroy());
      return ask.pipe(passed);
    }
    const chunks = [];
    ask.on("data", (chunk) => chunks.push(chunk));
    ask.on("end", () => route(ask, answer, chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined)
      .catch((error) => send(answer, 500, { detail: String(error) })));
    return null;
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const before = { ...garden, url: `http://127.0.0.1:${server.address().port}`, inner: garden };
  before.ask = async (method, where, body) => {
    const answer = await fetch(before.url + where, { method, body: body && JSON.stringify(body), headers: { Authorization: `Bearer ${garden.key}`, "Content-Type": "application/json" } });
    if (!answer.ok) throw new Error(`${method} ${where}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  before.stop = async () => {
    server.closeAllConnections();
    server.close();
    await garden.stop();
  };
  return before;
}
