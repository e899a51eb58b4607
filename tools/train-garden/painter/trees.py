"""Trees: round crowns, blossom, willows, pines, bare branches, curls, and where they stand."""
import math

from painter.brush import LEAF
from painter.palette import WHITE, mix, rgb, times, vary

TURN = 2 * math.pi
UP = -math.pi / 2


def between(p, q, t):
    return p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t


def plan_trees(s):
    """(t, x, height) of each, far ones first: a few in the middle distance and the frame."""
    r = s.rng("trees")
    places = []
    group = r.uniform(.1, .9)
    for _ in range(r.randint(2, 4)):
        t = r.uniform(.01, .09)
        x = s.width * (min(.98, max(.02, group + r.gauss(0, .16))))
        places.append((t, x, r.uniform(17, 27)))
    emotion = s.labels.emotion
    if r.random() < .6 and emotion != "surprised":   # one alone that is looked at
        t = .12
        x = s.width * (r.uniform(.12, .32) if s.side < 0 else r.uniform(.68, .88))
        places.append((t, x, r.uniform(34, 46) * (1.25 if s.tall else 1)))
    sides = {"left": (-1,), "right": (1,), "both": (-1, 1)}.get(s.frame, ())
    if emotion == "fear" and not sides:
        sides = (s.side,)
    for side in sides:
        x = s.width * (.5 + side * r.uniform(.40, .50))
        places.append((r.uniform(.26, .36), x, r.uniform(68, 84) * (1.3 if s.tall else 1)))
    if s.frame == "rows":                            # an avenue of trees on both sides of the view
        places = [(t, s.way_x(t) + k * (s.way_half(t) + 7 + 44 * t), 14 + 150 * t)
                  for t in (.02, .07, .14, .24, .37) for k in (-1, 1)]
    kept = [(t, s.off_way(x, t, 2), h) for t, x, h in places if not (s.in_lake(t) and h < 60)]
    return sorted(kept)


def kind_of(s, r):
    emotion, season = s.labels.emotion, s.labels.season
    if emotion == "fear":
        return "bare"
    if emotion == "confused" and r.random() < .6:
        return "curl"
    if season == "winter":
        return "pine" if r.random() < (.3 if emotion in ("angry", "sad") else .6) else "bare"
    if emotion == "sad":
        return "willow"
    if emotion == "angry":
        return "bare" if r.random() < .5 else "round"
    if emotion == "disgusted" and r.random() < .4:
        return "bare"
    return "round"


def paint_tree(b, s, r, x, t, height):
    y, far = s.ground(t, x) + 1, max(0.0, .40 - 2.2 * t)
    if s.labels.weather == "sunny" and not s.labels.night and t > .05:
        away = (x - s.sun_x) * .12                   # its shadow lies away from the sun
        b.oval(x + away, y, height * .30, height * .045, 0, s.light.lit(rgb("22402c")), .35)
    paint = {"pine": _pine, "bare": _bare, "curl": _curl}.get(kind := kind_of(s, r), _leafy)
    paint(b, s, r, x, y, height, far, kind)


def _bark(s, far):
    c = {"fear": rgb("23252d"), "angry": rgb("38221f"), "disgusted": rgb("504a2a"),
         "confused": rgb("6a4a70")}.get(s.labels.emotion, rgb("5d4838"))
    return s.light.lit(c, far)


def _grow(b, s, r, x, y, height, far, levels, spread):
    """Trunk and branches; returns the tips."""
    bark, tips = _bark(s, far), []
    bend = s.mood.lean * s.side * .35 + r.uniform(-.08, .08)

    def branch(x, y, angle, length, width, level):
        mid = angle + r.uniform(-.22, .22)
        m = (x + length * .5 * math.cos(mid), y + length * .5 * math.sin(mid))
        e = (m[0] + length * .5 * math.cos(angle), m[1] + length * .5 * math.sin(angle))
        b.taper([(x, y), m, e], width, bark, 1, .62)
        if s.labels.snowy and level < levels:
            b.stroke([(x, y - width * .4), (m[0], m[1] - width * .42), (e[0], e[1] - width * .4)],
                     max(.5, width * .42), s.light.snow(far), .95)
        if level == 0:
            tips.append(e)
            return
        for k in (-1, 1):
            branch(*e, angle + k * r.uniform(.3, .75) * spread + bend * .3,
                   length * r.uniform(.62, .82), width * .64, level - 1)

    b.taper([(x, y + 1), (x, y - height * .04)], height * .12, bark, 1, .55)
    branch(x, y, UP + bend, height * .30, height * .068, levels)
    return tips


