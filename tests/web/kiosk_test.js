// kiosk_test.js - a visit at the kiosk as visitors make it: with a camera that sees a photograph,
// without one, and in both languages.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { holdRequests, openBrowser, SIZES, until, weight } from "./support/browser.js";
import { writeFilm } from "./support/film.js";
import { startGarden } from "./support/garden.js";
import { away, followLikes, intoGarden, measured, nameMood, openKiosk, seal, shown } from "./support/kiosk.js";

const MOODS = ["happy", "surprised", "calm", "angry", "fear", "confused", "disgusted", "sad"];
const cache = process.env.GARDEN_CACHE ?? path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "emotion-gardens");
const photograph = path.join(process.env.TEST_FACES ?? path.join(cache, "faces-1"), "grace_hopper_512x512.jpg");
const film = path.join(tmpdir(), `garden-face-${process.pid}.y4m`);

let garden, browser, seeing;
before(async () => {
  garden = await startGarden();
  browser = await openBrowser();
  seeing = existsSync(photograph);
  if (seeing) await writeFilm(browser, photograph, film);
});
after(async () => {
  await browser?.close();
  await garden?.stop();
  await rm(film, { force: true });
});

for (const [language, begin, mood] of [["en", "Enter the garden", "Calm"], ["ko", "정원으로 들어가기", "평온"]])
  test(`a visit without a camera, in ${language}`, async () => {
    const page = await openKiosk(browser, garden, { language, expected: away });
    const likes = followLikes(page);
    await page.locator("#opening-moon img.here").first().waitFor();
    await page.shot(`kiosk-${language}-1-opening`);
    await page.check();
    await page.getByRole("button", { name: begin }).click();
    await page.locator("#use-words").waitFor();
    await page.shot(`kiosk-${language}-2-consent`);
    await page.check();
    await page.locator("#use-words").click();
    await page.shot(`kiosk-${language}-4-choose`);
    await page.check();
    await page.getByRole("button", { name: mood }).click();
    await page.locator("#mood-moon img.here").waitFor();
    await page.shot(`kiosk-${language}-5-mood`);
    await page.check();
    await until(page, () => performance.getEntriesByName("first-picture").length);
    const first = await measured(page, "first-picture");
    console.log(`# the first picture is there ${Math.round(first)} ms after the mood is known (${language})`);
    await page.locator("#mood-yes").click();
    await page.locator("#favourite input[value=spring]").check({ force: true });
    await page.locator("#favourite input[value=rainy]").check({ force: true });
    await page.locator("#favourite input[value=sunset]").check({ force: true });
    await page.shot(`kiosk-${language}-6-favourite`);
    await page.check();
    const asked = page.waitForRequest((request) => new URL(request.url()).pathname === "/garden");
    await page.locator("#favourite-yes").click();
    assert.equal((await asked).postDataJSON().emotion, "calm/spring,rainy,sunset");
    await page.locator("#trio li:nth-child(3) img.here").waitFor();
    await until(page, () => performance.getEntriesByName("garden-shown").length);
    console.log(`# the garden is there ${Math.round(await measured(page, "garden-shown"))} ms after it is asked for (${language})`);
    const trio = await shown(page);
    assert.equal(trio.length, 3);
    assert.ok(trio.every((key) => key.startsWith("emotions/calm/")), trio.join(" "));
    const answered = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/like");
    const release = await holdRequests(page, "**/like");
    await seal(page, 2);
    await until(page, () => performance.getEntriesByName("like-shown").length);
    console.log(`# a like shows after ${Math.round(await measured(page, "like-shown"))} ms (${language})`);
    release(); // it shows before the garden has answered
    assert.equal((await answered).status(), 200);
    assert.deepEqual([likes[0].itemId, likes[0].impression], [trio[1], trio]);
    assert.ok(likes[0].key.length >= 32);
    await page.shot(`kiosk-${language}-7-garden`);
    await page.check();
    await page.locator("#next").click();
    await page.locator("#trio li:nth-child(1) img.here").waitFor();
    assert.ok((await shown(page)).every((key) => !trio.includes(key)), "the next three are others");
    await seal(page, 1);
    await page.locator("#mine").click();
    assert.equal(await page.locator("#hanging .picture").count(), 2);
    assert.ok(await page.locator("#qr svg path").count());
    await page.shot(`kiosk-${language}-8-mine`);
    await page.check();
    assert.ok(await weight(page) < 150 * 1024, `${await weight(page)} bytes`);
    console.log(`# script and style: ${await weight(page)} bytes`);
    await page.context().close();
  });

