// browser.js - Debian's Chromium, and what every page of ours has to keep: nothing on the
// console, no request that leaves the origin, no barrier that axe-core calls serious.
import assert from "node:assert/strict";
import { mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const shots = path.resolve(process.env.TEST_SHOTS ?? path.join(process.cwd(), "../../build/shots"));

export const SIZES = {
  phone: { width: 390, height: 844 },
  tablet: { width: 1080, height: 1920 },
  desk: { width: 1440, height: 900 },
  wall: { width: 1920, height: 1080 },
};

/** args: more of Chromium's own, e.g. of a fake camera. */
export async function openBrowser(args = []) {
  await mkdir(shots, { recursive: true });
  return chromium.launch({
    executablePath: process.env.TEST_CHROMIUM ?? "/usr/bin/chromium", headless: true,
    args: ["--no-sandbox", "--disable-dev-shm-usage", ...args],
  });
}

/**
 * A page of a context of its own. expected: patterns of console messages that belong to the test
 * (Chromium logs each answer of 4xx). check() asserts the above, and shot(name) takes a picture.
 */
export async function openPage(browser, garden, { size = SIZES.desk, language = "en", expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: size, locale: language === "ko" ? "ko-KR" : "en-GB", ...options });
  const page = await context.newPage();
  const wrong = [];

  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !expected.some((one) => one.test(message.text())))
      wrong.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`error: ${error.stack ?? error}`));
  page.on("request", (request) => {
    if (!/^(data|blob|about):/.test(request.url()) && new URL(request.url()).origin !== garden.url)
      wrong.push(`a request leaves the garden: ${request.url()}`);
  });
  page.garden = garden;
  page.check = async () => {
    const serious = await barriers(page);
    assert.deepEqual([...wrong, ...serious], []);
  };
  page.shot = (name, more = {}) => page.screenshot({ path: path.join(shots, `${name}.png`), ...more });
  return page;
}

/** What axe-core finds and calls serious or worse. Run from outside the page: its policy lets no script in. */
async function barriers(page) {
  const session = await page.context().newCDPSession(page);
  await session.send("Runtime.evaluate", { expression: axe });
  const { result, exceptionDetails } = await session.send("Runtime.evaluate", {
    expression: "axe.run(document, { resultTypes: ['violations'] }).then((found) => JSON.stringify(found.violations))",
    awaitPromise: true, returnByValue: true,
  });
  await session.detach();
  if (exceptionDetails) throw new Error(exceptionDetails.text);
  return JSON.parse(result.value).filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `${one.id}: ${one.help}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(" | ")}`);
}

/** Bytes of script and style that the page has loaded, as they come over the wire uncompressed. */
export async function weight(page) {
  const sizes = await page.evaluate(() => performance.getEntriesByType("resource")
    .filter((one) => /\.(js|css)(\?|$)/.test(one.name)).map((one) => one.decodedBodySize));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Requests of these addresses wait until what this returns is called. */
export async function holdRequests(page, addresses) {
  let release;
  const released = new Promise((resolve) => { release = resolve; });
  await page.route(addresses, async (route) => { await released; await route.continue(); });
  return release;
}

/** Waits until probe() gives something, by the page's own frames; the test's limit ends it. */
export const until = (page, probe, argument) => page.waitForFunction(probe, argument);
