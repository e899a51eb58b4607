"""What lies behind the garden: ranges of hills, a wood, jagged peaks, mist."""
import math

from painter.palette import WHITE, mix, rgb, tint

TURN = 2 * math.pi


def paint_distance(b, s):
    r = s.rng("distance")
    far_colour, near_colour = _colours(s)
    paint = {"hills": _hills, "mountains": _mountains, "wood": _wood, "peaks": _peaks,
             "waves": _waves}[s.range]
    paint(b, s, r, far_colour, near_colour)
    _mist(b, s, r)


def _colours(s):
    grass, leaves = s.light.land.grass, s.light.land.leaves
    far = mix(grass[0], rgb("57769c"), .60)
    near = mix(grass[0], leaves[0] if s.labels.season != "spring" else rgb("6fa052"), .35)
    if s.labels.snowy or s.labels.season == "winter":
        far = mix(far, rgb("e6edf5"), .55 if s.labels.snowy else .30)
        near = mix(near, rgb("e6edf5"), .60 if s.labels.snowy else .25)
    return far, near


def ridge(s, r, base, height, rough=1.0):
    """A line of points across the picture that swings around base."""
    waves = [(r.uniform(.6, 1.4) * k * rough, r.uniform(0, TURN), height / k) for k in (1, 2, 5)]
    return [(x, base - sum(a * math.sin(x / 100 * TURN * q * .40 + p) for q, p, a in waves))
            for x in range(-12, int(s.width) + 15, 2)]


def jagged(s, r, base, height, step=9):
    points, x = [], -14.0
    while x < s.width + 16:
        up = r.random() < .55
        points.append((x, base - height * (r.uniform(.55, 1.0) if up else r.uniform(.05, .4))))
        x += r.uniform(.5, 1.4) * step
    return points


def _layer(b, s, points, c, far, depth):
    top = min(y for _, y in points)
    lit = s.light.lit(c, far)
    b.land(points, top, s.horizon + depth, lit, mix(lit, s.light.haze, .55), s.horizon + 12)


def _hills(b, s, r, far_c, near_c):
    for i, (up, height, far) in enumerate(((13, 6.5, .70), (6.5, 4.2, .48), (1.5, 2.2, .26))):
        points = ridge(s, r, s.horizon - up, height)
        _layer(b, s, points, mix(far_c, near_c, i / 2), far, 8)
        if i:
            _copse(b, s, r, points, .30 + .16 * (2 - i), 2.2 + i)


def _mountains(b, s, r, far_c, near_c):
    stone = mix(far_c, rgb("6f7fa6"), .55)
    points = jagged(s, r, s.horizon - 4, r.uniform(17, 24), 15)
    soft = []
    for a, c in zip(points, points[1:]):             # a few points between: less like glass
        soft += [a, ((a[0] + c[0]) / 2 + r.uniform(-1, 1), (a[1] + c[1]) / 2 + r.uniform(-2, 1))]
    _layer(b, s, soft, stone, .52, 6)
    white = .75 if s.labels.snowy or s.labels.season == "winter" else .45
    for i in range(2, len(soft) - 2):
        (x, y), (_, y0), (_, y1) = soft[i], soft[i - 1], soft[i + 1]
        if y < y0 and y < y1 and y < s.horizon - 10:  # a summit: snow on the side of the sun
            (x0, _), (x1, _) = soft[i - 1], soft[i + 1]
            h = max(y0, y1) - y
            b.shape([(x, y), (x1, y1), (x + (x1 - x) * .35, y + h * .62), (x, y + h * 1.05),
                     (x + (x0 - x) * .4, y + h * .6), (x0, y0)], s.light.snow(.35), white)
    points = ridge(s, r, s.horizon - 3, 3.6)
    _layer(b, s, points, near_c, .36, 8)
    _copse(b, s, r, points, .36, 3.4)


