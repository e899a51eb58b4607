// fleet_test.js - the fleet view: which screens are well, and a picture taken off all of them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, SIZES, until, weight } from "./support/browser.js";
import { startGarden } from "./support/garden.js";

const PAGE = "/html/fleet/fleet.html", VIEWER = "/html/flower-viewer/flower-viewer-v2.html";

const GONE = [/Failed to load resource.*404/]; // the thumbnail of what is in the trash

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

const choose = (zone, from, more = {}) => garden.ask("PUT", `/v1/zones/${zone}`,
  { landscape: landscape.slice(from, from + 8), portrait: portrait.slice(from, from + 8), effective_at: Date.now(), ...more });
const beat = (manifest, screen, more = {}) => garden.ask("POST", `/v1/zones/${manifest.zone}/heartbeat`, {
  screen, slot: 1, orientation: "h", version: manifest.version, showing: manifest.landscape[0]?.sha256 ?? "", clock: Date.now(), plays: [], ...more,
});

async function openFleet(options = {}) {
  const page = await openPage(browser, garden, options);
  await page.goto(`${garden.url}/login`);
  await page.locator("#key").fill(garden.key);
  await page.locator("form button").click();
  await page.waitForURL(`${garden.url}/`);
  await page.goto(garden.url + PAGE);
  return page;
}
const row = (page, screen) => page.locator("#screen-rows tr", { hasText: screen });

for (const [language, first, lead, confirm, done] of [
  ["en", 0, "screens show what they should", "Withdraw everywhere", "have let go of it"], ["ko", 16, "제 그림을 보여 주고", "모든 곳에서 내리기", "모두 내렸어요"]])
  test(`who lives and who does not, and a picture taken off, in ${language}`, async () => {
    const walls = [await choose(`lobby-${language}`, first), await choose(`stairs-${language}`, first + 8, { effective_at: Date.now() - 60000 })];
    const [lobby, stairs] = walls;
    const own = { language, expected: GONE };
    const plays = [{ key: lobby.landscape[1].key, sha256: lobby.landscape[1].sha256, from: Date.now() - 3000, to: Date.now() }];
    await beat(lobby, `well-${language}`, { plays });
    await beat(lobby, `late-clock-${language}`, { slot: 2, clock: Date.now() - 3600000 });
    await beat(stairs, `behind-${language}`, { version: 0, showing: lobby.landscape[3].sha256 });
    await beat(stairs, `upright-${language}`, { slot: 3, orientation: "v", showing: stairs.portrait[2].sha256 });
    const page = await openFleet({ ...own, size: SIZES.desk });
    await page.locator("#search").fill(language);
    await row(page, `behind-${language}`).locator(".mark.stale").waitFor();
    await row(page, `well-${language}`).locator(".mark.live").waitFor();
    await row(page, `upright-${language}`).locator(".mark.live").waitFor();
    await row(page, `late-clock-${language}`).getByText(language === "en" ? "behind" : "늦음").waitFor();
    await page.getByText(lead).waitFor();
    await page.locator("#play-rows tr").first().waitFor();
    await page.check();
    await page.shot(`fleet-desk-${language}`, { fullPage: true });
    assert.ok(await weight(page) < 150 * 1024, `${await weight(page)} bytes`);

    const gone = lobby.landscape[0];
    const wall = page.locator("#zone-list article", { hasText: `lobby-${language}` });
    await wall.locator(".strip.h li").first().hover();
    await wall.locator(".strip.h .off").first().click();
    await page.locator("#ask-key").getByText(gone.key).waitFor();
    await page.check();
    await page.shot(`fleet-ask-${language}`);
    await page.getByRole("button", { name: confirm, exact: true }).click();
    await page.locator("#withdrawal-list .open").waitFor();
    await page.locator("#withdrawal-list small", { hasText: `well-${language}` }).waitFor();
    const { version } = await garden.ask("GET", `/v1/zones/lobby-${language}`);
    assert.equal(version, lobby.version + 1);
    await beat(lobby, `well-${language}`, { version, showing: lobby.landscape[1].sha256 });
    await until(page, () => document.querySelector("#withdrawal-list progress")?.value === 1);
    await page.shot(`fleet-withdraw-${language}`);
    await beat(lobby, `late-clock-${language}`, { slot: 2, version, showing: lobby.landscape[1].sha256 });
    await page.locator("#withdrawal-list .done").getByText(done).waitFor();
    await until(page, (key) => !document.querySelector(`#zone-list [data-what="h ${key}"]`), gone.key);
    const { items } = await garden.ask("GET", "/v1/items?limit=200");
    assert.ok(!items.some((item) => item.key === gone.key), "it is in the trash");
    landscape.splice(landscape.indexOf(gone.key), 1);
    await page.context().close();
  });

