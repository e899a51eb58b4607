"""Every number of the training, in one place; what is written here decides the model.

`FULL` is the shipped model. `TINY` goes through the same code within a minute or two, to see that
it works: its pictures are worth nothing.
"""
import dataclasses
from dataclasses import dataclass
from typing import Tuple


@dataclass(frozen=True)
class Settings:
    name: str = "full"
    seed: int = 1

    # Pictures: landscape, and portrait turned. The first shards of each are never trained on.
    width: int = 512
    height: int = 320
    shard: int = 128
    shards: int = 70                    # two landscape ones, one portrait one, and so on
    held_out_shards: int = 6

    # The judge looks at pictures reduced four times and is for figures alone; the features, at
    # twice reduced ones, teach the decoder. Apart, so that nothing learns to please its judge.
    classifier_samples: int = 20_000
    classifier_batch: int = 32

    # Latents: principal components of 8 x 8 pixels.
    latent_channels: int = 10           # linear, of held-out pictures: 8 26.5 dB, 10 27.9, 16 29.7
    pca_pictures: int = 768

    vae_channels: Tuple[int, ...] = (32, 48, 96, 96)
    vae_groups: int = 16
    decoder_samples: int = 96_000       # crops
    decoder_batch: int = 8
    decoder_crop: int = 112             # pixels
    decoder_whole_from: float = 0.80    # from here on whole pictures, two at a time
    decoder_adversary_from: float = 0.50
    decoder_gate_at: float = 0.30
    edge_samples: int = 1_200           # crops
    encoder_samples: int = 8_000

    text_width: int = 128
    text_inner: int = 256
    text_layers: int = 3
    text_heads: int = 4
    text_samples: int = 64_000          # captions without pictures, before the UNet's
    text_batch: int = 48

    unet_channels: Tuple[int, ...] = (48, 96, 144, 128)
    unet_heads: Tuple[int, ...] = (2, 3, 4, 4)
    unet_layers: Tuple[int, ...] = (1, 1, 2, 1)
    unet_attention: Tuple[bool, ...] = (False, False, True, False)
    unet_groups: int = 16
    # First on pictures of half the size, where a sample costs a quarter; then at full size.
    unet_half_samples: int = 88_000
    unet_half_batch: int = 16
    unet_samples: int = 92_000
    unet_batch: int = 8
    empty_prompts: float = 0.10

    # Gates on the judge's word (emotion, season, weather, time), in shares of right answers.
    gate_judge: Tuple[float, ...] = (0.90, 0.93, 0.90, 0.97)
    gate_decoder: Tuple[float, ...] = (0.80, 0.85, 0.85, 0.93)
    gate_half: Tuple[float, ...] = (0.30, 0.50, 0.40, 0.85)
    gate_half_at: float = 1.0

    # How the model is drawn with by default; train.sh --sweep tries others.
    scheduler: str = "ddim"
    steps: int = 20
    guidance: float = 3.0

    evaluate_pictures: int = 256
    save_every_s: int = 180


FULL = Settings()

TINY = dataclasses.replace(
    FULL, name="tiny", shard=16, shards=9, held_out_shards=3,
    classifier_samples=96, classifier_batch=8, pca_pictures=24,
    decoder_samples=24, decoder_batch=2, decoder_crop=64, edge_samples=4, encoder_samples=8,
    text_samples=64, text_batch=8,
    unet_half_samples=64, unet_half_batch=8, unet_samples=32, unet_batch=4,
    gate_judge=(0, 0, 0, 0), gate_decoder=(0, 0, 0, 0), gate_half=(0, 0, 0, 0),
    steps=2, evaluate_pictures=8, save_every_s=5)

PRESETS = {"full": FULL, "tiny": TINY}


def changed(settings, texts):
    """Settings with NAME=VALUE taken over, in the order given; ValueError says what is wrong."""
    fields = {field.name: field for field in dataclasses.fields(Settings)}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in fields:
            raise ValueError(f"'{text}': write NAME=VALUE, with one of {' '.join(fields)}")
        kind = type(getattr(settings, name))
        if kind is tuple:
            item = type(getattr(settings, name)[0])
            parsed = tuple(item(float(part)) for part in value.split(","))
        elif kind is str:
            parsed = value
        else:
            parsed = kind(float(value))
        settings = dataclasses.replace(settings, **{name: parsed})
    return settings
