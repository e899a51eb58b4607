"""The decoder, from latents back to pictures, and an encoder that gives the latents.

Only the decoder decides how pictures look. It is taught by colours at four scales, by what the
feature network sees, and in the second half by a small adversary that looks at patches, without
which ten numbers for 192 values can only be soft. The encoder is fitted to the fixed latents
afterwards, so that the folder holds a whole AutoencoderKL.
"""
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import nn

from training import loop
from training.classifier import accuracy
from training.compute import device, mixed, quicken, to_pictures, to_tensor
from training.data import FORMATS, JUDGED, numbers_of

LOG_VARIANCE = -8.0     # what the encoder says of its own doubt: next to none


def new_vae(settings):
    levels = len(settings.vae_channels)
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=settings.latent_channels,
        block_out_channels=settings.vae_channels, layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        norm_num_groups=settings.vae_groups, scaling_factor=1.0, mid_block_add_attention=False,
        sample_size=settings.width)


class Decoder(nn.Module):
    """The half of an AutoencoderKL that draws, under the names it has there."""

    def __init__(self, vae):
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, latents):
        return self.decoder(self.post_quant_conv(latents))


class Encoder(nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.encoder, self.quant_conv = vae.encoder, vae.quant_conv

    def forward(self, pictures):
        return self.quant_conv(self.encoder(pictures))


class Adversary(nn.Sequential):
    """Tells painted from decoded, patch by patch."""

    def __init__(self):
        widths, layers = (3, 32, 64, 96), []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Conv2d(a, b, 4, 2, 1), nn.LeakyReLU(0.2)]
        super().__init__(*layers, nn.Conv2d(96, 1, 3, 1, 1))


def colour_distance(difference):
    """L1 of brightness and opponent colours at scales 1, 2, 4 and 8."""
    red, green, blue = difference.unbind(1)
    mixed_ = torch.stack([.3 * red + .59 * green + .11 * blue, red - green, blue - green], 1)
    return sum(F.avg_pool2d(mixed_, k).abs().mean() for k in (1, 2, 4, 8))


