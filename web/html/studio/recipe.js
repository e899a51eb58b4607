// recipe.js - what decides a picture, as text that other programs read, too, and out of the
// pictures themselves: the generator writes it into the EXIF comment of every JPEG.

const SAMPLERS = {
  ddim: "DDIM", pndm: "PLMS", euler: "Euler", "euler-a": "Euler a", "dpmpp-2m": "DPM++ 2M", "dpmpp-2m-karras": "DPM++ 2M Karras",
};
const SETTINGS = { Steps: "steps", "CFG scale": "guidance", Seed: "seed" };
const NEGATIVE = "Negative prompt: ";

/** recipe: { prompt, negative_prompt, steps, scheduler, guidance, seed, width, height } */
export function formatRecipe(recipe) {
  const settings = [["Steps", recipe.steps || null], ["Sampler", SAMPLERS[recipe.scheduler]], ["CFG scale", recipe.guidance],
    ["Seed", recipe.seed], ["Size", recipe.width ? `${recipe.width}x${recipe.height}` : null]];
  return [recipe.prompt, ...(recipe.negative_prompt ? [NEGATIVE + recipe.negative_prompt] : []),
    settings.filter(([, value]) => value !== null && value !== undefined).map(([name, value]) => `${name}: ${value}`).join(", ")].join("\n");
}

/** The same back, also from other programs; null where the text is none. */
export function parseRecipe(text) {
  const lines = text.replace(/\r/g, "").trim().split("\n");
  const last = lines.pop();
  if (!/(^|, )Steps: \d+/.test(last) && !/(^|, )Seed: \d+/.test(last)) return null;
  const recipe = {};
  for (const [, name, value] of last.matchAll(/([A-Z][\w ]*): ([^,]*)/g)) {
    if (SETTINGS[name]) recipe[SETTINGS[name]] = Number(value);
    if (name === "Sampler") recipe.scheduler = Object.keys(SAMPLERS).find((key) => SAMPLERS[key] === value);
    if (name === "Size") [recipe.width, recipe.height] = value.split("x").map(Number);
    if (name === "Postprocess upscale to") [recipe.width, recipe.height] = value.split("x").map(Number);
  }
  const split = lines.findLastIndex((line) => line.startsWith(NEGATIVE));
  recipe.prompt = (split < 0 ? lines : lines.slice(0, split)).join("\n");
  recipe.negative_prompt = split < 0 ? "" : lines.slice(split).join("\n").slice(NEGATIVE.length);
  return recipe.prompt ? recipe : null;
}

/** The recipe in a JPEG's bytes as text, or null. */
export function recipeInside(bytes) {
  const view = new DataView(bytes);
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  for (let at = 2; at + 4 < view.byteLength && view.getUint8(at) === 0xff && view.getUint8(at + 1) !== 0xda;) {
    const size = view.getUint16(at + 2);
    if (view.getUint8(at + 1) === 0xe1 && size > 16 && at + 2 + size <= view.byteLength && view.getUint32(at + 4) === 0x45786966) {
      const comment = userComment(new DataView(bytes, at + 10, size - 8));
      if (comment) return comment;
    }
    at += 2 + size;
  }
  return null;
}

// Lengths and offsets come out of a file: what does not fit is no comment.
function userComment(tiff) {
  try {
    const little = tiff.getUint16(0) === 0x4949;
    const inner = findTag(tiff, little, tiff.getUint32(4, little), 0x8769);
    const entry = inner === null ? null : findTag(tiff, little, tiff.getUint32(inner + 8, little), 0x9286);
    if (entry === null) return null;
    const size = tiff.getUint32(entry + 4, little), start = tiff.getUint32(entry + 8, little);
    const kind = decode(tiff, start, 8, "latin1"), rest = decode.bind(null, tiff, start + 8, size - 8);
    if (kind.startsWith("UNICODE")) return rest(little ? "utf-16le" : "utf-16be");
    return kind.startsWith("ASCII") ? rest("utf-8") : null;
  } catch {
    return null;
  }
}

function findTag(tiff, little, folder, tag) {
  const count = tiff.getUint16(folder, little);
  for (let i = 0; i < count; i++)
    if (tiff.getUint16(folder + 2 + 12 * i, little) === tag) return folder + 2 + 12 * i;
  return null;
}

function decode(tiff, start, size, encoding) {
  return new TextDecoder(encoding).decode(new Uint8Array(tiff.buffer, tiff.byteOffset + start, size));
}
