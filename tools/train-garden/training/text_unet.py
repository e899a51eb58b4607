"""The text encoder and the UNet, trained together on stored latents.

Velocity is predicted, as latents at the last time step hold next to nothing of the picture (betas
rise linearly from 1e-4 to 0.02; Stable Diffusion's own schedule leaks the mean brightness, which
tells night from day). Each noisy step counts in full, and those above a signal-to-noise ratio of 5
less and less: min-SNR-5 (Hang et al. 2023), which is meant for velocity too, leaves the noisiest
half a fifth of the weight, and there mood, season and composition are decided. Most samples are
of pictures at half size, where one costs a quarter; words and colours are learned there. Muon
reaches a loss with fewer than half of the samples that AdamW alone needs.
"""
import random

import torch
import torch.nn.functional as F
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training import loop, parallel, text, vocabulary
from training.compute import device, mixed, quicken
from training.data import FORMATS, caption_of

BETAS = dict(beta_start=1e-4, beta_end=0.02, beta_schedule="linear", num_train_timesteps=1000)
NOISY = 0.75        # time steps are spread as chance to this power: fewer of the nearly clean ones
SNR_MAX = 5.0       # what is less noisy than this counts less


def new_unet(settings):
    return UNet2DConditionModel(
        sample_size=64, in_channels=settings.latent_channels,
        out_channels=settings.latent_channels, block_out_channels=settings.unet_channels,
        layers_per_block=settings.unet_layers,
        down_block_types=tuple("CrossAttnDownBlock2D" if attends else "DownBlock2D"
                               for attends in settings.unet_attention),
        up_block_types=tuple("CrossAttnUpBlock2D" if attends else "UpBlock2D"
                             for attends in reversed(settings.unet_attention)),
        cross_attention_dim=settings.text_width, attention_head_dim=settings.unet_heads,
        norm_num_groups=settings.unet_groups, use_linear_projection=True)


def new_text_encoder(settings, tokens):
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=tokens, hidden_size=settings.text_width, intermediate_size=settings.text_inner,
        num_hidden_layers=settings.text_layers, num_attention_heads=settings.text_heads,
        max_position_embeddings=vocabulary.LENGTH, hidden_act="quick_gelu",
        projection_dim=settings.text_width, bos_token_id=tokens - 2, eos_token_id=tokens - 1,
        pad_token_id=tokens - 1))


class Painter(nn.Module):
    """Noisy latents, times and token ids to velocity."""

    def __init__(self, settings, tokens):
        super().__init__()
        torch.manual_seed(settings.seed)
        self.unet = quicken(new_unet(settings))
        nn.init.zeros_(self.unet.conv_out.weight)
        self.text = new_text_encoder(settings, tokens).to(device())
        embedding = self.text.get_input_embeddings()
        nn.init.normal_(embedding.weight, 0, 0.2)

    def forward(self, latents, times, ids):
        with mixed():
            words = self.text(input_ids=ids).last_hidden_state
            latents = latents.contiguous(memory_format=torch.channels_last)
            return self.unet(latents, times, words).sample.float()


def matrices_of(model):
    """What Muon is for: the inner matrices of the UNet, not what touches latents or words."""
    outer = {"conv_in.weight", "conv_out.weight"}
    return [p for name, p in model.unet.named_parameters() if p.dim() > 1 and name not in outer]


class Tokens:
    """Captions to ids, as the pipeline makes them."""

    def __init__(self, work):
        folder = work.path("tokenizer")
        self.count = vocabulary.write(folder)
        self.tokenizer = CLIPTokenizer.from_pretrained(folder)

    def __call__(self, texts):
        ids = self.tokenizer(texts, padding="max_length", max_length=vocabulary.LENGTH,
                             truncation=True, return_tensors="pt").input_ids
        return ids.to(device())


def importance_of(latents):
    """The weight of each channel's error, 1 on average: between the latents' own measure and that
    of pixels, for which the strong components count more."""
    weight = 1 / latents.state["scale"]
    return (weight / weight.mean())[:, None, None]


