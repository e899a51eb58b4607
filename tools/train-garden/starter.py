"""The starter garden: 128 pictures, so that a garden is beautiful before its model has drawn any.

Of each emotion, season and format there are two: one for the emotion at large, in <emotion>/, and
one for a visitor's favourite, in <emotion>/<season,weather,time>/, as gardenctl import reads them.
A favourite has one of each format.
"""
from PIL import Image

from painter import Labels, paint
from painter.labels import EMOTIONS, FORMATS, SEASONS, TIMES

# What a season is likely to bring.
WEATHERS = {
    "spring": ("sunny", "rainy", "cloudy", "sunny"),
    "summer": ("sunny", "cloudy", "sunny", "rainy"),
    "autumn": ("cloudy", "sunny", "rainy", "sunny"),
    "winter": ("snowy", "sunny", "snowy", "cloudy"),
}
ANIMALS = ("none", "dog", "none", "none", "cat", "none", "none")
# Pictures that did not please when they were looked at got another seed.
SEEDS = {n: f"starter/{n}b" for n in (8, 20, 44, 55, 79, 94)}


def plan():
    """(number, labels, folder, file name) of each picture."""
    number = 0
    for e, emotion in enumerate(EMOTIONS):
        for k, season in enumerate(SEASONS):
            for slot in range(4):
                turn = (min(slot, 2) + e) % 4        # both of a favourite show the same
                labels = Labels(emotion, season, WEATHERS[season][turn], TIMES[(turn + k) % 4],
                                ANIMALS[number % len(ANIMALS)], FORMATS[slot % 2])
                favorite = f"{labels.season},{labels.weather},{labels.time}"
                folder = emotion if slot < 2 else f"{emotion}/{favorite}"
                letter = "h" if labels.format == "landscape" else "v"
                yield number, labels, folder, f"starter-{season}_{number}{letter}.jpeg"
                number += 1


CARD = """# The starter garden

128 pictures, painted by tools/train-garden, not by the model: a procedural painter drew them from
labels and seeds, and `tools/train-garden/paint starter models/starter-garden` draws them again.
They are this project's own work and under its licence (Apache-2.0).

`pictures/` is laid out for `gardenctl import`: eight emotions, and of each emotion, season and
format (768x480 and 480x768) two pictures: one in `<emotion>/` and one in
`<emotion>/<season,weather,time>/`. Weather, time of day and animals vary; a name says the season.
"""


def write(folder):
    """The pictures, in folder/pictures, and the card."""
    for number, labels, place, name in plan():
        path = folder / "pictures" / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = paint(labels, SEEDS.get(number, f"starter/{number}"))
        Image.fromarray(picture).save(path, quality=85, optimize=True, progressive=True)
    (folder / "README.md").write_text(CARD)
