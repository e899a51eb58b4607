"""The figures that the shipped model must hold, and contact sheets to look at.

Everything is drawn by the exported folder in diffusers' classes. Accuracy is the judge's, a network
that saw the painter's pictures only and taught nothing else.
"""
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

import captions
from painter import Labels, paint, random_labels
from painter.labels import EMOTIONS, SEASONS, TIMES, WEATHERS
from training import curves, export
from training.classifier import accuracy
from training.compute import device, mixed, quicken, to_tensor
from training.data import numbers_of
from training.text_unet import draw_many, sizes_of
from training.vae import Decoder, decode_all

LEAST = {"season": 0.85, "time": 0.85, "weather": 0.75, "emotion": 0.75}


class Shipped:
    """The folder, with this training's batched sampler on top."""

    def __init__(self, settings, folder):
        self.settings = settings
        self.drawing = export.drawing_of(folder)
        self.pipeline = export.load(folder)
        self.unet, self.text = quicken(self.pipeline.unet), self.pipeline.text_encoder
        self.decoder = Decoder(quicken(self.pipeline.vae))

    def __call__(self, latents, times, ids):
        with mixed():
            words = self.text(input_ids=ids).last_hidden_state
            latents = latents.contiguous(memory_format=torch.channels_last)
            return self.unet(latents, times, words).sample.float()

    def tokens(self, texts):
        return self.pipeline.tokenizer(
            texts, padding="max_length", max_length=77, truncation=True,
            return_tensors="pt").input_ids.to(device())

    def draw(self, texts, seeds, kind="landscape", **how):
        latents = draw_many(self, self.tokens, texts, seeds, sizes_of(self.settings, kind),
                            **{**self.drawing, **how})
        return decode_all(self.decoder, latents)

    def recognised(self, judge, count, kind="landscape", seed=0, **how):
        """The judge's accuracy on freshly drawn labels, and the pictures."""
        rng = random.Random(f"evaluate/{seed}/{kind}")
        labels = [random_labels(rng, format=kind) for _ in range(count)]
        shown = self.draw([captions.plain(one) for one in labels],
                          range(seed, seed + count), kind, **how)
        return accuracy(judge, shown, numbers_of(labels)), shown


def best_drawing(shipped, judge, count):
    """Scheduler, steps and guidance: by the worst of the four figures against its aim."""
    tried = {}
    for scheduler, steps in (("ddim", 20), ("dpmpp-2m", 12), ("dpmpp-2m", 16)):
        for guidance in (3.0, 4.5, 6.0):
            how = {"scheduler": scheduler, "steps": steps, "guidance": guidance}
            figures, _ = shipped.recognised(judge, count, seed=50_000, **how)
            tried[json.dumps(how, sort_keys=True)] = figures
    return tried


@torch.no_grad()
def _features(net, pictures):
    """Unit vectors at every place of three stages, flattened: as LPIPS compares pictures."""
    out = []
    for i in range(0, len(pictures), 16):
        stages = net.stages(to_tensor(pictures[i:i + 16]), 4)[1:]
        flat = [F.normalize(F.avg_pool2d(stage.float(), 2), dim=1).flatten(1)
                / (stage.shape[2] * stage.shape[3] / 4) ** 0.5 for stage in stages]
        out.append(torch.cat(flat, 1).cpu())
    return torch.cat(out)


def _mean_distance(features):
    distances = torch.cdist(features, features).square()
    count = len(features)
    return float(distances.sum() / (count * (count - 1)))


def diversity(settings, shipped, net, prompts, each=8):
    """Mean pairwise distance of pictures of one prompt, against the painter's own."""
    rng, ours, theirs = random.Random("diversity"), [], []
    size = (settings.width, settings.height)
    for n in range(prompts):
        labels = random_labels(rng, format="landscape")
        drawn = shipped.draw([captions.plain(labels)] * each, range(100 * n, 100 * n + each))
        painted = np.stack([paint(labels, f"diversity/{n}/{i}", size) for i in range(each)])
        ours.append(_mean_distance(_features(net, drawn)))
        theirs.append(_mean_distance(_features(net, painted)))
    return {"drawn": float(np.mean(ours)), "painted": float(np.mean(theirs)),
            "ratio": float(np.mean(ours) / np.mean(theirs))}


def _small(pictures):
    """Pictures and nothing finer than 16 pixels, for finding the nearest."""
    return np.concatenate([F.avg_pool2d(to_tensor(pictures[i:i + 64]), 16).flatten(1).cpu()
                           for i in range(0, len(pictures), 64)])


