"""A small vocabulary of CLIP's kind, in the files of CLIP's tokenizer.

The 256 bytes, the bytes at a word's end, pieces, two specials. The pieces are found by byte-pair
encoding over the words that captions hold, until each of them is one token; any other text still
has its tokens, letter by letter. CLIP's own 49,408 would alone be half of the model.
"""
import json
from collections import Counter

import captions

START, END = "<|startoftext|>", "<|endoftext|>"
LENGTH = 77
MERGES_MAX = 480


def byte_letters():
    """CLIP's letter for each byte, in its order: printable ones are themselves."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(256 + len(letters) - len(printable))
    return letters


def _joined(word, pair):
    out, i = [], 0
    while i < len(word):
        if word[i:i + 2] == pair:
            out.append(word[i] + word[i + 1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def merges_of(words):
    """The most frequent pair becomes a piece, until no word has two; ties go by the alphabet."""
    letters = byte_letters()
    spelled = []
    for word in words:
        parts = [letters[byte] for byte in word.encode()]
        spelled.append((*parts[:-1], parts[-1] + "</w>"))
    merges = []
    while len(merges) < MERGES_MAX:
        pairs = Counter(pair for word in spelled for pair in zip(word, word[1:]))
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        spelled = [_joined(word, best) for word in spelled]
    return merges


def write(folder):
    """Writes the tokenizer's files; returns how many tokens there are."""
    merges = merges_of(captions.vocabulary())
    letters = list(byte_letters().values())
    tokens = (letters + [letter + "</w>" for letter in letters]
              + ["".join(pair) for pair in merges] + [START, END])
    ids = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(ids, ensure_ascii=False) + "\n")
    (folder / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges))
    special = {"bos_token": START, "eos_token": END, "unk_token": END}
    full = {name: {"content": token, "lstrip": False, "normalized": True, "rstrip": False,
                   "single_word": False} for name, token in special.items()}
    _write_json(folder / "special_tokens_map.json", {**full, "pad_token": END})
    _write_json(folder / "tokenizer_config.json", {
        "add_prefix_space": False, "do_lower_case": True, "errors": "replace",
        "model_max_length": LENGTH, "tokenizer_class": "CLIPTokenizer", "pad_token": END,
        **special})
    return len(ids)


def _write_json(path, value):
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