def _bare(b, s, r, x, y, height, far, _):
    fear = s.labels.emotion == "fear"
    tips = _grow(b, s, r, x, y, height, far, 4, 1.35 if fear else 1.0)
    if s.labels.season == "winter":
        return
    leaves, strokes = s.light.land.leaves, []        # the last leaves tell the season
    for a, c in tips:
        for _ in range(5):
            q = height * .05
            strokes.append(("leaves", a + r.gauss(0, q * .7), c + r.gauss(0, q * .7),
                            height * r.uniform(.08, .13), r.uniform(0, TURN),
                            s.light.crown(vary(r, r.choice(leaves)), far), .95))
    b.dabs(r, strokes)


def _leafy(b, s, r, x, y, height, far, kind):
    tips = _grow(b, s, r, x, y, height, far, 3, .95)
    mx, my = sum(p[0] for p in tips) / len(tips), sum(p[1] for p in tips) / len(tips)
    heads = tips + [between(p, (mx, my), .55) for p in tips]
    marks = []
    for a, c in heads:
        for _ in range(9 if height > 30 else 5):
            q, turn = height * .105 * math.sqrt(r.random()), r.uniform(0, TURN)
            marks.append((a + q * math.cos(turn) * 1.1, c + height * .02 + q * math.sin(turn)))
    marks.sort(key=lambda p: r.uniform(0, height * .22) - p[1])
    leaves, strokes = s.light.land.leaves, []
    thick = 1.0 if height > 30 else 1.3
    sunward = 1 if s.sun_x > x else -1
    for i, (a, c) in enumerate(marks):
        bright = .5 + (my - c) / height * 1.5 + sunward * (a - x) / height * .6
        bright = min(1, max(0, bright + r.uniform(-.12, .12) + .12 * (i / len(marks) - .5)))
        ink = vary(r, r.choice(leaves), .03)
        ink = mix(mix(ink, _shade(s), .55), mix(ink, (1, 1, .82), .28), bright)
        if s.labels.snowy and bright > .64:
            lit = mix(s.light.snow(far), s.light.sky[0], r.uniform(.05, .22))
        else:
            lit = s.light.crown(ink, far)
        mark = "blob" if i < len(marks) * .35 else "leaves"
        strokes.append((mark, a, c, height * r.uniform(.12, .17) * thick *
                        (1.25 if mark == "leaves" else 1),
                        r.uniform(0, TURN) if mark == "leaves" else r.uniform(-.5, .5), lit, 1))
    b.dabs(r, strokes)
    if kind == "willow":
        _curtain(b, s, r, marks, height, y, far)


def _shade(s):
    return {"spring": rgb("8a5a80"), "autumn": rgb("5a2a2a")}.get(s.labels.season, rgb("1c3a3a"))


