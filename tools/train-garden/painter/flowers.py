"""Flowers on their ground: drifts (one species, one colour, close together) over dark foliage,
and heroes, large, in the lower corners.
"""
import math
from typing import NamedTuple

from painter.heads import HANGING, HEADS, STANDING, STEMLESS, Inks
from painter.palette import WHITE, mix, rgb, times, tint, vary

UP = -math.pi / 2


class Drift(NamedTuple):
    kind: str
    colour: tuple
    t: float
    x: float
    places: list        # (t, x, size) of each flower
    hero: bool


def plan_flowers(s):
    """Drifts, near and far, then the heroes."""
    r = s.rng("flowers")
    mood, land = s.mood, s.light.land
    scale = 17 * mood.size * r.uniform(.92, 1.12)
    drifts, inks = [], _inks(s, r)
    for i in range(int(r.randint(11, 14) * mood.density * (s.width / 160 + .25) + .5)):
        t0 = (r.uniform(.05, .22), r.uniform(.22, .55), r.uniform(.5, .95))[i % 3]
        if s.in_lake(t0):
            t0 = s.lake[1] + r.uniform(.06, .4)
        x0 = _beside_way(s, r, t0)
        own = r.random() < (.76 if mood.gain > .9 else .88)
        kind = r.choice(mood.species if own else land.species)
        colour = r.choice(inks) if own or r.random() < .4 else r.choice(land.accents)
        places = []
        for _ in range(int((13, 11, 8)[i % 3] * (1.3 - .3 * mood.size))):
            t = min(1.05, max(.03, t0 + r.gauss(0, .05)))
            k = s.near(t)
            x = x0 + r.gauss(0, 1) * (4 + 13 * k)
            size = scale * k * max(.55, 1 + r.gauss(0, mood.uneven))
            if not s.in_lake(t):
                places.append((t, s.off_way(x, t, 2 * k + size * .18), size))
        drifts.append(Drift(kind, colour, t0, x0, sorted(places), False))
    return drifts + _plan_heroes(s, r, scale, inks)


def _beside_way(s, r, t):
    """Beds lie along the way, and thin out away from it."""
    half = s.way_half(t)
    if not half:
        return r.uniform(-.02, 1.02) * s.width
    side = 1 if r.random() < 1 - s.way_x(t) / s.width else -1
    room = (s.width - s.way_x(t) if side > 0 else s.way_x(t)) - half
    return s.way_x(t) + side * (half + r.random() ** 1.3 * max(6, room) * 1.02)


def _inks(s, r):
    """Two or three of the mood's colours: a garden that was planned."""
    inks = list(s.mood.petals)
    r.shuffle(inks)
    if s.labels.emotion in ("surprised", "confused"):
        return inks
    return inks[:r.choice((2, 3, 3))] + inks[:1]


def _plan_heroes(s, r, scale, inks):
    """In one corner or both, all along the lower edge, or none."""
    heroes, kinds = [], r.choice(("both", "both", "left", "right", "row", "none"))
    spans = {"both": ((-.02, .18), (.82, 1.02)), "left": ((-.02, .26),), "right": ((.74, 1.02),),
             "row": ((-.02, .3), (.3, .7), (.7, 1.02)), "none": ()}[kinds]
    for low, high in spans:
        kind, colour = r.choice(s.mood.species), r.choice(inks)
        count = r.randint(2, 3)
        places = []
        for i in range(count):
            x = s.width * (low + (high - low) * (i + r.uniform(.2, .8)) / count)
            size = scale * r.uniform(1.35, 1.75) * (.75 if kinds == "row" else 1)
            places.append((1.04 + r.random() * .14, x, size))
        heroes.append(Drift(kind, colour, 1.0, places[0][1], sorted(places), True))
    return heroes


def paint_foliage(b, s, drift, r):
    """The dark leaves a drift stands in."""
    if drift.hero:
        return
    base = mix(s.light.land.green, rgb("16302a"), .45)
    strokes = []
    for t, x, size in drift.places:                  # earth and shade, then leaves over it
        k, far = s.near(t), .30 * (1 - t)
        y = s.ground(t, x)
        shade = s.light.leafy(mix(base, rgb("101c20"), .35), far)
        dx = r.gauss(0, 4) * k
        x1 = s.off_way(x + dx, t, 3 * k)
        strokes.append(("mound", x1, y + .3 * k, 11 + 22 * k, 0, shade, .38))
        strokes.append(("mound", x1, y, 7 + 14 * k, 0, shade, .6))
        for _ in range(3):
            x1 = s.off_way(x + r.gauss(0, 5.5) * k, t, 2.5 * k)
            c = vary(r, mix(base, s.light.land.green, r.uniform(0, .55)), .03)
            lit = s.light.leafy(c, far)
            if s.labels.season in ("spring", "autumn") and r.random() < .35:
                lit = s.light.crown(vary(r, r.choice(s.light.land.leaves)), far)
            if s.labels.snowy and r.random() < .35:
                lit = s.light.snow(far)
            up = r.uniform(-.05, .32) * size
            if r.random() < .6:
                strokes.append(("leaves", x1, y - up, 4 + 11 * k,
                                r.uniform(0, 6.3), lit, 1))
            else:
                strokes.append(("grass", x1, y, 3 + 8.5 * k, r.uniform(-.3, .3),
                                lit, 1))
    b.dabs(r, sorted(strokes, key=lambda d: d[2]))