test("the camera sees a face, and the visitor may say otherwise", async (t) => {
  if (!seeing) return t.skip("there is no photograph of a face: tests/engines/faces.sh install");
  const eye = await openBrowser(["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", `--use-file-for-fake-video-capture=${film}`]);
  try {
    const page = await openKiosk(eye, garden);
    await page.locator("#begin-en").click();
    await page.locator("#use-camera").click();
    await page.locator("#shutter:enabled").waitFor();
    await until(page, () => document.getElementById("preview").videoWidth > 0);
    await page.shot("kiosk-en-3-camera");
    await page.check();
    const looked = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/emotion");
    await page.locator("#shutter").click();
    const answer = await looked;
    assert.equal(answer.status(), 200);
    const seen = (await answer.json()).emotions.toLowerCase();
    assert.ok(MOODS.includes(seen));
    await page.getByText("In your face we saw").waitFor();
    await page.getByText("Nobody else was shown it").waitFor();
    assert.equal(await page.evaluate(() => document.getElementById("preview").srcObject), null, "the camera is off");
    await page.locator("#mood-moon img.here").waitFor();
    await page.shot("kiosk-en-5-seen");
    await page.locator("#mood-no").click();
    const other = seen === "sad" ? "happy" : "sad";
    const said = page.waitForResponse((one) => one.url().endsWith("/mood"));
    await page.locator(`#bed [data-emotion=${other}]`).click();
    const word = await (await said).json();
    assert.deepEqual([word.emotion, word.source, word.analysed], [other, "visitor", seen]);
    await page.check();
    await page.context().close();
  } finally {
    await eye.close();
  }
});

test("a picture from a file is looked at; what is none is told", async (t) => {
  const page = await openKiosk(browser, garden, { expected: away });
  await page.locator("#begin-en").click();
  await page.locator("#file").setInputFiles({ name: "x.jpg", mimeType: "image/jpeg", buffer: Buffer.from("<script>alert(1)</script>") });
  await page.getByText("no picture that can be read").waitFor();
  await page.locator("#file").setInputFiles("../golden/pictures/img_20260504-090800_0h.jpeg");
  await page.getByText("No face was found").waitFor();
  await page.shot("kiosk-en-2-no-face");
  await page.check();
  if (!seeing) return t.skip("there is no photograph of a face");
  await page.locator("#file").setInputFiles(photograph);
  await page.getByText("In your face we saw").waitFor();
  await page.context().close();
});

test("where the camera is refused or missing there are other ways", async () => {
  for (const [args, says] of [[["--use-fake-device-for-media-stream", "--deny-permission-prompts"], "not allowed"], [[], "no camera here"]]) {
    const blind = await openBrowser(args);
    const page = await openKiosk(blind, garden);
    if (!args.length) await page.evaluate(() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("none", "NotFoundError")); });
    await page.locator("#begin-en").click();
    await page.locator("#use-camera").click();
    await page.getByText(says).waitFor();
    await page.check();
    await page.locator("#use-words").click();
    await page.locator("#bed button").first().waitFor();
    await blind.close();
  }
});

test("my garden goes to the walls, without what was removed meanwhile", async () => {
  const page = await openKiosk(browser, garden, { expected: [...away, /status of 4(00|22)/] });
  const wanted = [];
  page.on("request", (request) => { if (request.method() === "PUT") wanted.push([new URL(request.url()).pathname, request.postDataJSON()]); });
  await nameMood(page, "en", "surprised");
  await intoGarden(page);
  await seal(page, 1);
  await seal(page, 2);
  const [wide, tall] = await shown(page);
  await page.locator("#mine").click();
  await page.getByLabel("Another place").fill("<img src=x onerror=alert(1)>/a b");
  await page.getByRole("button", { name: "Send my garden" }).click();
  await page.getByText("This place cannot be").waitFor();
  assert.equal(wanted[0][0], "/v1/zones/%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E%2Fa%20b");
  await page.getByLabel("Another place").fill("a-new-wall");
  await page.getByRole("button", { name: "Send my garden" }).click();
  await page.getByText("In a moment it blooms at a-new-wall").waitFor();
  assert.equal(wanted[1][1].landscape[0], wide);
  assert.equal(wanted[1][1].portrait[0], tall);
  assert.deepEqual([wanted[1][1].landscape.length, wanted[1][1].portrait.length], [8, 8]);
  assert.equal((await garden.ask("GET", "/v1/zones/a-new-wall")).landscape[0].key, wide);
  await garden.ask("POST", "/remove", { objName: [wide] });
  await page.getByLabel("Another place").fill("");
  await page.locator("#zones label").first().click();
  await page.getByRole("button", { name: "Send my garden" }).click();
  await page.getByText("stayed behind").waitFor();
  assert.ok(!wanted.at(-1)[1].landscape.includes(wide));
  await page.check();
  await page.context().close();
});

