// kiosk_network_test.js - a kiosk whose network goes away and comes back: no like is lost, none
// counts twice, and there is a garden all the while.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, until } from "./support/browser.js";
import { startGarden } from "./support/garden.js";
import { away, followLikes, intoGarden, likesOfGarden, nameMood, openKiosk, PAGE, seal, shown } from "./support/kiosk.js";

let garden, browser;
before(async () => {
  garden = await startGarden();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await garden?.stop();
});

test("likes without a network arrive once when it is back", async () => {
  const page = await openKiosk(browser, garden, { expected: away });
  const likes = followLikes(page);
  await nameMood(page, "en", "angry");
  await intoGarden(page);
  await page.locator("#trio li:nth-child(3) img.here").waitFor();
  await page.context().setOffline(true);
  await seal(page, 1);
  await seal(page, 3);
  await page.getByText("2 likes are kept").waitFor();
  await page.shot("kiosk-en-7-offline");
  await page.locator("#next").click();
  assert.equal((await shown(page)).length, 3, "the garden goes on");
  await page.context().setOffline(false);
  await page.locator("body[data-waiting='0']").waitFor();
  const visitor = likes[0].id;
  assert.equal(new Set(likes.map((like) => like.key)).size, 2);
  assert.equal((await likesOfGarden(garden, visitor)).length, 2);
  await page.context().close();
});

test("a like whose answer was lost is sent again and counts once", async () => {
  const page = await openKiosk(browser, garden, { expected: away });
  const likes = followLikes(page);
  await nameMood(page, "en", "fear");
  await intoGarden(page);
  let lost = 0;
  await page.route("**/like", async (route) => {
    if (lost++) return route.continue();
    await route.fetch(); // the garden takes it, and nobody hears of that
    await route.abort();
  });
  await seal(page, 2);
  await page.locator("body[data-waiting='1']").waitFor();
  await page.reload(); // what waits outlives the page
  await page.locator("body[data-ready][data-waiting='0']").waitFor();
  assert.ok(likes.length >= 2);
  assert.equal(new Set(likes.map((like) => like.key)).size, 1);
  assert.equal((await likesOfGarden(garden, likes[0].id)).length, 1);
  await page.context().close();
});

test("the kiosk opens without a network, with a garden that it kept", async () => {
  const page = await openKiosk(browser, garden, { expected: away });
  await until(page, () => navigator.serviceWorker.controller !== null);
  await page.evaluate(async () => { // each picture, and their list
    while ((await (await caches.open("kiosk-starter")).keys()).length < 129) await new Promise(requestAnimationFrame);
  });
  await page.context().setOffline(true);
  await page.goto(`${garden.url}${PAGE}?lang=en`);
  await page.locator("body[data-ready]").waitFor();
  await nameMood(page, "en", "sad");
  await page.locator("#mood-yes").click();
  await page.locator("#favourite-skip").click();
  await page.locator("#trio li:nth-child(3) img.here").waitFor();
  assert.ok((await shown(page)).every((key) => key.startsWith("emotions/sad/")));
  await page.getByText("a small garden that we keep here").waitFor();
  await page.shot("kiosk-en-7-kept");
  await page.context().close();
});

test("a full storage loses no like", async () => {
  const full = () => { IDBObjectStore.prototype.put = () => { throw new DOMException("no room", "QuotaExceededError"); }; };
  const page = await openKiosk(browser, garden, { expected: away, prepare: (opened) => opened.addInitScript(full) });
  const likes = followLikes(page);
  await nameMood(page, "en", "calm");
  await intoGarden(page);
  await page.context().setOffline(true);
  await seal(page, 1);
  await page.locator("body[data-waiting='1']").waitFor();
  await page.context().setOffline(false);
  await page.locator("body[data-waiting='0']").waitFor();
  assert.equal((await likesOfGarden(garden, likes[0].id)).length, 1);
  await page.context().close();
});
