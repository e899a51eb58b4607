"""Pictures of the model that ships, by diffusers: shipped.py MODEL FOLDER.

Writes FOLDER/cases.json and FOLDER/NAME.png, drawn by StableDiffusionPipeline as it loads the folder,
with nothing of ours in between. tests/unit/shipped_model_test.c draws them again.
"""
import json
import sys
import warnings
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

import pictures

warnings.filterwarnings("ignore")

CASES = [
    {"name": "happy", "prompt": "a happy flower garden in spring, sunny, by day", "width": 512, "height": 320,
     "seed": 1},
    {"name": "sad", "prompt": "a sad flower garden in autumn, rainy, at sunset", "width": 320, "height": 512,
     "seed": 2},
    {"name": "calm", "prompt": "a calm flower garden in winter, snowy, at dawn", "negative": "people",
     "width": 512, "height": 320, "seed": 3},
]


def main(model, folder):
    drawing = json.loads((Path(model) / "garden.json").read_text())
    pipe = StableDiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    cases = [{"negative": "", "images": 1, "scheduler": "auto", "steps": drawing["steps"],
              "guidance": drawing["guidance"], **case} for case in CASES]
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        drawn, _, _ = pictures.draw(pipe, pipe.scheduler, case)
        Image.fromarray(drawn[0]).save(folder / f"{case['name']}.png", optimize=True)
    (folder / "cases.json").write_text(json.dumps(cases, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
