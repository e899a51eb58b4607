"""The meadow in its rolls, and what leads through it: a path, a stream, a lake, stones."""
import math

from painter.distance import ridge
from painter.palette import WHITE, mix, rgb, tint, vary

STEPS = 28


def paint_ground(b, s):
    r = s.rng("ground")
    far, near = _grass(s)
    _meadow(b, s, r, far, near)
    if s.water:
        _lake(b, s, r)
    elif s.way == "stones":
        _stones(b, s, r)
    elif s.way != "meadow":
        _way(b, s, r, near)
    if s.labels.rainy:
        _puddles(b, s, r)
    _litter(b, s, r)


def _grass(s):
    far, near = s.light.land.grass
    if s.labels.snowy:
        return mix(far, rgb("f4f8fc"), .92), mix(near, rgb("c3d2e6"), .88)
    return far, near


def _ground_colour(s, c, far=0.0):
    """Snow is not tinted like leaves."""
    if s.labels.snowy:
        return mix(s.light.snow(far), s.light.lit(c, far), .55)
    return s.light.leafy(c, far)


def _meadow(b, s, r, far, near):
    """Rolls of ground over each other, each lighter on its back."""
    for i, t in enumerate((0, .14, .36, .64)):
        y = s.ground(t)
        c = mix(far, near, (t + .05) ** .6)
        points = [(x, yy + s.slope * (x - s.width / 2) * t)
                  for x, yy in ridge(s, r, y, (.6, 1.2, 2.2, 3.2)[i])]
        haze = .26 * (1 - t)
        light = _ground_colour(s, mix(c, WHITE, .12), haze)
        b.land(points, y - 2, y + 22 + 20 * t, light, _ground_colour(s, mix(c, near, .7), haze * .5))
        strokes = []
        for _ in range((22, 34, 30, 24)[i]):
            tt = t + r.random() ** 1.3 * .3
            k = s.near(min(tt, 1.05))
            x = r.uniform(-.02, 1.02) * s.width
            shade = vary(r, mix(c, near, r.random()), .07)
            strokes.append((f"flat{r.randrange(4)}", x, s.ground(tt, x) + 2 * k, 5 + 15 * k,
                            r.uniform(-.14, .14) + s.slope * .5,
                            _ground_colour(s, shade, .24 * (1 - tt)), .5))
        b.dabs(strokes)
    if s.labels.time in ("sunset", "the-early-dawn") and s.light.weather.clear > .3:
        _low_light(b, s)
    if s.labels.time == "the-early-dawn":            # the night's damp has not gone yet
        for t in (.10, .24, .42):
            b.mist(r.uniform(.2, .8) * s.width, s.ground(t), s.width * .7, 3.5 + 6 * t,
                   mix(s.light.sky[2], s.light.sky[1], .45), .55 - .5 * t)
    if s.labels.season == "winter" and not s.labels.snowy:
        _frost(b, s, r)
    elif not s.labels.snowy:
        _tufts(b, s, r, far, near)


def _low_light(b, s):
    """A low sun lies on the grass beneath it."""
    c = tint(s.light.time.luminary, *s.mood.sky)
    amount = .5 * s.light.weather.clear * s.mood.gain
    b.mist(s.sun_x, s.horizon + 2, s.width * .55, s.height * .22, c, amount)


def _frost(b, s, r):
    """Patches of old snow."""
    def white(far):
        return mix(s.light.snow(far), _ground_colour(s, s.light.land.grass[0], far), 1 - s.mood.gain
                   if s.mood.gain < 1 else 0)

    for _ in range(9):
        t = r.uniform(.06, .95)
        k, x = s.near(t), r.uniform(0, s.width)
        b.dabs([(f"mound{r.randrange(4)}", x + r.gauss(0, 8) * k, s.ground(t, x) + r.gauss(0, 1) * k,
                 r.uniform(14, 30) * k, s.slope * .5, white(.2 * (1 - t)), .6)
                for _ in range(4)])


def _tufts(b, s, r, far, near):
    strokes = []
    for _ in range(90):
        t = r.random() ** .7
        k, x = s.near(t), r.uniform(0, s.width)
        c = vary(r, mix(mix(far, near, t), rgb("24452c"), r.uniform(0, .3)), .05)
        strokes.append((f"grass{r.randrange(4)}", x, s.ground(t, x), 3 + 7 * k,
                        s.mood.lean * s.side * .5, s.light.leafy(c, .26 * (1 - t)), .8))
    b.dabs(sorted(strokes, key=lambda d: d[2]))


def _edges(s, shift=0.0, broad=1.0):
    left, right = [], []
    for i in range(STEPS + 1):
        t = i / STEPS * 1.06
        x, half = s.way_x(t) + shift * (1 - t) * 40, s.way_half(t) * broad
        left.append((x - half, s.ground(t, x)))
        right.append((x + half, s.ground(t, x)))
    return left + right[::-1]


def _way_colours(s):
    if s.way == "stream":
        return water_colours(s)
    c = {"fear": rgb("7f7d84"), "angry": rgb("6b463c"), "disgusted": rgb("8a8248"),
         "sad": rgb("a7a29c"), "confused": rgb("d8b8d4")}.get(s.labels.emotion, rgb("dfc79c"))
    if s.labels.snowy:
        c = mix(c, rgb("eef2f8"), .55)
    if s.labels.rainy:
        c = mix(times_grey(c), mix(s.light.sky[1], WHITE, .2), .35)
    return [s.light.lit(mix(c, WHITE, .12), .25), s.light.lit(c, .08), s.light.lit(
        mix(c, rgb("5a4636"), .15))]


def times_grey(c):
    return tuple(x * .85 for x in c)


