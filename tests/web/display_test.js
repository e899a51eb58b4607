// display_test.js - the display page: what hangs on the wall, and that it goes on whatever happens.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, SIZES, until, weight } from "./support/browser.js";
import { startGarden } from "./support/garden.js";

const PAGE = "/html/flower-viewer/flower-viewer-v2.html";
const LOST = [/Failed to load resource/, /net::ERR/];

let garden, browser, landscape, portrait;
before(async () => {
  garden = await startGarden();
  browser = await openBrowser();
  ({ landscape, portrait } = await garden.pictures());
});
after(async () => {
  await browser?.close();
  await garden?.stop();
});

const choose = (zone, from = 0, more = {}) => garden.ask("PUT", `/v1/zones/${encodeURIComponent(zone)}`,
  { landscape: landscape.slice(from, from + 8), portrait: portrait.slice(from, from + 8), ...more });
const address = (zone, more = {}) => `${garden.url}${PAGE}?${new URLSearchParams({ zone, slot: 1, orientation: "h", period: 400, ...more })}`;
const shows = (page, version) => until(page, (wanted) => document.getElementById("stage").dataset.version === String(wanted), version);

/** Waits until a picture stands alone. */
const settled = (page) => until(page, () => document.querySelector("#stage .shown")?.getAnimations().length === 0);

/** Has the page note each change of its picture: the version, the hash and the time, in order. */
async function noteChanges(page) {
  await page.addInitScript(() => {
    globalThis.changes = [];
    addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
      const { showing, version } = document.getElementById("stage").dataset;
      const last = globalThis.changes.at(-1);
      if (showing && last?.showing !== showing) globalThis.changes.push({ showing, version, at: performance.timeOrigin + performance.now() });
    }).observe(document.getElementById("stage"), { attributes: true }));
  });
}
const changes = (page) => page.evaluate(() => globalThis.changes);

for (const [language, start, lead] of [["en", "Start the screen", "where it hangs"], ["ko", "화면 시작", "어디에 걸려 있는지"]])
  test(`a screen is set up, in ${language}, and shows its zone`, async () => {
    const { version } = await choose("zone1");
    const page = await openPage(browser, garden, { language, size: SIZES.wall });
    await page.goto(garden.url + PAGE);
    await page.getByText(lead).waitFor();
    await page.getByRole("button", { name: "zone1" }).click();
    await page.getByRole("radio", { name: "3" }).check();
    await page.shot(`display-setup-${language}`);
    await page.check();
    await page.getByRole("button", { name: start }).click();
    await shows(page, version);
    assert.match(page.url(), /zone=zone1&slot=3&orientation=h&period=3000/);
    await settled(page);
    await page.shot(`display-wall-${language}`);
    await page.keyboard.press("i");
    await page.locator('[data-row="version"] dd').getByText(String(version)).waitFor();
    await page.shot(`display-card-${language}`);
    await page.check();
    process.stdout.write(`# script and style: ${await weight(page)} bytes\n`);
    assert.ok(await weight(page) < 150 * 1024, `${await weight(page)} bytes`);
    await page.context().close();
  });

test("a screen that was set up before starts by itself", async () => {
  const { version } = await choose("zone1");
  const page = await openPage(browser, garden);
  await page.clock.install();
  await page.goto(garden.url + PAGE);
  await page.getByLabel("Zone", { exact: true }).fill("zone1");
  await page.getByRole("button", { name: "Start the screen" }).click();
  await page.clock.resume();
  await shows(page, version);
  await page.goto(garden.url + PAGE);
  await page.getByText("Starts by itself").waitFor();
  await page.clock.runFor(16000);
  await page.clock.resume();
  await shows(page, version);
  await page.context().close();
});

test("a portrait screen shows the portraits, and each slot its own place", async () => {
  const { version, portrait: places } = await choose("zone1");
  const pages = [];
  for (const slot of [2, 4]) {
    const page = await openPage(browser, garden, { size: SIZES.tablet });
    await page.goto(address("zone1", { slot, orientation: "vertical", period: 3600000 }));
    await shows(page, version);
    pages.push(page);
  }
  const [two, four] = await Promise.all(pages.map((page) => page.locator("#stage").getAttribute("data-showing")));
  const hashes = places.map((one) => one.sha256);
  assert.equal((hashes.indexOf(two) + 2) % 8, hashes.indexOf(four));
  await settled(pages[0]);
  await pages[0].shot("display-portrait");
  await Promise.all(pages.map((page) => page.check()));
  await Promise.all(pages.map((page) => page.context().close()));
});

