"""The starter garden: 128 pictures, so that a garden is beautiful before its model has drawn any.

Of each emotion, season and format there are two: one for the emotion at large, in <emotion>/, and
one for a visitor's favourite, in <emotion>/<season,weather,time>/, as gardenctl import reads them.
"""
from PIL import Image

from painter import Labels, paint
from painter.labels import EMOTIONS, FORMATS, SEASONS, TIMES

# What a season is likely to bring; each of its four pictures has another time of day.
WEATHERS = {
    "spring": ("sunny", "rainy", "cloudy", "sunny"),
    "summer": ("sunny", "cloudy", "sunny", "rainy"),
    "autumn": ("cloudy", "sunny", "rainy", "sunny"),
    "winter": ("snowy", "sunny", "snowy", "cloudy"),
}
ANIMALS = ("none", "dog", "none", "none", "cat", "none", "none")
# Pictures that did not please got another seed.
SEEDS = {}


def plan():
    """(number, labels, folder, file name) of each picture."""
    number = 0
    for e, emotion in enumerate(EMOTIONS):
        for k, season in enumerate(SEASONS):
            for slot in range(4):
                turn = (slot + e) % 4
                labels = Labels(emotion, season, WEATHERS[season][turn], TIMES[(turn + k) % 4],
                                ANIMALS[number % len(ANIMALS)], FORMATS[slot % 2])
                favorite = f"{labels.season},{labels.weather},{labels.time}"
                folder = emotion if slot < 2 else f"{emotion}/{favorite}"
                letter = "h" if labels.format == "landscape" else "v"
                yield number, labels, folder, f"starter-{season}_{number}{letter}.jpeg"
                number += 1


def write(folder):
    for number, labels, place, name in plan():
        (folder / place).mkdir(parents=True, exist_ok=True)
        picture = paint(labels, SEEDS.get(number, f"starter/{number}"))
        Image.fromarray(picture).save(folder / place / name, quality=80, optimize=True,
                                      progressive=True)
