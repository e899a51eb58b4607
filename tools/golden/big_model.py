"""Writes a model with the very architecture of Stable Diffusion 2.1-base and random weights, float16
(2.6 GB), for benchmarks: big_model.py FOLDER. Nothing is done where it is there already."""

import math
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel

import models
import vocabulary
from vocabulary import write_json

UNET = {**models.UNET, "sample_size": 64, "block_out_channels": [320, 640, 1280, 1280], "layers_per_block": 2,
        "norm_num_groups": 32, "attention_head_dim": [5, 10, 20, 20], "cross_attention_dim": 1024,
        "use_linear_projection": True, "down_block_types": models.SD_DOWN, "up_block_types": models.SD_UP}
VAE = {**models.VAE, "sample_size": 512, "block_out_channels": [128, 256, 512, 512], "layers_per_block": 2,
       "norm_num_groups": 32}
TEXT = {"hidden_size": 1024, "intermediate_size": 4096, "num_hidden_layers": 23, "num_attention_heads": 16,
        "hidden_act": "gelu", "vocab_size": 49408, "max_position_embeddings": 77, "layer_norm_eps": 1e-5}


def random_tensors(shapes, seed):
    """Weights that keep activations at their size; norms are plain, biases nothing."""
    random = torch.Generator().manual_seed(seed)
    for name, shape in shapes.items():
        if len(shape) == 1:
            yield name, torch.full(shape, 1.0 if "norm" in name and name.endswith("weight") else 0.0).half()
        else:
            scale = 0.5 / math.sqrt(math.prod(shape[1:])) if "embedding" not in name else 0.05
            yield name, (torch.randn(shape, generator=random) * scale).half()


def write_part(folder, file, model, config, seed):
    named = models.with_prefix if isinstance(model, CLIPTextModel) else str
    shapes = {named(name): tensor.shape for name, tensor in model.state_dict().items()}
    write_json(folder / "config.json", config)
    save_file(dict(random_tensors(shapes, seed)), folder / file, metadata={"format": "pt"})


def write(folder):
    with torch.device("meta"):
        unet, vae = UNet2DConditionModel(**UNET), AutoencoderKL(**VAE)
        text = CLIPTextModel(CLIPTextConfig(**TEXT))
    ids = vocabulary.write(folder / "tokenizer", "!")
    write_part(folder / "unet", "diffusion_pytorch_model.safetensors", unet,
               {"_class_name": "UNet2DConditionModel", **UNET}, 1)
    write_part(folder / "vae", "diffusion_pytorch_model.safetensors", vae,
               {"_class_name": "AutoencoderKL", **VAE}, 2)
    write_part(folder / "text_encoder", "model.safetensors", text,
               {"architectures": ["CLIPTextModel"], "model_type": "clip_text_model", "bos_token_id": ids - 2,
                "eos_token_id": ids - 1, "pad_token_id": 0, **TEXT}, 3)
    scheduler = models.SPECS["sd21-base"]["scheduler"]
    write_json(folder / "scheduler" / "scheduler_config.json", scheduler)
    write_json(folder / "model_index.json", models.index_of(scheduler))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    if not (target / "model_index.json").exists():
        print(f"writing a random model of full size to {target}", file=sys.stderr)
        write(target)
