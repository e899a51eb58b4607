"""Colours: those of times, seasons and emotions, and the one function that all of them pass."""
from typing import NamedTuple


def rgb(text):
    """'ff8800' as three numbers from 0 to 1."""
    return tuple(int(text[i:i + 2], 16) / 255 for i in (0, 2, 4))


def colours(text):
    return [rgb(word) for word in text.split()]


WHITE, BLACK = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)


def clamp(c):
    r, g, b = c
    return (0.0 if r < 0 else 1.0 if r > 1 else r, 0.0 if g < 0 else 1.0 if g > 1 else g,
            0.0 if b < 0 else 1.0 if b > 1 else b)


def mix(a, b, t):
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def times(a, b):
    return (a[0] * b[0], a[1] * b[1], a[2] * b[2])


def luma(c):
    return 0.3 * c[0] + 0.59 * c[1] + 0.11 * c[2]


def grey(c):
    return (luma(c),) * 3


def tint(c, hue, amount):
    """Moves c towards a hue and leaves its lightness: a tinted night stays a night."""
    return mix(c, clamp(times(hue, (luma(c) / max(luma(hue), 0.02),) * 3)), amount)


def vary(rng, c, amount=0.05):
    """A neighbour of c: lighter or darker, a little warmer or colder."""
    light, warm = rng.uniform(-amount, amount), rng.uniform(-amount, amount) * 0.5
    return clamp((c[0] + light + warm, c[1] + light, c[2] + light - warm))


class Time(NamedTuple):
    sky: list           # zenith, middle, horizon
    light: tuple        # what every local colour is multiplied by
    luminary: tuple     # the sun's or the moon's colour


TIMES = {
    "day": Time(colours("3b82cf 86c0ea eff3e4"), (1.0, 1.0, 0.97), rgb("fff4bf")),
    "sunset": Time(colours("54408c e2646a ffc763"), (1.05, 0.80, 0.72), rgb("ffb648")),
    "the-middle-of-the-night": Time(colours("080e2e 17265e 41589a"), (0.40, 0.50, 0.80),
                                    rgb("f4f1d8")),
    "the-early-dawn": Time(colours("7d92d8 dfa9cf ffdcba"), (0.91, 0.80, 0.92), rgb("fff0d6")),
}


class Land(NamedTuple):
    grass: list         # far, near
    leaves: list        # of trees
    accents: list       # petals or leaves that lie about, the season's own flowers
    species: tuple      # the season's own
    green: tuple        # stems and leaves of flowers
    cast: tuple         # hue and how much of it, over all that stands on the ground


LANDS = {
    "spring": Land(colours("cbe88a 86c653"), colours("f7c0d6 fbdce8 ee9fc2 f4b4cc"),
                   colours("ffd3e4 fff0a0 ffffff"), ("tulip", "daisy"), rgb("4f9a3e"),
                   (rgb("b0e058"), .20)),
    "summer": Land(colours("7cb04c 2c6e2a"), colours("3f8a3c 2f7032 5a9e44 79b04e"),
                   colours("ffcf3f ff6b4a ffffff"), ("sunflower", "poppy"), rgb("2f7030"),
                   (rgb("2f8c34"), .16)),
    "autumn": Land(colours("dcb765 a5793a"), colours("e0762a c84a22 efae38 a93a1e"),
                   colours("e58a2a bf4a26 f4c452"), ("pompon", "pompon"), rgb("6f6a2c"),
                   (rgb("dc7424"), .34)),
    "winter": Land(colours("e6eef5 b4c6d6"), colours("57786f 456660 7b958f"),
                   colours("ffffff dfe9f4 c8303f"), ("rose", "bell"), rgb("557268"),
                   (rgb("bcd4f0"), .24)),
}


