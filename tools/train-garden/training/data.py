"""The pictures: painted once, kept in shards of one format each, and read by memory map.

Picture n is decided by n and the seed alone, so the labels need no file. Shards that are there are
not painted again; each is written whole or not at all.
"""
import concurrent.futures
import multiprocessing
import os
import random
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np

import captions
from painter import paint, random_labels
from painter.labels import FIELDS
from training.work import key_of

FORMATS = ("landscape", "portrait")
JUDGED = ("emotion", "season", "weather", "time")
PAINTER = Path(__file__).resolve().parent.parent / "painter"


def format_of(shard):
    return "portrait" if shard % 3 == 2 else "landscape"


def labels_of(settings, shard):
    """The labels of a shard's pictures, in their order."""
    kind = format_of(shard)
    return [random_labels(random.Random(f"{settings.seed}/{shard}/{i}"), format=kind)
            for i in range(settings.shard)]


def numbers_of(labels, names=JUDGED):
    """Labels as the numbers of their choices, [pictures, names]."""
    return np.array([[FIELDS[name].index(getattr(one, name)) for name in names]
                     for one in labels], np.int64)


def half_size(pictures):
    """uint8 pictures [n, h, w, 3] at half of each side."""
    rows = pictures[:, ::2].astype(np.uint16) + pictures[:, 1::2]
    return ((rows[:, :, ::2] + rows[:, :, 1::2] + 2) >> 2).astype(np.uint8)


def pictures_key(settings):
    return key_of(*sorted(PAINTER.glob("*.py")), settings.seed, settings.width, settings.height,
                  settings.shard)


def _paint_shard(task):
    settings, shard, path = task
    if os.path.exists(path):
        return shard
    size = (settings.width, settings.height)
    size = size[::-1] if format_of(shard) == "portrait" else size
    pictures = np.stack([paint(labels, f"{settings.seed}/{shard}/{i}", size)
                         for i, labels in enumerate(labels_of(settings, shard))])
    temporary = f"{path}.{os.getpid()}.npy"
    np.save(temporary, pictures)
    os.replace(temporary, path)
    return shard


class Pictures:
    """Shards by number; a picture by (shard, place in it)."""

    def __init__(self, settings, work):
        self.settings, self.work = settings, work
        self.folder = work.path("pictures-" + pictures_key(settings))
        self.held_out = range(settings.held_out_shards)
        self.training = range(settings.held_out_shards, settings.shards)

    def path(self, shard):
        return str(self.folder / f"{format_of(shard)}-{shard:04d}.npy")

    def paint(self, processes):
        self.folder.mkdir(exist_ok=True)
        for stale in self.folder.glob("*.npy.*.npy"):
            stale.unlink()
        missing = [shard for shard in range(self.settings.shards)
                   if not os.path.exists(self.path(shard))]
        if not missing:
            return
        tasks = [(self.settings, shard, self.path(shard)) for shard in missing]
        spawn = multiprocessing.get_context("spawn")
        pool = concurrent.futures.ProcessPoolExecutor(processes, spawn)
        try:
            for done, _ in enumerate(pool.map(_paint_shard, tasks), 1):
                self.work.log("paint", shards=done, of=len(missing))
                self.work.check_time()
        except BrokenProcessPool:               # a signal to all processes ends the painters, too
            self.work.check_time()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def open(self, shard):
        return np.load(self.path(shard), mmap_mode="r")

    def numbers(self, shard):
        return numbers_of(labels_of(self.settings, shard))

    def some(self, shards, kind, count):
        """The first count pictures of that format and their labels, in memory."""
        shards = [shard for shard in shards if format_of(shard) == kind]
        shards = shards[:-(-count // self.settings.shard)]
        labels = [one for shard in shards for one in labels_of(self.settings, shard)][:count]
        pictures = np.concatenate([self.open(shard) for shard in shards])[:count]
        return pictures, labels

    def reader(self, kind):
        """Random training pictures of a format, or parts of them."""
        return Reader(self, [shard for shard in self.training if format_of(shard) == kind])


class Reader:
    def __init__(self, pictures, shards):
        self.shards = [pictures.open(shard) for shard in shards]
        self.labels = [pictures.numbers(shard) for shard in shards]
        self.height, self.width = self.shards[0].shape[1:3]

    def draw(self, rng, count, crop=None, half=False):
        """count pictures, mirrored by chance, with labels; or parts of crop x crop pixels of
        them, which start at multiples of 8; half: at half of their sides."""
        out, numbers = [], []
        for _ in range(count):
            shard = rng.integers(len(self.shards))
            i = rng.integers(len(self.shards[shard]))
            picture = self.shards[shard][i]
            if crop:
                y = 8 * rng.integers((self.height - crop) // 8 + 1)
                x = 8 * rng.integers((self.width - crop) // 8 + 1)
                picture = picture[y:y + crop, x:x + crop]
            picture = half_size(picture[None])[0] if half else picture
            out.append(picture[:, ::-1] if rng.random() < 0.5 else picture)
            numbers.append(self.labels[shard][i])
        return np.stack(out), np.stack(numbers)


def caption_of(labels, rng):
    """Words for the labels, as captions.caption has them; seldom with a word that says nothing,
    so that the model learns to pass over what it does not know."""
    text = captions.caption(labels, rng)
    if rng.random() < 0.06:
        word = "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 8)))
        words = text.split(" ")
        words.insert(rng.randint(0, len(words)), word)
        text = " ".join(words)
    return text
