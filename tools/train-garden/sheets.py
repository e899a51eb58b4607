"""Contact sheets: many small pictures on one, in rows and columns of labels."""
import random

import numpy as np
from PIL import Image

from painter import Labels, paint, random_labels
from painter.labels import ANIMALS, EMOTIONS, SEASONS, TIMES, WEATHERS

LANDSCAPE, PORTRAIT = (240, 150), (150, 240)
GAP = 4


def _emotions(seed):
    """Rows: emotions; columns: seasons. Sunny days, so that nothing else tells them apart."""
    for emotion in EMOTIONS:
        for season in SEASONS:
            yield Labels(emotion, season), f"{seed}/{emotion}/{season}"


def _weathers(seed):
    """Rows: emotions; columns: each weather at each of two times, the season by chance."""
    rng = random.Random(f"{seed}/weathers")
    for i, emotion in enumerate(EMOTIONS):
        for k, weather in enumerate(WEATHERS):
            labels = Labels(emotion, rng.choice(SEASONS), weather, TIMES[(i + k) % 4])
            yield labels, f"{seed}/{emotion}/{weather}"


def _times(seed):
    """Rows: emotions; columns: times of day. Clear weather."""
    rng = random.Random(f"{seed}/times")
    for emotion in EMOTIONS:
        for time in TIMES:
            yield Labels(emotion, rng.choice(SEASONS), "sunny", time), f"{seed}/{emotion}/{time}"


def _animals(seed):
    rng = random.Random(f"{seed}/animals")
    for i, emotion in enumerate(EMOTIONS):
        for animal in ANIMALS[1:] * 2:
            yield random_labels(rng, emotion=emotion, animal=animal, format="landscape"), \
                f"{seed}/{i}/{animal}"


def _portraits(seed):
    rng = random.Random(f"{seed}/portraits")
    for i in range(32):
        yield random_labels(rng, emotion=EMOTIONS[i // 4], format="portrait"), f"{seed}/p{i}"


SHEETS = {"emotions": (_emotions, 4), "weathers": (_weathers, 4), "times": (_times, 4),
          "animals": (_animals, 4), "portraits": (_portraits, 8)}


def join(pictures, columns):
    """One picture of many of one size."""
    height, width = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 250, np.uint8)
    for i, picture in enumerate(pictures):
        y, x = GAP + i // columns * (height + GAP), GAP + i % columns * (width + GAP)
        sheet[y:y + height, x:x + width] = picture
    return sheet


def shown(labels, seed):
    """A picture painted at twice the size of its place on the sheet, and reduced."""
    width, height = LANDSCAPE if labels.format == "landscape" else PORTRAIT
    picture = Image.fromarray(paint(labels, seed, (2 * width, 2 * height)))
    return np.asarray(picture.reduce(2))


def write(folder, seed, only=None):
    folder.mkdir(parents=True, exist_ok=True)
    for name, (choose, columns) in SHEETS.items():
        if only in (None, name):
            pictures = [shown(labels, own_seed) for labels, own_seed in choose(seed)]
            Image.fromarray(join(pictures, columns)).save(
                folder / f"painter-{name}.jpeg", quality=78, optimize=True)