def _curtain(b, s, r, marks, height, foot, far):
    """A willow's hanging twigs."""
    leaves = s.light.land.leaves
    for a, c in sorted(marks, key=lambda p: p[1])[len(marks) // 4::2]:
        ink = s.light.crown(mix(r.choice(leaves), _shade(s), r.uniform(0, .45)), far)
        length = min(foot - 1 - c, height * r.uniform(.22, .5))
        if length > 1:
            b.petal(a, c - 1, -UP + r.uniform(-.10, .10), length, height * r.uniform(.03, .05), ink,
                    .9, LEAF)


def _pine(b, s, r, x, y, height, far, _):
    b.taper([(x, y), (x, y - height * .4)], height * .07, _bark(s, far))
    sunward = 1 if s.sun_x > x else -1
    for i in range(7):
        p = i / 7
        w, base = height * .29 * (1 - p * .86), y - height * (.12 + .74 * p)
        c = s.light.leafy(vary(r, mix(rgb("2b5848"), rgb("3f7362"), p), .03), far)
        skirt = [(x - w, base + height * .05)]
        for k in range(5):                           # an uneven hem
            skirt.append((x - w + 2 * w * (k + .5) / 5, base + height * (.085 if k % 2 else .05)))
        skirt += [(x + w, base + height * .05), (x + w * .3, base - height * .09),
                  (x, base - height * .2), (x - w * .3, base - height * .09)]
        b.blob(skirt, c)
        b.petal(x, base - height * .17, UP + math.pi - sunward * .55, height * .24 * (1 - p * .8),
                height * .08, mix(c, WHITE, .16), .8)
        if s.labels.snowy or s.labels.season == "winter":
            amount = .95 if s.labels.snowy else .45
            for k in (-1, 1):
                b.petal(x, base - height * .16, UP + math.pi + k * .62, height * .27 * (1 - p * .8),
                        height * .075, s.light.snow(far), amount)


def _curl(b, s, r, x, y, height, far, _):
    """A tree rolled up at its top, as nothing real is."""
    bark, turn = _bark(s, far), r.choice((-1, 1))
    points = [(x, y), (x + turn * height * .10, y - height * .25), (x - turn * height * .05,
                                                                  y - height * .48)]
    cx, cy, q = x - turn * height * .02, y - height * .68, height * .22
    b.taper(points + [(cx - turn * q * .8, cy + q * .4)], height * .075, bark, 1, .5)
    leaves = s.light.land.leaves
    ink = s.light.crown(r.choice(leaves), far)
    b.disc(cx, cy, q * 1.1, mix(ink, times(ink, (.5, .45, .6)), .6))
    spiral = [(cx + q * (1.05 - i / 26) * math.cos(turn * i * .6),
               cy + q * (1.05 - i / 26) * math.sin(turn * i * .6)) for i in range(25)]
    b.stroke(spiral, height * .062, mix(ink, WHITE, .18))
    if s.labels.snowy:
        b.petal(cx - q, cy - q * .75, 0, q * 2, q * .6, s.light.snow(far))
    b.dabs(r, [("leaves", cx + q * 1.1 * math.cos(a), cy + q * 1.1 * math.sin(a),
             height * .10, a, s.light.crown(vary(r, r.choice(leaves)), far), 1)
            for a in (i * TURN / 13 for i in range(13))])


def paint_bough(b, s):
    """A branch that reaches in from an upper corner, when no trunk frames the view."""
    r = s.rng("bough")
    side = s.side
    x, y = s.width * (.5 + side * .54), s.height * r.uniform(.02, .10)
    tips, bark = [], _bark(s, 0)
    for drop in (r.uniform(.02, .12), r.uniform(.16, .30)):
        reach = s.width * r.uniform(.24, .42) if not s.tall else s.width * r.uniform(.35, .6)
        points = [(x - side * reach * k, y + s.height * drop * math.sin(k * 1.7) - 4 * k * k)
                  for k in (0, .25, .5, .75, 1)]
        b.taper(points, 3.0, bark, 1, .2)
        if s.labels.snowy:
            b.stroke([(a, c - 1.0) for a, c in points[:4]], 1.0, s.light.snow(), .95)
        tips += points[1:] + [between(p, q, .5) for p, q in zip(points[1:], points[2:])]
    if s.labels.emotion == "fear" or s.labels.season == "winter":
        for a, c in tips:
            b.taper([(a, c), (a - side * r.uniform(2, 6), c + r.uniform(2, 8))], .9, bark, 1, .2)
        return
    leaves, strokes = s.light.land.leaves, []
    for i, (a, c) in enumerate(tips * 4):
        ink = mix(vary(r, r.choice(leaves), .04), _shade(s), max(0, .5 - i / (len(tips) * 6)))
        lit = s.light.snow() if s.labels.snowy and i % 3 == 0 else s.light.crown(ink, 0)
        strokes.append(("leaves", a + r.gauss(0, 3), c + r.gauss(.6, 2.4),
                        r.uniform(7, 12), r.uniform(0, TURN), lit, 1))
    b.dabs(r, strokes)
