"""Writes tests/golden/diffusion: tiny models, and what diffusers makes of them.

    make golden            (tools/golden/golden.sh makes the environment)

Everything is seeded. Run again on the same kind of machine it gives the same bytes; where it does
not, it says which tensors moved, and by how much.
"""

import logging
import os
import shutil
import sys
import warnings
from pathlib import Path

os.environ.update(TQDM_DISABLE="1", TRANSFORMERS_VERBOSITY="error", DIFFUSERS_VERBOSITY="error")

import torch
from diffusers import StableDiffusionPipeline

import models
import pictures
import stages
import store


def load(folder, spec):
    pipe = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32, variant=spec["variant"],
                                                   low_cpu_mem_usage=False, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def write_stages(folder, pipe):
    random = torch.Generator().manual_seed(1)
    store.save_json(folder / "tokens.json", stages.tokens(pipe.tokenizer))
    store.save_tensors(folder / "stages.safetensors",
                       {**stages.text(pipe), **stages.unet(pipe, random), **stages.vae(pipe, random)})
    if folder.name != "sd21-base":  # it has sd15's
        store.save_tensors(folder / "schedulers.safetensors", stages.schedulers(pipe.scheduler.config))


def write_pictures(folder, pipe):
    own, tensors = pipe.scheduler, {}
    for case in pictures.CASES:
        drawn, initial, steps = pictures.draw(pipe, own, case)
        tensors |= {f"{case['name']}.initial": initial, f"{case['name']}.steps": steps}
        for i, picture in enumerate(drawn):
            store.save_png(folder / "pictures" / f"{case['name']}-{i}.png", picture)
        moved, most = pictures.calmness(pipe, own, case, drawn)
        cut = ((drawn == 0) | (drawn == 255)).mean()
        print(f"{folder.name:10} {case['name']:16} deviation {drawn.std():5.1f}  black or white {100 * cut:4.1f} %  "
              f"rounding moves {100 * moved:.3f} % of values, by at most {most}")
    store.save_tensors(folder / "latents.safetensors", tensors)


def main(target):
    torch.set_num_threads(1)  # the order of sums is then the same everywhere
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    with torch.no_grad():
        for name, spec in models.SPECS.items():
            folder = target / name
            shutil.rmtree(folder / "model", ignore_errors=True)
            models.write(folder / "model", spec)
            pipe = load(folder / "model", spec)
            write_stages(folder, pipe)
            write_pictures(folder, pipe)
        store.save_tensors(target / "noise.safetensors", stages.noise())
        store.save_json(target / "cases.json", pictures.CASES)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
