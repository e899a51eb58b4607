// pictures.mjs - the pictures that the goldens are made of. tests/unit/nets_case.h makes the same
// ones: whole numbers only, so that both have the same pixels to the last bit.
import fs from 'node:fs';

const clamp = (v) => Math.min(255, v);

// 0..256 and back.
const wave = (t) => Math.abs((t % 512) - 256);

function smooth(side) {
  const pixels = new Float32Array(side * side * 3);
  let at = 0;

  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let c = 0; c < 3; c++)
        pixels[at++] = clamp(
          (wave(Math.floor((x * 700) / side) + 90 * c) + wave(Math.floor((y * 900) / side) + 40 * c)) >> 1);
  return pixels;
}

function noise(side) {
  let state = 12345;

  return Float32Array.from({ length: side * side * 3 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

function readPpm(file) {
  const bytes = fs.readFileSync(file);
  const [head, width] = /^P6\n(\d+) \d+\n255\n/.exec(bytes.subarray(0, 32).toString('latin1'));

  return { width: Number(width), pixels: bytes.subarray(head.length) };
}

// The square [left, top, size] of a picture, by the nearest pixel.
function part(picture, [left, top, size], side) {
  const near = (i) => Math.floor(((2 * i + 1) * size) / (2 * side));
  const pixels = new Float32Array(side * side * 3);
  let at = 0;

  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      for (let c = 0; c < 3; c++)
        pixels[at++] = picture.pixels[((top + near(y)) * picture.width + left + near(x)) * 3 + c];
  return pixels;
}

// {smooth, noise, face}, each side * side RGB of 0..255; face: the square of face.ppm.
export function pictures(faceFile, square, side) {
  return { smooth: smooth(side), noise: noise(side), face: part(readPpm(faceFile), square, side) };
}
