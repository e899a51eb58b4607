"""Flower heads: each is drawn around the origin, about one unit in radius, seen from the front
or the side. A head gets four inks: body, dark, light and the green of its stem.
"""
import math
from typing import NamedTuple

from painter.brush import BROAD, LEAF, POINTED, ROUND
from painter.palette import WHITE, mix, rgb

TURN = 2 * math.pi
UP = -math.pi / 2


class Inks(NamedTuple):
    body: tuple
    dark: tuple
    light: tuple
    green: tuple
    heart: tuple        # of its middle
    night: tuple        # of what is nearly black


def ring(b, count, length, width, inks, shape, start=0.0, inner=0.0):
    """Petals all round, in turn of the given inks."""
    for i in range(count):
        a = start + i * TURN / count
        b.petal(inner * math.cos(a), inner * math.sin(a), a, length - inner, width,
                inks[i % len(inks)], 1, shape)


def heart(b, radius, c):
    b.disc(0, 0, radius, mix(c, (.3, .12, 0), .35))
    b.disc(-radius * .10, -radius * .14, radius * .76, c)
    b.disc(-radius * .25, -radius * .32, radius * .30, mix(c, WHITE, .45))


def daisy(b, k, r):
    a = r.uniform(0, TURN)
    ring(b, 10, 1.08, .50, (k.dark,), ROUND, a + .3)
    ring(b, 10, 1.0, .46, (k.body, mix(k.body, k.light, .45)), ROUND, a)
    heart(b, .32, k.heart)


def cosmos(b, k, r):
    a = r.uniform(0, TURN)
    ring(b, 7, 1.08, .98, (k.dark,), BROAD, a)
    ring(b, 7, 1.0, .82, (k.body, mix(k.body, k.light, .5)), BROAD, a)
    ring(b, 7, .52, .24, (k.dark,), LEAF, a)
    heart(b, .22, k.heart)


def sunflower(b, k, r):
    a = r.uniform(0, TURN)
    ring(b, 14, 1.12, .42, (k.dark,), LEAF, a + .22)
    ring(b, 14, 1.0, .40, (k.body, mix(k.body, k.light, .4)), LEAF, a)
    b.disc(0, 0, .46, k.night)
    ring(b, 11, .42, .14, (mix(k.night, k.heart, .45),), ROUND, a, .22)
    b.disc(-.04, -.05, .20, mix(k.night, k.heart, .22))


def tulip(b, k, r):
    for lean, c in ((-.45, k.dark), (.45, k.dark), (-.22, k.body), (.24, mix(k.body, k.dark, .3)),
                    (.0, mix(k.body, k.light, .35))):
        b.petal(0, .95, UP + lean, 1.95, 1.20, c, 1, LEAF)
    b.petal(-.12, .7, UP - .08, 1.3, .30, k.light, .6, LEAF)


def poppy(b, k, r):
    a = r.uniform(0, TURN)
    for i, c in enumerate((k.dark, k.body, mix(k.body, k.dark, .4), mix(k.body, k.light, .4))):
        t = a + i * TURN / 4
        b.oval(.42 * math.cos(t), .36 * math.sin(t), .66, .58, t, c)
    b.disc(0, 0, .27, k.night)
    b.disc(-.03, -.05, .12, mix(k.heart, k.green, .4))


def pompon(b, k, r):
    """A chrysanthemum: ring in ring."""
    a = r.uniform(0, TURN)
    for i, (length, c) in enumerate(((1.08, k.dark), (.92, k.body), (.70, mix(k.body, k.light, .3)),
                                     (.46, mix(k.body, k.light, .6)))):
        ring(b, 15 - 2 * i, length, .36, (c, mix(c, k.dark, .18)), ROUND, a + i * .2)
    b.disc(0, 0, .13, k.heart)


def dahlia(b, k, r):
    """Like a pompon, with points."""
    a = r.uniform(0, TURN)
    rings = ((1.2, k.dark), (.95, k.body), (.64, mix(k.body, k.light, .35)))
    for i, (length, c) in enumerate(rings):
        ring(b, 13 - 2 * i, length, .34, (c, mix(c, k.dark, .25)), POINTED, a + i * .24)
    b.disc(0, 0, .16, k.night)


def spike(b, k, r):
    """Lavender or delphinium: florets up a spire that reaches above the head's place."""
    for i in range(15):
        p = i / 15
        q = .44 * (1 - p * .72)
        c = (k.dark, k.body, mix(k.body, k.light, .5), k.body)[i % 4]
        b.oval((1 if i % 2 else -1) * q * .72, 1.3 - 2.9 * p, q, q * .78, .4 if i % 2 else -.4, c)
    b.disc(0, -1.65, .13, k.light)


