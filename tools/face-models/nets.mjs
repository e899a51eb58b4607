// nets.mjs - the nets' layers: our name for each tensor, the name that it has in the original, and how
// it lies there. services/emotion/net_*.c computes with them in the same order.

// Rows are [our name, the original's name, kind]. Kinds: 'conv' (HWIO there), 'depthwise' ([h,w,c,1]
// there), 'dense' ([in,out] there), 'vector'.
const conv = (name, weight, bias) => [
  [`${name}.weight`, weight, 'conv'],
  [`${name}.bias`, bias, 'vector'],
];
const depthwise = (name, weight) => [[`${name}.weight`, weight, 'depthwise']];
const slope = (name, from) => [[`${name}.slope`, from, 'vector']];
const range = (count) => [...Array(count).keys()];

function blazeface() {
  const block = (name, dw, pw) => [
    ...depthwise(`${name}.depthwise`, `unknown_${dw}`),
    ...conv(`${name}.pointwise`, `unknown_${pw}`, `unknown_${pw + 1}`),
  ];
  const head = (name, n) => conv(name, `unknown_${n}`, `unknown_${n + 1}`);

  return [
    ...conv('stem', 'unknown', 'unknown_0'),
    ...range(31).flatMap((i) => block(`blocks.${i}`, 4 * i + 1, 4 * i + 3)),
    ...head('fine.score', 135),
    ...head('fine.box', 131),
    ...block('down', 125, 127),
    ...head('coarse.score', 133),
    ...head('coarse.box', 129),
  ];
}

function facemesh() {
  const convPrelu = (name, k, act) => [
    ...conv(name, `conv2d_${k}/Conv2D_weights`, `conv2d_${k}/Conv2D_bn_offset`),
    ...slope(name, `p_re_lu_${act}/Neg`),
  ];
  const block = (name, dw, k, act) => [
    ...depthwise(`${name}.depthwise`, `depthwise_conv2d_${dw}/depthwise/ReadVariableOp`),
    ...convPrelu(`${name}.pointwise`, k, act),
  ];
  const last = (name, k) =>
    conv(name, `conv2d_${k}/Conv2D/ReadVariableOp`, `conv2d_${k}/BiasAdd/ReadVariableOp`);

  return [
    ...convPrelu('stem', 1, 1),
    ...range(14).flatMap((i) => block(`blocks.${i}`, i + 1, i + 2, i + 2)),
    ...range(3).flatMap((i) => block(`mesh.blocks.${i}`, 15 + i, 16 + i, 16 + i)),
    ...convPrelu('mesh.narrow', 19, 19),
    ...block('mesh.last', 18, 20, 20),
    ...last('mesh.points', 21),
    ...block('face.block', 23, 28, 26),
    ...convPrelu('face.narrow', 29, 27),
    ...block('face.last', 24, 30, 28),
    ...last('face.score', 31),
  ];
}

function iris() {
  const numbered = (what, k) => (k ? `${what}_${k}` : what);
  const convPrelu = (name, k) => [
    ...conv(name, `${numbered('conv2d', k)}/Conv2D_weights`, `${numbered('conv2d', k)}/Conv2D_bn_offset`),
    ...slope(name, `${numbered('p_re_lu', k)}/Neg`),
  ];
  const block = (name, dw, k) => [
    ...convPrelu(`${name}.narrow`, k),
    ...depthwise(`${name}.depthwise`, `unknown_${dw}`),
    ...convPrelu(`${name}.pointwise`, k + 1),
  ];
  const blocks = (name, count, dw, step, k) =>
    range(count).flatMap((i) => block(`${name}.${i}`, dw + step * i, k + 2 * i));

  return [
    ...convPrelu('stem', 0),
    ...blocks('blocks', 10, 12, 13, 1),
    ...blocks('eye.blocks', 8, 149, 26, 21),
    ...conv('eye.points', 'unknown_344', 'unknown_345'),
    ...blocks('iris.blocks', 8, 148, 26, 37),
    ...conv('iris.points', 'unknown_346', 'unknown_347'),
  ];
}