test("a real screen lets go of a picture, and the count says so", async () => {
  const manifest = await choose("real", 32);
  const screen = await openPage(browser, garden);
  await screen.goto(`${garden.url}${VIEWER}?zone=real&screen=real-1&period=500`);
  await until(screen, () => document.getElementById("stage").dataset.version > 0);
  const page = await openFleet({ expected: GONE });
  await row(page, "real-1").locator(".mark.live").waitFor();
  await page.locator("article", { hasText: "real" }).locator(".off").first().focus();
  await page.keyboard.press("Enter");
  await page.locator("#trash").uncheck();
  await page.getByRole("button", { name: "Withdraw everywhere", exact: true }).click();
  await page.locator("#withdrawal-list .done").waitFor();
  await until(screen, (version) => document.getElementById("stage").dataset.version === String(version), manifest.version + 1);
  await Promise.all([page, screen].map((one) => one.context().close()));
});

test("a picture is kept where the question is declined", async () => {
  const { version } = await choose("kept", 40);
  const page = await openFleet({ expected: GONE });
  await page.locator("article", { hasText: "kept" }).locator(".off").first().focus();
  await page.keyboard.press("Enter");
  await page.locator("#ask[open]").waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#ask").waitFor({ state: "hidden" });
  assert.equal((await garden.ask("GET", "/v1/zones/kept")).version, version);
  await page.check();
  await page.context().close();
});

test("screens are filtered by state, zone and name, and the table goes on by itself", async () => {
  const manifest = await choose("filters", 0, { effective_at: Date.now() - 60000 });
  await beat(manifest, "f-well");
  await beat(manifest, "f-behind", { version: 0 });
  const page = await openFleet();
  await page.locator("#zone").selectOption("filters");
  await row(page, "f-well").waitFor();
  await page.getByRole("button", { name: /^Stale/ }).click();
  await row(page, "f-well").waitFor({ state: "detached" });
  await row(page, "f-behind").waitFor();
  await beat(manifest, "f-behind");
  await row(page, "f-behind").waitFor({ state: "detached" });
  await page.getByText("No screen fits.").waitFor();
  await page.getByRole("button", { name: /^All/ }).click();
  await page.locator("#search").fill("F-BEHIND");
  await row(page, "f-behind").locator(".mark.live").waitFor();
  assert.equal(await page.locator("#screen-rows tr").count(), 1);
  await page.context().close();
});

test("it can be used on a phone, in the dark", async () => {
  const manifest = await choose("phone", 0);
  await beat(manifest, "p-1");
  const page = await openFleet({ size: SIZES.phone, colorScheme: "dark", expected: GONE });
  await row(page, "p-1").waitFor();
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= SIZES.phone.width, `${width} px wide`);
  await page.check();
  await page.shot("fleet-phone");
  for (const part of ["screens", "plays"]) {
    await page.locator(`#${part}-title`).evaluate((title) => title.scrollIntoView());
    await page.shot(`fleet-phone-${part}`);
  }
  await page.context().close();
});

test("without the operator's key it says how to get in", async () => {
  const page = await openPage(browser, garden, { expected: [/401/] });
  await page.goto(garden.url + PAGE);
  await page.getByText("Screens and withdrawals are for operators").waitFor();
  assert.equal(await page.getByRole("link", { name: "Log in" }).getAttribute("href"), "/login");
  await page.check();
  await page.context().close();
});

test("names are text, whatever they say", async () => {
  const name = `<img src=x onerror="globalThis.hit=1">`, page = await openPage(browser, garden);
  const answers = {
    "/v1/zones": { zones: [{ zone: name, version: 0, effective_at: 0, landscape: 0, portrait: 0, screens: { live: 1, stale: 0, dark: 0 } }] },
    "/v1/screens": { screens: [{ screen: name, zone: name, slot: 1, orientation: "h", state: "live", seen: Date.now(), version: 0, showing: "", expected: [], clock_off: 0 }] },
    "/v1/plays": { plays: [{ key: `emotions/happy/${name}.jpeg`, sha256: "0".repeat(64), zone: name, screen: name, from: Date.now() - 3000, to: Date.now() }] },
  };
  await page.route((url) => Object.hasOwn(answers, url.pathname), (route) => route.fulfill({ json: answers[new URL(route.request().url()).pathname] }));
  await page.route(/onerror.*\.jpeg/, (route) => route.fulfill({ body: "", contentType: "image/jpeg" }));
  await page.goto(garden.url + PAGE);
  await row(page, name).waitFor();
  await page.locator("article h3").getByText(name).waitFor();
  assert.equal(await page.evaluate(() => globalThis.hit), undefined);
  await page.check();
  await page.context().close();
});
