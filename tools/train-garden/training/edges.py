"""The decoder's edges.

Beyond an edge a convolution sees zeros, and a decoder taught by crops and an adversary drew stripes
there: the outermost three pixels had twice the detail that is due. Here it learns to draw at an edge
what it drew of the same latents before, where there was more around them. Everything else stays as it
was: the decoder of before is the only teacher.
"""
import torch

from training import loop
from training.compute import mixed, quicken
from training.data import FORMATS
from training.vae import Decoder, new_vae

CROP = 20               # latents
CUT = (2, 5)            # latents, least and beyond most, that are taken away at each edge
BORDER = 16             # pixels, inwards; it counts as much as all the rest
BATCH = 4


def train(settings, work, latent_set, decoder):
    """The decoder with other weights; what it was like stays in decoder.pt."""
    before = Decoder(quicken(new_vae(settings))).requires_grad_(False)
    before.load_state_dict(decoder.state_dict())
    decoder.requires_grad_(True)
    running = loop.Loop(work, "edges", {"decoder": decoder}, settings.edge_samples, settings.seed,
                        1e-3, decay=0, average=0.99)
    running.restore()
    if running.progress < 1:
        shown = [latent_set.read(kind, "full")[0] for kind in FORMATS]
        running.run(lambda rng: _step(rng, shown, before, decoder))
    running.finish()
    return decoder.requires_grad_(False)


def _step(rng, shown, before, decoder):
    latents = shown[int(rng.random() < 1 / 3)]
    z = torch.stack([_crop(rng, latents[int(rng.integers(len(latents)))]) for _ in range(BATCH)])
    z = z + torch.randn_like(z) * rng.uniform(0, 0.2)   # as the decoder's own training
    top, left, bottom, right = (int(side) for side in rng.integers(*CUT, size=4))
    height, width = z.shape[2] - bottom, z.shape[3] - right
    z = z.contiguous(memory_format=torch.channels_last)
    with mixed(), torch.no_grad():
        wanted = before(z)[:, :, 8 * top:8 * height, 8 * left:8 * width].float()
    with mixed():
        drawn = decoder(z[:, :, top:height, left:width].contiguous(
            memory_format=torch.channels_last)).float()
    distance = (drawn - wanted).abs().mean((0, 1))
    inner = distance[BORDER:-BORDER, BORDER:-BORDER]
    border = (distance.sum() - inner.sum()) / (distance.numel() - inner.numel())
    return inner.mean() + border, BATCH, {
        "inner": float(inner.mean().detach()), "border": float(border.detach())}


def _crop(rng, latents):
    y, x = (int(rng.integers(size - CROP + 1)) for size in latents.shape[1:])
    return latents[:, y:y + CROP, x:x + CROP].float()
