// share_test.js - the page of one picture, as somebody sees it who was handed its address.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { openBrowser, openPage, SIZES, weight } from "./support/browser.js";
import { startGarden } from "./support/garden.js";

const HOUR = "spring,rainy,the-early-dawn", DRAWN = `emotions/happy/${HOUR}/drawn_0h.png`;
const NASTY = "emotions/happy/\"><img src=x onerror=alert(1)>/'\"<script>alert(2)<b>.png";
const PROMPT = "a lake <script>alert(3)</script>, flowers, \"><img src=x onerror=alert(4)>";
const PARAMETERS = `${PROMPT}\nNegative prompt: text\nSteps: 50, Sampler: DPM++ 2M, CFG scale: 7.5, Seed: 4211, Size: 160x100, Model hash: 0123456789, Model: garden-diffusion`;
const path = (key) => `/image?content=${encodeURIComponent(key)}`;
const missing = [/status of 404/];

let garden, browser, painted;
before(async () => {
  garden = await startGarden();
  browser = await openBrowser();
  for (const key of [DRAWN, NASTY]) await put(key, png(160, 100, PARAMETERS));
  painted = (await garden.ask("GET", "/v1/items?emotion=calm&orientation=portrait&limit=1")).items[0].key;
});
after(async () => {
  await browser?.close();
  await garden?.stop();
});

async function put(key, body) {
  const answer = await fetch(`${garden.url}/v1/objects/${key.split("/").map(encodeURIComponent).join("/")}`, { method: "PUT", body, headers: { Authorization: `Bearer ${garden.key}`, "Content-Type": "image/png" } });
  assert.ok(answer.ok, await answer.text());
}

/** A picture that tells how it was drawn, as generators write it. */
function png(width, height, parameters) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), data]), size = Buffer.alloc(4), sum = Buffer.alloc(4);
    size.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([size, body, sum]);
  };
  const head = Buffer.alloc(13), rows = Buffer.alloc(height * (1 + width * 3));
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2], 8);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) rows.set([90 + y, 150, 120 + x / 2], y * (1 + width * 3) + 1 + x * 3);
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), chunk("IHDR", head), chunk("tEXt", Buffer.from(`parameters\0${parameters}`, "latin1")), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

for (const [language, size, mood, hour, recipe] of [["en", "desk", "Happy", "spring, rain, dawn", "How it came to be"], ["ko", "phone", "행복", "봄, 비, 새벽", "이 그림이 태어난 방법"]])
  test(`a picture with its mood and its recipe, in ${language}`, async () => {
    const page = await openPage(browser, garden, { language, size: SIZES[size] });
    await page.goto(garden.url + path(DRAWN));
    await page.getByRole("heading", { name: mood }).waitFor();
    for (const text of [hour, recipe, "4211", "garden-diffusion", "7.5"]) await page.getByText(text, { exact: true }).first().waitFor();
    assert.equal(await page.locator("blockquote").textContent(), PROMPT, "the prompt is text");
    assert.ok(await page.locator(".sheet img").evaluate((one) => one.decode().then(() => one.naturalWidth === 160)));
    await page.shot(`share-${language}`, { fullPage: true });
    await page.check();
    assert.ok(await weight(page) < 150 * 1024);
    await page.context().close();
  });

test("a painted picture, and the other language by a link", async () => {
  const page = await openPage(browser, garden, { size: SIZES.phone });
  await page.goto(garden.url + path(painted));
  await page.getByRole("heading", { name: "Calm" }).waitFor();
  assert.equal(await page.locator(".recipe").count(), 0);
  await page.shot("share-painted-phone", { fullPage: true });
  await page.getByRole("link", { name: "한국어" }).click();
  await page.getByRole("heading", { name: "평온" }).waitFor();
  await page.check();
  await page.context().close();
});

test("it can be read without a script, downloaded, and passed on", async () => {
  const page = await openPage(browser, garden, { javaScriptEnabled: false, acceptDownloads: true });
  await page.goto(garden.url + path(painted));
  const meta = async (name) => page.locator(`meta[property="${name}"]`).getAttribute("content");
  assert.equal(await meta("og:image"), `${garden.url}/${painted.split("/").map(encodeURIComponent).join("/")}`);
  assert.equal(await meta("og:url"), garden.url + path(painted));
  assert.deepEqual([await meta("og:image:width"), await meta("og:image:height")], ["480", "768"]);
  assert.equal(await page.locator("meta[name='twitter:card']").getAttribute("content"), "summary_large_image");
  const saved = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const download = await saved;
  assert.equal(download.suggestedFilename(), painted.split("/").at(-1));
  const bytes = await readFile(await download.path());
  assert.deepEqual([...bytes.subarray(0, 3)], [0xff, 0xd8, 0xff]);
  await page.context().close();
});

test("names with markup in them are only text", async () => {
  const page = await openPage(browser, garden);
  page.on("dialog", () => assert.fail("a script ran"));
  await page.goto(garden.url + path(NASTY));
  await page.locator(".hour .says-en", { hasText: "\"><img src=x onerror=alert(1)>" }).waitFor();
  assert.equal(await page.locator("img").count(), 1);
  assert.equal(await page.locator("script").count(), 1, "our own");
  await page.check();
  await page.context().close();
});

test("what has left the garden is told kindly", async () => {
  const key = `emotions/happy/${HOUR}/drawn_0h.png`;
  await garden.ask("POST", "/remove", { objName: [key] });
  for (const [language, text] of [["en", "This picture has faded"], ["ko", "이 그림은 졌습니다"]]) {
    const page = await openPage(browser, garden, { language, expected: missing });
    assert.equal((await page.goto(garden.url + path(key))).status(), 404);
    await page.getByText(text).waitFor();
    await page.shot(`share-gone-${language}`);
    await page.check();
    await page.context().close();
  }
});
