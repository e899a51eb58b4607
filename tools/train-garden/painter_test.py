"""Tests of the painter and of the captions: tools/train-garden/test."""
import itertools
import random
import unittest

import numpy as np

import captions
import sheets
import starter
from painter import Labels, paint, random_labels
from painter.labels import ANIMALS, EMOTIONS, FORMATS, SEASONS, TIMES, WEATHERS

SMALL = {"landscape": (128, 80), "portrait": (80, 128)}


def small(seed, **fixed):
    labels = Labels(**fixed)
    return paint(labels, seed, SMALL[labels.format])


class Paint(unittest.TestCase):
    def test_same_arguments_same_bytes(self):
        rng = random.Random(1)
        for n in range(8):
            labels = random_labels(rng, emotion=EMOTIONS[n])
            size = (256, 160) if labels.format == "landscape" else (160, 256)
            first, second = paint(labels, n, size), paint(labels, n, size)
            self.assertEqual(first.tobytes(), second.tobytes(), labels)

    def test_other_pictures_in_between_change_nothing(self):
        first = small(7, emotion="calm")
        small(8, emotion="angry", weather="rainy", format="portrait")
        self.assertEqual(first.tobytes(), small(7, emotion="calm").tobytes())

    def test_each_argument_changes_the_picture(self):
        base = {"emotion": "happy", "season": "summer", "weather": "sunny", "time": "day",
                "animal": "none"}
        changed = [("emotion", "sad"), ("season", "winter"), ("weather", "snowy"),
                   ("time", "sunset"), ("animal", "cat")]
        first = small(1, **base)
        self.assertFalse(np.array_equal(first, small(2, **base)))
        for name, value in changed:
            self.assertFalse(np.array_equal(first, small(1, **{**base, name: value})), name)

    def test_sizes(self):
        self.assertEqual(paint(Labels(), 1).shape, (480, 768, 3))
        self.assertEqual(paint(Labels(format="portrait"), 1).shape, (768, 480, 3))
        for size in ((512, 320), (320, 512), (97, 131), (64, 64), (800, 200)):
            picture = paint(Labels(), 1, size)
            self.assertEqual(picture.shape, (size[1], size[0], 3))
            self.assertEqual(picture.dtype, np.uint8)

    def test_every_combination_paints(self):
        every = itertools.product(EMOTIONS, SEASONS, WEATHERS, TIMES)
        for n, (emotion, season, weather, time) in enumerate(every):
            picture = small(n, emotion=emotion, season=season, weather=weather, time=time,
                            animal=ANIMALS[n % 3], format=FORMATS[n // 3 % 2])
            spread = float(picture.std())
            self.assertGreater(spread, 10, (emotion, season, weather, time))

    def test_an_unknown_label_is_refused(self):
        with self.assertRaisesRegex(ValueError, "use one of spring"):
            paint(Labels(season="monsoon"), 1)


class LabelsDiffer(unittest.TestCase):
    """A rule as simple as the nearest mean colour must find the labels far above chance."""

    def check(self, name, values, least, **fixed):
        def features(value, seeds):
            for seed in seeds:
                rng = random.Random(f"{name}/{value}/{seed}")
                labels = random_labels(rng, format="landscape", **{**fixed, name: value})
                yield describe(paint(labels, f"{name}/{seed}", (96, 60)))

        means = np.stack([np.mean(list(features(v, range(12))), axis=0) for v in values])
        scale = means.std(axis=0) + 2
        hits = [np.argmin((((f - means) / scale) ** 2).sum(axis=1)) == i
                for i, v in enumerate(values) for f in features(v, range(100, 108))]
        self.assertGreaterEqual(np.mean(hits), least, f"{name}: chance is {1 / len(values):.2f}")

    def test_emotions(self):
        self.check("emotion", EMOTIONS, 0.5, weather="sunny", time="day")

    def test_seasons(self):
        self.check("season", SEASONS, 0.5, weather="sunny", time="day", emotion="happy")
        self.check("season", SEASONS, 0.5, weather="sunny", time="day", emotion="fear")

    def test_weathers(self):
        self.check("weather", WEATHERS, 0.5, time="day", emotion="happy")

    def test_times(self):
        self.check("time", TIMES, 0.6, weather="sunny", emotion="happy")


def describe(picture):
    """Mean colour and spread of four bands, from the sky to the ground."""
    bands = np.array_split(picture.astype(np.float32), 4)
    return np.concatenate([np.concatenate([b.mean(axis=(0, 1)), b.std(axis=(0, 1))])
                           for b in bands])


class Captions(unittest.TestCase):
    def test_words_stay_in_the_vocabulary(self):
        known, rng = set(captions.vocabulary()), random.Random(3)
        self.assertLessEqual(len(known), 1000)
        for _ in range(4000):
            text = captions.caption(random_labels(rng), rng, drop=rng.choice((0, .06, .5)))
            self.assertLessEqual(set(captions.split(text)), known, text)

    def test_every_known_word_is_used(self):
        rng, seen = random.Random(4), set()
        for _ in range(20000):
            seen.update(captions.split(captions.caption(random_labels(rng), rng)))
        unused = set(captions.vocabulary()) - seen - {"none"}
        self.assertFalse(unused)

    def test_tidy(self):
        rng = random.Random(5)
        for _ in range(2000):
            text = captions.caption(random_labels(rng), rng, drop=.4)
            self.assertNotRegex(text, r"  | ,|,\s*,|^,|,$|\{")

    def test_what_is_said_is_so(self):
        rng = random.Random(6)
        for _ in range(500):
            labels = random_labels(rng, weather="rainy", animal="cat")
            said = set(captions.split(captions.caption(labels, rng)))
            self.assertFalse(said & {"sunny", "snowy", "cloudy", "snow", "dog", "puppy"})

    def test_plain(self):
        self.assertEqual(
            captions.plain(Labels("sad", "autumn", "rainy", "the-early-dawn", "dog")),
            "sad, a dog, rainy, autumn, the-early-dawn, " + ", ".join(captions.OTHERS))


class Garden(unittest.TestCase):
    def test_starter_has_two_of_each_kind(self):
        rows = list(starter.plan())
        self.assertEqual(len(rows), 128)
        self.assertEqual(len({(folder, name) for _, _, folder, name in rows}), 128)
        kinds = [(labels.emotion, labels.season, labels.format) for _, labels, _, _ in rows]
        self.assertTrue(all(kinds.count(kind) == 2 for kind in kinds))
        for emotion in EMOTIONS:
            times = {labels.time for _, labels, _, _ in rows if labels.emotion == emotion}
            self.assertEqual(times, set(TIMES))

    def test_sheet_has_a_place_for_each(self):
        pictures = [np.zeros((10, 16, 3), np.uint8)] * 5
        self.assertEqual(sheets.join(pictures, 2).shape, (3 * 14 + 4, 2 * 20 + 4, 3))


if __name__ == "__main__":
    unittest.main()
