"""The tiny models: Stable Diffusion's own topology, narrow, in the layouts that are found in the wild."""

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.schedulers import DDIMScheduler
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import vocabulary
import weights
from vocabulary import write_json

CROSS_DOWN, CROSS_UP = "CrossAttnDownBlock2D", "CrossAttnUpBlock2D"
SD_DOWN = [CROSS_DOWN] * 3 + ["DownBlock2D"]
SD_UP = ["UpBlock2D"] + [CROSS_UP] * 3
SCALED_LINEAR = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
                 "num_train_timesteps": 1000, "set_alpha_to_one": False, "steps_offset": 1, "trained_betas": None}
PNDM = {"_class_name": "PNDMScheduler", "_diffusers_version": "0.7.0", "skip_prk_steps": True, **SCALED_LINEAR}

SPECS = {
    "sd15": {
        "pad": vocabulary.END, "dtype": torch.float16, "variant": None, "old_vae": True, "seed": 15,
        "text": {"hidden_size": 32, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
                 "hidden_act": "quick_gelu"},
        "unet": {"block_out_channels": [16, 16, 32, 32], "layers_per_block": 2, "attention_head_dim": 4,
                 "down_block_types": SD_DOWN, "up_block_types": SD_UP},
        "vae": {"layers_per_block": 1}, "contrast": 0.6,
        "scheduler": {**PNDM, "clip_sample": False},
    },
    "sd21-base": {
        "pad": "!", "dtype": torch.float32, "variant": None, "old_vae": False, "seed": 21,
        "text": {"hidden_size": 32, "intermediate_size": 96, "num_hidden_layers": 3, "num_attention_heads": 2,
                 "hidden_act": "gelu"},
        "unet": {"block_out_channels": [16, 16, 24, 24], "layers_per_block": 1, "attention_head_dim": [2, 2, 3, 3],
                 "use_linear_projection": True, "down_block_types": SD_DOWN, "up_block_types": SD_UP},
        "vae": {"layers_per_block": 1},
        "scheduler": {**PNDM, "prediction_type": "epsilon", "clip_sample": False},
    },
    "sd21-v": {
        "pad": "!", "dtype": torch.float16, "variant": "fp16", "old_vae": False, "seed": 22,
        "text": {"hidden_size": 40, "intermediate_size": 80, "num_hidden_layers": 2, "num_attention_heads": 5,
                 "hidden_act": "gelu"},
        "unet": {"block_out_channels": [16, 32, 32, 32], "layers_per_block": 1, "attention_head_dim": [1, 2, 2, 2],
                 "use_linear_projection": True, "upcast_attention": True,
                 "down_block_types": SD_DOWN, "up_block_types": SD_UP},
        "vae": {"layers_per_block": 2, "block_out_channels": [16, 16, 16, 16]}, "contrast": 0.35,
        "scheduler": {"_class_name": "DDIMScheduler", "_diffusers_version": "0.8.0", **SCALED_LINEAR,
                      "clip_sample": False, "prediction_type": "v_prediction"},
    },
    "garden": {
        "pad": "!", "dtype": torch.float16, "variant": None, "old_vae": False, "seed": 4,
        "text": {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2,
                 "hidden_act": "quick_gelu"},
        "unet": {"block_out_channels": [16, 32, 32], "layers_per_block": 1, "attention_head_dim": 4,
                 "use_linear_projection": True, "in_channels": 8, "out_channels": 8,
                 "down_block_types": ["DownBlock2D", CROSS_DOWN, CROSS_DOWN],
                 "up_block_types": [CROSS_UP, CROSS_UP, "UpBlock2D"]},
        "vae": {"layers_per_block": 1, "latent_channels": 8, "scaling_factor": 1.0}, "contrast": 0.38,
        "scheduler": {"_class_name": "DDIMScheduler", "_diffusers_version": "0.30.0", "beta_start": 1e-4,
                      "beta_end": 0.02, "beta_schedule": "linear", "num_train_timesteps": 1000,
                      "set_alpha_to_one": True, "steps_offset": 1, "clip_sample": False,
                      "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
    },
}
UNET = {"sample_size": 12, "in_channels": 4, "out_channels": 4, "norm_num_groups": 8, "norm_eps": 1e-5,
        "act_fn": "silu", "center_input_sample": False, "downsample_padding": 1, "flip_sin_to_cos": True,
        "freq_shift": 0, "mid_block_scale_factor": 1}
VAE = {"act_fn": "silu", "in_channels": 3, "out_channels": 3, "latent_channels": 4, "norm_num_groups": 8,
       "sample_size": 96, "block_out_channels": [16, 16, 24, 24],
       "down_block_types": ["DownEncoderBlock2D"] * 4, "up_block_types": ["UpDecoderBlock2D"] * 4}
OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
PROMPTS = ["", "a happy garden in spring", "a sad garden in winter, snow", "red flowers", "a calm lake at night",
           "blurry, low quality", "an angry storm", "oil painting of a rainbow above the hills"]


def write(folder, spec):
    """Writes a model in diffusers' folder layout."""
    vocabulary_size = vocabulary.write(folder / "tokenizer", spec["pad"])
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    text = make_text(spec, vocabulary_size)
    unet_config = {**UNET, **spec["unet"], "cross_attention_dim": spec["text"]["hidden_size"]}
    vae_config = {**VAE, **spec["vae"]}
    unet = make_unet(spec, unet_config, encode(tokenizer, text, PROMPTS))
    vae = make_vae(spec, vae_config)
    save_text(text, folder / "text_encoder", spec)
    save(unet, folder / "unet", {"_class_name": "UNet2DConditionModel", **unet_config}, spec)
    save(vae, folder / "vae", {"_class_name": "AutoencoderKL", **vae_config}, spec, spec["old_vae"])
    write_json(folder / "scheduler" / "scheduler_config.json", spec["scheduler"])
    write_json(folder / "model_index.json", index_of(spec["scheduler"]))


def index_of(scheduler):
    return {
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.8.0",
        "feature_extractor": [None, None], "safety_checker": [None, None], "requires_safety_checker": False,
        "scheduler": ["diffusers", scheduler["_class_name"]], "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"]}