def paint_drift(b, s, drift, r):
    far = .26 * max(0, 1 - drift.t)
    inks = head_inks(s, drift.colour, far, drift.hero)
    tall_enough = [p for p in drift.places if p[2] > 4.2]
    _paint_far(b, s, r, [p for p in drift.places if p[2] <= 4.2], inks)
    if not tall_enough:
        return
    heads = [b.record(lambda brush: HEADS[drift.kind](brush, inks, r))
             for _ in range(3 if not drift.hero else 2)]
    for i, (t, x, size) in enumerate(tall_enough):
        _flower(b, s, r, drift, heads[i % len(heads)], inks, (t, x, size))


def head_inks(s, c, far, hero=False):
    if s.labels.season == "winter":
        c = mix(c, WHITE, .12)
    lit = s.light.petal
    dark = mix(c, rgb("38183a"), .32)
    green = s.light.bent(s.light.land.green)
    gold = tint(rgb("f7bf30"), s.mood.tone[0], s.mood.tone[1])
    inks = [lit(c, far), lit(dark, far), lit(mix(c, WHITE, .45), far), s.light.lit(green, far),
            lit(gold, far), lit(rgb("3a2018"), far)]
    return Inks(*inks)


def _paint_far(b, s, r, places, inks):
    """Far flowers are dabs of light on shade."""
    strokes = []
    for t, x, size in places:
        y, q = s.ground(t, x) - size * .75, size * .95
        strokes.append(("petals", x, y + q * .15, q * 1.25, r.uniform(-.5, .5),
                        inks.dark, 1))
        strokes.append(("petals", x - q * .1, y - q * .1, q, r.uniform(-.5, .5),
                        mix(inks.body, inks.light, r.uniform(0, .4)), 1))
    b.dabs(r, strokes)


def _flower(b, s, r, drift, head, inks, place):
    t, x, size = place
    kind, mood = drift.kind, s.mood
    y = s.ground(t, x) + (1.5 if not drift.hero else 6)
    q = size * (.34 if kind not in ("spike", "flame", "tulip") else .29)
    if kind in STEMLESS:
        b.play(head, x, y - size * .62, q * .92, r.uniform(-.08, .08) + mood.lean * s.side * .2)
        return
    lean = r.gauss(0, .10) + mood.lean * s.side + (r.uniform(-.3, .3) if s.tilt else 0)
    droop = mood.droop * r.uniform(.75, 1.1) if kind not in STANDING else mood.droop * .25
    if kind in HANGING:
        droop = max(droop, .55)
    bow = s.side if abs(lean) < .15 else math.copysign(1, lean)
    hx = x + size * (.55 * lean + .30 * droop * bow)
    hy = y - size * (1 - .12 * abs(lean) - .22 * droop)
    over = (x + (0 if droop > .3 else lean * size * .1), y - size * (.6 + .62 * droop))
    width = max(.45, size * .055)
    b.stroke([(x, y), over, (hx, hy)], width, mix(inks.green, inks.night, .15))
    _stem_leaves(b, r, x, y, size, lean, inks)
    angle, squash = lean * .8 + r.uniform(-.15, .15), r.uniform(.80, 1.0)
    if kind in HANGING:
        angle, squash = lean * .2 + r.uniform(-.12, .12) - bow * .10, 1.0
    elif kind in STANDING:
        squash = 1.0
    elif droop > .3:
        angle, squash = bow * droop, .75
    b.play(head, hx, hy, q, angle, squash)
    if s.labels.snowy and t > .2 and kind not in ("burst", "spiral", "spider"):
        _snow_cap(b, s, hx, hy, q)


def _stem_leaves(b, r, x, y, size, lean, inks):
    for k in (-1, 1):
        c = inks.green if k > 0 else mix(inks.green, inks.light, .16)
        b.petal(x + lean * size * .05, y - size * r.uniform(.0, .16),
                UP + k * r.uniform(.45, .95) + lean * .4, size * r.uniform(.42, .62), size * .17, c)


_CAP = ((-.92, .50), (-.55, 1.06), (.1, 1.2), (.72, .92), (.9, .52), (.35, .66), (-.2, .56))


def _snow_cap(b, s, x, y, q):
    c = mix(s.light.snow(), WHITE, .25 if not s.labels.night else .10)
    shade = times(c, (.82, .87, .97))
    for drop, ink in ((.10, shade), (0, c)):
        y1 = y + drop * q
        b.blob([(x + q * dx, y1 - q * up) for dx, up in _CAP], ink)