def water_colours(s):
    deep = {"disgusted": rgb("66701c"), "sad": rgb("45607c")}.get(s.labels.emotion, rgb("3f7fa0"))
    sky = s.light.sky
    return [mix(sky[2], WHITE, .12), mix(sky[1], s.light.lit(deep), .35),
            mix(sky[0], s.light.lit(deep), .55)]


def _way(b, s, r, near):
    stops = _way_colours(s)
    bank = _ground_colour(s, mix(near, rgb("3a3420"), .45))
    arms = ((0, 1), (1.0, .8), (-1.1, .7)) if s.way == "fork" else ((0, 1),)
    for shift, broad in arms:
        b.shape([(x, y + .5) for x, y in _edges(s, shift, 1.12 * broad)], bank, .65)
        b.shaded(_edges(s, shift, broad), s.horizon, s.height, stops)
    strokes = []
    for _ in range(60):
        t = r.random() ** .75
        half = s.way_half(t)
        x = s.way_x(t) + half * r.uniform(-.75, .75)
        c = mix(stops[min(2, int(t * 3))], WHITE if r.random() < .6 else rgb("4a4050"), .16)
        if s.way == "stream" and r.random() < .5:
            c = mix(s.light.sky[2], WHITE, .35)
        kind, long = ("ripple", 1.6) if s.way == "stream" else ("flat", 1.0)
        strokes.append((f"{kind}{r.randrange(4)}", x, s.ground(t, x), half * r.uniform(.5, 1.0) *
                        long, 0, c, .5))
    b.dabs(strokes)
    _verge(b, s, r, near, arms)


def _verge(b, s, r, near, arms):
    """Grass that grows over the edge of the way."""
    strokes = []
    for shift, broad in arms:
        for _ in range(80):
            t = r.random() ** .8
            side = r.choice((-1, 1))
            x = s.way_x(t) + shift * (1 - t) * 40 + side * s.way_half(t) * broad * r.uniform(.98,
                                                                                             1.12)
            k = s.near(t)
            c = vary(r, mix(near, rgb("24402a"), r.uniform(.1, .4)), .05)
            if s.labels.snowy:
                strokes.append((f"blob{r.randrange(4)}", x, s.ground(t, x), 1 + 5 * k, 0,
                                s.light.snow(.2 * (1 - t)), .9))
            else:
                strokes.append((f"grass{r.randrange(4)}", x, s.ground(t, x) - 1.2 * k, 2 + 7 * k,
                                side * .2, s.light.leafy(c, .22 * (1 - t)), .95))
    b.dabs(sorted(strokes, key=lambda d: d[2]))


def _stones(b, s, r):
    """Stepping stones, larger the nearer."""
    t = .05
    while t < 1.02:
        k, x = s.near(t), s.way_x(t) + r.uniform(-1, 1) * s.way_half(t) * .35
        y, a = s.ground(t, x), s.way_half(t) * r.uniform(.8, 1.0)
        c = vary(r, mix(rgb("b9b4ac"), rgb("8f8fa0"), r.random()), .04)
        c = mix(c, rgb("8792a8"), .5) if s.labels.snowy else c
        b.oval(x, y + .8 * k, a * 1.06, a * .36, 0, s.light.lit(rgb("2c3430")), .6)
        b.oval(x, y, a, a * .33, 0, s.light.lit(c, .2 * (1 - t)))
        b.oval(x - a * .15, y - a * .06, a * .7, a * .18, 0, s.light.lit(mix(c, WHITE, .3), .2 *
                                                                       (1 - t)), .6)
        t += .035 + .10 * t


def _shore(s, r, t, height):
    return [(x, y + s.slope * (x - s.width / 2) * t * .3)
            for x, y in ridge(s, r, s.ground(t), height, .8)]


def _lake(b, s, r):
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
        edge.append((f"{kind}{r.randrange(4)}", x + r.uniform(-2, 2), y - r.uniform(0, 1.4),
                     r.uniform(4, 9), 0, s.light.snow(.1) if s.labels.snowy else
                     s.light.leafy(c, .12), .95))
    b.dabs(edge)


def _reflections(b, s, r, stops, y0, y1):
    dark = mix(s.light.leafy(mix(s.light.land.leaves[0], rgb("24403c"), .4), .3), stops[1], .45)
    strokes = []

    def line(x, y, length, c, alpha):
        strokes.append((f"ripple{r.randrange(4)}", x, y, length, 0, c, alpha))

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
    b.dabs(strokes)


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


def _puddles(b, s, r):
    """Rain stands on the ground and shows the sky."""
    sky = mix(s.light.sky[1], WHITE, .32)
    for i in range(6):
        t = (.22, .4, .55, .7, .85, .97)[i] + r.uniform(-.05, .05)
        half = s.way_half(t)
        x = s.way_x(t) + r.uniform(-.3, .3) * half if half and i % 3 else r.uniform(.05, .95) * s.width
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


def _litter(b, s, r):
    """Fallen petals in spring, leaves in autumn, and what the sad garden has lost."""
    season = s.labels.season
    if s.labels.snowy or (season not in ("spring", "autumn") and s.labels.emotion != "sad"):
        return
    inks = s.light.land.accents if season != "autumn" else s.light.land.leaves
    if s.labels.emotion == "sad" and season not in ("spring", "autumn"):
        inks = s.mood.petals
    for _ in range(46 if season == "autumn" else 30):
        t = .12 + r.random() ** .7 * .88
        if s.in_lake(t):
            continue
        k, x = s.near(t), r.uniform(0, s.width)
        q = (1.3 if season == "autumn" else 1.0) * k
        b.oval(x, s.ground(t, x), q * 1.35, q * .62, r.uniform(0, 3),
               s.light.lit(vary(r, r.choice(inks)), .1), .9)
