"""The sky: its gradient, sun, moon and stars, clouds, and what an emotion adds to it."""
import math

from painter.palette import WHITE, clamp, colours, mix, rgb, times, tint

TURN = 2 * math.pi


def paint_sky(b, s):
    r = s.rng("sky")
    _gradient(b, s, r)
    if s.labels.night:
        _stars(b, s, r)
        _moon(b, s)
    else:
        _sun(b, s, r)
    _clouds(b, s, r)
    if s.labels.emotion == "surprised":
        _wonder(b, s, r)
    if s.labels.emotion == "confused":
        _swirls(b, s, r)
    if s.labels.rainy:
        _rain_veil(b, s, r)


def _gradient(b, s, r):
    sky = s.light.sky
    low = s.horizon * 1.05
    b.wash(-s.height * .1, low, [(0, sky[0], 1), (.55, sky[1], 1), (1, sky[2], 1)],
           (-20, -20, s.width + 20, low + 12))
    strokes = []
    for _ in range(34):                              # long pulls of a wide brush
        y = r.uniform(-.05, 1) * s.horizon
        p = y / low
        c = mix(sky[0], sky[1], p / .55) if p < .55 else mix(sky[1], sky[2], (p - .55) / .45)
        c = mix(c, sky[2] if r.random() < .5 else sky[0], r.uniform(.05, .28))
        strokes.append(("flat", r.uniform(-.1, 1.1) * s.width, y,
                        r.uniform(26, 70), r.uniform(-.07, .07), clamp(c), .26))
    b.dabs(r, strokes)


def _stars(b, s, r):
    clear = s.light.weather.clear
    for _ in range(int(46 * clear)):
        x, y = r.uniform(0, s.width), s.horizon * r.uniform(-.05, .88)
        b.disc(x, y, r.choice((.28, .34, .45)), (1, 1, .92), r.uniform(.5, .95))
    for _ in range(int(7 * clear)):
        x, y = r.uniform(.05, .95) * s.width, s.horizon * r.uniform(.02, .7)
        b.glow(x, y, 2.6, (1, 1, .92), .9)
        b.disc(x, y, .6, WHITE)


def _moon(b, s):
    clear, size = s.light.weather.clear, 6.4
    c = tint(s.light.time.luminary, *_hint(s))
    b.glow(s.sun_x, s.sun_y, size * 5.5, mix(s.light.sky[1], c, .55), .25 + .40 * clear)
    if clear > .1:
        shown = min(1, .45 + .55 * clear)
        b.disc(s.sun_x, s.sun_y, size, c, shown)
        for dx, dy, q in ((-.32, .2, .24), (.36, -.25, .16), (.12, .48, .13)):
            b.disc(s.sun_x + dx * size, s.sun_y + dy * size, q * size, times(c, (.88,) * 3),
                   shown * .6)


def _hint(s):
    """A part of the mood's sky colour, for sun, moon and clouds; a low sun keeps its own."""
    hue, amount = s.mood.sky
    return hue, amount * {"sunset": .12, "the-early-dawn": .35}.get(s.labels.time, .6)


def _sun(b, s, r):
    clear, time = s.light.weather.clear, s.labels.time
    size = {"day": 6.4, "sunset": 10.0, "the-early-dawn": 6.0}[time]
    c = tint(s.light.time.luminary, *_hint(s))
    b.glow(s.sun_x, s.sun_y, size * (7 if time == "day" else 9), c, .15 + .75 * clear)
    if s.labels.weather == "sunny":
        _rays(b, s, r, size, c)
    if clear > .2:
        b.disc(s.sun_x, s.sun_y, size, mix(c, WHITE, .4), .25 + .75 * clear)
    if time == "the-early-dawn" and clear > .3:      # the morning star
        b.glow(s.width - s.sun_x, s.horizon * .22, 5, WHITE, 1)
        b.disc(s.width - s.sun_x, s.horizon * .22, .8, WHITE)


def _rays(b, s, r, size, c):
    for i in range(15):
        a = i * TURN / 15 + r.uniform(-.12, .12)
        length, half = size * r.uniform(6, 13), r.uniform(.05, .10)
        ends = [(s.sun_x + length * math.cos(a + k * half),
                 s.sun_y + length * math.sin(a + k * half)) for k in (-1, 1)]
        b.shape([(s.sun_x, s.sun_y)] + ends, mix(c, WHITE, .3), .09 if s.mood.gain > .9 else .04)


def _wonder(b, s, r):
    """A falling star by night, else a rainbow."""
    if s.labels.night:
        x, y = s.width - s.sun_x, s.horizon * r.uniform(.12, .3)
        dx = -26 if x > s.width / 2 else 26
        for k in range(6):
            b.stroke([(x + dx * k / 6, y + 15 * k / 6), (x + dx, y + 15)], .5 + k * .25,
                     (1, 1, .88), .35)
        b.glow(x + dx, y + 15, 7, (1, 1, .85), 1)
        b.disc(x + dx, y + 15, 1.3, WHITE)
        return
    radius = max(s.horizon * 1.0, s.width * .36)
    x = s.width - s.sun_x
    for i, c in enumerate(colours("ff5f6d ffb14a fff27a 6fd98a 63b6ff b07cff")):
        b.arc(x, s.horizon * .35 + radius * .85, radius - i * 2.3, 2.5, c, .42)


