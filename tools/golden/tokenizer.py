#!/usr/bin/env python3
"""tokenizer.py [open_clip_torch.whl] - CLIP's own vocabulary, and what CLIPTokenizer makes of texts.

    tools/golden/golden.sh python tools/golden/tokenizer.py

writes tests/golden/tokenizer-clip/texts.json from the vocabulary that lies there. With the wheel of
open_clip_torch (pip download --no-deps open_clip_torch==3.3.0), which brings CLIP's merges, it writes
merges.txt first."""

import gzip
import json
import pathlib
import random
import shutil
import sys
import tempfile
import zipfile

from vocabulary import END, START, byte_letters

FOLDER = pathlib.Path("tests/golden/tokenizer-clip")
MERGES = 49152 - 256 - 2

ODD = [
    "", " ", "   \t\n ", "!", "!!!", "! ! !", "a!b", "wow!! so, nice.", "hello world",
    "it's I'Ve 'S ''s '''re don't can’t", "x'll've'd'm't", "'" * 20, END, f"x{END}y!{START}!!",
    f"a {END.upper()}!! <|EndOfText|><|endofTEXT|>??", f"!{END.upper()}!!", "<|endoftext|", "<|>",
    "정원에 꽃이 피었습니다", "한국어와 English를 섞어서 3개", "각 \u1100\u1161\u11a8 \u1100",
    "e\u0301 é ﬁ Å K Ω ﬀ", "a\u0300\u0323\u0301b q\u0323\u0307", "\u0301 alone", "İI ıi ẞß ſ",
    "ΑΣ ΣΑΣ. ς σ", "ǅ ǆ Ǆ", "ÀÉÎÕÜ ĄĘ Ł ø", "naïve café — “quoted” … • ™ ©", "½ ² Ⅷ ٣ 四 ①",
    "1234567890 12.5% 3d 4k 1920x1080", "\u0001control\u0002\x7f", "tab\tnl\n\r\u00a0\u2003\u3000x",
    "zero\u200bwidth\u200djoin\ufeff", "日本語テスト漢字かな", "ภาษาไทย हिन्दी العربية עברית", "ﷺ",
    "👨\u200d👩\u200d👧\u200d👦 👍🏽 🇰🇷 ❤\ufe0f 🌸🌷🌻", "a photo of a beautiful garden, spring, happy",
    "foo_bar-baz/qux\\end (a:1.3) [b] {c} <lora:x:1>", "supercalifragilisticexpialidocious", "www.example.com",
    "@user #tag $5 50% a&b 2+2=4", "中" * 30, "🌸" * 30, "\U00010400\U0001d49c\U000e0041", "\ue000\ufffd",
]
LONG = [("a photo of a garden, ", 2000), ("ab", 3000), ("!", 3000), ("e\u0301", 2000), ("한", 2000), ("🌸", 1000),
        ("9", 3000), ("\u0301\u0323", 500)]
POOLS = [
    "abcdefghijklmnopqrstuvwxyz   ", "ABC xyz'!?.,;:<|>/\\-_ 0123456789", "éèüñçåßøÅİıſ ", "한국어정원에꽃이 ",
    "\u0300\u0301\u0323\u0327\u0308\u093c\u0e38 aeiouqz", "👨\u200d👩👧❤\ufe0f🏽🇰🇷 ",
    "\t\n\r\x0b\x0c\x85\xa0\u1680\u2000\u2028\u3000 ab", "ᄀ까ᅢᆨᆩ가", "ΑΣΩσς ", "'strevmld '",
]
WORDS = [END, START, END.upper(), "'s", "'re", "!", "photo", "Beautiful", "garden"]


def unpack_merges(wheel):
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("open_clip/bpe_simple_vocab_16e6.txt.gz")
    merges = gzip.decompress(packed).decode().split("\n")[1 : MERGES + 1]
    (FOLDER / "merges.txt").write_text("#version: 0.2\n" + "".join(merge + "\n" for merge in merges))


def vocabulary():
    """As it follows from the merges (tests/support/clip_vocabulary.c does the same)."""
    merges = (FOLDER / "merges.txt").read_text().rstrip("\n").split("\n")[1:]
    letters = [letter for _, letter in sorted(byte_letters().items(), key=lambda pair: (pair[1] >= "\u0100", pair))]
    tokens = letters + [letter + "</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges]
    return {token: i for i, token in enumerate([*tokens, START, END])}


def tokenizer(pad):
    """As the models' folders have it: objects, but the padding is plain text."""
    from transformers import CLIPTokenizer

    def special(token):
        return {"content": token, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}

    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(FOLDER / "merges.txt", folder)
        (pathlib.Path(folder) / "vocab.json").write_text(json.dumps(vocabulary()))
        names = {"bos_token": special(START), "eos_token": special(END), "unk_token": special(END), "pad_token": pad}
        (pathlib.Path(folder) / "special_tokens_map.json").write_text(json.dumps(names))
        return CLIPTokenizer.from_pretrained(folder)


def random_texts(count):
    chance = random.Random(20260504)
    for _ in range(count):
        parts = chance.randint(1, 30)
        yield "".join(
            chance.choice(WORDS) if chance.random() < 0.08 else chance.choice(chance.choice(POOLS))
            for _ in range(parts)
        )


def checksum(ids):
    return sum((i + 1) * token for i, token in enumerate(ids)) % 2**32


def main():
    if len(sys.argv) > 1:
        unpack_merges(sys.argv[1])
    sd1, sd2 = tokenizer(END), tokenizer("!")

    def ids(kind, text):
        return kind(text)["input_ids"][1:-1]

    entries = [{"text": text, "sd1": ids(sd1, text), "sd2": ids(sd2, text)} for text in [*ODD, *random_texts(250)]]
    for text, times in LONG:
        both = [ids(kind, text * times) for kind in (sd1, sd2)]
        entries.append({"text": text, "times": times, "sd1": [len(both[0]), checksum(both[0])],
                        "sd2": [len(both[1]), checksum(both[1])]})
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) for entry in entries)
    (FOLDER / "texts.json").write_text(f"[\n{lines}\n]\n")


main()
