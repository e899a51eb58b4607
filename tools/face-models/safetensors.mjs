// safetensors.mjs - writes a safetensors file: the size of a header, the header in JSON, the data.
import fs from 'node:fs';

// tensors: Map of name to {shape, data}, data being a Float32Array or a Uint16Array with halves.
export function writeSafetensors(file, tensors, metadata) {
  const header = { __metadata__: metadata };
  const pieces = [];
  let at = 0;

  for (const [name, { shape, data }] of tensors) {
    const dtype = data instanceof Uint16Array ? 'F16' : 'F32';
    const padding = dtype === 'F32' ? (4 - (at % 4)) % 4 : 0;
    if (padding) throw new Error(`${name}: floats must come before halves`);
    header[name] = { dtype, shape, data_offsets: [at, at + data.byteLength] };
    pieces.push(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
    at += data.byteLength;
  }
  let text = JSON.stringify(header);
  text += ' '.repeat((8 - (text.length % 8)) % 8);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  fs.writeFileSync(file, Buffer.concat([size, Buffer.from(text), ...pieces]));
}

// All floats first: then every tensor is aligned to its elements.
export function floatsFirst(tensors) {
  const rank = ([, { data }]) => (data instanceof Uint16Array ? 1 : 0);
  return new Map([...tensors].sort((a, b) => rank(a) - rank(b)));
}