def _swirls(b, s, r):
    """Big turning ribbons of colour; nothing stands still."""
    inks = colours("f2a6d8 9fe0d0 ffd9a0 b49cf0")
    count = 5
    for n in range(count):
        x = (n + r.uniform(.1, .9)) / count * s.width
        y = s.horizon * r.uniform(.10, .72)
        turn, start, size = r.choice((-1, 1)), r.uniform(0, TURN), r.uniform(8, 17)
        for arm in range(3):
            c = mix(r.choice(s.light.sky[:2]), times(r.choice(inks), s.light.petal_light),
                    .62 if not s.labels.night else .42)
            points = []
            for i in range(22):
                a = start + arm * TURN / 3 + turn * i * .33
                q = size * (.12 + i / 21)
                points.append((x + q * math.cos(a) * 1.25, y + q * math.sin(a) * .8))
            b.stroke(points, r.uniform(1.7, 2.8), c, .72)


def _cloud_colours(s):
    kind, time = s.labels.weather, s.labels.time
    base = {"rainy": rgb("7d8a9b"), "snowy": rgb("eef2f8"), "cloudy": rgb("f2f4f8"),
            "sunny": WHITE}[kind]
    top = clamp(times(base, mix(s.light.light, WHITE, .2 if s.labels.night else .1)))
    warm = {"sunset": (rgb("ff9d78"), .55), "the-early-dawn": (rgb("ffd3d0"), .5)}.get(time)
    if warm:
        top = mix(top, times(warm[0], (s.light.weather.light,) * 3), warm[1])
    top = tint(top, *_hint(s))
    if s.labels.emotion == "angry":
        top = mix(top, s.light.lit(rgb("8f2f26")), .62)
    dark = mix(s.light.sky[0], times(rgb("4c5870"), s.light.light), .55)
    return top, mix(top, dark, .62 if kind != "sunny" else .35)


def _clouds(b, s, r):
    many = {"sunny": r.randint(1, 2), "cloudy": r.randint(6, 8), "rainy": r.randint(7, 9),
            "snowy": r.randint(3, 5)}[s.labels.weather]
    if s.labels.emotion == "angry":
        many += 2
    top, low = _cloud_colours(s)
    for i in range(many):
        x = (i + r.uniform(.1, .9)) / many * s.width * 1.2 - .1 * s.width
        y = s.horizon * r.uniform(.10, .62 if s.labels.weather != "sunny" else .5)
        size = r.uniform(.7, 1.15) * (1.3 if s.labels.weather in ("cloudy", "rainy") else 1)
        far = y / s.horizon
        _cloud(b, r, x, y, size * (1.25 - .6 * far), mix(top, s.light.haze, far * .35),
               mix(low, s.light.haze, far * .35))


def _cloud(b, r, x, y, size, top, low):
    """A heap with a flat foot: shade first, then the light falls in from above."""
    half, heap = r.uniform(13, 22) * size, []
    for i in range(8):                               # a row of heads, the middle ones higher
        p = (i + r.uniform(.2, .8)) / 8
        q = half * (.20 + .30 * math.sin(p * math.pi)) * r.uniform(.75, 1.2)
        heap.append((x + half * (2 * p - 1), y - q * .55, q))
    for _ in range(3):
        p = r.uniform(.28, .72)
        heap.append((x + half * (2 * p - 1), y - half * r.uniform(.30, .48), half * r.uniform(.24,
                                                                                             .34)))
    b.dabs(r, [("mound", x, y, half * 2.5, 0, low, .9)])
    for up, grow, c in ((0, 2.15, low), (.22, 1.85, mix(low, top, .55)), (.50, 1.35, top)):
        b.dabs(r, [("blob", a - up * q * .35, c0 - up * q, q * grow,
                 r.uniform(-.4, .4), c, .92) for a, c0, q in heap])
    b.dabs(r, [("flat", x + r.uniform(-.6, .6) * half, y + r.uniform(.02, .16) * half,
             half * r.uniform(.8, 1.5), 0, mix(low, top, r.uniform(0, .5)), .6) for _ in range(4)])


def _rain_veil(b, s, r):
    """Curtains of rain far away, and a dark lid above."""
    dark = mix(s.light.sky[0], times(rgb("39455a"), s.light.light), .6)
    b.wash(-5, s.horizon * .6, [(0, dark, .60), (1, dark, 0)], (-20, -20, s.width + 20,
                                                               s.horizon * .6))
    for _ in range(3):
        x, w = r.uniform(0, s.width), r.uniform(8, 18)
        lean = r.uniform(-10, -4) * s.side
        y0, y1 = s.horizon * .3, s.horizon * 1.02
        b.shape([(x, y0), (x + w, y0), (x + w + lean, y1), (x + lean, y1)],
                mix(s.light.haze, dark, .35), .30)
