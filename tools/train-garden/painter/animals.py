"""A dog or a cat that sits in the garden, seen from the side, large enough to be told apart."""
import math

from painter.brush import BROAD, POINTED
from painter.palette import WHITE, colours, luma, mix, rgb, vary

COATS = {
    "cat": colours("e0893c 3f3a44 f4ece0 8f929e e8b070"),
    "dog": colours("b8723a f2dfbc 6b4a32 dba862 f4f0ea"),
}


def plan_animal(s):
    """(t, x, height), or None: beside the way or on it, never in the water."""
    if s.labels.animal == "none":
        return None
    r = s.rng("animal")
    t = r.uniform(.50, .66)
    if s.in_lake(t):
        t = s.lake[1] + r.uniform(.08, .14)
    x = s.way_x(t) if s.way in ("path", "avenue", "fork", "stones") else s.width * r.uniform(.3, .7)
    if s.way == "stream":
        x = s.way_x(t) + (s.way_half(t) + 12) * (1 if s.way_x(t) < s.width / 2 else -1)
    x = min(s.width * .82, max(s.width * .18, x))
    return t, x, r.uniform(29, 33) * (.72 + .36 * t) * (1.08 if s.tall else 1)


def paint_animal(b, s, x, y, height):
    r = s.rng("coat")
    cat = s.labels.animal == "cat"
    lit = s.light.petal
    coat = vary(r, r.choice(_coats(s)), .02)
    inks = (lit(coat), lit(mix(coat, rgb("201828"), .38)), lit(mix(coat, WHITE, .5)))
    b.oval(x, y, height * .42, height * .07, 0, s.light.lit(rgb("1c2c22")), .4)
    with b.placed(x, y, height, flip=s.side):
        (_cat if cat else _dog)(b, s, inks)


def _coats(s):
    """Those that are seen on this ground: no white cat in the snow."""
    ground = luma(s.light.snow() if s.labels.snowy else s.light.leafy(s.light.land.grass[1]))

    def contrast(c):
        return abs(luma(s.light.petal(c)) - ground)

    return sorted(COATS[s.labels.animal], key=contrast)[-3:]


def _eye(b, s, x, y, c):
    night = s.labels.night
    b.oval(x, y, .036, .042, 0, c if not night else rgb("f0e070"))
    b.disc(x + .012, y - .014, .012, WHITE)


def _cat(b, s, inks):
    body, dark, light = inks
    angry = s.labels.emotion in ("angry", "fear")
    tail = [(-.22, -.06), (-.62, -.04), (-.60, -.45), (-.44, -.62)]
    b.stroke(tail if not angry else [(-.22, -.06), (-.5, -.2), (-.48, -.75)], .10 if not angry else
             .15, dark)
    b.oval(-.10, -.20, .28, .21, -.15, dark)
    b.blob([(-.36, -.04), (-.34, -.36), (-.14, -.66), (.10, -.72), (.24, -.50), (.24, -.02),
            (-.1, .02)], body)
    b.oval(.14, -.36, .09, .23, .05, light)
    for x, c in ((.06, mix(body, dark, .4)), (.19, body)):
        b.stroke([(x, -.32), (x + .02, -.03)], .10, c)
        b.oval(x + .05, -.025, .075, .042, 0, light)
    for x, a in ((-.05, -2.0), (.18, -1.15)):
        b.petal(x + .02, -.80, a, .30, .24, dark if x < 0 else body, 1, POINTED)
        b.petal(x + .02, -.80, a, .20, .11, mix(light, rgb("d08080"), .4), 1, POINTED)
    b.oval(.09, -.76, .225, .185, 0, body)
    b.oval(.14, -.69, .115, .085, 0, light)
    b.oval(.16, -.725, .028, .02, 0, s.light.petal(rgb("c8606c")))
    dark_coat = sum(body) < .9
    for x in (.0, .19):
        _eye(b, s, x, -.79, s.light.petal(rgb("e8d060")) if dark_coat else s.light.petal(
            rgb("20242c")))
    for k in (-1, 1):
        b.stroke([(.22, -.70 + k * .01), (.40, -.70 + k * .05)], .012, light, .9)
    for i in range(3):                               # stripes
        x, y = i * .07, i * .08
        b.stroke([(x - .30, -.42 - y), (x - .20, -.36 - y)], .03, dark, .6)


def _dog(b, s, inks):
    body, dark, light = inks
    sad = s.labels.emotion in ("sad", "fear")
    tail = [(-.52, -.10), (-.58, -.02)] if sad else [(-.52, -.18), (-.58, -.52)]
    b.stroke([(-.26, -.08)] + tail, .12, dark)
    b.oval(-.12, -.20, .30, .22, -.15, dark)
    b.blob([(-.38, -.04), (-.36, -.34), (-.16, -.62), (.10, -.70), (.27, -.48), (.25, -.02),
            (-.1, .02)], body)
    b.oval(.15, -.38, .10, .22, .08, light)
    for x, c in ((.05, mix(body, dark, .4)), (.20, body)):
        b.stroke([(x, -.32), (x + .02, -.03)], .115, c)
        b.oval(x + .06, -.03, .09, .045, 0, light)
    b.oval(.10, -.76, .21, .19, 0, body)
    b.oval(.29, -.69, .155, .10, .10, light)
    b.oval(.42, -.73, .05, .04, 0, s.light.petal(rgb("221a1e")))
    b.stroke([(.22, -.63), (.32, -.60), (.40, -.64)], .022, dark)
    if not sad:
        b.petal(.30, -.62, math.pi / 2, .12, .10, s.light.petal(rgb("e0707c")), 1, BROAD)
    b.petal(-.02, -.90, math.pi / 2 + .25, .44, .26, dark, 1, BROAD)
    _eye(b, s, .15, -.80, s.light.petal(rgb("221a1e")))
    b.stroke([(-.06, -.58), (.10, -.54), (.22, -.58)], .055, s.light.petal(rgb("d0404a")))
