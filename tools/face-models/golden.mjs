// golden.mjs FOLDER - writes FOLDER/NET.safetensors: what each net gives for the pictures of
// pictures.mjs in the runtime that it was made for, TensorFlow.js; the two of face-api through
// face-api itself. FOLDER/face.ppm must be there.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nets } from './nets.mjs';
import { pictures } from './pictures.mjs';
import { writeSafetensors } from './safetensors.mjs';
import { packages } from './weights.mjs';

const require = createRequire(path.join(packages, 'from-here.js'));
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
const folder = process.argv[2];

async function graphOf(net) {
  const { modelTopology, weightsManifest } = JSON.parse(fs.readFileSync(path.join(packages, net.manifest)));
  const bytes = fs.readFileSync(path.join(packages, net.bin));

  return tf.loadGraphModel({
    load: async () => ({
      modelTopology,
      weightSpecs: weightsManifest.flatMap((group) => group.weights),
      weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    }),
  });
}

// Runs a graph on pixels and returns the output with so many numbers.
function run(graph, pixels, side, prepare) {
  const input = tf.tensor4d(prepare(pixels), [1, side, side, 3]);
  const outputs = [graph.execute(input)].flat();

  return (count) => {
    const found = outputs.filter((output) => output.size === count);
    if (found.length !== 1) throw new Error(`${found.length} outputs of ${count} numbers`);
    return found[0].dataSync();
  };
}

const shares = (pixels) => pixels.map((v) => v / 255);
const centred = (pixels) => pixels.map((v) => v / 127.5 - 1);
const bgrMeans = [103.939, 116.779, 123.68];
const bgr = (pixels) => pixels.map((_, i) => pixels[i - (i % 3) + 2 - (i % 3)] - bgrMeans[i % 3]);

const ofGraph = {
  blazeface: [256, [0, 0, 256], centred, (out) => ({
    'fine.score': out(512), 'fine.box': out(512 * 16), 'coarse.score': out(384), 'coarse.box': out(384 * 16),
  })],
  facemesh: [192, [54, 38, 150], shares, (out) => ({ points: out(468 * 3), face: out(1) })],
  iris: [64, [83, 77, 46], shares, (out) => ({ points: out(76 * 3) })],
  faceres: [224, [56, 36, 144], bgr, (out) => ({ male: out(1), ages: out(100) })],
};

async function graphResults(net) {
  const [side, square, prepare, take] = ofGraph[net.name];
  const graph = await graphOf(net);

  return Object.entries(pictures(path.join(folder, 'face.ppm'), square, side)).map(([picture, pixels]) =>
    [picture, take(run(graph, pixels, side, prepare))]);
}

const emotions = ['neutral', 'happy', 'sad', 'angry', 'fearful', 'disgusted', 'surprised'];
const ofFaceApi = {
  expression: [faceapi.nets.faceExpressionNet, async (model, input) => {
    const found = await model.predictExpressions(input);
    return { shares: Float32Array.from(emotions, (name) => found[name]) };
  }],
  age_gender: [faceapi.nets.ageGenderNet, async (model, input) => {
    const { age, gender, genderProbability: sure } = await model.predictAgeAndGender(input);
    return { age: Float32Array.of(age), male: Float32Array.of(gender === 'male' ? sure : 1 - sure) };
  }],
};

async function faceApiResults(net) {
  const [model, predict] = ofFaceApi[net.name];
  const side = 112, square = [83, 68, 90];
  const manifest = JSON.parse(fs.readFileSync(path.join(packages, net.manifest)));
  const bytes = fs.readFileSync(path.join(packages, net.bin));
  const results = [];

  model.loadFromWeightMap(tf.io.decodeWeights(
    bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    manifest.flatMap((group) => group.weights)));
  for (const [picture, pixels] of Object.entries(pictures(path.join(folder, 'face.ppm'), square, side)))
    results.push([picture, await predict(model, tf.tensor3d(pixels, [side, side, 3]))]);
  return results;
}

wasm.setWasmPaths(path.join(packages, '@tensorflow/tfjs-backend-wasm/dist/'));
wasm.setThreadsCount(1);
await tf.setBackend('wasm');
for (const net of nets) {
  const results = await (net.name in ofGraph ? graphResults(net) : faceApiResults(net));
  const tensors = new Map();

  for (const [picture, outputs] of results)
    for (const [name, data] of Object.entries(outputs))
      tensors.set(`${picture}.${name}`, { shape: [data.length], data: Float32Array.from(data) });
  writeSafetensors(path.join(folder, `${net.name}.safetensors`), tensors, { source: net.source });
}