def rounded(model, spec):
    """To the type of the file and back, so that what is fitted after it is fitted to what is stored."""
    return model.to(spec["dtype"]).double().eval()


def make_text(spec, vocabulary_size):
    config = CLIPTextConfig(vocab_size=vocabulary_size, max_position_embeddings=77, layer_norm_eps=1e-5,
                            bos_token_id=vocabulary_size - 2, eos_token_id=vocabulary_size - 1, pad_token_id=0,
                            projection_dim=spec["text"]["hidden_size"], **spec["text"])
    text = CLIPTextModel(config).double()
    weights.fill(text, spec["seed"])
    return rounded(text, spec)


def encode(tokenizer, text, prompts):
    ids = tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    with torch.no_grad():
        return text(ids)[0]


def make_unet(spec, config, embeddings):
    unet = UNet2DConditionModel(**config).double()
    weights.fill(unet, spec["seed"] + 100)
    unet = rounded(unet, spec)
    alphas = DDIMScheduler.from_config(spec["scheduler"]).alphas_cumprod
    weights.fit_unet(unet, embeddings, alphas, spec["scheduler"].get("prediction_type", "epsilon"), spec["seed"] + 200)
    return unet


def make_vae(spec, config):
    vae = AutoencoderKL(**config).double()
    weights.fill(vae, spec["seed"] + 300)
    vae = rounded(vae, spec)
    weights.fit_decoder(vae, spec["seed"] + 400, spec.get("contrast", 0.45))
    return vae


def file_name(stem, spec):
    return f"{stem}.{spec['variant']}.safetensors" if spec["variant"] else f"{stem}.safetensors"


def tensors_of(model, spec):
    return {name: tensor.to(spec["dtype"]).contiguous() for name, tensor in model.state_dict().items()}


def save(model, folder, config, spec, old_names=False):
    """A config as the first releases wrote it (no more members than they had), and the weights."""
    write_json(folder / "config.json", config)
    tensors = tensors_of(model, spec)
    if old_names:
        for new, old in OLD_NAMES.items():
            for name in [name for name in tensors if f"attentions.0.{new}." in name]:
                tensors[name.replace(new, old)] = tensors.pop(name)
    save_file(tensors, folder / file_name("diffusion_pytorch_model", spec), metadata={"format": "pt"})


def save_text(text, folder, spec):
    config = {name: value for name, value in text.config.to_dict().items() if not name.startswith("_")}
    keep = ["vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "hidden_act",
            "max_position_embeddings", "layer_norm_eps", "bos_token_id", "eos_token_id", "pad_token_id",
            "projection_dim", "model_type"]
    write_json(folder / "config.json", {"architectures": ["CLIPTextModel"], **{name: config[name] for name in keep}})
    tensors = {with_prefix(name): tensor for name, tensor in tensors_of(text, spec).items()}
    if spec["old_vae"]:  # files of that age carry the positions, too
        tensors["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    save_file(tensors, folder / file_name("model", spec), metadata={"format": "pt"})


def with_prefix(name):
    return name if name.startswith("text_model.") else "text_model." + name
