// qr.js - QR codes (ISO/IEC 18004): bytes, error correction M, versions 1 to 20, that is up to
// 666 bytes. qrCode(text) gives the modules; qrShape(text) draws them.

import { shape } from "/lib/dom.js";

// For each version: codewords of error correction of a block, and how many blocks there are.
const CORRECTION = [10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26];
const BLOCKS = [1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const LARGEST = BLOCKS.length, QUIET = 4;

/** The rows of modules, true for dark; null where the text is too long. */
export function qrCode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = BLOCKS.findIndex((_, i) => bytes.length <= room(i + 1)) + 1;
  if (version === 0) return null;
  const codewords = interleave(dataCodewords(bytes, version), version);
  const plain = drawPatterns(version);
  place(plain, codewords);
  return Array.from({ length: 8 }, (_, mask) => masked(plain, mask))
    .reduce((best, made) => made.penalty < best.penalty ? made : best).rows;
}

/** The code as an SVG, or null; its light border belongs to it. */
export function qrShape(text, attributes = {}) {
  const rows = qrCode(text);
  if (!rows) return null;
  const side = rows.length + 2 * QUIET;
  const path = rows.flatMap((row, y) => row.map((dark, x) => dark ? `M${x + QUIET} ${y + QUIET}h1v1h-1z` : "")).join("");
  return shape("svg", { viewBox: `0 0 ${side} ${side}`, role: "img", ...attributes },
    shape("rect", { width: side, height: side, fill: "#fff" }), shape("path", { d: path, fill: "#211d29", "shape-rendering": "crispEdges" }));
}

// -- data and its correction --

// Modules that are left for codewords: all without the patterns.
function modulesOf(version) {
  const side = 17 + 4 * version, aligned = version === 1 ? 0 : Math.floor(version / 7) + 2;
  const alignment = aligned ? aligned * aligned * 25 - 75 - (aligned - 2) * 10 : 0;
  return side * side - 3 * 64 - 2 * (side - 16) - 31 - alignment - (version >= 7 ? 36 : 0);
}

const codewordsOf = (version) => Math.floor(modulesOf(version) / 8);
const dataOf = (version) => codewordsOf(version) - CORRECTION[version - 1] * BLOCKS[version - 1];
const countBits = (version) => version < 10 ? 8 : 16;
const room = (version) => Math.floor((dataOf(version) * 8 - 4 - countBits(version)) / 8);

function dataCodewords(bytes, version) {
  const bits = [];
  const put = (value, count) => { for (let i = count - 1; i >= 0; i--) bits.push((value >> i) & 1); };
  put(0b0100, 4);
  put(bytes.length, countBits(version));
  bytes.forEach((byte) => put(byte, 8));
  const most = dataOf(version) * 8;
  put(0, Math.min(4, most - bits.length));
  while (bits.length % 8) bits.push(0);
  for (let pad = 0xec; bits.length < most; pad ^= 0xec ^ 0x11) put(pad, 8);
  return Array.from({ length: bits.length / 8 }, (_, i) => parseInt(bits.slice(i * 8, i * 8 + 8).join(""), 2));
}

// Powers and logarithms in GF(256) modulo x^8 + x^4 + x^3 + x^2 + 1.
const POWER = [], LOG = [];
for (let i = 0, value = 1; i < 255; i++, value = (value << 1) ^ (value & 128 ? 0x11d : 0)) {
  POWER[i] = value;
  LOG[value] = i;
}
const product = (a, b) => a && b ? POWER[(LOG[a] + LOG[b]) % 255] : 0;

// (x - 1)(x - 2)(x - 4)...: the coefficients below the highest.
function generator(degree) {
  let made = [1];
  for (let i = 0; i < degree; i++) {
    const next = [...made, 0];
    made.forEach((one, at) => { next[at + 1] ^= product(one, POWER[i]); });
    made = next;
  }
  return made.slice(1);
}

/** The codewords of error correction for a block: the remainder of the division. */
export function correction(block, degree) {
  const divisor = generator(degree), left = new Array(degree).fill(0);
  for (const codeword of block) {
    const factor = codeword ^ left.shift();
    left.push(0);
    divisor.forEach((one, i) => { left[i] ^= product(one, factor); });
  }
  return left;
}

function interleave(data, version) {
  const count = BLOCKS[version - 1], degree = CORRECTION[version - 1];
  const short = Math.floor(data.length / count), longer = data.length % count;
  const blocks = [];
  for (let i = 0, at = 0; i < count; i++) {
    const size = short + (i >= count - longer ? 1 : 0);
    blocks.push(data.slice(at, at + size));
    at += size;
  }
  const made = [], corrections = blocks.map((block) => correction(block, degree));
  for (let i = 0; i <= short; i++) for (const block of blocks) if (i < block.length) made.push(block[i]);
  for (let i = 0; i < degree; i++) for (const one of corrections) made.push(one[i]);
  return made;
}

// -- modules: null is free, until codewords are there --

