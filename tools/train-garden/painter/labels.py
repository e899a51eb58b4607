"""What a picture is asked to show, and the random numbers that belong to it."""
import random
from typing import NamedTuple

EMOTIONS = ("happy", "surprised", "calm", "angry", "fear", "confused", "disgusted", "sad")
SEASONS = ("spring", "summer", "autumn", "winter")
WEATHERS = ("sunny", "cloudy", "rainy", "snowy")
TIMES = ("day", "sunset", "the-middle-of-the-night", "the-early-dawn")
ANIMALS = ("none", "dog", "cat")
FORMATS = ("landscape", "portrait")

FIELDS = {
    "emotion": EMOTIONS,
    "season": SEASONS,
    "weather": WEATHERS,
    "time": TIMES,
    "animal": ANIMALS,
    "format": FORMATS,
}


class Labels(NamedTuple):
    """One choice from each of FIELDS."""

    emotion: str = "happy"
    season: str = "summer"
    weather: str = "sunny"
    time: str = "day"
    animal: str = "none"
    format: str = "landscape"

    @property
    def night(self):
        return self.time == "the-middle-of-the-night"

    @property
    def snowy(self):
        return self.weather == "snowy"

    @property
    def rainy(self):
        return self.weather == "rainy"

    def check(self):
        """Raises ValueError and says what is allowed, where a label is not known."""
        for name, known in FIELDS.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name} '{getattr(self, name)}': use one of {' '.join(known)}")


def random_labels(rng, **fixed):
    """Labels drawn evenly, but half of the pictures have no animal; `fixed` ones are kept."""
    drawn = {name: rng.choice(known) for name, known in FIELDS.items()}
    if rng.random() < 0.25:
        drawn["animal"] = "none"
    return Labels(**{**drawn, **fixed})


def rng_for(seed, labels, purpose):
    """A generator of its own for each purpose: more strokes in the sky do not move the flowers."""
    return random.Random("/".join((str(seed), purpose) + tuple(labels)))