class Mood(NamedTuple):
    """How an emotion paints."""

    petals: list
    species: tuple      # the more often, the more of them
    sky: tuple          # hue and how much of it
    gain: float         # lightness of the sky
    tone: tuple         # hue and how much of it, over all that stands on the ground
    foliage: tuple      # hue and how much of it, over grass and leaves
    lean: float         # of all plants to one side
    droop: float        # of the heads
    uneven: float       # heights
    density: float      # of the flowers
    size: float         # of the flowers
    saturation: float
    contrast: float
    vignette: float


MOODS = {
    "happy": Mood(colours("ffcf33 ff9340 ff6f91 fff0a8 ff5a58"),
                  ("daisy", "sunflower", "tulip", "cosmos", "cosmos"),
                  (rgb("ffe3a0"), .10), 1.04, (rgb("ffe39a"), .10), (rgb("8fc83c"), .15),
                  0, 0, .12, 1.25, 1.0, 1.08, 1.02, .04),
    "surprised": Mood(colours("ff3fb4 2fd4e8 fff04a b45cff ffffff"),
                      ("burst", "burst", "starlily", "burst"),
                      (rgb("6a5cff"), .20), 1.0, (rgb("c070ff"), .06), (rgb("1c7a78"), .40),
                      0, -.1, .55, .62, 1.45, 1.18, 1.06, .06),
    "calm": Mood(colours("8f8fe2 bab4f2 eceeff 84b4e4 d8c4f0"),
                 ("spike", "spike", "hydrangea", "daisy"),
                 (rgb("c4dcf4"), .30), 1.06, (rgb("b4d0ee"), .18), (rgb("7fb09a"), .35),
                 0, 0, .06, 1.05, .95, .88, .92, 0),
    "angry": Mood(colours("d8142c 9a0f22 ff4a1c 5a0d1e f5341a"),
                  ("flame", "dahlia", "flame", "thistle"),
                  (rgb("b8382c"), .42), .74, (rgb("a83420"), .20), (rgb("4a2c20"), .55),
                  .55, 0, .28, 1.1, 1.1, 1.16, 1.24, .34),
    "fear": Mood(colours("8a74b8 bcc0e0 5a4c8c dcdcf4 6f9aa6"),
                 ("spider", "bell", "spider", "thistle"),
                 (rgb("3d7480"), .62), .60, (rgb("3c747c"), .45), (rgb("1c3b39"), .78),
                 .15, .45, .38, .55, 1.0, .72, 1.12, .55),
    "confused": Mood(colours("ef5fae 46cfa4 f7ac38 6a78ee dde046"),
                     ("spiral", "spiral", "pinwheel", "spiral"),
                     (rgb("b48ae0"), .46), 1.0, (rgb("c890f4"), .18), (rgb("5a9aa8"), .48),
                     0, .15, .5, .8, 1.15, 1.04, 1.0, .05),
    "disgusted": Mood(colours("b4ba2c 7d6a20 8f3f78 d8d450 5f8028"),
                      ("cap", "pitcher", "cap", "flytrap"),
                      (rgb("b4ac34"), .64), .84, (rgb("9c9c2c"), .34), (rgb("6c7022"), .62),
                      .1, .3, .28, .85, 1.1, .92, 1.06, .24),
    "sad": Mood(colours("4f7ed0 8cb0e6 3a5cae d0def4 7f78c8"),
                ("bell", "wilted", "bell", "wilted"),
                (rgb("7890b0"), .62), .82, (rgb("6f8cb8"), .40), (rgb("5c7c7c"), .50),
                .1, .9, .14, .62, 1.05, .68, .94, .18),
}


class Weather(NamedTuple):
    cover: float        # how much of the sky is the flat cloud colour
    flat: tuple         # that colour, by day
    light: float
    fade: float         # of colours; below 0 they gain
    clear: float        # how well sun, moon and stars are seen
    haze: float         # how much the distance fades


WEATHERS = {
    "sunny": Weather(0, WHITE, 1.02, -.10, 1.0, 0),
    "cloudy": Weather(.50, rgb("b4bfcc"), .92, .12, .35, .04),
    "rainy": Weather(.80, rgb("66758a"), .80, .20, .06, .16),
    "snowy": Weather(.66, rgb("dde5f0"), .95, .08, .22, .14),
}

