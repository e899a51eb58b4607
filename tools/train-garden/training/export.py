"""The model as an ordinary diffusers folder in f16, and the proof that it is one."""
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

from training import vocabulary
from training.compute import device, exactly
from training.data import FORMATS
from training.text_unet import draw, new_scheduler, sizes_of
from training.vae import Decoder, Encoder, new_vae

LIMIT_BYTES = 24_000_000
PROOF = "happy, a cat, sunny, spring, day"


def export(settings, model, decoder, encoder, folder):
    """Writes the folder anew. encoder may be None while there is none: it is random then."""
    drawing = {"scheduler": settings.scheduler, "steps": settings.steps,
               "guidance": settings.guidance}
    folder = Path(folder)
    for part in ("tokenizer", "text_encoder", "unet", "vae", "scheduler"):
        shutil.rmtree(folder / part, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary.write(folder / "tokenizer")
    vae = new_vae(settings)
    Decoder(vae).load_state_dict(decoder.state_dict())
    if encoder is not None:
        Encoder(vae).load_state_dict(encoder.state_dict())
    _save(model.text, folder / "text_encoder")
    _save(model.unet, folder / "unet")
    _save(vae, folder / "vae")
    new_scheduler(drawing["scheduler"]).save_pretrained(folder / "scheduler")
    _write(folder / "model_index.json", {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None], "image_encoder": [None, None],
        "requires_safety_checker": False, "safety_checker": [None, None],
        "scheduler": ["diffusers", type(new_scheduler(drawing["scheduler"])).__name__],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]})
    sizes = [[8 * width, 8 * height]
             for height, width in (sizes_of(settings, kind) for kind in FORMATS)]
    _write(folder / "garden.json", {**drawing, "sizes": sizes})
    for path in folder.rglob("*.safetensors"):
        path.chmod(0o644)    # they are written for their owner alone
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LIMIT_BYTES:
        raise ValueError(f"{folder}: {size} bytes, more than {LIMIT_BYTES}")
    return size


def _save(part, folder):
    """A copy in f16, so that training can go on with the f32 one."""
    fields = {"_class_name", "_diffusers_version"}
    if isinstance(part, CLIPTextModel):
        copy = type(part)(part.config)
    else:
        copy = type(part).from_config({k: v for k, v in part.config.items() if k not in fields})
    copy.load_state_dict(part.state_dict())
    copy.half().save_pretrained(folder, safe_serialization=True)
    if isinstance(part, CLIPTextModel):
        _prefix(folder / "model.safetensors", "text_model.")


def _prefix(path, prefix):
    """The names that every transformers knows, those before 5 included."""
    tensors = load_file(path)
    save_file({prefix + name.removeprefix(prefix): value for name, value in tensors.items()},
              path, metadata={"format": "pt"})


def _write(path, value):
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")


def load(folder):
    """The pipeline that anyone gets from the folder, in f32."""
    return StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32,
                                                   local_files_only=True).to(device())


def drawing_of(folder):
    """How garden.json says that the model draws: scheduler, steps, guidance."""
    advice = json.loads((Path(folder) / "garden.json").read_text())
    return {name: advice[name] for name in ("scheduler", "steps", "guidance")}


def check(settings, model, tokens, folder):
    """Loads the folder in diffusers and draws; raises where it is not the model that was trained.

    Returns figures: how far its latents and pictures are from the training's own.
    """
    folder = Path(folder)
    drawing = drawing_of(folder)
    pipeline = load(folder)
    pipeline.set_progress_bar_config(disable=True)
    assert isinstance(pipeline.unet, UNet2DConditionModel)
    assert isinstance(pipeline.vae, AutoencoderKL)
    figures = {}
    for kind in FORMATS:
        height, width = sizes_of(settings, kind)
        theirs = pipeline(PROOF, height=8 * height, width=8 * width, output_type="latent",
                          num_inference_steps=drawing["steps"],
                          guidance_scale=drawing["guidance"],
                          generator=torch.Generator().manual_seed(7)).images
        with exactly():
            ours = draw(model, tokens, [PROOF], [7], (height, width), **drawing)
        distance = float((theirs - ours).square().mean().sqrt() / ours.square().mean().sqrt())
        figures[f"{kind}_latents"] = distance
        if distance > 0.02:
            raise ValueError(f"{folder}: diffusers draws other latents ({kind}: {distance:.3f})")
        picture = pipeline(PROOF, height=8 * height, width=8 * width, output_type="np",
                           num_inference_steps=drawing["steps"],
                           guidance_scale=drawing["guidance"],
                           generator=torch.Generator().manual_seed(7)).images[0]
        if picture.shape != (8 * height, 8 * width, 3) or not np.isfinite(picture).all():
            raise ValueError(f"{folder}: not a picture of {8 * width} x {8 * height}")
    return figures
