"""What is in the air before everything else: rain, snow, and each emotion's own."""
import math

from painter.palette import WHITE, mix, rgb, vary

TURN = 2 * math.pi


def paint_air(b, s):
    r = s.rng("air")
    _AIRS.get(s.labels.emotion, lambda *_: None)(b, s, r)
    if s.labels.rainy:
        _rain(b, s, r)
    if s.labels.snowy:
        _snow(b, s, r)


def _rain(b, s, r):
    """A grey veil, and broad streaks that all slant alike."""
    veil = mix(s.light.sky[1], rgb("8c9aac"), .4)
    if s.labels.night:
        veil = s.light.sky[1]
    b.wash(0, s.height * .9, [(0, veil, .20), (.5, veil, .16), (1, veil, 0)],
           (-20, -20, s.width + 20, s.height * .9))
    slant = s.side * r.uniform(.22, .42)
    c = mix(WHITE, s.light.sky[1], .25 if not s.labels.night else .45)
    for i in range(44 if not s.tall else 46):
        near = (i % 3) / 2
        length = 8 + 8 * near
        x, y = r.uniform(-15, s.width + 15), r.uniform(-10, s.height)
        b.taper([(x + slant * length, y + length), (x, y)], .7 + .7 * near, c, .36 + .2 * near, .2)


def _snow(b, s, r):
    """Few flakes, and large: the white ground tells the weather already."""
    veil = mix(s.light.haze, WHITE, .5 if not s.labels.night else .15)
    b.wash(0, s.height * .8, [(0, veil, .16), (.6, veil, .10), (1, veil, 0)],
           (-20, -20, s.width + 20, s.height * .8))
    c = mix(WHITE, s.light.sky[1], .10 if not s.labels.night else .22)
    many = 46 if s.labels.emotion != "surprised" else 30
    for i in range(many):
        q = (.62, .8, 1.05)[i % 3]
        x, y = r.uniform(0, s.width), r.uniform(0, s.height)
        b.disc(x, y, q * 1.5, c, .22)
        b.disc(x, y, q, c, .92)


def _happy(b, s, r):
    if s.labels.night:
        return _fireflies(b, s, r, 12)
    if s.labels.rainy or s.labels.snowy:
        return None
    for _ in range(r.randint(2, 4)):                 # butterflies
        x, y = r.uniform(.12, .88) * s.width, r.uniform(.38, .72) * s.height
        q, c = r.uniform(2.0, 3.0), s.light.petal(r.choice((rgb("ffb030"), WHITE, rgb("6fb7ff"))))
        with b.placed(x, y, q, r.uniform(-.5, .5)):
            for k in (-1, 1):
                b.petal(0, 0, -math.pi / 2 + k * .75, 1.5, 1.2, c)
                b.petal(0, 0, math.pi / 2 - k * .85, 1.0, .9, mix(c, WHITE, .3))
            b.stroke([(0, .5), (0, -.5)], .2, s.light.lit(rgb("30242c")))
    return None


def _fireflies(b, s, r, many):
    for _ in range(many):
        x, y = r.uniform(0, s.width), r.uniform(.48, .95) * s.height
        b.glow(x, y, 3.4, rgb("ffe890"), .85)
        b.disc(x, y, .5, rgb("fffbe0"))


def _calm(b, s, r):
    if s.labels.night:
        _fireflies(b, s, r, 7)


def _surprised(b, s, r):
    """Petals fly up as if something had gone off."""
    cx, cy = s.width * r.uniform(.35, .65), s.height * .62
    for _ in range(16):
        a, q = r.uniform(math.pi * 1.05, math.pi * 1.95), r.uniform(.18, .5) * s.height
        c = s.light.petal(r.choice(s.mood.petals))
        b.petal(cx + q * 1.3 * math.cos(a), cy + q * math.sin(a), a, r.uniform(2, 3.2),
                r.uniform(1.2, 1.8), c, .95)


def _angry(b, s, r):
    """Embers in the wind."""
    for _ in range(22):
        x, y = r.uniform(0, s.width), r.uniform(.15, .95) * s.height
        q = r.uniform(.35, .8)
        b.glow(x, y, q * 4, rgb("ff5a1c"), .55)
        b.petal(x, y, s.side * .3 + (math.pi if s.side < 0 else 0), q * 3.4, q * 1.2, rgb("ffb050"),
                .95)


def _fear(b, s, r):
    """Fog that creeps, and eyes that look."""
    fog = mix(s.light.haze, rgb("8fb0b4"), .25 if not s.labels.night else .08)
    for _ in range(6):
        b.mist(r.uniform(0, s.width), s.ground(r.uniform(.1, .8)), r.uniform(30, 60),
               r.uniform(5, 10), fog, .28)
    for _ in range(r.randint(2, 3)):
        t = r.uniform(.08, .3)
        x, q = s.off_way(r.uniform(.08, .92) * s.width, t, 8), .8 + .9 * t
        y = s.ground(t, x) - 4 * q
        dark = s.light.lit(rgb("26423f"))
        b.dabs(r, [("leaves", x + q * .9 + r.gauss(0, 3.2) * q, y + r.gauss(.8, 1.7) * q,
                 5.5 * q, r.uniform(0, TURN), dark, 1) for _ in range(14)])
        for k in (0, 1.9):
            b.glow(x + k * q, y, 2.6 * q, rgb("d8f070"), .5)
            b.oval(x + k * q, y, .62 * q, .48 * q, 0, rgb("eaf59a"))


def _disgusted(b, s, r):
    """Fumes and flies."""
    c = s.light.lit(rgb("b4c040"))
    for _ in range(4):
        x, y = r.uniform(.1, .9) * s.width, s.ground(r.uniform(.25, .8))
        for i in range(6):
            b.mist(x + 3.5 * math.sin(i * 1.1), y - i * 4.6, 4 + i, 4 + i, c, .5 - .06 * i)
    for _ in range(7):
        x, y = r.uniform(.08, .92) * s.width, r.uniform(.42, .85) * s.height
        b.oval(x, y, .8, .55, 0, s.light.lit(rgb("20200c")))
        for k in (-1, 1):
            b.oval(x + k * .55, y - .6, .65, .34, k * -.5, WHITE, .55)


def _sad(b, s, r):
    """Petals let go, one after the other."""
    for _ in range(9):
        x, y = r.uniform(0, s.width), r.uniform(.3, .95) * s.height
        b.petal(x, y, r.uniform(0, TURN), r.uniform(1.6, 2.4), r.uniform(.9, 1.3),
                s.light.petal(vary(r, r.choice(s.mood.petals))), .9)


_AIRS = {"happy": _happy, "calm": _calm, "surprised": _surprised, "angry": _angry, "fear": _fear,
         "disgusted": _disgusted, "sad": _sad}
