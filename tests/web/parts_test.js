// parts_test.js - what pages compute without a browser: QR codes, and the hour that is likely.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

/** A page's module without what it imports: that is for browsers. */
async function part(file) {
  const text = (await readFile(`../../web/${file}`, "utf8")).replace(/^import .*$/gm, "");
  return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

const { qrCode, correction } = await part("lib/qr.js");

// The standard's own example: "01234567" in version 1-M.
test("error correction is the standard's", () => {
  const data = [0x10, 0x20, 0x0c, 0x56, 0x61, 0x80, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11, 0xec, 0x11];
  assert.deepEqual(correction(data, 10), [0xa5, 0x24, 0xd4, 0xc1, 0xed, 0x36, 0xc7, 0x87, 0x2c, 0x55]);
});

test("each version holds what the standard says", () => {
  const most = [14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624, 666];
  most.forEach((bytes, i) => assert.equal(qrCode("a".repeat(bytes)).length, 17 + 4 * (i + 1), `${bytes} bytes`));
  assert.equal(qrCode("a".repeat(667)), null);
});

// Each of these was read by a reader of others' when it was written down.
test("codes are as readers read them", () => {
  const known = {
    "garden": "a9daef7d77dd2bb1",
    "https://garden.example/image?content=emotions%2Fhappy%2Fspring%2Csunny%2Cday%2Fimg_0h.jpeg": "e2c0bc19e4baf28e",
    ["정원".repeat(30)]: "b852249b52f4422d",
    [`https://garden.example/${"a".repeat(600)}`]: "7e92a3bb24ae2759",
  };
  for (const [text, hash] of Object.entries(known)) {
    const rows = qrCode(text).map((row) => row.map(Number).join("")).join("\n");
    assert.equal(createHash("sha256").update(rows).digest("hex").slice(0, 16), hash, text);
  }
});

test("the likely hour is that of the calendar and the clock", async () => {
  const { favouriteKey, likely } = await part("html/emotion-garden/favourite.js");
  assert.equal(favouriteKey(likely(new Date(2026, 0, 15, 23))), "winter,snowy,the-middle-of-the-night");
  assert.equal(favouriteKey(likely(new Date(2026, 3, 1, 6))), "spring,sunny,the-early-dawn");
  assert.equal(favouriteKey(likely(new Date(2026, 7, 31, 12))), "summer,sunny,day");
  assert.equal(favouriteKey(likely(new Date(2026, 10, 30, 18))), "autumn,sunny,sunset");
  assert.equal(favouriteKey(likely(new Date(2026, 11, 1, 3))), "winter,snowy,the-middle-of-the-night");
});