def _wood(b, s, r, far_c, near_c):
    points = ridge(s, r, s.horizon - 9, 4.5)
    _layer(b, s, points, far_c, .62, 8)
    leaves = s.light.land.leaves
    for row, (up, size, far) in enumerate(((3.5, 7.5, .50), (0, 6.0, .34))):
        strokes = []
        for x, y in ridge(s, r, s.horizon - up, 2.5, 1.6)[::1]:
            c = mix(r.choice(leaves), rgb("2c4a44"), .25)
            c = mix(c, rgb("dfe7ef"), .4) if s.labels.snowy else c
            strokes.append(("blob", x, y - r.uniform(0, 2.2), size * r.uniform(
                .7, 1.3), r.uniform(-.5, .5), s.light.lit(s.light.bent(c, .6), far), 1))
        b.dabs(r, strokes)
        if s.labels.emotion == "fear" and row:       # trunks stand before it like bars
            for _ in range(int(s.width / 6)):
                x = r.uniform(0, s.width)
                b.taper([(x, s.horizon + 2), (x + r.uniform(-1, 1), s.horizon - r.uniform(14, 30))],
                        r.uniform(.8, 1.7), s.light.lit(rgb("252a33"), .28), .9)


def _peaks(b, s, r, far_c, near_c):
    dark = mix(far_c, rgb("33262e") if s.labels.emotion == "angry" else rgb("2c3a44"), .68)
    for i, (height, far) in enumerate(((26, .42), (15, .16))):
        points = jagged(s, r, s.horizon + 1, height, 8 - i)
        _layer(b, s, points, dark, far, 8)
        if s.labels.snowy:
            for x, y in points:
                if y < s.horizon - height * .5:
                    b.shape([(x, y), (x + 2.4, y + 4), (x + .4, y + 3), (x - 1.8, y + 4.4)],
                            s.light.snow(far), .9)


def _waves(b, s, r, far_c, near_c):
    """Hills that roll like water, no two of one colour."""
    inks = [rgb("b48ae0"), rgb("6fc0a8"), rgb("e8a8c8")]
    for i, (up, height, far) in enumerate(((14, 9, .50), (7, 7, .34), (1, 3.5, .18))):
        c = tint(mix(far_c, near_c, i / 2), inks[(i + s.side) % 3], .45)
        points = ridge(s, r, s.horizon - up, height, 1.7)
        _layer(b, s, points, c, far, 8)
        b.stroke([(x, y + 2.4) for x, y in points[::3]], .9, s.light.lit(mix(c, WHITE, .35), far),
                 .5)


def _copse(b, s, r, points, far, size):
    """Round crowns along a ridge, in groups."""
    start, leaves, strokes = r.uniform(0, TURN), s.light.land.leaves, []
    for x, y in points:
        if math.sin(x * .075 + start) < .15:
            continue
        for _ in range(2):
            c = mix(r.choice(leaves), rgb("305048"), .2)
            c = mix(c, rgb("dfe7ef"), .45) if s.labels.snowy else c
            strokes.append(("blob", x + r.uniform(-1, 1), y - r.uniform(0, .4) *
                            size, size * r.uniform(.7, 1.35), r.uniform(-.5, .5),
                            s.light.lit(s.light.bent(c, .6), far + r.uniform(-.05, .05)), .95))
    b.dabs(r, strokes)


def _mist(b, s, r):
    amount = .10
    if s.labels.time == "the-early-dawn":
        amount += .50
    amount += {"fear": .30, "sad": .28, "calm": .20}.get(s.labels.emotion, 0)
    amount += {"rainy": .25, "snowy": .20}.get(s.labels.weather, 0)
    c = mix(s.light.haze, WHITE, .05 if s.labels.night else .28)
    b.wash(s.horizon - 14, s.horizon + 10, [(0, c, 0), (.55, c, amount * .75), (1, c, 0)],
           (-20, s.horizon - 14, s.width + 20, s.horizon + 10))
    for _ in range(5):
        b.mist(r.uniform(0, s.width), s.horizon + r.uniform(-4, 4), r.uniform(24, 50),
               r.uniform(4, 8), c, amount * .6)
