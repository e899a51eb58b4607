"""Goldens of the whole: pictures by StableDiffusionPipeline, and its latents after every step."""

import numpy as np
import torch

from stages import SCHEDULERS, make_scheduler

GARDEN = "a happy garden in spring, red flowers under a rainbow"
LONG = ", ".join(["a quiet garden in winter with snow on the trees", "a wooden bridge over the river",
                  "roses and daisies and tulips and lavender", "soft evening light", "highly detailed oil painting",
                  "fog over the hills and a moon above", "a dog on the path and a cat in the grass"] * 2)
WEIGHTED = [("a garden of ", 1), ("roses", 1.3), (" and ", 1), ("mist", 1 / 1.1), (", ", 1), ("sunlight", 1.1 * 1.1),
            (" over a lake", 1)]
WEIGHTED_TEXT = "a garden of (roses:1.3) and [mist], ((sunlight)) over a lake"
PLAIN = {"negative": "", "width": 72, "height": 64, "steps": 7, "guidance": 7.5, "seed": 42, "scheduler": "auto",
         "images": 1}
CASES = [
    *({**PLAIN, "name": name, "prompt": GARDEN, "width": 104, "height": 72, "steps": 8, "scheduler": name}
      for name in SCHEDULERS),
    {**PLAIN, "name": "negative", "prompt": GARDEN, "negative": "blurry, low quality, watermark", "seed": 7},
    {**PLAIN, "name": "wide", "prompt": "an angry storm", "width": 200, "height": 104, "steps": 4, "seed": 3,
     "scheduler": "ddim"},
    {**PLAIN, "name": "tall", "prompt": "a calm lake at night", "negative": "people", "width": 64, "height": 168,
     "steps": 5, "seed": 2**53 - 1, "scheduler": "dpmpp-2m"},
    {**PLAIN, "name": "two", "prompt": "a sad garden in winter", "negative": "red", "images": 2, "seed": 100,
     "scheduler": "euler-a"},
    {**PLAIN, "name": "unguided", "prompt": GARDEN, "guidance": 1.0, "seed": 5},
    {**PLAIN, "name": "korean", "prompt": "아름다운 봄의 정원 🌸", "guidance": 4.25, "seed": 0, "scheduler": "euler"},
    {**PLAIN, "name": "empty", "prompt": "", "seed": 11, "steps": 1, "scheduler": "ddim"},
    {**PLAIN, "name": "weighted", "prompt": WEIGHTED_TEXT, "negative": "blurry", "seed": 12},
    {**PLAIN, "name": "long", "prompt": LONG, "negative": "ugly", "seed": 13, "scheduler": "ddim"},
    {**PLAIN, "name": "many", "prompt": GARDEN, "width": 64, "steps": 30, "seed": 14, "scheduler": "dpmpp-2m-karras"},
]


def draw(pipe, own, case):
    """own is the model's scheduler. Pictures as uint8 [images, h, w, 3], unit noise, latents after each step [calls, images, c, h, w]."""
    if case["scheduler"] == "auto":
        pipe.scheduler = type(own).from_config(own.config)
    else:
        pipe.scheduler = make_scheduler(case["scheduler"], own.config)
    steps = []

    def on_step(_pipe, _step, _timestep, kwargs):
        steps.append(kwargs["latents"].clone())
        return kwargs

    generators = [torch.Generator().manual_seed(case["seed"] + i) for i in range(case["images"])]
    shape = (1, pipe.unet.config.in_channels, case["height"] // 8, case["width"] // 8)
    initial = torch.cat([torch.randn(shape, generator=torch.Generator().manual_seed(case["seed"] + i))
                         for i in range(case["images"])])
    pictures = pipe(**prompt_of(pipe, case), width=case["width"], height=case["height"],
                    num_inference_steps=case["steps"], guidance_scale=case["guidance"],
                    num_images_per_prompt=case["images"], generator=generators, callback_on_step_end=on_step,
                    output_type="np").images
    return (pictures * 255).round().astype("uint8"), initial, torch.stack(steps)


def prompt_of(pipe, case):
    if case["name"] not in ("weighted", "long"):
        return {"prompt": case["prompt"], "negative_prompt": case["negative"]}
    segments = WEIGHTED if case["name"] == "weighted" else [(case["prompt"], 1)]
    positive = embed(pipe, segments)
    negative = embed(pipe, [(case["negative"], 1)], least=positive.shape[1] // 77)
    return {"prompt_embeds": positive, "negative_prompt_embeds": negative}


def embed(pipe, segments, least=1):
    """Chunks of 75 tokens each by itself; weighted as AUTOMATIC1111 does: multiply, restore the mean."""
    ids, weights = [], []
    for text, weight in segments:
        tokens = pipe.tokenizer(text, add_special_tokens=False, truncation=False).input_ids
        ids += tokens
        weights += [weight] * len(tokens)
    chunks = []
    for start in range(0, max(len(ids), 75 * least), 75):
        chunk, chunk_weights = ids[start : start + 75], weights[start : start + 75]
        filler = 76 - len(chunk)
        tokenizer = pipe.tokenizer
        padded = [tokenizer.bos_token_id, *chunk, tokenizer.eos_token_id, *[tokenizer.pad_token_id] * (filler - 1)]
        scale = torch.tensor([1.0, *chunk_weights, *[1.0] * filler])[None, :, None]
        plain = pipe.text_encoder(torch.tensor([padded]))[0]
        chunks.append(plain if (scale == 1).all() else plain * scale * (plain.mean() / (plain * scale).mean()))
    return torch.cat(chunks, dim=1)


def calmness(pipe, own, case, picture):
    """The same by torch's plain convolutions instead of oneDNN's: how much rounding alone moves a picture."""
    with torch.backends.mkldnn.flags(enabled=False):
        other, _, _ = draw(pipe, own, case)
    off = np.abs(other.astype(int) - picture.astype(int))
    return (off != 0).mean(), off.max()