class DecoderTraining:
    def __init__(self, settings, work, pictures, latents, features):
        torch.manual_seed(settings.seed)
        self.settings, self.work = settings, work
        self.pictures, self.latents, self.features = pictures, latents, features
        self.decoder = Decoder(quicken(new_vae(settings)))
        self.adversary = Adversary().to(device(), memory_format=torch.channels_last)
        self.adversary_optimiser = torch.optim.AdamW(self.adversary.parameters(), 2e-4,
                                                     betas=(.5, .99), fused=True)
        self.loop = loop.Loop(work, "decoder", {"decoder": self.decoder},
                              settings.decoder_samples, settings.seed, 2e-3, decay=1e-4,
                              average=0.998)
        self.loop.keep("adversary", self.adversary)
        self.loop.keep("adversary_optimiser", self.adversary_optimiser)
        self.readers = [pictures.reader(kind) for kind in FORMATS]

    def _batch(self, rng):
        """Pictures, and how many samples they count for: a whole picture is many parts."""
        settings = self.settings
        reader = self.readers[int(rng.random() < 1 / 3)]
        if self.loop.progress < settings.decoder_whole_from:
            shown, _ = reader.draw(rng, settings.decoder_batch, settings.decoder_crop)
            return shown, settings.decoder_batch
        shown, _ = reader.draw(rng, 1)
        area = settings.width * settings.height / settings.decoder_crop ** 2
        return shown, max(1, round(area))

    def _step(self, rng):
        shown, samples = self._batch(rng)
        truth = to_tensor(shown).contiguous(memory_format=torch.channels_last)
        latents = self.latents.encode(truth)
        # The UNet's latents are never exact: neither are these.
        latents = latents + torch.randn_like(latents) * rng.uniform(0, 0.2)
        with mixed():
            drawn = self.decoder(latents.contiguous(memory_format=torch.channels_last)).float()
            seen = self.features.stages(torch.cat([drawn, truth]), 3)
        feature = sum(F.l1_loss(*stage.float().chunk(2)) for stage in seen)
        loss = colour_distance(drawn - truth) + 0.3 * feature
        figures = {"psnr": -10 * float(torch.log10((drawn - truth).detach().square().mean() / 4)),
                   "feature": float(feature.detach())}
        late = self.loop.progress - self.settings.decoder_adversary_from
        if late > -0.02:
            figures["adversary"] = self._teach_adversary(drawn.detach(), truth)
        if late > 0:
            with mixed():
                fooled = -self.adversary(drawn).float().mean()
            loss = loss + 0.04 * min(1.0, late / 0.08) * fooled
        return loss, samples, figures

    def _teach_adversary(self, drawn, truth):
        with mixed():
            fake, real = self.adversary(torch.cat([drawn, truth])).float().chunk(2)
        loss = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        self.adversary_optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.adversary_optimiser.step()
        return float(loss.detach())

    def _figures(self, judge):
        """The judge's word on held-out pictures that went through the decoder."""
        self.loop.restore()
        held = {name: value.clone() for name, value in self.decoder.state_dict().items()}
        self.loop.finish()
        shown, labels = self.pictures.some(self.pictures.held_out, "landscape", 192)
        drawn = decode_all(self.decoder, encode_all(self.latents, shown))
        self.decoder.load_state_dict(held)
        return accuracy(judge, drawn, numbers_of(labels))

    def run(self, judge, ignore_gates):
        settings, running = self.settings, self.loop
        least = dict(zip(JUDGED, settings.gate_decoder))
        passed = self.work.read_json("decoder-gate.json")
        if not passed:
            running.run(self._step, settings.decoder_gate_at)
            self.work.gate("decoder", self._figures(judge), least, ignore_gates)
            self.work.write_json("decoder-gate.json", {"passed": True})
        running.run(self._step)
        running.finish()
        if not (self.work.read_json("decoder-gate.json") or {}).get("end"):
            figures = self._figures(judge)
            self.work.log("decoder", **figures)
            self.work.write_json("decoder-gate.json", {"passed": True, "end": figures})
        return self.decoder.requires_grad_(False)


@torch.no_grad()
def encode_all(latents, pictures, batch=16):
    return torch.cat([latents.encode(to_tensor(pictures[i:i + batch]))
                      for i in range(0, len(pictures), batch)])


@torch.no_grad()
def decode_all(decoder, latents, batch=4):
    parts = []
    for i in range(0, len(latents), batch):
        with mixed():
            part = decoder(latents[i:i + batch].contiguous(memory_format=torch.channels_last))
        parts.append(to_pictures(part))
    return np.concatenate(parts)


def train_encoder(settings, work, pictures, latents):
    """Fits AutoencoderKL's encoder to the latents."""
    torch.manual_seed(settings.seed)
    encoder = Encoder(quicken(new_vae(settings)))
    running = loop.Loop(work, "encoder", {"encoder": encoder}, settings.encoder_samples,
                        settings.seed, 2e-3, decay=1e-4)
    readers = [pictures.reader(kind) for kind in FORMATS]

    def step(rng):
        shown, _ = readers[int(rng.random() < 1 / 3)].draw(rng, 8, 128)
        truth = to_tensor(shown).contiguous(memory_format=torch.channels_last)
        with mixed():
            mean, doubt = encoder(truth).float().chunk(2, 1)
        distance = F.mse_loss(mean, latents.encode(truth))
        return distance + 0.01 * (doubt - LOG_VARIANCE).square().mean(), 8, {
            "distance": float(distance.detach())}

    running.run(step)
    running.finish()
    return encoder


def averaged_decoder(settings, work):
    """The decoder as far as it is, for a look."""
    decoder = Decoder(quicken(new_vae(settings)))
    running = loop.Loop(work, "decoder", {"decoder": decoder}, settings.decoder_samples,
                        settings.seed, 2e-3)
    if not running.restore():
        raise ValueError(f"{work.folder}: there is no decoder yet")
    running.finish()
    return decoder.requires_grad_(False)
