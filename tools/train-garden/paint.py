"""paint - the painter's command line: one picture, many, contact sheets, the starter garden."""
import argparse
import json
import random
import sys
from pathlib import Path

from PIL import Image

import captions
import sheets
import starter
from painter import Labels, paint, random_labels
from painter.labels import FIELDS


def size(text):
    """'512x320' as two numbers."""
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and 64 <= int(width) <= 4096
            and 64 <= int(height) <= 4096):
        raise argparse.ArgumentTypeError(f"'{text}': write it like 512x320, each from 64 to 4096")
    return int(width), int(height)


def paint_one(args):
    labels = Labels(*(getattr(args, name) for name in FIELDS))
    Image.fromarray(paint(labels, args.seed, args.size)).save(args.out, quality=92)


def paint_many(args):
    """Pictures <n>.png and labels.jsonl, a line for each; goes on where it stopped."""
    args.out.mkdir(parents=True, exist_ok=True)
    index = args.out / "labels.jsonl"
    text = index.read_text() if index.exists() else ""
    done = text.count("\n")
    index.write_text(text[:text.rfind("\n") + 1])    # a line that was cut off is written anew
    with index.open("a") as lines:
        for n in range(done, args.count):
            rng = random.Random(f"{args.seed}/{n}")
            labels = random_labels(rng)
            width, height = args.size
            if labels.format == "portrait":
                width, height = height, width
            name = f"{n:06d}.png"
            Image.fromarray(paint(labels, f"{args.seed}/{n}", (width, height))).save(
                args.out / name, compress_level=1)
            line = {"file": name, **labels._asdict(), "caption": captions.caption(labels, rng)}
            lines.write(json.dumps(line) + "\n")
            lines.flush()


def parse(arguments):
    parser = argparse.ArgumentParser(prog="paint", description=__doc__)
    commands = parser.add_subparsers(required=True)

    one = commands.add_parser("one", help="one picture")
    for name, known in FIELDS.items():
        one.add_argument(f"--{name}", choices=known, default=Labels._field_defaults[name])
    one.add_argument("--seed", default="1")
    one.add_argument("--size", type=size, help="WIDTHxHEIGHT; else 768x480 or 480x768")
    one.add_argument("out", help="a .png or .jpeg file")
    one.set_defaults(run=paint_one)

    many = commands.add_parser("many", help="a folder of pictures with labels.jsonl")
    many.add_argument("--count", type=int, default=100)
    many.add_argument("--seed", default="1")
    many.add_argument("--size", type=size, default=(512, 320),
                      help="of the landscape ones; portrait ones are turned")
    many.add_argument("out", type=Path)
    many.set_defaults(run=paint_many)

    sheet = commands.add_parser("sheets", help="contact sheets, to be looked at")
    sheet.add_argument("--seed", default="1")
    sheet.add_argument("--only", choices=sheets.SHEETS)
    sheet.add_argument("out", type=Path)
    sheet.set_defaults(run=lambda a: sheets.write(a.out, a.seed, a.only))

    first = commands.add_parser("starter", help="the 128 pictures of the starter garden")
    first.add_argument("out", type=Path)
    first.set_defaults(run=lambda a: starter.write(a.out))
    return parser.parse_args(arguments)


if __name__ == "__main__":
    chosen = parse(sys.argv[1:])
    chosen.run(chosen)
