"""Trains the garden's own model, phase by phase; a second start goes on where the first was.

paint, judge, features, components, decoder, edges, text, unet, encoder, export, evaluate: each
takes what it finds done. See README.md and train.sh.
"""
import argparse
import os
import random
import sys
from pathlib import Path

import numpy as np

import captions
from painter import random_labels
from training import checkpoint, classifier, compute, data, edges, evaluate, export
from training import latents, text_unet, vae
from training.settings import PRESETS, changed
from training.work import GateClosed, OutOfTime, Work

HERE = Path(__file__).resolve().parent
COMMITTED = HERE / "checkpoint.safetensors"


class Run:
    """The phases, each a property of what it makes."""

    def __init__(self, settings, work, args):
        self.settings, self.work, self.args = settings, work, args
        self.pictures = data.Pictures(settings, work)

    def paint(self):
        """Where the painter is another than before, its judges are taught anew; what else there
        is learns on from the new pictures."""
        self.pictures.paint(self.args.threads)
        key = data.pictures_key(self.settings)
        if self.work.read_json("painter.json", key) != key:
            self.work.log("paint", changed="the painter: the judges are taught anew")
            for name in ("judge.pt", "features.pt", "judge-gate.json"):
                self.work.path(name).unlink(missing_ok=True)
        self.work.write_json("painter.json", key)

    def teach_judges(self):
        settings, work = self.settings, self.work
        self.judge = classifier.train(settings, work, self.pictures, "judge")
        if not work.path("judge-gate.json").exists():
            figures = classifier.held_out(self.judge, self.pictures)
            self.gate("judge", figures, settings.gate_judge)
            work.write_json("judge-gate.json", figures)
        self.features = classifier.train(settings, work, self.pictures, "features")

    def gate(self, name, figures, least):
        self.work.gate(name, figures, dict(zip(data.JUDGED, least)), self.args.ignore_gates)

    def find_latents(self):
        self.latents = latents.latents_of(self.settings, self.work, self.pictures)
        self.set = latents.LatentSet(self.settings, self.work, self.pictures, self.latents)
        self.set.make()

    def decoder(self):
        training = vae.DecoderTraining(self.settings, self.work, self.pictures, self.latents,
                                       self.features)
        decoder = training.run(self.judge, self.args.ignore_gates)
        return edges.train(self.settings, self.work, self.set, decoder)

    def model(self):
        self.training = text_unet.Training(self.settings, self.work, self.latents, self.set)
        return self.training.run(self._check_half)

    def _check_half(self, model):
        """Small pictures, made larger: the judge sees colours and masses only."""
        model.eval()
        rng = random.Random("half")
        labels = [random_labels(rng, format="landscape") for _ in range(64)]
        z = text_unet.draw_many(model, self.training.tokens,
                                [captions.plain(one) for one in labels], range(64),
                                text_unet.halves_of(self.settings, "landscape"),
                                steps=self.settings.steps, guidance=self.settings.guidance)
        shown = compute.to_pictures(self.latents.decode(z)).repeat(2, 1).repeat(2, 2)
        evaluate.sheet(list(shown), 8, self.work.path("half.jpeg"), reduce=4)
        self.gate("half", classifier.accuracy(self.judge, np.ascontiguousarray(shown),
                                              data.numbers_of(labels)), self.settings.gate_half)

    def all(self):
        folder = self.args.out or self.work.path("garden-tiny")
        self.paint()
        self.teach_judges()
        self.find_latents()
        decoder = self.decoder()
        model = self.model()
        encoder = vae.train_encoder(self.settings, self.work, self.pictures, self.latents)
        self.work.nothing_to_save()
        size = export.export(self.settings, model, decoder, encoder, folder)
        figures = export.check(self.settings, model, self.training.tokens, folder)
        self.work.log("export", folder=str(folder), bytes=size, **figures)
        evaluate.evaluate(self.settings, self.work, self.pictures, self.judge, self.features,
                          folder, self.training.loop.seen, self.args.sweep)

    def now(self):
        """Exports and looks at what there is, in the middle of the training."""
        folder = self.work.path("garden-now")
        self.paint()
        self.teach_judges()
        self.find_latents()
        decoder = vae.averaged_decoder(self.settings, self.work)
        self.training = text_unet.Training(self.settings, self.work, self.latents, self.set)
        self.training.loop.restore()
        self.training.loop.finish()
        model, tokens = self.training.model.requires_grad_(False), self.training.tokens
        export.export(self.settings, model, decoder, None, folder)
        export.check(self.settings, model, tokens, folder)
        shipped = evaluate.Shipped(self.settings, folder)
        figures, shown = shipped.recognised(self.judge, 32)
        self.work.log("now", seen=self.training.loop.seen, **figures)
        evaluate.sheet(list(shown), 4, self.work.path("now.jpeg"))


def parse(arguments):
    cache = Path(os.environ.get("GARDEN_CACHE") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "emotion-gardens")
    parser = argparse.ArgumentParser(prog="train.sh", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=("all", "now", "pack"),
                        help="all phases; a look at what there is now; only the checkpoint")
    parser.add_argument("--minutes", type=float, help="stop, with all saved, after so many")
    parser.add_argument("--resume", action="store_true",
                        help=f"begin from {COMMITTED.name} where the work folder has nothing newer")
    parser.add_argument("--preset", choices=PRESETS, default="full")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="another setting than the preset's; see training/settings.py")
    parser.add_argument("--work", type=Path, help="default: train-garden-PRESET in the cache")
    parser.add_argument("--out", type=Path, help="the model's folder; default: in the work folder")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--sweep", action="store_true",
                        help="evaluate other schedulers, steps and guidance, too")
    parser.add_argument("--ignore-gates", action="store_true")
    parser.add_argument("--checkpoint", type=Path, default=COMMITTED,
                        help="what pack writes and --resume reads")
    args = parser.parse_args(arguments)
    args.work = args.work or cache / ("train-garden-" + args.preset)
    try:
        args.settings = changed(PRESETS[args.preset], args.set)
    except ValueError as error:
        parser.error(str(error))
    if args.resume and not args.checkpoint.exists():
        parser.error(f"--resume: there is no {args.checkpoint}: `train.sh pack` makes one where the "
                     "work is; without --resume the training begins or goes on in the work folder")
    return args


def main(arguments):
    args = parse(arguments)
    work = Work(args.work, args.minutes, args.settings.save_every_s)
    compute.prepare(args.threads)
    if args.resume:
        work.log("resume", **{phase: at["seen"] for phase, at in
                              checkpoint.unpack(work, args.checkpoint).items()})
    if args.what == "pack":
        work.log("pack", **checkpoint.pack(work, args.checkpoint))
        return 0
    run = Run(args.settings, work, args)
    try:
        run.all() if args.what == "all" else run.now()
    except OutOfTime:
        work.log("stopped", work=str(args.work), how="start again to go on")
        return 3
    except GateClosed as error:
        print(f"train.sh: {error}; see {args.work}; --ignore-gates goes on all the same",
              file=sys.stderr)
        return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