test("the screens of a zone change at the same time, and show a new set together and whole", async () => {
  const PERIOD = 1000, first = await choose("together", 0);
  const pages = await Promise.all([1, 1].map(() => openPage(browser, garden, { serviceWorkers: "block" })));
  for (const page of pages) {
    await noteChanges(page);
    await page.goto(address("together", { period: PERIOD }));
    await shows(page, first.version);
  }
  const second = await choose("together", 8, { effective_at: Date.now() + 3000 });
  for (const page of pages) {
    await shows(page, second.version);
    await until(page, () => globalThis.changes.length >= 10);
  }
  const [one, two] = await Promise.all(pages.map(changes));
  const old = new Set(first.landscape.map((entry) => entry.sha256)), fresh = new Set(second.landscape.map((entry) => entry.sha256));
  for (const seen of [one, two]) {
    const turn = seen.findIndex((change) => fresh.has(change.showing));
    assert.ok(seen.slice(0, turn).every((change) => old.has(change.showing)), "before: the old set alone");
    assert.ok(seen.slice(turn).every((change) => fresh.has(change.showing)), "after: the new set alone");
    assert.ok(Math.abs(seen[turn].at - second.effective_at) < 500, `${seen[turn].at - second.effective_at} ms from its time`);
  }
  // Each picture comes at its slot of the clock, on both screens; a busy machine may be late.
  const lateness = ({ showing, at }) => {
    const set = (old.has(showing) ? first : second).landscape, slots = at / PERIOD - set.findIndex((entry) => entry.sha256 === showing);
    return Math.round(((slots + 4) % 8 - 4) * PERIOD);
  };
  for (const late of [one, two].map((seen) => seen.slice(1).map(lateness))) {
    assert.ok(late.every((ms) => ms > -500 && ms < 1500), `${late} ms late`);
    assert.ok(late.filter((ms) => ms < 500).length >= late.length * 0.75, `${late} ms late`);
  }
  await Promise.all(pages.map((page) => page.context().close()));
});

test("a machine whose clock is an hour wrong keeps in step", async () => {
  const { version } = await choose("clocks");
  const [right, wrong] = await Promise.all([1, 2].map(() => openPage(browser, garden, { serviceWorkers: "block" })));
  await wrong.addInitScript(() => {
    const Real = Date, hour = 3600000;
    globalThis.Date = class extends Real {
      constructor(...given) { super(...(given.length ? given : [Real.now() + hour])); }
      static now() { return Real.now() + hour; }
    };
  });
  for (const page of [right, wrong]) {
    await page.goto(address("clocks", { slot: 1, period: 3600000, screen: page === right ? "right" : "wrong" }));
    await shows(page, version);
  }
  const [a, b] = await Promise.all([right, wrong].map((page) => page.locator("#stage").getAttribute("data-showing")));
  assert.equal(a, b);
  const { screens } = await garden.ask("GET", "/v1/screens");
  const off = screens.find((one) => one.screen === "wrong").clock_off;
  assert.ok(Math.abs(off - 3600000) < 5000, `${off}`);
  await Promise.all([right, wrong].map((page) => page.context().close()));
});

test("a picture whose bytes are not those of the manifest is never shown", async () => {
  const { version, landscape: places } = await choose("tampered");
  const page = await openPage(browser, garden, { serviceWorkers: "block" });
  await noteChanges(page);
  const bad = new URL(places[3].url, garden.url).pathname, other = await fetch(new URL(landscape[30], `${garden.url}/`));
  const bytes = Buffer.from(await other.arrayBuffer());
  await page.route((url) => url.pathname === bad, (route) => route.fulfill({ body: bytes, contentType: "image/jpeg" }));
  await page.goto(address("tampered", { period: 100 }));
  await shows(page, version);
  const good = new Set(places.map((one) => one.sha256));
  await until(page, () => globalThis.changes.length >= 16);
  const seen = (await changes(page)).map((change) => change.showing);
  assert.ok(seen.every((hash) => good.has(hash)));
  assert.ok(!seen.includes(places[3].sha256));
  await page.keyboard.press("i");
  await page.getByText("is not what it should be").waitFor();
  await page.context().close();
});