def hydrangea(b, k, r):
    b.disc(0, .05, 1.0, k.dark)
    for i in range(26):
        a, q = i * 2.4, .92 * math.sqrt(i / 26)
        x, y = q * math.cos(a), q * math.sin(a)
        c = mix(mix(k.dark, k.body, .45), k.light, max(0, min(1, .40 - .6 * y - .3 * x)))
        b.oval(x, y, .27, .22, a, c)
        b.disc(x, y, .06, mix(c, k.dark, .6))


def bell(b, k, r):
    """Hangs from the origin."""
    for lean, c in ((-.36, k.dark), (.36, k.dark), (0, k.body)):
        b.petal(0, -.25, -UP + lean, 1.75, 1.05, c, 1, BROAD)
    b.petal(-.12, 0, -UP + .14, 1.2, .30, k.light, .75)
    b.petal(0, -.45, -UP, .5, .75, k.green, 1, BROAD)


def wilted(b, k, r):
    """A daisy that has given up: its petals hang."""
    for i in range(9):
        a = -UP + (i - 4) * .30
        b.petal(0, 0, a, 1.25 - abs(i - 4) * .06, .34, (k.body, k.dark, mix(k.body, k.light, .35))
                [i % 3], 1, LEAF)
    b.oval(0, -.06, .34, .26, 0, mix(k.heart, k.dark, .55))


def rose(b, k, r):
    a = r.uniform(0, TURN)
    b.disc(0, 0, 1.0, k.dark)
    for i, q in enumerate((.58, .58, .58, .58, .58, .30, .30, .30)):
        t = a + i * 1.26
        b.oval(q * math.cos(t), q * math.sin(t), .48, .34, t + 1.4, k.body if i % 2 else
               mix(k.body, k.light, .45))
    b.disc(0, 0, .28, mix(k.body, k.light, .6))
    b.oval(.03, .03, .15, .11, a, k.dark)


def burst(b, k, r):
    """A firework of a flower: rays with a ball at each end."""
    a, count = r.uniform(0, TURN), 14
    for i in range(count):
        t, long = a + i * TURN / count, 1.28 if i % 2 else .92
        x, y = long * math.cos(t), long * math.sin(t)
        b.stroke([(0, 0), (x, y)], .12, k.body if i % 2 else k.light)
        b.disc(x, y, .18, k.light if i % 2 else k.body)
    b.disc(0, 0, .36, k.dark)
    b.disc(-.05, -.07, .26, k.heart)


def starlily(b, k, r):
    a = r.uniform(0, TURN)
    ring(b, 6, 1.35, .62, (k.dark,), LEAF, a + .52)
    ring(b, 6, 1.3, .60, (k.body,), LEAF, a)
    ring(b, 6, 1.0, .18, (k.light,), LEAF, a)
    for i in range(6):
        t = a + i * TURN / 6 + .26
        b.stroke([(0, 0), (.6 * math.cos(t), .6 * math.sin(t))], .07, k.heart)
        b.disc(.6 * math.cos(t), .6 * math.sin(t), .11, k.dark)


def flame(b, k, r):
    """Tongues of fire."""
    fire = mix(k.body, rgb("ffb428"), .6)
    for i, lean in enumerate((-1.15, 1.15, -.75, .75, -.38, .38, 0)):
        c = (k.dark, k.dark, k.body, k.dark, mix(k.body, fire, .3), k.body, fire)[i]
        b.petal(0, .8, UP + lean, r.uniform(1.9, 2.5) - abs(lean) * .35, .62, c, 1, POINTED)


def thistle(b, k, r):
    for i in range(13):
        b.petal(0, .35, UP + (i - 6) * .21, 1.5, .22, (k.body, k.light, k.dark)[i % 3], 1, POINTED)
    b.oval(0, .55, .52, .5, 0, mix(k.green, k.night, .4))
    for i in range(7):
        b.petal(0, .6, UP + (i - 3) * .62, .72, .12, mix(k.green, k.night, .2), 1, POINTED)


