// look.js - what a picture looks like, in 128 bits: the signs of the lowest frequencies of its
// brightness and of two colour differences, on a grid of 32 x 32. The same as lib/image/look.h,
// where it is said how well that works.

const GRID = 32, LIGHT = 64, COLOUR = 32, WEAKEST = 0.25, STRUCTURE = 16;
/** Bits in which pictures differ at most that a person takes for the same. */
export const NEAR = 22;

const cosine = Array.from({ length: 11 }, (_, wave) =>
  Float64Array.from({ length: GRID }, (_, i) => Math.cos(Math.PI * (2 * i + 1) * wave / (2 * GRID))));

/** rgba: 4 * 32 * 32 values. Four numbers of 32 bits, or null for a picture that is next to plain. */
export function lookOf(rgba) {
  const light = new Float64Array(GRID * GRID), blue = new Float64Array(GRID * GRID), red = new Float64Array(GRID * GRID);
  for (let i = 0; i < GRID * GRID; i++) {
    const r = rgba[4 * i], g = rgba[4 * i + 1], b = rgba[4 * i + 2];
    light[i] = 0.299 * r + 0.587 * g + 0.114 * b;
    blue[i] = b - (r + g) / 2;
    red[i] = r - g;
  }
  const bits = new Uint32Array(4);
  if (putBits(light, LIGHT, bits, 0) < STRUCTURE) return null;
  putBits(blue, COLOUR, bits, 64);
  putBits(red, COLOUR, bits, 96);
  return bits;
}

export function distance(a, b) {
  let sum = 0;
  for (let i = 0; i < 4; i++) {
    let n = a[i] ^ b[i];
    n -= (n >>> 1) & 0x55555555;
    n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
    sum += Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return sum;
}

// Returns how many of the waves are not weak.
function putBits(plane, count, bits, at) {
  let filled = 0, strong = 0;
  for (let order = 1; filled < count; order++)
    for (let down = 0; down <= order && filled < count; down++) {
      const wave = waveOf(plane, down, order - down);
      if (wave > WEAKEST) bits[(at + filled) >> 5] |= 1 << ((at + filled) & 31);
      filled++;
      if (Math.abs(wave) > WEAKEST) strong++;
    }
  return strong;
}

function waveOf(plane, down, across) {
  let sum = 0;
  for (let y = 0; y < GRID; y++) {
    let row = 0;
    for (let x = 0; x < GRID; x++) row += plane[GRID * y + x] * cosine[across][x];
    sum += row * cosine[down][y];
  }
  return sum * (down ? Math.SQRT2 : 1) * (across ? Math.SQRT2 : 1) / (GRID * GRID);
}

/** The look of an image that is loaded, from this origin. */
export function lookAt(image) {
  const canvas = lookAt.canvas ??= Object.assign(document.createElement("canvas"), { width: GRID, height: GRID });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(image, 0, 0, GRID, GRID);
  return lookOf(context.getImageData(0, 0, GRID, GRID).data);
}