test("what is taken back does not count, and a visitor can be forgotten", async () => {
  const page = await openKiosk(browser, garden, { expected: away });
  const likes = followLikes(page);
  await nameMood(page, "en", "disgusted");
  await intoGarden(page);
  await seal(page, 1);
  await page.locator("body[data-waiting='0']").waitFor();
  const back = page.waitForResponse((answer) => new URL(answer.url()).pathname === "/v1/events");
  await seal(page, 1);
  assert.equal((await (await back).json()).results[0].status, "accepted");
  await page.locator("#mine").click();
  assert.equal(await page.locator("#hanging .picture").count(), 0);
  const forgotten = page.waitForResponse((answer) => answer.request().method() === "DELETE");
  await page.locator("#forget").click();
  assert.equal((await forgotten).status(), 204);
  await page.locator("#step-opening").waitFor();
  assert.equal((await fetch(`${garden.url}/v1/users/${likes[0].id}/mood`)).status, 404);
  await page.context().close();
});

test("a kiosk that is left asks, and then forgets the visit", async () => {
  const page = await openKiosk(browser, garden, { query: "?idle=8", expected: away });
  const likes = followLikes(page);
  await nameMood(page, "en", "happy");
  await intoGarden(page);
  await seal(page, 1);
  await page.locator("#idle[open]").waitFor();
  await page.shot("kiosk-en-9-idle");
  await page.check();
  await page.getByRole("button", { name: "Still here" }).click();
  assert.ok(await page.locator("#step-garden").isVisible(), "the visit goes on");
  await page.locator("#step-opening").waitFor();
  const left = await page.evaluate(async () => ({ ...localStorage, session: sessionStorage.length, cookie: document.cookie, trio: document.getElementById("trio").children.length }));
  assert.deepEqual(left, { language: "en", session: 0, cookie: "", trio: 0 });
  await nameMood(page, "en", "happy");
  await intoGarden(page);
  await seal(page, 1);
  await page.locator("body[data-waiting='0']").waitFor();
  assert.equal(new Set(likes.map((like) => like.id)).size, 2, "the next visitor is somebody else");
  await page.context().close();
});

for (const [name, language] of [["phone", "ko"], ["desk", "en"]])
  test(`it is at home on a ${name}`, async () => {
    const page = await openKiosk(browser, garden, { size: SIZES[name], language, expected: away });
    await nameMood(page, language, "happy");
    await page.shot(`kiosk-${name}-5-mood`);
    await intoGarden(page);
    await page.locator("#trio li:nth-child(3) img.here").waitFor();
    await seal(page, 2);
    await page.shot(`kiosk-${name}-7-garden`);
    const [wide, next] = await page.evaluate(() => [document.documentElement.scrollWidth - innerWidth, document.getElementById("next").getBoundingClientRect().bottom - innerHeight]);
    assert.ok(wide <= 0, "nothing is beside the screen");
    assert.ok(next <= 0, "the buttons are on the screen");
    await page.locator("#mine").click();
    await page.shot(`kiosk-${name}-8-mine`, { fullPage: true });
    await page.check();
    await page.context().close();
  });

test("all of it by keys", async () => {
  const page = await openKiosk(browser, garden, { expected: away });
  const press = async (name) => {
    for (let i = 0; i < 40; i++) {
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), name)) return page.keyboard.press("Enter");
      await page.keyboard.press("Tab");
    }
    assert.fail(`${name} is not reached by Tab`);
  };
  await press("#begin-en");
  await press("#use-words");
  await press("#bed [data-emotion=happy]");
  await press("#mood-yes");
  await press("#favourite-yes");
  await page.locator("#trio img.here").first().waitFor();
  await press("#trio li:nth-child(2) button");
  assert.equal(await page.locator("#trio [aria-pressed=true]").count(), 1);
  await press("#mine");
  assert.equal(await page.locator("#hanging .picture").count(), 1);
  await page.context().close();
});