class Training:
    def __init__(self, settings, work, latents, latent_set):
        self.settings, self.work = settings, work
        self.latents, self.set = latents, latent_set
        self.tokens = Tokens(work)
        self.model = Painter(settings, self.tokens.count)
        betas = torch.linspace(BETAS["beta_start"], BETAS["beta_end"], 1000, device=device())
        self.kept = torch.cumprod(1 - betas, 0)
        self.importance = importance_of(latents)
        half, full = settings.unet_half_samples, settings.unet_samples
        self.half_share = half / (half + full)
        self.loop = loop.Loop(work, "unet", {"model": self.model}, half + full, settings.seed,
                              2e-3, schedule=loop.root_and_cooldown, average=0.998,
                              matrices=matrices_of(self.model))
        self.loaded = None

    # -- steps ------------------------------------------------------------------------------

    def _load(self, size):
        if self.loaded != size:
            self.shown = [self.set.read(kind, size) for kind in FORMATS]
            self.loaded = size

    def _batch(self, rng, size):
        latents, labels = self.shown[int(rng.random() < 1 / 3)]
        count = (self.settings.unet_half_batch if size == "half" else self.settings.unet_batch)
        chosen = rng.integers(len(labels), size=count)
        z = latents[torch.from_numpy(chosen).to(device())].float()
        mirrored = torch.from_numpy(rng.random(count) < 0.5).to(device())[:, None, None, None]
        z = torch.where(mirrored, self.latents.mirror(z), z)
        words = random.Random(int(rng.integers(2 ** 62)))
        texts = ["" if words.random() < self.settings.empty_prompts
                 else caption_of(labels[i], words) for i in chosen]
        return z, self.tokens(texts)

    def _step(self, rng, size):
        z, ids = self._batch(rng, size)
        count = len(z)
        times = (torch.arange(count, device=device()) + float(rng.random())) / count
        times = (times ** NOISY * 1000).long().clamp(0, 999)
        noise = torch.randn(z.shape).to(device())
        kept = self.kept[times][:, None, None, None]
        noisy = kept.sqrt() * z + (1 - kept).sqrt() * noise
        velocity = kept.sqrt() * noise - (1 - kept).sqrt() * z
        ratio = (kept / (1 - kept)).flatten()
        weight = ratio.clamp(min=SNR_MAX).reciprocal() * SNR_MAX / count
        errors = torch.zeros(count, device=device())

        def loss_of(part):
            drawn = self.model(noisy[part], times[part], ids[part])
            error = drawn - velocity[part]
            errors[part] = error.detach().square().mean((1, 2, 3))
            return (self._distance(error) * weight[part]).sum()

        many = parallel.parts()
        loss = parallel.gradients(loss_of, [slice(i, None, many) for i in range(many)],
                                  self.loop.parameters)
        quarters = errors.reshape(4, -1).mean(1).tolist()
        return loss, count, {f"q{i}": q for i, q in enumerate(quarters)}

    def _distance(self, error):
        """Also of the error's means over squares, which count more the larger they are (Hoogeboom
        et al. 2023): trees and horizons would drown in detail that nobody can foresee."""
        total = 0.0
        for side in (1, 2, 4, 8):
            means = F.avg_pool2d(error, side) if side > 1 else error
            total = total + side * (means.square() * self.importance).mean((1, 2, 3))
        return total / 4

    # -- the whole --------------------------------------------------------------------------

    def run(self, check):
        """check(model): called on the averaged weights where half-size learning is half done."""
        settings, share = self.settings, self.half_share
        if not self.loop.restore():
            text.train(settings, self.work, self.tokens, self.model.text)
        if self.loop.progress < share:
            self._load("half")
            if not self.work.read_json("half-gate.json"):
                self.loop.run(lambda rng: self._step(rng, "half"), share * settings.gate_half_at)
                self.averaged(check)
                self.work.write_json("half-gate.json", {"passed": True})
            self.loop.run(lambda rng: self._step(rng, "half"), share)
        if self.loop.progress < 1:
            self._load("full")
            self.loop.run(lambda rng: self._step(rng, "full"))
        self.shown = self.loaded = None
        self.loop.finish()
        return self.model.requires_grad_(False)

    def averaged(self, use):
        """Calls use(model) with the averaged weights in place, and puts the others back."""
        held = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.loop.finish()
        try:
            use(self.model)
        finally:
            self.model.load_state_dict(held)
            self.model.train()


# -- drawing ----------------------------------------------------------------------------------

def new_scheduler(name):
    """As the shipped folder says it, and as the generator's engine does it."""
    common = dict(BETAS, prediction_type="v_prediction", timestep_spacing="trailing")
    if name == "ddim":
        return DDIMScheduler(**common, clip_sample=False, set_alpha_to_one=True, steps_offset=1)
    return DPMSolverMultistepScheduler(**common)


def noise_of(seed, channels, height, width):
    """What diffusers starts from with this seed."""
    generator = torch.Generator().manual_seed(int(seed))
    return torch.randn((1, channels, height, width), generator=generator)


@torch.no_grad()
def draw(model, tokens, texts, seeds, size, *, scheduler="ddim", steps=20, guidance=4.5):
    """Latents for the texts, all of one size (height, width in latents)."""
    chosen = new_scheduler(scheduler)
    chosen.set_timesteps(steps)
    channels = model.unet.config.in_channels
    z = torch.cat([noise_of(seed, channels, *size) for seed in seeds]).to(device())
    ids = torch.cat([tokens([""] * len(texts)), tokens(texts)])
    for time in chosen.timesteps:
        both = model(torch.cat([z, z]), time.expand(2 * len(z)).to(device()), ids)
        without, with_text = both.chunk(2)
        velocity = without + guidance * (with_text - without)
        z = chosen.step(velocity, time, z).prev_sample
    return z


def draw_many(model, tokens, texts, seeds, size, batch=16, **how):
    return torch.cat([draw(model, tokens, texts[i:i + batch], seeds[i:i + batch], size, **how)
                      for i in range(0, len(texts), batch)])


def sizes_of(settings, kind):
    height, width = settings.height // 8, settings.width // 8
    return (height, width) if kind == "landscape" else (width, height)


def halves_of(settings, kind):
    height, width = sizes_of(settings, kind)
    return (height // 2, width // 2)