SNOW = rgb("f3f6fc")
MOONLIGHT = rgb("6a88d8")


class Light:
    """The light of one picture: its sky, its haze, and lit(), which every colour passes."""

    def __init__(self, labels):
        self.labels = labels
        self.time, self.land = TIMES[labels.time], LANDS[labels.season]
        self.mood, self.weather = MOODS[labels.emotion], WEATHERS[labels.weather]
        w, m = self.weather, self.mood
        flat = times(w.flat, times(self.time.light, (.58 if labels.night else 1,) * 3))
        sky = [mix(c, flat, w.cover * part) for c, part in zip(self.time.sky, (1, .85, .6))]
        gain = m.gain if not labels.night else (1 + m.gain) / 2
        if labels.night and m.gain < .9:             # blue hides what dark moods add to it
            m = self.mood = m._replace(sky=(m.sky[0], 1 - (1 - m.sky[1]) * .7),
                                       tone=(m.tone[0], 1 - (1 - m.tone[1]) * .75))
        # The horizon keeps the colours of sunset and dawn, and bright moods leave them alone.
        parts = (1, .9, .7)
        if labels.time in ("sunset", "the-early-dawn"):
            parts = (.5, .45, .3) if m.gain > .9 else (.85, .45, 0)
            self.mood = m._replace(tone=(m.tone[0], m.tone[1] * .7))
        gains = [gain + (1 - gain) * lift for lift in (0, .1, .4)]
        self.sky = [clamp(times(tint(c, m.sky[0], m.sky[1] * part), (own_gain,) * 3))
                    for c, part, own_gain in zip(sky, parts, gains)]
        self.light = times(self.time.light, (w.light,) * 3)
        # Petals take more light than leaves do: at night they are what is seen.
        self.petal_light = mix(self.light, WHITE, .60 if labels.night else .25)
        self.haze = mix(self.sky[2], self.sky[1], .35)

    def lit(self, c, far=0.0, tone=1.0):
        """A local colour as it looks here, `far` of it lost in the haze."""
        c = clamp(times(mix(c, grey(c), self.weather.fade), self.light))
        if self.labels.night:                        # moonlight makes browns blue
            c = tint(c, MOONLIGHT, .25)
        c = tint(c, self.mood.tone[0], self.mood.tone[1] * tone)
        hue, amount = self.land.cast
        c = tint(c, hue, amount * tone)
        return mix(c, self.haze, min(1, far * (1 + self.weather.haze * 2)))

    def petal(self, c, far=0.0):
        c = clamp(times(mix(c, grey(c), self.weather.fade * .7), self.petal_light))
        c = tint(c, self.mood.tone[0], self.mood.tone[1] * .4)
        return mix(c, self.haze, far)

    def leafy(self, c, far=0.0):
        """A leaf or grass colour, which the mood bends."""
        return self.lit(self.bent(c), far)

    def crown(self, c, far=0.0):
        """Blossom and autumn leaves keep their own colour; what is green follows the mood."""
        own = self.labels.season != "summer"
        return self.lit(self.bent(c, .3 if own else 1.0), far, .5 if own else 1.0)

    def bent(self, c, part=1.0):
        """c bent to the mood's foliage: half in hue alone, half in lightness too, so that dark
        moods have dark grass."""
        hue, amount = self.mood.foliage
        if self.labels.season != "summer":           # the other seasons are told by their grass
            amount *= .5
        return mix(tint(c, hue, amount * part * .5), hue, amount * part * .5)

    def snow(self, far=0.0):
        """Snow takes the sky's colour in, and stays the lightest thing on the ground."""
        white = mix(SNOW, self.sky[0], .10)
        gain = .62 if self.labels.night else 1.0
        c = clamp(times(white, mix(self.light, (gain,) * 3, .62)))
        c = tint(c, self.mood.tone[0], self.mood.tone[1] * .45)
        return mix(c, self.haze, far)
