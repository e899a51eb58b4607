// weights.mjs - reads weights as TensorFlow.js keeps them: a manifest that names the tensors, and one
// file with their elements in the manifest's order. Some are kept as halves, some as bytes q that
// stand for q * scale + min.
import fs from 'node:fs';
import path from 'node:path';

export const packages = path.join(process.env.FACE_MODELS_HOME, 'node_modules');

const elementBytes = { uint8: 1, float16: 2, float32: 4, int32: 4 };

function elements(bytes, spec, count) {
  const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { scale, min } = spec.quantization ?? {};
  switch (spec.quantization?.dtype ?? spec.dtype) {
    case 'uint8':
      return Float32Array.from(new Uint8Array(own), (q) => q * scale + min);
    case 'float16':
      return new Uint16Array(own); // the halves' bits
    case 'int32':
      return new Int32Array(own);
    default:
      return new Float32Array(own);
  }
}

// Map of name to {shape, data}: data is a Float32Array, or a Uint16Array with halves.
export function readWeights(manifestFile, binFile) {
  const json = JSON.parse(fs.readFileSync(path.join(packages, manifestFile)));
  const bin = fs.readFileSync(path.join(packages, binFile));
  const tensors = new Map();
  let at = 0;

  for (const spec of (json.weightsManifest ?? json).flatMap((group) => group.weights)) {
    const count = spec.shape.reduce((a, b) => a * b, 1);
    const size = count * elementBytes[spec.quantization?.dtype ?? spec.dtype];
    tensors.set(spec.name, { shape: spec.shape, data: elements(bin.subarray(at, at + size), spec, count) });
    at += size;
  }
  if (at !== bin.length) throw new Error(`${binFile}: ${bin.length} bytes, but the manifest names ${at}`);
  return tensors;
}

export function halfToFloat(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * 2 ** (exponent - 15) * (1 + fraction / 1024) : sign * 2 ** -24 * fraction;
}

export function toFloats(tensor) {
  return tensor.data instanceof Uint16Array ? Float32Array.from(tensor.data, halfToFloat) : tensor.data;
}
