// status_test.js - the first page: what grows in the garden, in both languages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openBrowser, openPage, SIZES, weight } from "./support/browser.js";
import { startGarden } from "./support/garden.js";

let garden, browser;
before(async () => {
  garden = await startGarden();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await garden?.stop();
});

for (const [language, lead, happy] of [["en", "pictures bloom in the gardens", "Happy"], ["ko", "점이 피었고", "행복"]])
  test(`the first page says what blooms, in ${language}`, async () => {
    const page = await openPage(browser, garden, { language });
    await page.goto(garden.url);
    await page.getByText(lead).waitFor();
    await page.getByRole("link", { name: happy }).first().waitFor();
    await page.shot(`status-${language}`);
    await page.check();
    assert.ok(await weight(page) < 150 * 1024);
    await page.context().close();
  });

test("the language that is chosen is kept", async () => {
  const page = await openPage(browser, garden, { size: SIZES.phone });
  await page.goto(garden.url);
  await page.getByRole("button", { name: "한국어" }).click();
  await page.getByText("점이 피었고").waitFor();
  await page.reload();
  await page.getByText("점이 피었고").waitFor();
  await page.shot("status-phone");
  await page.context().close();
});
