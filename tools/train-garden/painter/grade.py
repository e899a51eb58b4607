"""The last wash over the picture: edges, bloom, the mood's saturation, contrast and vignette."""
import functools

import numpy as np
from PIL import Image, ImageFilter

LUMA = np.float32([0.3, 0.59, 0.11])


def finish(pixels, size, scene):
    """Reduces what was painted to size (width, height); returns height x width x 3, 8 bits."""
    pixels = _wobble(pixels, scene.seed_number)
    image = Image.fromarray(pixels).convert("RGB").resize(size, Image.Resampling.BILINEAR)
    x = np.asarray(image, np.float32) / 255
    x = _bloom(image, x, 0.24 if not scene.labels.night else 0.34)
    mood = scene.mood
    grey = (x @ LUMA)[..., None]
    x = grey + (x - grey) * np.float32(mood.saturation)
    x = _range(x, grey, mood, scene.labels)
    x *= _shade(size, mood.vignette)
    return (np.clip(x, 0, 1) * 255 + 0.5).astype(np.uint8)


def _bloom(image, x, amount):
    """Light that spills over: what is bright, blurred, is added like a second exposure."""
    width, height = image.size
    small = image.reduce(4)
    soft = small.filter(ImageFilter.GaussianBlur(min(width, height) / 90))
    soft = np.asarray(soft.resize((width, height), Image.Resampling.BILINEAR), np.float32) / 255
    glow = np.clip(soft - 0.45, 0, 1) * np.float32(amount * 1.6)
    return 1 - (1 - x) * (1 - glow)


def _range(x, grey, mood, labels):
    """Stretches the lights to where they belong: dark moods must not become mud."""
    thin = grey[::4, ::4]
    low, high = np.percentile(thin, (1, 99))
    top = 0.76 if labels.night else 0.95
    top -= 0.05 * (mood.gain < 0.9) + 0.4 * max(0, 0.9 - mood.gain)
    bottom = low * 0.6
    gain = min(1.7, (top - bottom) / max(0.1, high - low)) ** 0.75
    x = bottom + (x - low) * np.float32(gain)
    middle = np.float32(bottom + (float(thin.mean()) - low) * gain)
    return middle + (x - middle) * np.float32(mood.contrast)


def _wobble(pixels, number):
    """Shifts edges by a hair, as a hand does."""
    shape = pixels.shape[:2]
    whole = np.ascontiguousarray(pixels).view(np.uint32).reshape(-1)
    return whole[_shifts(shape, number % 4)].view(np.uint8).reshape(*shape, 4)


@functools.lru_cache(maxsize=32)
def _shifts(shape, variant):
    height, width = shape
    unit = min(shape) / 100
    rng = np.random.Generator(np.random.PCG64(variant))
    y, x = np.mgrid[0:height, 0:width]
    moved = []
    for place, limit in ((y, height), (x, width)):
        shift = sum(_noise(rng, shape, wave * unit) * reach * unit
                    for wave, reach in ((3.0, .16), (9.0, .32)))
        moved.append(np.clip(np.rint(place + shift), 0, limit - 1).astype(np.int32))
    return (moved[0] * width + moved[1]).reshape(-1)


def _noise(rng, shape, wave):
    """Smooth noise from about -1 to 1 that changes over `wave` pixels."""
    small = rng.uniform(-1, 1, (int(shape[0] / wave) + 2, int(shape[1] / wave) + 2))
    image = Image.fromarray(small.astype(np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BICUBIC))


@functools.lru_cache(maxsize=64)
def _shade(size, vignette):
    width, height = size
    y, x = np.mgrid[-1:1:height * 1j, -1:1:width * 1j]
    return (1 - vignette * np.clip((x ** 2 + y ** 2) / 2, 0, 1)).astype(np.float32)[..., None]