function drawPatterns(version) {
  const side = 17 + 4 * version;
  const plain = { side, fixed: grid(side, null), data: grid(side, false) };
  for (const [x, y] of [[3, 3], [side - 4, 3], [3, side - 4]]) drawFinder(plain, x, y);
  const centres = alignments(version), last = centres.length - 1;
  centres.forEach((y, i) => centres.forEach((x, j) => {
    const corner = (i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0);
    if (!corner) square(plain, x, y, 2, (far) => far !== 1);
  }));
  for (let i = 8; i < side - 8; i++) plain.fixed[6][i] = plain.fixed[i][6] = i % 2 === 0;
  for (const [x, y] of formatPlaces(side)) plain.fixed[y][x] = false; // written with the mask
  plain.fixed[side - 8][8] = true;
  if (version >= 7) drawVersion(plain, version);
  return plain;
}

const grid = (side, value) => Array.from({ length: side }, () => new Array(side).fill(value));

function square(plain, x, y, reach, dark) {
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++)
      if (plain.fixed[y + dy]?.[x + dx] !== undefined) plain.fixed[y + dy][x + dx] = dark(Math.max(Math.abs(dx), Math.abs(dy)));
}

const drawFinder = (plain, x, y) => square(plain, x, y, 4, (far) => far !== 2 && far !== 4);

function alignments(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2, last = 10 + 4 * version;
  const step = Math.ceil((last - 6) / (count - 1) / 2) * 2;
  return [6, ...Array.from({ length: count - 1 }, (_, i) => last - step * (count - 2 - i))];
}

// Where the 15 bits of the format stand, twice, from the lowest on.
function formatPlaces(side) {
  const first = [], second = [];
  for (let i = 0; i < 6; i++) first.push([8, i]);
  first.push([8, 7], [8, 8], [7, 8]);
  for (let i = 9; i < 15; i++) first.push([14 - i, 8]);
  for (let i = 0; i < 8; i++) second.push([side - 1 - i, 8]);
  for (let i = 8; i < 15; i++) second.push([8, side - 15 + i]);
  return [...first, ...second];
}

// A value with the remainder of its division after it.
function protect(value, divisor, bits) {
  let left = value;
  for (let i = 0; i < bits; i++) left = (left << 1) ^ ((left >> (bits - 1)) & 1 ? divisor : 0);
  return (value << bits) | (left & ((1 << bits) - 1));
}

function drawVersion(plain, version) {
  const bits = protect(version, 0x1f25, 12);
  for (let i = 0; i < 18; i++) {
    const far = plain.side - 11 + i % 3, near = Math.floor(i / 3);
    plain.fixed[near][far] = plain.fixed[far][near] = ((bits >> i) & 1) === 1;
  }
}

// In columns of two from the right, up and down in turn, past the upright timing pattern.
function place(plain, codewords) {
  let at = 0;
  for (let right = plain.side - 1, up = true; right > 0; right -= right === 8 ? 3 : 2, up = !up)
    for (let i = 0; i < plain.side; i++)
      for (const x of [right, right - 1]) {
        const y = up ? plain.side - 1 - i : i;
        if (plain.fixed[y][x] !== null) continue;
        plain.data[y][x] = ((codewords[at >> 3] >> (7 - (at & 7))) & 1) === 1;
        at++;
      }
}

const MASKS = [
  (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0, (x, y) => (x * y) % 2 + (x * y) % 3 === 0,
  (x, y) => ((x * y) % 2 + (x * y) % 3) % 2 === 0, (x, y) => ((x + y) % 2 + (x * y) % 3) % 2 === 0,
];

function masked(plain, mask) {
  const rows = plain.fixed.map((row, y) => row.map((fixed, x) => fixed ?? plain.data[y][x] !== MASKS[mask](x, y)));
  const bits = protect(mask, 0x537, 10) ^ 0x5412; // M is 00
  formatPlaces(plain.side).forEach(([x, y], i) => { rows[y][x] = ((bits >> (i % 15)) & 1) === 1; });
  return { rows, penalty: penalty(rows) };
}

// What makes a code hard to read: long runs, blocks, what looks like a finder, and too much of one.
function penalty(rows) {
  const side = rows.length, columns = rows.map((_, x) => rows.map((row) => row[x]));
  let sum = 0;
  for (const line of [...rows, ...columns]) {
    for (const run of line.map(Number).join("").match(/0+|1+/g)) if (run.length >= 5) sum += run.length - 2;
    const text = line.map(Number).join("");
    for (const finder of ["10111010000", "00001011101"])
      for (let at = text.indexOf(finder); at >= 0; at = text.indexOf(finder, at + 1)) sum += 40;
  }
  for (let y = 1; y < side; y++)
    for (let x = 1; x < side; x++)
      if (rows[y][x] === rows[y - 1][x] && rows[y][x] === rows[y][x - 1] && rows[y][x] === rows[y - 1][x - 1]) sum += 3;
  const dark = rows.flat().filter(Boolean).length / (side * side);
  return sum + Math.floor(Math.abs(dark * 100 - 50) / 5) * 10;
}