def spider(b, k, r):
    """A spider lily: thin petals that curl back like claws."""
    for i in range(11):
        t = i * TURN / 11 + r.uniform(-.08, .08)
        x, y = math.cos(t), math.sin(t) * .9
        b.stroke([(0, 0), (x * .95, y * .95 - .1), (x * 1.25, y * .9 - .55)], .13,
                 (k.body, k.dark, k.light)[i % 3])
    for i in range(5):
        t = UP + (i - 2) * .42
        b.stroke([(0, 0), (1.45 * math.cos(t), 1.45 * math.sin(t))], .05, k.light, .9)
    b.disc(0, 0, .20, k.dark)


def spiral(b, k, r):
    turn, a = r.choice((-1, 1)), r.uniform(0, TURN)
    b.disc(0, 0, 1.08, k.dark)
    points = [((.05 + i * .062) * math.cos(a + turn * i * .56),
               (.05 + i * .062) * math.sin(a + turn * i * .56)) for i in range(16)]
    b.stroke(points, .32, mix(k.body, k.light, .55))
    b.disc(0, 0, .14, k.body)


def pinwheel(b, k, r):
    """Bent petals of two colours that seem to turn."""
    a = r.uniform(0, TURN)
    other = mix(k.heart, k.light, .4)
    for i in range(8):
        t = a + i * TURN / 8
        x, y = math.cos(t), math.sin(t)
        u, v = math.cos(t + .75), math.sin(t + .75)
        bent = [(0, 0), (x * .7, y * .7), (x * 1.15, y * 1.15), (u * 1.05, v * 1.05),
                (u * .6, v * .6)]
        b.blob(bent, k.body if i % 2 else other)
    b.disc(0, 0, .2, k.night)


def cap(b, k, r):
    """The hat of a toadstool; its stem is drawn with it."""
    pale = mix(k.green, rgb("d8d0b0"), .7)
    b.petal(0, 2.5, UP, 2.6, 1.1, pale, 1, BROAD)
    b.petal(.12, 2.3, UP, 2.0, .35, mix(pale, k.night, .35), .8, BROAD)
    b.oval(0, .36, 1.12, .28, 0, mix(pale, k.night, .45))
    b.blob([(-1.5, .5), (-1.15, -.55), (0, -1.15), (1.15, -.55), (1.5, .5), (0, .28)], k.body)
    b.blob([(-1.0, -.1), (-.7, -.62), (.1, -.9), (-.2, -.3)], mix(k.body, k.light, .6), .8)
    for x, y, q in ((-.55, .0, .20), (.1, -.42, .22), (.62, -.05, .17), (.05, .14, .12)):
        b.oval(x, y, q, q * .75, 0, k.light)
    for x, drop in ((-.8, .5), (.45, .75), (.9, .4)):  # it drips
        b.petal(x, .2, -UP, drop + .35, .24, k.dark, .95, BROAD)


def pitcher(b, k, r):
    """A plant that drinks flies."""
    b.petal(.05, 1.9, UP + .06, 2.7, 1.35, k.dark, 1, BROAD)
    b.petal(-.08, 1.8, UP, 2.5, 1.0, k.body, 1, BROAD)
    for x in (-.28, 0, .24):
        b.stroke([(x, 1.2), (x * .9, .2)], .07, k.dark, .7)
    b.oval(0, -.55, .62, .30, .1, mix(k.light, k.body, .4))
    b.oval(.02, -.52, .45, .19, .1, k.night)
    b.petal(-.45, -.7, UP + .7, 1.15, .8, mix(k.body, k.green, .5), 1, BROAD)


def flytrap(b, k, r):
    """Two halves of a mouth with teeth."""
    for side in (-1, 1):
        a = UP + side * .62
        b.petal(0, .6, a, 1.8, 1.25, k.green if side < 0 else mix(k.green, k.body, .4), 1, BROAD)
        b.petal(0, .55, a, 1.5, .85, k.body if side > 0 else k.dark, 1, BROAD)
        for i in range(5):
            t = a + side * .75 - side * i * .30
            x, y = .2 * side + 1.15 * math.cos(t), -.1 + 1.05 * math.sin(t)
            b.stroke([(x, y), (x - side * .32, y - .35)], .08, mix(k.light, k.green, .3))


HEADS = {f.__name__: f for f in (
    daisy, cosmos, sunflower, tulip, poppy, pompon, dahlia, spike, hydrangea, bell, wilted, rose,
    burst, starlily, flame, thistle, spider, spiral, pinwheel, cap, pitcher, flytrap)}

HANGING = ("bell", "wilted")            # the stem bows and the head is drawn upright
STANDING = ("cap", "pitcher", "flytrap", "tulip", "spike", "flame", "thistle", "spider")
STEMLESS = ("cap",)