test("without a network it goes on, starts again, and comes back", async () => {
  const { version, landscape: places } = await choose("offline");
  const page = await openPage(browser, garden, { expected: LOST });
  await noteChanges(page);
  await page.goto(address("offline", { screen: "offline-1" }));
  await shows(page, version);
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.context().setOffline(true);
  await page.reload();
  await shows(page, version);
  await until(page, () => globalThis.changes.length >= 4);
  const known = new Set(places.map((one) => one.sha256));
  assert.ok((await changes(page)).every((change) => known.has(change.showing)));
  await page.keyboard.press("i");
  await page.getByText("no connection").waitFor();
  await page.shot("display-offline");
  const next = await choose("offline", 8);
  await page.context().setOffline(false);
  await shows(page, next.version);
  await page.getByText("live stream").waitFor();
  await page.check();
  await until(page, async () => (await (await fetch("/v1/zones")).json()).zones.length > 0);
  await page.context().close();
});

test("what was shown without a network is told of afterwards", async () => {
  const { version } = await choose("plays");
  const page = await openPage(browser, garden, { expected: LOST, serviceWorkers: "block" });
  await noteChanges(page);
  await page.goto(address("plays", { screen: "plays-1", period: 100 }));
  await shows(page, version);
  await page.context().setOffline(true);
  const from = Date.now();
  await page.evaluate(() => { globalThis.changes.length = 0; });
  await until(page, () => globalThis.changes.length >= 10);
  const to = Date.now();
  await page.context().setOffline(false);
  await page.waitForResponse((answer) => answer.url().endsWith("/heartbeat") && answer.ok());
  const { plays } = await garden.ask("GET", "/v1/plays?zone=plays");
  const told = plays.filter((play) => play.screen === "plays-1" && play.from >= from && play.to <= to);
  assert.ok(told.length >= 5, `${told.length} plays`);
  assert.ok(told.every((play) => play.to > play.from && play.sha256.length === 64));
  await page.context().close();
});

test("a disk without room is no reason to stop", async () => {
  const first = await choose("full", 0);
  const page = await openPage(browser, garden);
  await page.addInitScript(() => {
    CacheStorage.prototype.open = () => Promise.reject(new DOMException("no room", "QuotaExceededError"));
    Cache.prototype.put = () => Promise.reject(new DOMException("no room", "QuotaExceededError"));
    Storage.prototype.setItem = () => { throw new DOMException("no room", "QuotaExceededError"); };
  });
  await page.goto(address("full"));
  await shows(page, first.version);
  const second = await choose("full", 8);
  await shows(page, second.version);
  await page.keyboard.press("i");
  await page.getByText("no room to keep pictures").waitFor();
  await page.check();
  await page.context().close();
});

test("streams that a proxy swallows: long poll, then asking", async () => {
  const first = await choose("proxy");
  const page = await openPage(browser, garden, { expected: LOST, serviceWorkers: "block" });
  await page.route("**/feed", (route) => route.abort());
  await page.goto(address("proxy"));
  await shows(page, first.version);
  await page.keyboard.press("i");
  await page.getByText("long poll").waitFor();
  const second = await choose("proxy", 8);
  await shows(page, second.version);
  await page.route(/[?&]wait=/, (route) => route.abort());
  await shows(page, (await choose("proxy", 16)).version); // ends the poll that is on its way
  await page.getByText("asking now and then").waitFor();
  await shows(page, (await choose("proxy", 24)).version);
  await page.context().close();
});

test("a withdrawn picture goes, and the screen says so", async () => {
  const first = await choose("withdrawn");
  const page = await openPage(browser, garden);
  await noteChanges(page);
  await page.goto(address("withdrawn", { period: 100, screen: "withdrawn-1" }));
  await shows(page, first.version);
  const gone = first.landscape[0];
  await until(page, (hash) => globalThis.changes.some((change) => change.showing === hash), gone.sha256);
  const made = await garden.ask("POST", "/v1/withdrawals", { keys: [gone.key] });
  const { version } = made.zones.find((zone) => zone.zone === "withdrawn");
  await shows(page, version);
  await page.evaluate(() => { globalThis.changes.length = 0; });
  await until(page, () => globalThis.changes.length >= 16);
  assert.ok((await changes(page)).every((change) => change.showing !== gone.sha256));
  const told = await garden.ask("GET", `/v1/withdrawals/${made.id}`);
  assert.ok(told.screens.find((one) => one.screen === "withdrawn-1").acknowledged);
  const rest = new Set(first.landscape.map((entry) => entry.key));
  await garden.ask("POST", "/v1/withdrawals", { keys: [...rest] });
  await until(page, () => document.getElementById("stage").dataset.garden === "ambient");
  await page.context().close();
});