function faceres() {
  const block = (i) => [
    // Batch normalisation's factor goes into the weights.
    [`blocks.${i - 1}.depthwise.weight`, `conv_dw_${i}/depthwise_kernel`, 'depthwise',
      `conv_dw_${i}_bn/batchnorm_1/mul`],
    [`blocks.${i - 1}.depthwise.bias`, `conv_dw_${i}_bn/batchnorm_1/sub`, 'vector'],
    ...conv(`blocks.${i - 1}.pointwise`, `conv_pw_${i}/convolution/merged_input`,
      `conv_pw_${i}_bn/batchnorm_1/sub`),
  ];
  const dense = (name, from) => [
    [`${name}.weight`, `${from}/kernel`, 'dense'],
    [`${name}.bias`, `${from}/bias`, 'vector'],
  ];

  return [
    ...conv('stem', 'conv1/convolution/merged_input', 'conv1_bn/batchnorm_1/sub'),
    ...range(13).flatMap((i) => block(i + 1)),
    ...dense('features', 'feats'),
    ...dense('male', 'gender_pred'),
    ...dense('ages', 'age_pred'),
  ];
}

const separable = (name, from) => [
  ...depthwise(`${name}.depthwise`, `${from}/depthwise_filter`),
  ...conv(`${name}.pointwise`, `${from}/pointwise_filter`, `${from}/bias`),
];
const plain = (name, from) => conv(name, `${from}/filters`, `${from}/bias`);
const dense = (name, from) => [
  [`${name}.weight`, `${from}/weights`, 'dense'],
  [`${name}.bias`, `${from}/bias`, 'vector'],
];

function expression() {
  const layer = (block, i) =>
    block + i === 0
      ? plain('dense.0.0', 'dense0/conv0')
      : separable(`dense.${block}.${i}`, `dense${block}/conv${i}`);

  return [
    ...range(4).flatMap((block) => range(4).flatMap((i) => layer(block, i))),
    ...dense('classes', 'fc'),
  ];
}

function ageGender() {
  const layers = (name, from, count) =>
    range(count).flatMap((i) => separable(`${name}.${i}`, `${from}/separable_conv${i}`));
  const reduction = (name, from) => [
    ...layers(name, from, 2),
    ...plain(`${name}.skip`, `${from}/expansion_conv`),
  ];

  return [
    ...plain('stem', 'entry_flow/conv_in'),
    ...reduction('reduce.0', 'entry_flow/reduction_block_0'),
    ...reduction('reduce.1', 'entry_flow/reduction_block_1'),
    ...layers('main.0', 'middle_flow/main_block_0', 3),
    ...layers('main.1', 'middle_flow/main_block_1', 3),
    ...reduction('reduce.2', 'exit_flow/reduction_block'),
    ...separable('last', 'exit_flow/separable_conv'),
    ...dense('age', 'fc/age'),
    ...dense('gender', 'fc/gender'),
  ];
}

const human = (name) => ({
  source: '@vladmandic/human 3.3.6',
  manifest: `@vladmandic/human/models/${name}.json`,
  bin: `@vladmandic/human/models/${name}.bin`,
});
const faceApi = (name) => ({
  source: '@vladmandic/face-api 1.7.15',
  manifest: `@vladmandic/face-api/model/${name}-weights_manifest.json`,
  bin: `@vladmandic/face-api/model/${name}.bin`,
});

export const nets = [
  { name: 'blazeface', tensors: blazeface(), ...human('blazeface') },
  // Its third output, the outlines of eyes and lips once more, is left out.
  {
    name: 'facemesh',
    tensors: facemesh(),
    leftOut: /conv2d_2[2-7]\/|p_re_lu_2[1-5]\/|depthwise_conv2d_(19|2[0-2])\//,
    ...human('facemesh'),
  },
  { name: 'iris', tensors: iris(), ...human('iris') },
  { name: 'faceres', tensors: faceres(), ...human('faceres') },
  { name: 'expression', tensors: expression(), ...faceApi('face_expression_model') },
  { name: 'age_gender', tensors: ageGender(), ...faceApi('age_gender_model') },
];
