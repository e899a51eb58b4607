// film.js - a film for Chromium's fake camera: a photograph that stands still (YUV4MPEG2, 4:2:0).
import { readFile, writeFile } from "node:fs/promises";

const WIDTH = 640, HEIGHT = 480, FRAMES = 3;

/** Writes the photograph, in the middle of the picture, to file (.y4m). */
export async function writeFilm(browser, photograph, file) {
  const rgba = await paint(browser, (await readFile(photograph)).toString("base64"));
  const frame = Buffer.concat([Buffer.from("FRAME\n"), planes(rgba)]);
  await writeFile(file, Buffer.concat([Buffer.from(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F10:1 Ip A1:1 C420jpeg\n`), ...new Array(FRAMES).fill(frame)]));
}

async function paint(browser, base64) {
  const page = await browser.newPage();
  const bytes = await page.evaluate(async ([data, width, height]) => {
    const picture = Object.assign(new Image(), { src: `data:;base64,${data}` });
    await picture.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const context = canvas.getContext("2d"), side = height;
    context.drawImage(picture, (width - side) / 2, 0, side, side);
    return btoa(Array.from(context.getImageData(0, 0, width, height).data, (byte) => String.fromCharCode(byte)).join(""));
  }, [base64, WIDTH, HEIGHT]);
  await page.close();
  return Buffer.from(bytes, "base64");
}

// BT.601 of the full range; the colours of each four pixels are the first one's.
function planes(rgba) {
  const luma = Buffer.alloc(WIDTH * HEIGHT), blue = Buffer.alloc(luma.length / 4), red = Buffer.alloc(luma.length / 4);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const [r, g, b] = rgba.subarray((y * WIDTH + x) * 4);
      luma[y * WIDTH + x] = 0.299 * r + 0.587 * g + 0.114 * b;
      if (x % 2 || y % 2) continue;
      blue[(y / 2) * (WIDTH / 2) + x / 2] = 128 - 0.168736 * r - 0.331264 * g + 0.5 * b;
      red[(y / 2) * (WIDTH / 2) + x / 2] = 128 + 0.5 * r - 0.418688 * g - 0.081312 * b;
    }
  return Buffer.concat([luma, blue, red]);
}
