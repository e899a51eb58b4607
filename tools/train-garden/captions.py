"""Captions: what a picture shows, in the words that the garden's prompts use.

A prompt of the garden is a template with [EMOTION] [ANIMAL] [WEATHER] [SEASON] [TIME], or an
emotion's text, a favourite ("spring,sunny,day") and "others" joined by commas. A caption is written
in one of these manners, with other words for the same thing, in any order, and now and then with
something left out, so that a model learns each word by itself.
"""
import re

from painter.labels import FIELDS

EMOTIONS = {
    "happy": ("happy", "happy", "happy", "happiness", "joyful", "joy", "cheerful", "delighted"),
    "surprised": ("surprised", "surprised", "surprised", "surprise", "amazed", "astonished",
                  "wonder"),
    "calm": ("calm", "calm", "calm", "calmness", "peaceful", "serene", "tranquil", "quiet"),
    "angry": ("angry", "angry", "angry", "anger", "furious", "rage", "fierce"),
    "fear": ("fear", "fear", "fear", "fearful", "afraid", "scared", "scary", "spooky"),
    "confused": ("confused", "confused", "confused", "confusion", "puzzled", "bewildered", "dizzy"),
    "disgusted": ("disgusted", "disgusted", "disgusted", "disgust", "disgusting", "gross", "toxic"),
    "sad": ("sad", "sad", "sad", "sadness", "sorrow", "melancholy", "gloomy", "lonely"),
}
SEASONS = {
    "spring": ("in spring", "spring", "spring season", "springtime"),
    "summer": ("in summer", "summer", "summer season", "summertime"),
    "autumn": ("in autumn", "autumn", "autumn season", "in the fall"),
    "winter": ("in winter", "winter", "winter season", "wintertime"),
}
WEATHERS = {
    "sunny": ("sunny", "sunny weather", "sunny sky", "sunshine", "clear sky"),
    "cloudy": ("cloudy", "cloudy weather", "cloudy sky", "clouds", "overcast"),
    "rainy": ("rainy", "rainy weather", "rain", "in the rain", "raining"),
    "snowy": ("snowy", "snowy weather", "snow", "in the snow", "snowing"),
}
TIMES = {
    "day": ("day", "at day", "by day", "in the daytime", "daylight"),
    "sunset": ("sunset", "at sunset", "the sunset", "in the evening", "dusk"),
    "the-middle-of-the-night": ("the-middle-of-the-night", "the middle of the night",
                                "in the middle of the night", "at night", "night", "midnight"),
    "the-early-dawn": ("the-early-dawn", "the early dawn", "at the early dawn", "at dawn", "dawn",
                       "early morning"),
}
ANIMALS = {
    "none": ("",),
    "dog": ("a dog", "a dog", "with a dog", "dog", "a puppy"),
    "cat": ("a cat", "a cat", "with a cat", "cat", "a kitten"),
}
OTHERS = ("flowers", "fantasy", "concept art", "trending on artstation", "highly detailed",
          "intricate", "sharp focus", "digital art")
SUBJECTS = ("a flower garden", "flower garden", "garden of flowers", "a garden full of flowers",
            "a beautiful garden", "a garden", "flowers", "a painting of a flower garden",
            "an illustration of a garden", "beautiful flowers in a garden")
MOODS = ("{}", "{}", "feeling {}", "{} mood", "in a {} mood", "{} emotion", "a {} feeling")
SENTENCES = (
    "{subject} {season}, {weather}, {time}, {emotion}, {animal}",
    "{emotion} {animal} {weather} {season} {time}",
    "{emotion} {subject} {animal} {season} {time} {weather}",
    "{animal} in {subject}, {emotion}, {weather} {season} {time}",
    "{emotion}, {season}, {weather}, {time}, {animal}, {subject}",
    "{subject} that feels {emotion}, {season} {time}, {weather}, {animal}",
    "{emotion} {season} garden {time}, {weather}, {animal}",
)
FIXED = ("that", "feels", "garden", "in")
_SYNONYMS = {"emotion": EMOTIONS, "season": SEASONS, "weather": WEATHERS, "time": TIMES,
             "animal": ANIMALS}


def caption(labels, rng, drop=0.06):
    """Random words for the labels; each of them is left out with the chance of drop."""
    said = {name: rng.choice(words[getattr(labels, name)]) for name, words in _SYNONYMS.items()}
    said["emotion"] = rng.choice(MOODS).format(said["emotion"])
    said = {name: "" if rng.random() < drop else words for name, words in said.items()}
    manner = rng.random()
    if manner < 0.35:
        said["subject"] = rng.choice(SUBJECTS)
        text = rng.choice(SENTENCES).format(**said)
    elif manner < 0.65:
        text = _as_favorite(labels, said, rng, drop)
    else:
        clauses = [words for words in said.values() if words] + [rng.choice(SUBJECTS)]
        rng.shuffle(clauses)
        text = ", ".join(clauses)
    return tidy(_with_others(text, rng))


def plain(labels):
    """The caption for tests: the labels' own words and no others."""
    words = [labels.emotion, "" if labels.animal == "none" else "a " + labels.animal,
             labels.weather, labels.season, labels.time]
    return tidy(", ".join(words + list(OTHERS)))


def _as_favorite(labels, said, rng, drop):
    """As a kiosk's favourite arrives: 'spring,sunny,day'."""
    parts = [getattr(labels, name) for name in ("season", "weather", "time")
             if rng.random() >= drop]
    return ", ".join([said["emotion"], said["animal"], ",".join(parts)])


def _with_others(text, rng):
    if rng.random() < 0.3:
        return text
    many = len(OTHERS) if rng.random() < 0.5 else rng.randint(1, len(OTHERS))
    others = list(OTHERS)
    if rng.random() < 0.3:
        rng.shuffle(others)
    return ", ".join([text] + others[:many])


def tidy(text):
    """Without what an empty part leaves behind."""
    text = re.sub(r"\s+", " ", text).replace(" ,", ",")
    text = re.sub(r"(,\s*)+(?=,)", "", text)
    return text.strip(" ,")


def split(text):
    """Words and marks, as CLIP's tokenizer takes a text apart before it looks for pieces."""
    return re.findall(r"[a-z]+|[^\sa-z]+", text.lower())


def vocabulary():
    """Every word or mark that a caption can hold, sorted."""
    texts = list(OTHERS) + list(SUBJECTS) + list(FIXED) + [mood.format("") for mood in MOODS]
    texts += [",", "-"]
    for words in _SYNONYMS.values():
        texts += [text for choices in words.values() for text in choices]
    texts += [label for name, labels in FIELDS.items() if name != "format" for label in labels]
    return sorted({word for text in texts for word in split(text)})
