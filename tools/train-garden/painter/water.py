"""Water on the ground: the lake, the swamp, puddles."""
import math

from painter.distance import ridge
from painter.palette import WHITE, mix, rgb, tint, vary


def water_colours(s):
    deep = {"disgusted": rgb("66701c"), "sad": rgb("45607c")}.get(s.labels.emotion, rgb("3f7fa0"))
    sky = s.light.sky
    return [mix(sky[2], WHITE, .12), mix(sky[1], s.light.lit(deep), .35),
            mix(sky[0], s.light.lit(deep), .55)]


def _shore(s, r, t, height):
    return [(x, y + s.slope * (x - s.width / 2) * t * .3)
            for x, y in ridge(s, r, s.ground(t), height, .8)]


def paint_lake(b, s, r):
    """Still water across the picture: the sky again, upside down, and a road of light."""
    t0, t1 = s.lake
    stops = water_colours(s)
    far, near = _shore(s, r, t0, .5), _shore(s, r, t1, 1.6)
    b.shaded(far + near[::-1], s.ground(t0), s.ground(t1), stops)
    y0, y1 = s.ground(t0), s.ground(t1)
    _reflections(b, s, r, stops, y0, y1)
    if s.way == "swamp":
        _slime(b, s, r, y0, y1)
    _pads(b, s, r)
    edge = []
    for x, y in near[::1]:                           # reeds and grass on this side
        c = mix(s.light.land.grass[1], rgb("24402a"), r.uniform(.1, .4))
        kind = "blob" if s.labels.snowy else "grass"
        edge.append((kind, x + r.uniform(-2, 2), y - r.uniform(0, 1.4),
                     r.uniform(4, 9), 0, s.light.snow(.1) if s.labels.snowy else
                     s.light.leafy(c, .12), .95))
    b.dabs(r, edge)


def _reflections(b, s, r, stops, y0, y1):
    dark = mix(s.light.leafy(mix(s.light.land.leaves[0], rgb("24403c"), .4), .3), stops[1], .45)
    strokes = []

    def line(x, y, length, c, alpha):
        strokes.append(("ripple", x, y, length, 0, c, alpha))

    for _ in range(20):                              # the far shore
        y = y0 + r.random() ** 2 * (y1 - y0) * .5 + .8
        line(r.uniform(0, s.width), y, r.uniform(18, 44), dark, .4)
    for _ in range(22):
        line(r.uniform(0, s.width), r.uniform(y0, y1), r.uniform(12, 30), mix(stops[0], WHITE, .25),
             .5)
    glitter = s.light.weather.clear
    bars = int((y1 - y0) / 1.3) if glitter > .2 else 0
    shine = mix(tint(s.light.time.luminary, *s.mood.sky), WHITE, .35)
    for i in range(bars):
        y, broad = y0 + (y1 - y0) * (i + .5) / bars, 8 + 14 * (i + 1) / bars
        line(s.sun_x + r.gauss(0, 1.8), y, broad * r.uniform(.5, 1.1),
             mix(stops[1], shine, .35 + .6 * glitter), .85)
    b.dabs(r, strokes)


def _slime(b, s, r, y0, y1):
    """A swamp: blotches of scum, and bubbles."""
    for _ in range(14):
        y = r.uniform(y0, y1)
        k = .4 + (y - y0) / (y1 - y0)
        c = s.light.lit(vary(r, r.choice((rgb("9aa82a"), rgb("6f7a1e"), rgb("b8b440"))), .05))
        b.oval(r.uniform(0, s.width), y, r.uniform(6, 13) * k, r.uniform(.8, 1.6) * k, 0, c, .75)
    for _ in range(16):
        y = r.uniform(y0 + 2, y1)
        k, x = .5 + (y - y0) / (y1 - y0), r.uniform(0, s.width)
        b.disc(x, y, 1.3 * k, s.light.lit(rgb("b9c24a")), .85)
        b.disc(x - .4 * k, y - .45 * k, .4 * k, s.light.lit(rgb("f0f0b0")), .9)


def _pads(b, s, r):
    """Water lilies, in one or two groups."""
    t0, t1 = s.lake
    petals = s.mood.petals
    for _ in range(2):
        tc, xc = r.uniform(t0 + .08, t1 - .06), r.uniform(.1, .9) * s.width
        c = r.choice(petals)
        for _ in range(7):
            t = min(t1 - .03, max(t0 + .03, tc + r.gauss(0, .03)))
            k, x = s.near(t), xc + r.gauss(0, 14) * s.near(t) * 1.6
            y = s.ground(t)
            b.oval(x, y, 4.4 * k, 1.5 * k, 0, s.light.leafy(vary(r, rgb("4f8f5a"), .05), .12))
            if r.random() < .6:
                for j in range(-2, 3):
                    b.petal(x, y, -math.pi / 2 + j * .5, 3.6 * k, 2.2 * k,
                            s.light.petal(mix(c, WHITE, .25 + .1 * (j % 2)), .08))


def paint_puddles(b, s, r):
    """Rain stands on the ground and shows the sky."""
    sky = mix(s.light.sky[1], WHITE, .32)
    for i in range(6):
        t = (.22, .4, .55, .7, .85, .97)[i] + r.uniform(-.05, .05)
        half = s.way_half(t)
        x = r.uniform(.05, .95) * s.width
        if half and i % 3:
            x = s.way_x(t) + r.uniform(-.3, .3) * half
        if s.in_lake(t):
            continue
        k, y = s.near(t), s.ground(t, x)
        a = (9 + r.uniform(0, 6)) * k
        for dx, size in ((0, 1), (-.6, .6), (.7, .5)):
            b.oval(x + dx * a, y + abs(dx) * .6 * k, a * size, a * size * .26, 0,
                   mix(sky, s.light.lit(rgb("54606c")), .25))
        b.oval(x - a * .2, y - .1 * k, a * .55, a * .10, 0, mix(sky, WHITE, .45), .8)
        for q in (.35, .65):
            b.canvas.save()
            b.canvas.translate(x + a * .25, y)
            b.canvas.scale(1, .28)
            b.arc(0, 0, a * q * .8, .35 * k + .12, WHITE, .5)
            b.canvas.restore()