test("nobody has chosen: an ambient garden, until somebody does", async () => {
  const page = await openPage(browser, garden, { size: SIZES.wall });
  await page.goto(address("nobody", { screen: "nobody-1" }));
  await until(page, () => document.getElementById("stage").dataset.garden === "ambient");
  await settled(page);
  await page.check();
  await page.shot("display-ambient");
  const { version } = await choose("nobody");
  await shows(page, version);
  assert.equal(await page.locator("#stage").getAttribute("data-garden"), "chosen");
  await page.context().close();
});

test("a zone's name is text, whatever it says, and one that no zone can have is refused", async () => {
  const name = `<img src=x onerror="globalThis.hit=1">/../'"&`;
  for (const [language, why] of [["en", "A zone is named by"], ["ko", "구역 이름은"]]) {
    const page = await openPage(browser, garden, { language, size: SIZES.phone, colorScheme: language === "ko" ? "dark" : "light", serviceWorkers: "block", expected: [/blocked by Playwright/] });
    await page.route("**/v1/zones", (route) => route.fulfill({ json: { zones: [{ zone: name, version: 1, effective_at: 0, landscape: 8, portrait: 8, screens: {} }] } }));
    await page.goto(address(name));
    await page.getByText(why).waitFor();
    await page.getByRole("button", { name }).waitFor();
    assert.equal(await page.locator("#zone").inputValue(), name);
    await page.shot(`display-refused-${language}`);
    assert.equal(await page.evaluate(() => globalThis.hit), undefined);
    await page.check();
    await page.context().close();
  }
});

test("who asks for less motion gets plain cuts", async () => {
  const { version } = await choose("still");
  const page = await openPage(browser, garden, { reducedMotion: "reduce" });
  await noteChanges(page);
  await page.addInitScript(() => {
    globalThis.fades = 0;
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...given) { globalThis.fades++; return animate.apply(this, given); };
  });
  await page.goto(address("still", { period: 100 }));
  await shows(page, version);
  await until(page, () => globalThis.changes.length >= 6);
  assert.equal(await page.evaluate(() => globalThis.fades), 0);
  await page.context().close();
});

test("thousands of changes leave nothing behind", async () => {
  const { version } = await choose("years");
  const page = await openPage(browser, garden);
  await noteChanges(page);
  await page.addInitScript(() => {
    globalThis.blobs = 0;
    const [make, give] = [URL.createObjectURL, URL.revokeObjectURL];
    URL.createObjectURL = (blob) => { globalThis.blobs++; return make.call(URL, blob); };
    URL.revokeObjectURL = (address) => { globalThis.blobs--; give.call(URL, address); };
  });
  page.setDefaultTimeout(180000);
  await page.goto(address("years", { period: 20 }));
  await shows(page, version);
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const measure = async (count) => {
    await until(page, (wanted) => {
      if (globalThis.changes.length < wanted) return false;
      globalThis.changes.length = 0;
      return true;
    }, count);
    await session.send("HeapProfiler.collectGarbage");
    const { metrics } = await session.send("Performance.getMetrics");
    return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
  };
  const early = await measure(300);
  for (let from = 8; from <= 40; from += 8) await shows(page, (await choose("years", from % 32, { effective_at: Date.now() + 300 })).version);
  const late = await measure(1500);
  const figures = ["Nodes", "JSEventListeners", "JSHeapUsedSize"].map((name) => `${name} ${early[name]} -> ${late[name]}`).join(", ");
  process.stdout.write(`# ${figures}\n`);
  assert.ok(late.Nodes <= early.Nodes + 20, figures);
  assert.ok(late.JSEventListeners <= early.JSEventListeners + 30, figures);
  assert.ok(late.JSHeapUsedSize <= early.JSHeapUsedSize * 1.25 + 300000, figures);
  assert.equal(await page.evaluate(() => globalThis.blobs), 0);
  await page.context().close();
});

test("the garden is started again: the screen goes on, and hears of the next set by the stream", async () => {
  const first = await choose("restart");
  const page = await openPage(browser, garden, { expected: LOST });
  await noteChanges(page);
  await page.goto(address("restart", { screen: "restart-1" }));
  await shows(page, first.version);
  await garden.halt();
  await page.evaluate(() => { globalThis.changes.length = 0; });
  await until(page, () => globalThis.changes.length >= 8);
  await garden.start();
  const second = await choose("restart", 8);
  assert.ok(second.version > first.version);
  await shows(page, second.version);
  await page.keyboard.press("i");
  await page.getByText("live stream").waitFor();
  await page.check();
  await page.context().close();
});
