"""What somebody built or planted in the garden: an arch over the way, a fence, a hedge."""
import math

from painter.flowers import head_inks
from painter.palette import WHITE, mix, rgb, times, vary

TURN = 2 * math.pi


def plan_features(s):
    """(t, kind) of each; at most one, and none in two gardens of three."""
    r = s.rng("features")
    if s.water or r.random() < .55:
        return []
    kinds = {"angry": ("fence",), "fear": ("fence", "fence"), "sad": ("fence", "hedge"),
             "disgusted": ("fence",)}.get(s.labels.emotion, ("arch", "fence", "hedge", "arch"))
    kind = r.choice(kinds)
    if kind == "arch" and s.way not in ("path", "avenue", "stones"):
        kind = "hedge"
    return [({"arch": r.uniform(.22, .40), "fence": r.uniform(.05, .12), "hedge": .04}[kind], kind)]


def paint_feature(b, s, t, kind):
    r = s.rng(kind)
    {"arch": _arch, "fence": _fence, "hedge": _hedge}[kind](b, s, r, t)


def _arch(b, s, r, t):
    """A bow of leaves and flowers, which frames what lies beyond."""
    x, k = s.way_x(t), s.near(t)
    y = s.ground(t, x)
    half = s.way_half(t) * 1.15 + 4.5
    tall = half * r.uniform(2.3, 2.9)
    far = .22 * (1 - t)
    points = [(x - half, y)] + [(x - half * math.cos(a), y - tall * .62 - tall * .38 * math.sin(a))
                                for a in (i * math.pi / 12 for i in range(13))] + [(x + half, y)]
    b.stroke(points, 1.6 * k + .8, s.light.lit(mix(rgb("efe6d8"), rgb("705040"), .5), far))
    leaf = mix(s.light.land.green, rgb("16302a"), .35)
    flowers = head_inks(s, r.choice(s.mood.petals), far)
    strokes, path = [], _along(points, 40)
    for i, (a, c) in enumerate(path):
        for _ in range(4):
            ink = s.light.leafy(vary(r, mix(leaf, s.light.land.green, r.uniform(0, .6)), .03), far)
            if s.labels.snowy and r.random() < .35:
                ink = s.light.snow(far)
            strokes.append(("leaves", a + r.gauss(0, 1.5 * k + .4),
                            c + r.gauss(0, 1.5 * k + .4), 4 + 6 * k, r.uniform(0, TURN), ink, 1))
    for a, c in path:
        if r.random() < .75:
            q = 3.2 + 4.5 * k
            a, c = a + r.gauss(0, 1.6 * k + .5), c + r.gauss(0, 1.6 * k + .5)
            strokes.append(("petals", a, c + q * .1, q * 1.15, 0, flowers.dark, 1))
            strokes.append(("petals", a, c, q, r.uniform(0, TURN),
                            mix(flowers.body, flowers.light, r.uniform(0, .5)), 1))
    b.dabs(r, strokes)


def _along(points, count):
    """Places evenly spread along a line."""
    lengths = [math.dist(p, q) for p, q in zip(points, points[1:])]
    step, places = sum(lengths) / count, []
    left = step / 2
    for (p, q), length in zip(zip(points, points[1:]), lengths):
        while left < length:
            f = left / length
            places.append((p[0] + (q[0] - p[0]) * f, p[1] + (q[1] - p[1]) * f))
            left += step
        left -= length
    return places


def _fence(b, s, r, t):
    """Pickets, whole and white where people are happy, crooked where they are not."""
    k, far = s.near(t), .30 * (1 - t)
    broken = s.mood.gain < .9
    c = rgb("f6f1e6") if not broken else rgb("5c534c")
    ink, shade = s.light.lit(c, far), s.light.lit(times(c, (.78, .78, .84)), far)
    tall, step = 22 * k, 8.5 * k
    gap = s.way_half(t) + 3 * k
    x = r.uniform(-step, 0)
    while x < s.width + step:
        if abs(x - s.way_x(t)) > gap or s.way == "meadow":
            y = s.ground(t, x)
            lean = r.uniform(-.25, .25) if broken else r.uniform(-.03, .03)
            h, w = tall * (r.uniform(.5, 1.0) if broken else 1), step * .27
            top = x + lean * h
            b.shape([(x - w, y), (top - w, y - h * .85), (top, y - h), (top + w, y - h * .85),
                     (x + w, y)], ink)
            for up in (.32, .66):
                low, high, half = y - h * (up - .10), y - h * up, step * .55
                rail = [(x - half, high), (x + half, high), (x + half, low), (x - half, low)]
                b.shape(rail, shade)
            if s.labels.snowy:
                b.oval(top, y - h, w * 1.4, w * .8, 0, s.light.snow(far))
        x += step


def _hedge(b, s, r, t):
    """A clipped hedge across, open where the way passes."""
    far, height = .28, r.uniform(6, 9)
    strokes = []
    for _ in range(170):
        x = r.uniform(-2, s.width + 2)
        if s.way_half(t) and abs(x - s.way_x(t)) < s.way_half(t) + 5:
            continue
        up = r.random()
        c = mix(s.light.land.green, rgb("14302c"), .6 - .5 * up)
        ink = s.light.leafy(vary(r, c, .03), far)
        if s.labels.snowy and up > .7:
            ink = s.light.snow(far)
        elif s.labels.season in ("spring", "autumn") and r.random() < .35:
            ink = s.light.crown(r.choice(s.light.land.leaves), far)
        strokes.append((up, ("leaves", x, s.ground(t, x) - height * up,
                             r.uniform(5, 7), r.uniform(0, TURN), ink, 1)))
    b.dabs(r, [stroke for _, stroke in sorted(strokes, key=lambda item: item[0])])
    b.dabs(r, [("petals", x, s.ground(t, x) - height * r.uniform(.3, .9), 2.6, 0,
             mix(s.light.petal(r.choice(s.mood.petals), far), WHITE, .1), 1)
            for x in (r.uniform(0, s.width) for _ in range(26))
            if abs(x - s.way_x(t)) > s.way_half(t) + 6])
