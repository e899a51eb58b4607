// studio_draw_test.js - having pictures drawn from the studio: a prompt tried, bulk, the prompt
// table and the coverage map, with a generator that draws.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { holdRequests, openBrowser, SIZES, weight } from "./support/browser.js";
import { eventually, openStudioPage, putPicture, starterPictures, startDrawing, waitPool } from "./support/studio.js";

const TRY = "/html/text2image.html", BULK = "/html/pool/bulk/bulk.html", TABLE = "/html/prompt-generator/prompt-generator-v2.html", COVERAGE = "/html/studio/coverage.html";
const XSS = "<img src=x onerror=\"window.broken = 1\">\"'&";

let garden, browser;
before(async () => {
  garden = await startDrawing();
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
  await garden?.stop();
});

const close = (page) => page.context().close();
const shown = (page, selector) => page.waitForFunction((one) => [...document.querySelectorAll(one)].some((img) => img.complete && img.naturalWidth > 0), selector);
async function free(page, width, height) {
  await page.locator("input[value=free]").check();
  await page.locator("#width").fill(String(width));
  await page.locator("#height").fill(String(height));
}

for (const [language, draw, seed, dry] of [["en", "Draw", "seed 42", "Dry after"], ["ko", "그리기", "시드 43", "말랐어요"]])
  test(`a prompt is tried and watched step by step, in ${language}`, async () => {
    const page = await openStudioPage(browser, garden, TRY, { language });
    const previews = page.waitForFunction(() => document.querySelector(".mat.wet img")?.src.startsWith("blob:"));
    await page.locator("#prompt").fill(`a garden ${XSS}`);
    await free(page, 256, 256);
    await page.locator("summary").click();
    await page.locator("#steps").fill("20");
    await page.locator("#seed").fill(seed.split(" ")[1]); // of each its own: the same recipe is not drawn again
    await page.getByRole("button", { name: draw, exact: true }).click();
    await previews;
    await page.getByText(dry).waitFor();
    await page.getByText(seed).first().waitFor();
    await shown(page, ".mat:not(.wet) img");
    await page.shot(`studio-try-${language}`);
    assert.equal(await page.locator(".mat img").getAttribute("alt"), `a garden ${XSS}`);
    assert.equal(await page.evaluate(() => window.broken), undefined);
    await page.check();
    assert.ok(await weight(page) < 150 * 1024);
    await close(page);
  });

test("the sizes are the three, and free ones", async () => {
  const page = await openStudioPage(browser, garden, TRY, { size: SIZES.phone });
  assert.deepEqual(await page.locator(".size span").allTextContents(), ["768×512", "1024×600", "1280×800"]);
  const asked = page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/v1/generations"));
  await free(page, 64, 72);
  await page.locator("#count").fill("2");
  await page.locator("#prompt").fill("two small ones");
  await page.locator("#prompt").press("Control+Enter");
  const body = (await asked).postDataJSON();
  assert.deepEqual([body.width, body.height, body.count, body.preview], [64, 72, 2, true]);
  await page.locator(".mat .seed").nth(1).waitFor();
  await page.shot("studio-try-phone");
  await page.check();
  await close(page);
});

test("a job is cancelled, and the next one is drawn", async () => {
  const page = await openStudioPage(browser, garden, TRY);
  await page.locator("#prompt").fill("long");
  await free(page, 512, 512);
  await page.locator("summary").click();
  await page.locator("#steps").fill("150");
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await page.getByText(/Step \d/).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByText("Stopped.").waitFor();
  await page.getByRole("button", { name: "Draw", exact: true }).waitFor();
  await close(page);
});

