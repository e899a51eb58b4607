"""One picture, from back to front."""
from painter.animals import paint_animal, plan_animal
from painter.brush import Brush
from painter.distance import paint_distance
from painter.features import paint_feature, plan_features
from painter.flowers import paint_drift, paint_foliage, plan_flowers
from painter.grade import finish
from painter.ground import paint_ground
from painter.scene import Scene
from painter.sky import paint_sky
from painter.trees import paint_bough, paint_tree, plan_trees
from painter.weather import paint_air

SIZES = {"landscape": (768, 480), "portrait": (480, 768)}


def paint(labels, seed, size=None):
    """Height x width x 3, 8 bits. Depends on nothing but the arguments and the library versions.

    size is (width, height) in pixels; without it, the format's own.
    """
    labels.check()
    width, height = size or SIZES[labels.format]
    scene = Scene(labels, seed, width, height)
    # Drawn larger and reduced; small pictures need it most.
    oversize = 1.5 if min(width, height) <= 400 else 2.0
    brush = Brush(scene.width, scene.height, oversize * min(width, height) / 100)
    if scene.tilt:
        _tilt(brush, scene)
    paint_sky(brush, scene)
    paint_distance(brush, scene)
    paint_ground(brush, scene)
    _paint_standing(brush, scene)
    if scene.frame == "bough":
        paint_bough(brush, scene)
    paint_air(brush, scene)
    return finish(brush.pixels(), (width, height), scene)


def _tilt(brush, scene):
    """The whole garden leans; a little larger, so that no corner stays empty."""
    brush.canvas.translate(scene.width / 2, scene.height / 2)
    brush.canvas.rotate(scene.tilt * 57.3)
    brush.canvas.scale(1.12, 1.12)
    brush.canvas.translate(-scene.width / 2, -scene.height / 2)


def _paint_standing(brush, scene):
    """Trees, flowers and the animal, the farther first."""
    r = scene.rng("standing")
    things = [(t, "tree", (x, t, height)) for t, x, height in plan_trees(scene)]
    things += [(t, "feature", kind) for t, kind in plan_features(scene)]
    animal = plan_animal(scene)
    drifts = [_clear_view(scene, drift, animal) for drift in plan_flowers(scene)]
    things += [(drift.t - .02, "foliage", drift) for drift in drifts]
    things += [(drift.t, "drift", drift) for drift in drifts]
    if animal:
        things.append((animal[0], "animal", animal))
    for t, kind, thing in sorted(things, key=lambda item: (item[0], item[1])):
        if kind == "tree":
            paint_tree(brush, scene, r, *thing)
        elif kind == "feature":
            paint_feature(brush, scene, t, thing)
        elif kind == "foliage":
            paint_foliage(brush, scene, thing, r)
        elif kind == "drift":
            paint_drift(brush, scene, thing, r)
        else:
            t, x, height = thing
            paint_animal(brush, scene, x, scene.ground(t, x), height)


def _clear_view(scene, drift, animal):
    """Without the flowers that would hide the animal."""
    if not animal or drift.hero:
        return drift
    t0, x0, height = animal
    foot = scene.ground(t0, x0)

    def hides(t, x, size):
        above = scene.ground(t, x) - size
        return t > t0 - .05 and abs(x - x0) < height * .5 + size * .3 and above < foot - height * .1

    return drift._replace(places=[p for p in drift.places if not hides(*p)])
