// kiosk.js - what tests of the kiosk share: a visit's steps, and what the garden has heard of it.
import { openPage, SIZES } from "./browser.js";

export const PAGE = "/html/emotion-garden/emotion-garden.html";

/** Console messages of answers that are refused, or never come. */
export const away = [/Failed to load resource/, /net::ERR_/];

/** The kiosk of a tablet, ready for a visitor. query: "?idle=8"; prepare(page): before it opens. */
export async function openKiosk(browser, garden, { query = "", prepare, ...options } = {}) {
  const page = await openPage(browser, garden, { size: SIZES.tablet, ...options });
  const { shot, check } = page;
  page.shot = async (...name) => { await settle(page); await shot(...name); };
  page.check = async () => { await settle(page); await check(); };
  await prepare?.(page);
  await page.goto(`${garden.url}${PAGE}${query}`);
  await page.locator("body[data-ready]").waitFor();
  return page;
}

// Until everything that moves to an end has come to it.
const settle = (page) => page.evaluate(() => Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime < Infinity).map((one) => one.finished.catch(() => {}))));

export async function nameMood(page, language, emotion) {
  await page.locator(`#begin-${language}`).click();
  await page.locator("#use-words").click();
  await page.locator(`#bed [data-emotion=${emotion}]`).click();
  await page.locator("#mood-moon img.here").waitFor();
}

export async function intoGarden(page) {
  await page.locator("#mood-yes").click();
  await page.locator("#favourite-yes").click();
  await page.locator("#trio img.here").first().waitFor();
}

export const measured = (page, name) => page.evaluate((wanted) => performance.getEntriesByName(wanted).at(-1)?.duration, name);
export const shown = (page) => page.evaluate(() => [...document.querySelectorAll("#trio img")].map((one) => decodeURIComponent(new URL(one.src).pathname.slice(1))));
export const seal = (page, n) => page.locator(`#trio li:nth-child(${n}) button`).click();

/** Bodies of the likes that the page sends, with their Idempotency-Key, while it is followed. */
export function followLikes(page) {
  const likes = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && new URL(request.url()).pathname === "/like")
      likes.push({ ...request.postDataJSON(), key: request.headers()["idempotency-key"] });
  });
  return likes;
}

// What the garden has taken, as an export tells it: one row for each like that it believes.
export async function likesOfGarden(garden, visitor) {
  const asked = await garden.ask("POST", "/v1/exports", {});
  for (;;) {
    const made = await garden.ask("GET", `/v1/exports/${asked.id}`);
    if (made.state === "failed") throw new Error(`the export failed: ${made.reason}`);
    if (made.state === "done") break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const rows = String(await garden.ask("GET", "/dataset/interactions/interactions.csv")).trim().split("\n").slice(1);
  return rows.filter((row) => row.startsWith(`${visitor},`) && row.includes(",click,"));
}
