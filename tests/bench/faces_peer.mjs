// faces_peer.mjs PPM COMMAND... - the same pipeline over the same nets in TensorFlow.js's WebAssembly
// runtime with two threads, on the picture in PPM (its decoding is given to it for nothing), in turns
// with COMMAND (tests/bench/faces), so that both meet the same machine.
//
// Runs by tools/face-models/face-models.sh node. Prints what COMMAND prints, of the median round, then
// the peer's median and the ratio of the two.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const packages = path.join(process.env.FACE_MODELS_HOME, 'node_modules');
const require = createRequire(path.join(packages, 'from-here.js'));
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
const [ppm, ...command] = process.argv.slice(2);
const rounds = 3, runsOfRound = 5, leastRatio = 8;

const graph = (name) => {
  const folder = path.join(packages, '@vladmandic/human/models');
  const { modelTopology, weightsManifest } = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`)));
  const bytes = fs.readFileSync(path.join(folder, `${name}.bin`));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  return tf.loadGraphModel({
    load: async () => ({ modelTopology, weightSpecs: weightsManifest.flatMap((g) => g.weights), weightData }),
  });
};

const loadFaceApi = (net, name) => {
  const file = path.join(packages, '@vladmandic/face-api/model', `${name}_model`);
  const manifest = JSON.parse(fs.readFileSync(`${file}-weights_manifest.json`));
  const bytes = fs.readFileSync(`${file}.bin`);
  net.loadFromWeightMap(tf.io.decodeWeights(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    manifest.flatMap((g) => g.weights)));
};

function readPicture() {
  const bytes = fs.readFileSync(ppm);
  const [head, width, height] = /^P6 (\d+) (\d+) 255\n/.exec(bytes.toString('latin1', 0, 40));
  return { width: +width, height: +height, rgb: bytes.subarray(head.length) };
}

// A turned square of the picture, side x side: interpolated points, several for a pixel where it shrinks.
function cut(picture, { x: middleX, y: middleY, size, angle = 0, height = size, mirrored = false }, side, rows = side) {
  const out = new Float32Array(side * rows * 3), { width, height: tall, rgb } = picture;
  const cos = Math.cos(angle), sin = Math.sin(angle);
  const points = Math.max(1, Math.min(6, Math.ceil(size / side)));

  for (let j = 0, at = 0; j < rows; j++) {
    for (let i = 0; i < side; i++, at += 3) {
      for (let k = 0; k < points * points; k++) {
        let u = ((i + ((k % points) + 0.5) / points) / side - 0.5) * size;
        const v = ((j + (Math.floor(k / points) + 0.5) / points) / rows - 0.5) * height;
        if (mirrored) u = -u;
        const x = middleX + u * cos - v * sin - 0.5, y = middleY + u * sin + v * cos - 0.5;
        const left = Math.floor(x), top = Math.floor(y);
        for (let corner = 0; corner < 4; corner++) {
          const px = left + (corner & 1), py = top + (corner >> 1);
          if (px < 0 || py < 0 || px >= width || py >= tall) continue;
          const weight = (1 - Math.abs(x - px)) * (1 - Math.abs(y - py)), p = (py * width + px) * 3;
          out[at] += weight * rgb[p];
          out[at + 1] += weight * rgb[p + 1];
          out[at + 2] += weight * rgb[p + 2];
        }
      }
      for (let c = 0; c < 3; c++) out[at + c] /= points * points;
    }
  }
  return out;
}

const run = (net, pixels, side, prepare) => tf.tidy(() =>
  [net.execute(prepare(tf.tensor4d(pixels, [1, side, side, 3])))].flat().map((t) => ({ size: t.size, data: t.dataSync() })));
const ofSize = (outputs, size) => outputs.find((output) => output.size === size).data;

// The best box alone: there is one face in the picture.
function detect(net, picture) {
  const size = Math.max(picture.width, picture.height), scale = size / 256;
  const outputs = run(net, cut(picture, { x: picture.width / 2, y: picture.height / 2, size }, 256), 256,
    (t) => t.div(127.5).sub(1));
  let best = { score: -Infinity };

  for (const [cells, each] of [[16, 2], [8, 6]]) {
    const rows = cells * cells * each, scores = ofSize(outputs, rows), boxes = ofSize(outputs, rows * 16);
    for (let row = 0; row < rows; row++) {
      if (scores[row] <= best.score) continue;
      const cell = Math.floor(row / each), step = 256 / cells;
      const anchor = [(cell % cells + 0.5) * step, (Math.floor(cell / cells) + 0.5) * step];
      const place = (k) => [0, 1].map((c) =>
        (boxes[row * 16 + k + c] + anchor[c] - 128) * scale + [picture.width, picture.height][c] / 2);
      best = { score: scores[row], middle: place(0), size: boxes[row * 16 + 2] * scale, eyes: [place(4), place(6)] };
    }
  }
  return best;
}

async function analyse(nets, picture) {
  const { middle: [x, y], size, eyes: [right, left] } = detect(nets.blazeface, picture);
  const angle = Math.atan2(left[1] - right[1], left[0] - right[0]), square = { x, y, size: size * 1.5, angle };
  const mesh = ofSize(run(nets.facemesh, cut(picture, square, 192), 192, (t) => t.div(255)), 1404);
  const point = (i) => [x + (mesh[3 * i] / 192 - 0.5) * size * 1.5, y + (mesh[3 * i + 1] / 192 - 0.5) * size * 1.5];

  for (const [outer, inner, mirrored] of [[33, 133, false], [263, 362, true]]) {
    const [a, b] = [point(outer), point(inner)], width = Math.hypot(a[0] - b[0], a[1] - b[1]) * 2.3;
    const eye = { x: (a[0] + b[0]) / 2, y: (a[1] + b[1]) / 2, size: width, angle, mirrored };
    run(nets.iris, cut(picture, eye, 64), 64, (t) => t.div(255));
  }
  for (const scale of [1.1, 1.25]) {
    const pixels = tf.tensor3d(cut(picture, { x, y, size: size * scale, angle }, 112), [112, 112, 3]);
    for (const input of [pixels, tf.reverse(pixels, 1)]) {
      await faceapi.nets.faceExpressionNet.predictExpressions(input);
      if (scale === 1.1) await faceapi.nets.ageGenderNet.predictAgeAndGender(input);
      input.dispose();
    }
  }
  run(nets.faceres, cut(picture, { x, y: y - 0.05 * size, size: size * 1.6, angle }, 224), 224,
    (t) => tf.reverse(t, 3).sub([103.939, 116.779, 123.68]));
  cut(picture, square, 256); // for glasses and beards, which are looked for without a net
}

wasm.setWasmPaths(path.join(packages, '@tensorflow/tfjs-backend-wasm/dist/'));
wasm.setThreadsCount(2);
await tf.setBackend('wasm');
loadFaceApi(faceapi.nets.faceExpressionNet, 'face_expression');
loadFaceApi(faceapi.nets.ageGenderNet, 'age_gender');
const nets = {};
for (const name of ['blazeface', 'facemesh', 'iris', 'faceres']) nets[name] = await graph(name);

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
const ours = [], theirs = [];
let picture;
for (let round = 0; round < rounds; round++) {
  const text = execFileSync(command[0], command.slice(1), { encoding: 'utf8' });
  ours.push({ text, p50: +/^faces-p50\t([\d.]+)/m.exec(text)[1] });
  picture ??= readPicture();
  if (round === 0) await analyse(nets, picture); // makes the runtime ready
  for (let i = 0; i < runsOfRound; i++) {
    const start = performance.now();
    await analyse(nets, picture);
    theirs.push(performance.now() - start);
  }
}
const middle = ours.find((one) => one.p50 === median(ours.map((o) => o.p50)));
const ratio = median(theirs) / middle.p50;
process.stdout.write(middle.text);
console.log(`faces-p50-wasm\t${median(theirs).toFixed(1)}\tms\t>= 0\tok`);
console.log(`faces-ratio\t${ratio.toFixed(1)}\tx wasm\t>= ${leastRatio}\t${ratio >= leastRatio ? 'ok' : 'short'}`);
