"""The plan of one picture, made before anything is painted: sizes, horizon, way, sun, frame.

The ground is seen in perspective: t is 0 at the horizon and 1 at the lower edge.
"""
import math

from painter.labels import rng_for
from painter.palette import Light

TURN = 2 * math.pi

# What leads the eye through the garden, and how often, for each emotion.
WAYS = {
    "happy": ("path", "path", "avenue", "stream", "meadow"),
    "surprised": ("path", "avenue", "meadow", "meadow"),
    "calm": ("lake", "lake", "stream", "stream", "path"),
    "angry": ("path", "path", "avenue", "meadow"),
    "fear": ("path", "avenue", "path", "stones"),
    "confused": ("fork", "fork", "stones", "path"),
    "disgusted": ("swamp", "swamp", "stones", "path"),
    "sad": ("path", "stones", "stream", "lake", "path"),
}
FRAMES = ("left", "right", "left", "right", "both", "bough", "bough", "rows", "none")
RANGES = {
    "angry": ("peaks",),
    "fear": ("wood", "peaks"),
    "confused": ("waves",),
    "calm": ("hills", "mountains", "hills"),
}


class Scene:
    def __init__(self, labels, seed, width, height):
        """Sizes in pixels; all that follows is in units of a hundredth of the short side."""
        r = rng_for(seed, labels, "plan")
        self.labels, self.seed, self.seed_number = labels, seed, r.randrange(1 << 30)
        short = min(width, height)
        self.width, self.height = 100 * width / short, 100 * height / short
        self.light = Light(labels)
        self.mood = self.light.mood
        self.tall = self.height > self.width
        self.horizon = self.height * (r.uniform(.25, .46) if self.tall else r.uniform(.27, .53))
        emotion = labels.emotion
        if emotion == "surprised":
            self.horizon = self.height * r.uniform(.42, .55)
        self.way = r.choice(WAYS[emotion])
        self.range = r.choice(RANGES.get(emotion, ("hills", "mountains", "hills", "wood")))
        self.frame = r.choice(FRAMES)
        self.side = r.choice((-1, 1))               # where the wind and the heavy mass are
        self.tilt = r.choice((-1, 1)) * r.uniform(.05, .10) if emotion == "confused" else 0.0
        self._phase, self._bow = r.uniform(0, TURN), r.uniform(.08, .22) * self.width
        self._bends = r.uniform(2.6, 5.2)
        self._foot = r.uniform(.28, .72) * self.width
        self._vanish = r.uniform(.3, .7) * self.width
        self._broad = r.uniform(.85, 1.25) * {"stream": 1.5, "avenue": 1.25}.get(self.way, 1.0)
        self.slope = r.uniform(-.10, .10) * r.choice((1, 1, 2.6))
        self.sun_x = r.uniform(.14, .86) * self.width
        if abs(self.sun_x - self.width / 2) < .12 * self.width and r.random() < .6:
            self.sun_x = self.width * r.choice((.2, .8))
        self.sun_y = self.horizon * self._sun_height(r)
        self.lake = (r.uniform(.03, .08), r.uniform(.40, .58))   # t of its shores

    def _sun_height(self, r):
        return {"day": r.uniform(.16, .40), "sunset": r.uniform(.80, .94),
                "the-middle-of-the-night": r.uniform(.20, .45),
                "the-early-dawn": r.uniform(.90, 1.0)}[self.labels.time]

    def rng(self, purpose):
        return rng_for(self.seed, self.labels, purpose)

    @property
    def water(self):
        return self.way in ("lake", "swamp")

    def ground(self, t, x=None):
        """The height on the picture of a place on the ground."""
        y = self.horizon + (self.height - self.horizon) * max(t, 0) ** 1.3
        if x is not None:
            y += self.slope * (x - self.width / 2) * t * (1.2 - t)
        return y

    def near(self, t):
        """How large a thing at t is: 1 at the lower edge."""
        return .13 + .87 * max(t, 0) ** 1.15

    def way_x(self, t):
        if self.way == "avenue":
            return self._vanish + (self._foot - self._vanish) * t
        bend = math.sin(self._phase + max(0, 1 - t) ** 1.5 * self._bends)
        return self._foot + self._bow * bend * (.2 + .9 * t)

    def way_half(self, t):
        """Half of the way's breadth; 0 where there is no way to keep clear of."""
        if self.way in ("meadow", "lake", "swamp"):
            return 0.0
        return (.7 + 13 * t ** 1.35) * self._broad

    def off_way(self, x, t, gap=1.0):
        """x, moved aside where it lies on the way."""
        half = self.way_half(min(t, 1))
        centre = self.way_x(min(t, 1))
        if half and abs(x - centre) < half + gap:
            return centre + math.copysign(half + gap, x - centre)
        return x

    def in_lake(self, t):
        return self.water and self.lake[0] - .01 < t < self.lake[1] + .02
