"""Latents: the principal components of 8 x 8 pixels, so that the UNet need not wait for an encoder.

Components are found on brightness and two opponent colours, colours counting more, over pictures
and their mirror images; each is then even or odd, and a mirrored picture's latents are those of the
picture mirrored, with the odd ones' signs changed. Weak components are brought nearer to the strong
ones by the root of their deviation only: wholly levelled, they would be learned first, though they
are seen least.
"""
import numpy as np
import torch
import torch.nn.functional as F

from training.compute import device, to_tensor
from training.data import format_of, half_size, labels_of, pictures_key
from training.work import key_of

SIDE = 8
COLOURS = torch.tensor([[.3, .59, .11], [.8, -.8, 0.], [-.4, -.4, .8]])


def _patches(pictures):
    """[patches, 3 * 64] of one tensor of pictures, colours first."""
    mixed = torch.einsum("oc,nchw->nohw", COLOURS.to(pictures.device), pictures)
    return F.unfold(mixed, SIDE, stride=SIDE).transpose(1, 2).flatten(0, 1)


class Latents:
    """encode, decode (linear: for previews) and mirror."""

    def __init__(self, state):
        """state: mean [192], basis [192, channels], scale [channels], signs [channels]."""
        self.state = {name: value.to(device()) for name, value in state.items()}
        self.channels = self.state["scale"].numel()

    def encode(self, pictures):
        n, _, height, width = pictures.shape
        flat = (_patches(pictures) - self.state["mean"]) @ (self.state["basis"]
                                                            * self.state["scale"])
        return flat.reshape(n, height // SIDE, width // SIDE, -1).permute(0, 3, 1, 2).contiguous()

    def decode(self, latents):
        n, _, height, width = latents.shape
        flat = latents.permute(0, 2, 3, 1).reshape(n, height * width, -1) / self.state["scale"]
        patches = (flat @ self.state["basis"].T + self.state["mean"]).transpose(1, 2)
        mixed = F.fold(patches, (SIDE * height, SIDE * width), SIDE, stride=SIDE)
        return torch.einsum("oc,nchw->nohw", torch.linalg.inv(COLOURS).to(mixed.device), mixed)

    def mirror(self, latents):
        return latents.flip(3) * self.state["signs"][:, None, None]


def fit(pictures, channels):
    """pictures: arrays of uint8 pictures; landscape and portrait ones apart."""
    moment, total, count = torch.zeros(192, 192, dtype=torch.float64), torch.zeros(192), 0
    for group in pictures:
        for i in range(0, len(group), 32):
            flat = _patches(to_tensor(group[i:i + 32])).cpu()
            moment += (flat.T @ flat).double()
            total += flat.sum(0)
            count += len(flat)
    mirror = torch.arange(192).reshape(3, SIDE, SIDE).flip(2).flatten()
    mean = (total / count).double()
    mean = (mean + mean[mirror]) / 2
    covariance = moment / count - torch.outer(mean, mean)
    covariance = (covariance + covariance[mirror][:, mirror]) / 2
    variances, vectors = torch.linalg.eigh(covariance)
    variances, basis = variances.flip(0)[:channels], vectors.flip(1)[:, :channels]
    signs = torch.sign((basis * basis[mirror]).sum(0))
    scale = variances ** -0.25                      # deviation d becomes its root
    scale = scale / (scale ** 2 * variances).mean().sqrt()
    return {name: value.float() for name, value in
            {"mean": mean, "basis": basis, "scale": scale, "signs": signs}.items()}


def latents_of(settings, work, pictures):
    """The components, found where they are not known yet."""
    state = work.load("components.pt")
    if state is None or state["scale"].numel() != settings.latent_channels:
        each = settings.pca_pictures // 2
        groups = [pictures.some(pictures.training, kind, each)[0]
                  for kind in ("landscape", "portrait")]
        state = fit(groups, settings.latent_channels)
        work.save("components.pt", state)
    return Latents(state)


class LatentSet:
    """The latents of all training pictures, at full and half size, made once and held in memory."""

    def __init__(self, settings, work, pictures, latents):
        self.settings, self.work, self.pictures, self.latents = settings, work, pictures, latents
        self.folder = work.path("latents-" + key_of(
            pictures_key(settings), [round(float(x), 4) for x in latents.state["scale"]]))

    def path(self, shard):
        return self.folder / f"{format_of(shard)}-{shard:04d}.npz"

    def make(self):
        self.folder.mkdir(exist_ok=True)
        for shard in self.pictures.training:
            if self.path(shard).exists():
                continue
            shown = self.pictures.open(shard)
            parts = {"full": self._encode(shown), "half": self._encode(half_size(shown))}
            temporary = self.path(shard).with_suffix(".new.npz")
            np.savez(temporary, **parts)
            temporary.replace(self.path(shard))
            self.work.check_time()

    def _encode(self, pictures):
        return np.concatenate([self.latents.encode(to_tensor(pictures[i:i + 32])).half().cpu()
                               for i in range(0, len(pictures), 32)])

    def read(self, kind, size):
        """A tensor [pictures, channels, h, w] of f16 and the labels; size is full or half."""
        shards = [shard for shard in self.pictures.training if format_of(shard) == kind]
        values = np.concatenate([np.load(self.path(shard))[size] for shard in shards])
        labels = [one for shard in shards for one in labels_of(self.settings, shard)]
        return torch.from_numpy(values).to(device()), labels
