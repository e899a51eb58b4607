"""The brush: shapes, strokes, washes and dabs on a Skia canvas.

Lengths are in units of a hundredth of the picture's short side, colours are three numbers from
0 to 1, angles are radians (0 to the right, growing clockwise). Everything is drawn `scale` pixels
a unit, larger than the picture will be; pixels() reads it back.
"""
import contextlib
import math

import skia

from painter import dabs

TURN = 2 * math.pi


def argb(c, alpha=1.0):
    r, g, b = c
    return (_byte(alpha) << 24) | (_byte(r) << 16) | (_byte(g) << 8) | _byte(b)


def _byte(x):
    return 0 if x <= 0 else 255 if x >= 1 else int(x * 255 + 0.5)


def _petal_path(tip):
    """A leaf from (0,0) to (1,0), one unit wide; tip 0 is pointed, 1 is round."""
    path = skia.Path()
    x, y = 0.4 + 0.6 * tip, 0.66 * (tip * 0.8 + 0.25)
    path.moveTo(0, 0)
    path.cubicTo(0.28, 0.6, x, y, 1, 0)
    path.cubicTo(x, -y, 0.28, -0.6, 0, 0)
    path.close()
    return path


POINTED, LEAF, ROUND, BROAD = (_petal_path(tip) for tip in (0.1, 0.4, 0.75, 1.0))


