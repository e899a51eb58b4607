// convert.mjs FOLDER - writes each net as FOLDER/NAME.safetensors: our names, layouts as lib/nn wants
// them ([out,in,h,w], depthwise [c,1,h,w], [out,in]), halves as halves, bytes as the floats that they
// stand for.
import path from 'node:path';
import { nets } from './nets.mjs';
import { floatsFirst, writeSafetensors } from './safetensors.mjs';
import { readWeights, toFloats } from './weights.mjs';

// axes[i]: the original's axis that becomes axis i.
function permute({ shape, data }, axes) {
  const steps = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const to = axes.map((axis) => shape[axis]);
  const out = new data.constructor(data.length);
  const index = to.map(() => 0);

  for (let at = 0; at < out.length; at++) {
    out[at] = data[index.reduce((sum, i, axis) => sum + i * steps[axes[axis]], 0)];
    for (let axis = to.length - 1; axis >= 0 && ++index[axis] === to[axis]; axis--) index[axis] = 0;
  }
  return { shape: to, data: out };
}

const layouts = {
  conv: (tensor) => permute(tensor, [3, 2, 0, 1]),
  depthwise: (tensor) => permute(tensor, [2, 3, 0, 1]),
  dense: (tensor) => permute(tensor, [1, 0]),
  vector: ({ data }) => ({ shape: [data.length], data }),
};

// Channel i of weights times factor i.
function scaled(weights, factors) {
  const each = weights.data.length / factors.data.length;
  const floats = toFloats(weights), by = toFloats(factors);

  return { shape: weights.shape, data: floats.map((value, i) => value * by[Math.floor(i / each)]) };
}

// The original's names have the path of the graph in front.
function lookUp(from, name) {
  const found = [...from.keys()].filter((key) => key === name || key.endsWith(`/${name}`));
  if (found.length !== 1) throw new Error(`${name} is there ${found.length} times`);
  return found[0];
}

function convert(net) {
  const from = readWeights(net.manifest, net.bin);
  const unused = new Set([...from].filter(([, { data }]) => !(data instanceof Int32Array)).map(([key]) => key));
  const take = (name) => {
    const key = lookUp(from, name);
    unused.delete(key);
    return from.get(key);
  };
  const tensors = new Map();

  for (const [name, original, kind, factor] of net.tensors) {
    const tensor = layouts[kind](take(original));
    tensors.set(name, factor ? scaled(tensor, take(factor)) : tensor);
  }
  const left = [...unused].filter((key) => from.get(key).shape.length && !net.leftOut?.test(key));
  if (left.length) throw new Error(`${net.name}: nobody takes ${left.join(', ')}`);
  return tensors;
}

const folder = process.argv[2];
for (const net of nets) {
  writeSafetensors(path.join(folder, `${net.name}.safetensors`), floatsFirst(convert(net)),
    { format: 'pt', source: net.source });
}
