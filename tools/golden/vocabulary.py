"""A small vocabulary of CLIP's kind: the 256 bytes, the bytes at a word's end, merges, two specials."""

import json
import re
from collections import Counter

START, END = "<|startoftext|>", "<|endoftext|>"

TEXT = """
a painting of a beautiful garden with many flowers in spring, a happy mood, warm morning light
a photo of a quiet garden in winter, snow on the trees, a sad mood, soft evening light, no people
an angry garden of red flowers like flames in autumn, storm and rain, dark clouds in the evening
a surprised garden in summer, bursts of flowers, a rainbow above the hills, a dog on the path
a fearful garden at night, bare trees, fog and the moon, a cat in the grass, cold light
a calm lake, flowers, roses, daisies, tulips, lilies, bluebells, poppies, sunflowers, lavender
a disgusted garden of toadstools and thorns, green light, highly detailed, intricate, sharp focus
a neutral garden, oil painting, watercolour, digital art, concept art, trending on artstation
blurry, low quality, text, watermark, bad drawing, cropped, worst quality, ugly, deformed
the river runs through the valley under the mountains, a wooden bridge, a stone house
정원에 꽃이 피었습니다. 아름다운 봄의 정원, 행복한 아침
"""


def byte_letters():
    """CLIP's letter for each byte, in its order: printable bytes are themselves, the others follow 255."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(256 + len(letters) - len(printable))
    return letters


def merges_of(text, count):
    """Byte-pair encoding: the most frequent pair becomes a token, count times; ties go by the alphabet."""
    letters = byte_letters()
    words = Counter(re.findall(r"[^\W\d_]+|\d|[^\s\w]+", text.lower()))
    spelled = {}
    for word, times in words.items():
        parts = [letters[byte] for byte in word.encode()]
        spelled[(*parts[:-1], parts[-1] + "</w>")] = times
    merges = []
    for _ in range(count):
        pairs = Counter()
        for word, times in spelled.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        spelled = {merged(word, best): times for word, times in spelled.items()}
    return merges


def merged(word, pair):
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def write(folder, pad, merge_count=400):
    """Writes tokenizer/ as the models of that time have it; pad is END for SD 1, "!" for SD 2."""
    merges = merges_of(TEXT, merge_count)
    letters = list(byte_letters().values())
    tokens = letters + [letter + "</w>" for letter in letters] + ["".join(pair) for pair in merges] + [START, END]
    folder.mkdir(parents=True, exist_ok=True)
    ids = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = {"bos_token": START, "eos_token": END, "unk_token": END}
    full = {name: {"content": token, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
            for name, token in special.items()}
    write_json(folder / "special_tokens_map.json", {**full, "pad_token": pad})
    write_json(folder / "tokenizer_config.json", {
        "add_prefix_space": False, "do_lower_case": True, "errors": "replace", "model_max_length": 77,
        "tokenizer_class": "CLIPTokenizer", "pad_token": pad, **special})
    return len(ids)


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
