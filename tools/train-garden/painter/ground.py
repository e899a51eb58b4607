"""The meadow in its rolls, and what leads through it: a path, a stream, stones."""
from painter.distance import ridge
from painter.palette import WHITE, mix, rgb, times, vary
from painter.water import paint_lake, paint_puddles, water_colours

STEPS = 28
ROLLS = (0, .14, .36, .64)          # t of each roll of the meadow


def paint_ground(b, s):
    r = s.rng("ground")
    far, near = _grass(s)
    _meadow(b, s, r, far, near)
    if s.water:
        paint_lake(b, s, r)
    elif s.way == "stones":
        _stones(b, s, r)
    elif s.way != "meadow":
        _way(b, s, r, near)
    if s.labels.rainy:
        paint_puddles(b, s, r)
    _litter(b, s, r)


def _grass(s):
    far, near = s.light.land.grass
    if s.labels.snowy:
        deep = .96 if s.labels.season == "winter" else .56   # elsewhere it has only just fallen
        return mix(far, rgb("f4f8fc"), deep), mix(near, rgb("c3d2e6"), deep - .06)
    return far, near


def _ground_colour(s, c, far=0.0):
    """Snow is not tinted like leaves."""
    if s.labels.snowy:
        return mix(s.light.snow(far), s.light.lit(c, far), .55)
    return s.light.leafy(c, far)


def _meadow(b, s, r, far, near):
    """Rolls of ground over each other, each lighter on its back."""
    for i, t in enumerate(ROLLS):
        y = s.ground(t)
        c = mix(far, near, (t + .05) ** .6)
        points = [(x, yy + s.slope * (x - s.width / 2) * t)
                  for x, yy in ridge(s, r, y, (.6, 1.2, 2.2, 3.2)[i])]
        haze = .26 * (1 - t)
        light = _ground_colour(s, mix(c, WHITE, .12), haze)
        dark = _ground_colour(s, mix(c, near, .7), haze * .5)
        below = ROLLS[i + 1] if i < 3 else 2
        floor = s.ground(below) + 12 + abs(s.slope) * s.width / 2
        b.land(points, y - 2, y + 22 + 20 * t, light, dark, floor)
        strokes = []
        for _ in range((22, 34, 30, 24)[i]):
            tt = t + r.random() ** 1.3 * .3
            k = s.near(min(tt, 1.05))
            x = r.uniform(-.02, 1.02) * s.width
            shade = vary(r, mix(c, near, r.random()), .07)
            strokes.append(("flat", x, s.ground(tt, x) + 2 * k, 5 + 15 * k,
                            r.uniform(-.14, .14) + s.slope * .5,
                            _ground_colour(s, shade, .24 * (1 - tt)), .5))
        b.dabs(r, strokes)
    if s.labels.time in ("sunset", "the-early-dawn") and s.light.weather.clear > .3:
        _low_light(b, s)
    if s.labels.time == "the-early-dawn":            # the night's damp has not gone yet
        for t in (.10, .24, .42):
            b.mist(r.uniform(.2, .8) * s.width, s.ground(t), s.width * .7, 3.5 + 6 * t,
                   mix(s.light.sky[2], s.light.sky[1], .45), .55 - .5 * t)
    if s.labels.season == "winter" and not s.labels.snowy:
        _frost(b, s, r)
    elif s.labels.season != "winter":
        _tufts(b, s, r, *s.light.land.grass)


def _low_light(b, s):
    """A low sun lies on the grass beneath it."""
    c = s.light.time.luminary
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
        b.dabs(r, [("mound", x + r.gauss(0, 8) * k, s.ground(t, x) + r.gauss(0, 1) * k,
                 r.uniform(14, 30) * k, s.slope * .5, white(.2 * (1 - t)), .6)
                for _ in range(4)])


def _tufts(b, s, r, far, near):
    strokes = []
    for _ in range(90 if not s.labels.snowy else 50):
        t = r.random() ** .7
        k, x = s.near(t), r.uniform(0, s.width)
        c = vary(r, mix(mix(far, near, t), rgb("24452c"), r.uniform(0, .3)), .05)
        strokes.append(("grass", x, s.ground(t, x), 3 + 7 * k,
                        s.mood.lean * s.side * .5, s.light.leafy(c, .26 * (1 - t)), .8))
    b.dabs(r, sorted(strokes, key=lambda d: d[2]))


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
        c = mix(times(c, (.85,) * 3), mix(s.light.sky[1], WHITE, .2), .35)
    return [s.light.lit(mix(c, WHITE, .12), .25), s.light.lit(c, .08), s.light.lit(
        mix(c, rgb("5a4636"), .15))]


def _way(b, s, r, near):
    stops = _way_colours(s)
    bank = _ground_colour(s, mix(near, rgb("3a3420"), .45))
    arms = ((0, 1), (1.0, .8), (-1.1, .7)) if s.way == "fork" else ((0, 1),)
    for shift, broad in arms:
        b.shape([(x, y + .5) for x, y in _edges(s, shift, 1.12 * broad)], bank, .65)
    for shift, broad in arms:
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
        strokes.append((kind, x, s.ground(t, x), half * r.uniform(.5, 1.0) *
                        long, 0, c, .5))
    b.dabs(r, strokes)
    _verge(b, s, r, near, arms)


def _verge(b, s, r, near, arms):
    """Grass that grows over the edge of the way."""
    strokes = []
    for shift, broad in arms:
        for _ in range(80):
            t = r.random() ** .8
            side = r.choice((-1, 1))
            half = s.way_half(t)
            x = s.way_x(t) + shift * (1 - t) * 40 + side * half * broad * r.uniform(.98, 1.12)
            if any(other != shift and abs(x - s.way_x(t) - other * (1 - t) * 40) < half * also
                   for other, also in arms):
                continue                             # not where another arm runs
            k = s.near(t)
            c = vary(r, mix(near, rgb("24402a"), r.uniform(.1, .4)), .05)
            if s.labels.snowy:
                strokes.append(("blob", x, s.ground(t, x), 1 + 5 * k, 0,
                                s.light.snow(.2 * (1 - t)), .9))
            else:
                strokes.append(("grass", x, s.ground(t, x) - 1.2 * k, 2 + 7 * k,
                                side * .2, s.light.leafy(c, .22 * (1 - t)), .95))
    b.dabs(r, sorted(strokes, key=lambda d: d[2]))


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


def _litter(b, s, r):
    """Fallen petals in spring, leaves in autumn, and what the sad garden has lost."""
    season = s.labels.season
    if season not in ("spring", "autumn") and (s.labels.snowy or s.labels.emotion != "sad"):
        return
    inks = s.light.land.accents if season != "autumn" else s.light.land.leaves
    if s.labels.emotion == "sad" and season not in ("spring", "autumn"):
        inks = s.mood.petals
    for _ in range(64 if season == "spring" else 46):
        t = .12 + r.random() ** .7 * .88
        if s.in_lake(t):
            continue
        k, x = s.near(t), r.uniform(0, s.width)
        q = 1.4 * k
        b.oval(x, s.ground(t, x), q * 1.35, q * .62, r.uniform(0, 3),
               s.light.lit(vary(r, r.choice(inks)), .1), .9)
