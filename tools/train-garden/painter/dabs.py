"""The marks of the brush: small outlines that are set down by the thousand.

Each lies within one unit of the origin. They are made once a process from a fixed seed.
"""
import functools
import math
import random

import skia

VARIANTS = 4
TURN = 2 * math.pi


@functools.cache
def marks():
    """The variants of each kind."""
    rng = random.Random(4)
    make = {"blob": _blob, "flat": _flat, "leaves": _leaves, "grass": _grass, "petals": _petals,
            "mound": _mound, "ripple": _ripple}
    return {kind: [draw(rng) for _ in range(VARIANTS)] for kind, draw in make.items()}


def _closed(points):
    """A smooth outline that passes between the points."""
    path = skia.Path()
    count = len(points)
    middle = [((points[i][0] + points[(i + 1) % count][0]) / 2,
               (points[i][1] + points[(i + 1) % count][1]) / 2) for i in range(count)]
    path.moveTo(*middle[-1])
    for point, end in zip(points, middle):
        path.quadTo(*point, *end)
    path.close()
    return path


def _blob(rng):
    return _closed([(rng.uniform(.84, 1.08) * math.cos(a), rng.uniform(.72, .95) * math.sin(a))
                    for a in (i * TURN / 7 for i in range(7))])


def _mound(rng):
    """A low heap: shade under a bed, a patch of snow."""
    return _closed([(rng.uniform(.85, 1.1) * math.cos(a), rng.uniform(.22, .34) * math.sin(a))
                    for a in (i * TURN / 9 for i in range(9))])


def _ripple(rng):
    """A thin line of light on water."""
    a, b, c, d = (rng.uniform(.06, .12) for _ in range(4))
    return _closed([(-1.1, 0), (-.4, -a), (.4, -b), (1.1, 0), (.4, c), (-.4, d)])


def _flat(rng):
    """One pull of a flat brush, its bristles drying out at both ends."""
    right = [(rng.uniform(.62, 1.0), y) for y in (-.22, -.08, .04, .15, .24)]
    left = [(-rng.uniform(.70, 1.0), y) for y in (.24, .10, -.04, -.2)]
    return _closed([(-.4, -.30), (.35, -.30)] + right + [(.3, .30), (-.4, .30)] + left)


def _leaf(path, x, y, angle, length, width):
    u, v = math.cos(angle), math.sin(angle)
    path.moveTo(x - u * length, y - v * length)
    path.quadTo(x - v * width, y + u * width, x + u * length, y + v * length)
    path.quadTo(x + v * width, y - u * width, x - u * length, y - v * length)


def _leaves(rng):
    """A spray: leaves around a common middle, so that a heap of them has an open edge."""
    path = skia.Path()
    for i in range(8):
        a = i * TURN / 8 + rng.uniform(-.3, .3)
        q = rng.uniform(.30, .66) if i % 3 else rng.uniform(0, .25)
        _leaf(path, q * math.cos(a), q * math.sin(a), a + rng.uniform(-.7, .7), .38, .36)
    return path


def _petals(rng):
    """A far flower head."""
    path = skia.Path()
    for i in range(6):
        a = i * TURN / 6 + rng.uniform(-.2, .2)
        _leaf(path, .42 * math.cos(a), .42 * math.sin(a), a, .46, .52)
    return path


def _grass(rng):
    """A tuft that stands on the origin."""
    path = skia.Path()
    for i in range(6):
        x, lean = (i - 2.5) * .13, (i - 2.5) * .22 + rng.uniform(-.2, .2)
        tall = rng.uniform(.8, 1.6)
        path.moveTo(x - .14, .1)
        path.quadTo(x + lean * .3, -tall * .55, x + lean, -tall)
        path.quadTo(x + lean * .3 + .16, -tall * .45, x + .16, .1)
        path.close()
    return path
