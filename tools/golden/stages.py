"""Goldens of each stage by itself: token ids, embeddings, UNet calls, decoding, noise, schedulers."""

import numpy as np
import torch
from diffusers import (DDIMScheduler, DPMSolverMultistepScheduler, EulerAncestralDiscreteScheduler,
                       EulerDiscreteScheduler, PNDMScheduler)

SCHEDULERS = {
    "ddim": (DDIMScheduler, {}),
    "pndm": (PNDMScheduler, {"skip_prk_steps": True}),
    "euler": (EulerDiscreteScheduler, {}),
    "euler-a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp-2m": (DPMSolverMultistepScheduler, {}),
    "dpmpp-2m-karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
}
TEXTS = [
    "", " ", "a happy garden in spring", "A Happy  GARDEN\tin\nspring!", "it's the dog's day, they'll've gone; I'm 'reading'",
    "정원에 꽃이 피었습니다", "아름다운 봄의 정원, 행복한 아침 🌸", "🌸🌻 flowers 🌷!!", "👩‍🌾👍🏽 é e\u0301 ﬁ Å Ⅷ ½ ²³ ٣٤",
    "中文 花园 ファイル Ελληνικά Русский עברית العربية ไทย हिन्दी", "!!! ! !!!", "12345 1 2 3.5 -7e10", "snake_case camelCase a_b __ x",
    "ÄÖÜß STRASSE İstanbul ǅ ΣΑΣ", "tabs\tand\u00a0nbsp\u3000ideographic\u200bzero\ufeffbom\x0bvt\x0cff\x1cfs\x85nel",
    "<|endoftext|> in the text", "a<|startoftext|>b", "quotes “curly” – dash — … ‘s", "a,b.c;d:e(f)g[h]{i}", "xyzzyqwertyuiopasdfghjkl",
    "flowers " * 80, "a very long garden, " * 40, "🌸" * 60, "\x7f\x01 control", "𝒜𝓃 🇰🇷 ☃ ☃️",
]
UNET_CALLS = [  # pictures, height, width, timestep, chunks of text
    (1, 8, 8, 981.0, 1), (2, 9, 13, 501.0, 1), (3, 13, 25, 1.0, 1), (1, 16, 12, 999.0, 2), (1, 11, 8, 856.2857, 3),
]
VAE_SIZES = [(8, 8), (9, 13)]
NOISE = [(0, 256), (42, 468), (7, 1300), (1234567890123, 333), (2**53 - 1, 17), (2**32 + 5, 16)]


def tokens(tokenizer):
    entries = []
    for text in TEXTS:
        padded = tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids
        everything = tokenizer(text, add_special_tokens=False, truncation=False).input_ids
        entries.append({"text": text, "ids": padded, "all": everything})
    return entries


def text(pipe):
    rows = ["", "a happy garden in spring", "아름다운 봄의 정원 🌸", "a very long garden, " * 40]
    ids = pipe.tokenizer(rows, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return {"text.ids": ids, "text.out": pipe.text_encoder(ids)[0]}


def unet(pipe, random):
    out, channels, dim = {}, pipe.unet.config.in_channels, pipe.unet.config.cross_attention_dim
    for i, (n, h, w, timestep, chunks) in enumerate(UNET_CALLS):
        latents = torch.randn(n, channels, h, w, generator=random)
        embeddings = torch.randn(n, 77 * chunks, dim, generator=random)
        out |= {f"unet.{i}.latents": latents, f"unet.{i}.text": embeddings, f"unet.{i}.timestep": np.array([timestep]),
                f"unet.{i}.out": pipe.unet(latents, torch.tensor(timestep), embeddings).sample}
    return out


def vae(pipe, random):
    out = {}
    for i, (h, w) in enumerate(VAE_SIZES):
        latents = 0.8 * torch.randn(1, pipe.vae.config.latent_channels, h, w, generator=random)
        pixels = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
        out |= {f"vae.{i}.latents": latents[0], f"vae.{i}.out": pixels[0].permute(1, 2, 0)}
    return out


def noise():
    out = {}
    for i, (seed, count) in enumerate(NOISE):
        random = torch.Generator().manual_seed(seed)
        out[f"noise.{i}.seed"] = np.array([seed >> 32, (seed >> 16) & 0xFFFF, seed & 0xFFFF])
        out[f"noise.{i}.out"] = torch.stack([torch.randn(count, generator=random) for _ in range(2)])
    return out


def make_scheduler(name, config):
    kind, extra = SCHEDULERS[name]
    return kind.from_config(config, **extra)


def schedulers(config, seed=77, count=16):
    """Each scheduler by itself on the same made-up predictions: [calls + 1, count] latents."""
    random = torch.Generator().manual_seed(seed)
    predicted = torch.randn(51, 1, count, generator=random)
    start = torch.randn(1, count, generator=random)
    out = {"predicted": predicted[:, 0], "start": start}
    for name in SCHEDULERS:
        for steps in (1, 2, 3, 5, 20, 50):
            out |= {f"{name}.{steps}.{part}": value
                    for part, value in walk(make_scheduler(name, config), steps, start, predicted).items()}
    return out


def walk(scheduler, steps, start, predicted):
    scheduler.set_timesteps(steps)
    random = torch.Generator().manual_seed(steps)
    extra = {"generator": random} if isinstance(scheduler, EulerAncestralDiscreteScheduler) else {}
    latents = start * scheduler.init_noise_sigma
    path, inputs = [latents], []
    for i, timestep in enumerate(scheduler.timesteps):
        inputs.append(scheduler.scale_model_input(latents, timestep))
        latents = scheduler.step(predicted[i], timestep, latents, **extra).prev_sample
        path.append(latents)
    return {"timesteps": scheduler.timesteps.float(), "latents": torch.cat(path), "inputs": torch.cat(inputs)}