class Brush:
    def __init__(self, width, height, scale):
        self.width, self.height, self.scale = width, height, scale
        size = (round(width * scale), round(height * scale))
        self.surface = skia.Surface.MakeRaster(
            skia.ImageInfo.Make(*size, skia.kRGBA_8888_ColorType, skia.kPremul_AlphaType))
        self.canvas = self.surface.getCanvas()
        self.canvas.scale(scale, scale)
        self._fill = skia.Paint(AntiAlias=True)
        self._line = skia.Paint(AntiAlias=True, Style=skia.Paint.kStroke_Style,
                                StrokeCap=skia.Paint.kRound_Cap, StrokeJoin=skia.Paint.kRound_Join)

    # Shapes

    def _filled(self, c, alpha):
        self._fill.setColor(argb(c, alpha))
        return self._fill

    def disc(self, x, y, radius, c, alpha=1.0):
        self.canvas.drawCircle(x, y, radius, self._filled(c, alpha))

    def oval(self, x, y, a, b, angle, c, alpha=1.0):
        box = skia.Rect(-a, -b, a, b)
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.rotate(math.degrees(angle))
        self.canvas.drawOval(box, self._filled(c, alpha))
        self.canvas.restore()

    def petal(self, x, y, angle, length, width, c, alpha=1.0, shape=ROUND):
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.rotate(math.degrees(angle))
        self.canvas.scale(length, width)
        self.canvas.drawPath(shape, self._filled(c, alpha))
        self.canvas.restore()

    def shape(self, points, c, alpha=1.0):
        """A closed polygon."""
        self.canvas.drawPath(_polygon(points), self._filled(c, alpha))

    def blob(self, points, c, alpha=1.0):
        """A closed curve that passes between the points."""
        path = skia.Path()
        count = len(points)
        middle = [((points[i][0] + points[(i + 1) % count][0]) / 2,
                   (points[i][1] + points[(i + 1) % count][1]) / 2) for i in range(count)]
        path.moveTo(*middle[-1])
        for point, end in zip(points, middle):
            path.quadTo(*point, *end)
        path.close()
        self.canvas.drawPath(path, self._filled(c, alpha))

    # Strokes

    def stroke(self, points, width, c, alpha=1.0):
        """Two points are a line, three one bow, more a smooth curve."""
        path = skia.Path()
        path.moveTo(*points[0])
        for i in range(1, len(points) - 1):
            (x, y), (a, b) = points[i], points[i + 1]
            last = i == len(points) - 2
            path.quadTo(x, y, *((a, b) if last else ((x + a) / 2, (y + b) / 2)))
        if len(points) == 2:
            path.lineTo(*points[1])
        self._line.setColor(argb(c, alpha))
        self._line.setStrokeWidth(width)
        self.canvas.drawPath(path, self._line)

    def taper(self, points, width, c, alpha=1.0, end=0.25):
        """A stroke along points that grows thinner: a trunk or a branch."""
        left, right = [], []
        for i, (x, y) in enumerate(points):
            a, b = points[max(0, i - 1)], points[min(len(points) - 1, i + 1)]
            dx, dy = b[0] - a[0], b[1] - a[1]
            size = math.hypot(dx, dy) or 1.0
            half = width * (1 + (end - 1) * i / (len(points) - 1)) / 2
            left.append((x - dy / size * half, y + dx / size * half))
            right.append((x + dy / size * half, y - dx / size * half))
        self.shape(left + right[::-1], c, alpha)

    def arc(self, x, y, radius, width, c, alpha=1.0):
        self._line.setColor(argb(c, alpha))
        self._line.setStrokeWidth(width)
        self.canvas.drawCircle(x, y, radius, self._line)

    # Washes

    def wash(self, top, bottom, stops, box):
        """A vertical gradient over the box: stops are (position, colour, alpha)."""
        shader = skia.GradientShader.MakeLinear(
            [(0, top), (0, bottom)], [argb(c, a) for _, c, a in stops], [p for p, _, _ in stops])
        self.canvas.drawRect(skia.Rect(*box), skia.Paint(Shader=shader))

    def land(self, points, top, bottom, c0, c1, floor):
        """What lies between a line of points and the floor, shaded from c0 at top to c1 at
        bottom."""
        below = [(points[-1][0], floor), (points[0][0], floor)]
        self.shaded(points + below, top, bottom, [c0, c1])

    def shaded(self, points, top, bottom, stops):
        """A polygon under a vertical gradient of evenly spaced colours."""
        shader = skia.GradientShader.MakeLinear([(0, top), (0, bottom)], [argb(c) for c in stops])
        self.canvas.drawPath(_polygon(points), skia.Paint(AntiAlias=True, Shader=shader))

    def glow(self, x, y, radius, c, alpha):
        shader = skia.GradientShader.MakeRadial(
            (x, y), radius, [argb(c, alpha * f) for f in (1, .5, .16, 0)], [0, .3, .65, 1])
        box = skia.Rect(x - radius, y - radius, x + radius, y + radius)
        self.canvas.drawRect(box, skia.Paint(Shader=shader))

    def dabs(self, r, strokes):
        """Marks of the brush: (kind, x, y, length, angle, colour, alpha) each."""
        known, canvas, paint = dabs.marks(), self.canvas, self._fill
        for kind, x, y, length, angle, c, alpha in strokes:
            half = length / 2
            u, v = half * math.cos(angle), half * math.sin(angle)
            paint.setColor(argb(c, alpha))
            canvas.save()
            canvas.concat(skia.Matrix.MakeAll(u, -v, x, v, u, y, 0, 0, 1))
            canvas.drawPath(r.choice(known[kind]), paint)
            canvas.restore()

    def mist(self, x, y, a, b, c, alpha):
        """A soft oval of fog."""
        shader = skia.GradientShader.MakeRadial(
            (0, 0), 1, [argb(c, alpha * f) for f in (1, .7, .25, 0)], [0, .35, .7, 1])
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.scale(a, b)
        self.canvas.drawRect(skia.Rect(-1, -1, 1, 1), skia.Paint(Shader=shader))
        self.canvas.restore()

    # Pictures within the picture

    @contextlib.contextmanager
    def placed(self, x, y, size=1.0, angle=0.0, flip=1.0, squash=1.0):
        """Draws in a place of its own: its origin at (x, y), `size` units a unit there."""
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.rotate(math.degrees(angle))
        self.canvas.scale(size * flip, size * squash)
        yield self
        self.canvas.restore()

    def record(self, draw):
        """What draw(brush) draws, to be played many times; about two units around the origin."""
        recorder = skia.PictureRecorder()
        real, self.canvas = self.canvas, recorder.beginRecording(skia.Rect(-4, -4, 4, 4))
        try:
            draw(self)
        finally:
            self.canvas = real
        return recorder.finishRecordingAsPicture()

    def play(self, picture, x, y, size, angle=0.0, squash=1.0):
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.rotate(math.degrees(angle))
        self.canvas.scale(size, size * squash)
        self.canvas.drawPicture(picture)
        self.canvas.restore()

    def pixels(self):
        """Height x width x 4, 8 bits (red, green, blue and 255), as drawn."""
        return self.surface.makeImageSnapshot().toarray(colorType=skia.kRGBA_8888_ColorType)


def _polygon(points):
    path = skia.Path()
    path.moveTo(*points[0])
    for point in points[1:]:
        path.lineTo(*point)
    path.close()
    return path