test("who stops before the garden has answered has stopped it, too", async () => {
  const page = await openStudioPage(browser, garden, TRY);
  const release = await holdRequests(page, "**/v1/generations");
  await page.locator("#prompt").fill("soon regretted");
  await free(page, 512, 512);
  await page.locator("summary").click();
  await page.locator("#steps").fill("150");
  await page.getByRole("button", { name: "Draw", exact: true }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  release();
  await page.getByText("Stopped.").waitFor();
  await close(page);
});

test("the recipe in the picture goes to the clipboard, and back into the form", async () => {
  const page = await openStudioPage(browser, garden, TRY, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.locator("#recent .slip").first().waitFor();
  await page.locator("#prompt").fill("copied");
  await page.locator("#negative").fill("people");
  await free(page, 64, 64);
  await page.locator("#prompt").press("Control+Enter");
  await page.getByRole("button", { name: "Copy the recipe" }).click();
  await page.getByText("The recipe is in the clipboard.").waitFor();
  const recipe = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(recipe, /^copied\nNegative prompt: people\nSteps: 4, Sampler: .*Seed: \d+.*Recipe: [0-9a-f]{64}/);
  await page.locator("#prompt").fill("");
  await page.locator("#prompt").press("Control+v");
  await page.getByText("The recipe is taken over.").waitFor();
  assert.equal(await page.locator("#prompt").inputValue(), "copied");
  assert.equal(await page.locator("#negative").inputValue(), "people");
  assert.match(recipe, new RegExp(`Seed: ${await page.locator("#seed").inputValue()},`));
  await page.check();
  await close(page);
});

test("a recipe can be copied by hand where the clipboard is shut", async () => {
  const page = await openStudioPage(browser, garden, TRY);
  await page.addInitScript(() => { Object.defineProperty(navigator, "clipboard", { value: { writeText: () => Promise.reject(new Error("shut")) } }); });
  await page.reload();
  await page.locator("#recent .slip").first().click();
  await free(page, 64, 64);
  await page.locator("#prompt").press("Control+Enter");
  await page.getByRole("button", { name: "Copy the recipe" }).click();
  assert.match(await page.locator("dialog textarea").inputValue(), /Steps: \d+/);
  await page.check();
  await close(page);
});

test("what the gateway refuses is said in its own words", async () => {
  const page = await openStudioPage(browser, garden, TRY, { expected: [/400/] });
  await page.locator("#prompt").fill("x");
  await page.locator("summary").click();
  await page.locator("#emotion").selectOption("happy");
  await page.locator("#favourite").fill("a/b");
  await page.locator("#prompt").press("Control+Enter");
  await page.locator("#trouble:not([hidden])").waitFor();
  assert.match(await page.locator("#trouble").textContent(), /favorite/);
  await page.check();
  await close(page);
});

for (const [language, generate, over, remove] of [["en", "Generate", "All are dry.", "Remove 1"], ["ko", "생성", "모두 말랐어요.", "1점 삭제"]])
  test(`bulk pictures hang as they land, and go again, in ${language}`, async () => {
    const page = await openStudioPage(browser, garden, BULK, { language });
    assert.equal(await page.locator("#count").inputValue(), "10");
    assert.equal((await page.locator("#emotion option").allTextContents())[0], "행복 HAPPY");
    assert.match(await page.locator("#others").inputValue(), /^flowers, fantasy, concept art/);
    await page.locator("#emotion").selectOption("calm");
    await page.locator("#favourite").fill(`winter,snowy,day <b>${language}`);
    await page.locator("#count").fill("3");
    await page.getByRole("button", { name: generate }).click();
    await page.getByText(over).waitFor();
    await page.shot(`studio-bulk-${language}`);
    const keys = await page.locator(".slot[data-key]").evaluateAll((slots) => slots.map((slot) => slot.dataset.key));
    assert.equal(keys.length, 6);
    for (const key of keys) assert.match(key, new RegExp(`^imgPool/calm/winter,snowy,day <b>${language}/img_\\d{8}-\\d{6}_[012][hv]\\.jpeg$`));
    await shown(page, ".slot img");
    await page.locator(".cross").first().click();
    await page.getByRole("button", { name: remove }).click();
    await page.waitForFunction(() => document.querySelectorAll(".slot[data-key]").length === 5);
    const { items } = await garden.ask("GET", "/v1/trash");
    assert.ok(items.some(({ key }) => key === keys[0]));
    await page.locator("#notice button").click();
    await page.waitForFunction(() => document.querySelectorAll(".slot[data-key]").length === 6);
    await page.check();
    assert.ok(await weight(page) < 150 * 1024);
    await close(page);
  });

test("a bulk batch is followed again after the page was left", async () => {
  const page = await openStudioPage(browser, garden, BULK);
  await page.locator("#count").fill("4");
  await page.getByRole("button", { name: "Generate" }).click();
  await page.locator(".slot[data-key]").first().waitFor();
  await page.reload();
  await page.getByText("All are dry.").waitFor();
  assert.equal(await page.locator(".slot[data-key]").count(), 8);
  await page.check();
  await close(page);
});

test("a bulk request that is on its way when all is stopped is stopped, too", async () => {
  const page = await openStudioPage(browser, garden, BULK, { expected: [/409/] });
  const release = await holdRequests(page, "**/bulk");
  await page.locator("#count").fill("1");
  const asked = page.waitForRequest((request) => request.url().endsWith("/bulk"));
  await page.getByRole("button", { name: "Generate" }).click();
  await asked;
  await page.getByRole("button", { name: "Stop" }).click();
  const ended = page.waitForResponse((one) => one.request().method() === "DELETE");
  release();
  const { pathname } = new URL((await ended).url());
  const { generations: [newest] } = await garden.ask("GET", "/v1/generations?limit=1");
  assert.equal(pathname, `/v1/generations/${newest.id}`);
  await page.check();
  await close(page);
});

test("a bulk request that is refused says why, and the rest is sent later", async () => {
  const page = await openStudioPage(browser, garden, BULK, { expected: [/503/], size: SIZES.phone });
  await page.locator("#count").fill("2");
  await page.route("**/bulk", (route) => route.fulfill({ status: 503, body: "there is no generator: set GENERATOR_MODEL" }));
  await page.getByRole("button", { name: "Generate" }).click();
  await page.locator("#trouble").getByText("there is no generator: set GENERATOR_MODEL").waitFor();
  await page.locator(".twin .why").first().waitFor();
  await page.unroute("**/bulk");
  await page.getByRole("button", { name: "Send the rest" }).click();
  await page.getByText("All are dry.").waitFor();
  await page.shot("studio-bulk-phone");
  await page.check();
  await close(page);
});

for (const [language, row, page_of] of [["en", "Fill this row", "Page 1 of 3"], ["ko", "이 줄 채우기", "3쪽 중 1쪽"]])
  test(`a row of the prompt table is edited and filled with 16 pictures, in ${language}`, async () => {
    const page = await openStudioPage(browser, garden, TABLE, { language });
    await page.getByText(page_of).waitFor();
    const stays = language === "en" ? 0 : 1;
    const line = page.locator(`#row-${stays}`);
    await line.locator("textarea").fill(`an edited garden ${XSS}`);
    const sent = page.waitForRequest((request) => request.url().endsWith("/bulk"));
    await line.getByRole("button", { name: row }).click();
    const body = (await sent).postDataJSON();
    assert.equal(JSON.parse(body.prompt).emotionText, `an edited garden ${XSS}`);
    assert.match(JSON.parse(body.prompt).favorite, /^(spring|summer),sunny,day$/);
    assert.match(body.fname, /^imgPool\/happy\/(spring|summer),sunny,day\/img_\d{8}-\d{6}$/);
    await page.waitForFunction((i) => document.querySelectorAll(`#row-${i} .strip16 img`).length === 16, stays);
    await page.shot(`studio-table-${language}`);
    assert.equal(await page.evaluate(() => window.broken), undefined);
    await page.check();
    assert.ok(await weight(page) < 150 * 1024);
    await close(page);
  });

test("a table goes on where it was left", async () => {
  const page = await openStudioPage(browser, garden, TABLE, { size: SIZES.phone, expected: [/ERR_FAILED/] });
  await page.locator("#row-0").waitFor();
  for (const word of ["surprised", "angry", "fear", "confused", "disgusted", "sad", "calm", "summer", "autumn"]) await page.locator(`input[value="${word}"]`).uncheck({ force: true });
  await page.locator("#per-row").fill("8");
  await page.getByText("2 rows, 16 pictures").waitFor();
  let sent = 0; // the network is lost after the second request
  await page.route("**/bulk", (route) => ++sent > 2 ? route.abort() : route.continue());
  await page.getByRole("button", { name: "Fill all rows" }).click();
  await page.getByText("The garden does not answer").waitFor();
  await page.getByText("2 of 8 requests sent").waitFor();
  await page.unroute("**/bulk");
  await page.reload();
  await page.getByText("The table is full.").waitFor();
  await page.waitForFunction(() => document.querySelectorAll(".strip16 img").length === 16);
  await page.shot("studio-table-phone");
  await page.check();
  await close(page);
});

for (const [language, thin, fill] of [["en", "places are thin", "fill Happy"], ["ko", "곳이 얇고", "행복 채우기"]])
  test(`the coverage map shows thin places and fills one by a click, in ${language}`, async () => {
    const place = language === "en" ? "disgusted/autumn,rainy,sunset" : "disgusted/winter,rainy,sunset";
    const [{ bytes }] = await starterPictures("disgusted");
    await putPicture(garden, `emotions/${place}/img_1h.jpeg`, bytes);
    await eventually("the picture blooms", async () => (await garden.ask("GET", `/v1/items?emotion=${place}`)).items.length);
    const page = await openStudioPage(browser, garden, COVERAGE, { language });
    await page.getByText(thin).waitFor();
    assert.equal(await page.locator(".map td").count(), 512);
    const cell = page.locator(".map tbody").nth(6).locator(`tr:nth-child(${language === "en" ? 3 : 4}) td`).nth(9);
    assert.match(await cell.getAttribute("class"), /thin/);
    assert.equal(await cell.locator("b").textContent(), "1");
    assert.equal(await page.locator(".map .fill").first().getAttribute("aria-label").then((label) => label.replace(/^\+\d+: /, "")), fill);
    await cell.locator("button").click();
    await page.waitForFunction((element) => element.querySelector("span:not(.unseen)")?.textContent === "4", await cell.elementHandle());
    assert.equal((await waitPool(garden, 4, `&emotion=${place}`)).length, 4);
    assert.ok(await cell.locator("button").isDisabled());
    await page.shot(`studio-coverage-${language}`, { fullPage: true });
    await page.check();
    assert.ok(await weight(page) < 150 * 1024);
    await close(page);
  });

test("a whole row of the map is filled by a click", async () => {
  const page = await openStudioPage(browser, garden, COVERAGE, { size: SIZES.phone });
  await page.getByText("places are thin").waitFor();
  await page.locator("#wanted").fill("2");
  const row = page.locator(".map tbody").nth(3).locator("tr").first();
  await row.locator(".season .fill").click();
  await page.waitForFunction((element) => [...element.querySelectorAll("td")].every((cell) => cell.className === ""), await row.elementHandle());
  assert.equal((await waitPool(garden, 32, "&emotion=angry")).filter(({ emotion }) => emotion.startsWith("angry/spring,")).length, 32);
  await page.shot("studio-coverage-phone");
  await page.check();
  await close(page);
});

test("a job is followed on after the gateway was away", async () => {
  const page = await openStudioPage(browser, garden, TRY, { expected: [/503/, /ERR_/] });
  let refusals = 0;
  await page.route("**/events", (route) => refusals++ < 1 ? route.fulfill({ status: 503, body: "starting" }) : route.continue());
  await page.locator("#prompt").fill("away");
  await free(page, 64, 64);
  await page.locator("#prompt").press("Control+Enter");
  await page.getByText("Dry after").waitFor();
  await page.locator(".mat .seed").waitFor();
  await page.check();
  await close(page);
});