def memorisation(pictures, drawn):
    """How near drawn pictures are to the nearest training picture or its mirror image, against
    held-out pictures of the painter. The share is of the distance to the tenth nearest, as soft
    pictures are nearer to everything."""
    rows = []
    for shard in pictures.training:
        shown = pictures.open(shard)
        if shown.shape[1:] == drawn.shape[1:]:
            rows += [_small(shown), _small(shown[:, :, ::-1])]
    known = torch.from_numpy(np.concatenate(rows))
    held, _ = pictures.some(pictures.held_out, "landscape", len(drawn))

    def nearest(shown):
        near = torch.cdist(torch.from_numpy(_small(shown)), known).topk(10, largest=False).values
        return near[:, 0], near[:, 0] / near[:, 9]

    ours, our_share = nearest(drawn)
    theirs, their_share = nearest(held)
    return {"nearest": float(ours.median()), "nearest_painted": float(theirs.median()),
            "nearest_min": float(ours.min()), "nearest_min_painted": float(theirs.min()),
            "share": float(our_share.median()), "share_painted": float(their_share.median()),
            "share_min": float(our_share.min()), "share_min_painted": float(their_share.min())}


def sheet(pictures, columns, path, reduce=2):
    """Pictures of one size in rows, at 1/reduce of their size."""
    height, width = pictures[0].shape[0] // reduce, pictures[0].shape[1] // reduce
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (columns * (width + 4) + 4, rows * (height + 4) + 4), "white")
    for i, picture in enumerate(pictures):
        small = Image.fromarray(picture).resize((width, height), Image.LANCZOS)
        canvas.paste(small, (4 + i % columns * (width + 4), 4 + i // columns * (height + 4)))
    canvas.save(path, quality=88)


def sheets(shipped, folder):
    """8 emotions x 4 seasons, weather x time, eight seeds, portraits."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def draw(labels, seed, kind="landscape"):
        return shipped.draw([captions.plain(one) for one in labels],
                            range(seed, seed + len(labels)), kind)

    turns = list(zip(WEATHERS, TIMES))
    by_mood = [Labels(emotion, season, *turns[(i + k) % 4]) for k, season in enumerate(SEASONS)
               for i, emotion in enumerate(EMOTIONS)]
    sheet(draw(by_mood, 100), 8, folder / "emotion-season.jpeg")
    sheet(draw([Labels("calm", "summer", weather, time) for time in TIMES
                for weather in WEATHERS], 200), 4, folder / "time-weather.jpeg")
    sheet(draw([Labels("happy", "spring")] * 8, 300), 4, folder / "seeds.jpeg")
    sheet(draw([Labels(emotion, SEASONS[i % 4], *turns[i // 2], format="portrait")
                for i, emotion in enumerate(EMOTIONS)], 400, "portrait"),
          8, folder / "portrait.jpeg")
    sheet(draw([Labels(emotion, "summer", animal=animal) for emotion in EMOTIONS[:4]
                for animal in ("dog", "cat")], 500), 4, folder / "animals.jpeg")


def seconds_a_picture(shipped):
    """One 512 x 320 picture at a time, in torch here; the C engine has its own benchmark."""
    shipped.draw([export.PROOF], [1])
    started = time.monotonic()
    shipped.draw([export.PROOF], [2])
    return time.monotonic() - started


def evaluate(settings, work, pictures, judge, features, folder, seen, sweep=False):
    """Everything; returns and logs the figures, and writes evaluation.json, sheets and curves
    beside the work. seen: samples that the UNet has learned from."""
    shipped = Shipped(settings, folder)
    count = settings.evaluate_pictures
    result = {"drawing": shipped.drawing}
    if sweep:
        result["sweep"] = best_drawing(shipped, judge, max(8, count // 4))
    figures, drawn = shipped.recognised(judge, count)
    result["landscape"] = figures
    result["portrait"], _ = shipped.recognised(judge, count // 2, "portrait", seed=20_000)
    result["seconds"] = seconds_a_picture(shipped)
    result["diversity"] = diversity(settings, shipped, features, max(1, count // 32))
    result["memorisation"] = memorisation(pictures, drawn[:200])
    result["holds"] = {name: figures[name] >= least for name, least in LEAST.items()}
    result["holds"]["diversity"] = result["diversity"]["ratio"] >= 0.6
    result["holds"]["memorisation"] = (result["memorisation"]["share"]
                                       >= 0.99 * result["memorisation"]["share_painted"])
    work.write_json("evaluation.json", result)
    work.log("evaluate", seen=seen, **figures, seconds=result["seconds"],
             diversity=result["diversity"]["ratio"], holds=str(result["holds"]))
    sheets(shipped, work.path("sheets"))
    curves.write(work.path("log.jsonl"), work.path("sheets") / "curves.svg")
    return result
