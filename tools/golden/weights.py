"""Random weights whose nets still draw something: contrast in the picture, calm from step to step.

Every layer gets seeded normal numbers, scaled so that activations keep their size. Only the last
convolution of the UNet and of the decoder is solved for, by ridge regression, so that the UNet
tells noise from a smooth field and the decoder makes colours of latents. A net of nothing but
chance would blow rounding errors up until a comparison of pictures says nothing.
"""

import math

import torch
from torch.nn import functional as F


def fill(model, seed):
    """Normal numbers for all parameters: weights keep variance, norms are near 1, nothing is exactly 0."""
    random = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=random, dtype=torch.float64)
        parameter.data = (base_of(name, parameter) + noise * scale_of(name, parameter)).to(parameter.dtype)


def base_of(name, parameter):
    if parameter.ndim == 1 and "norm" in name:
        return 1.0 if name.endswith("weight") else 0.1
    return 0.0


def scale_of(name, parameter):
    if parameter.ndim == 1:
        return 0.15
    if "embedding.weight" in name:
        return 0.6
    fan_in = parameter[0].numel()
    gain = 1.0
    if ".attn2.to_v" in name or ".attn2.to_out" in name:
        gain = 2.0  # the text has to be seen in the picture
    elif "to_q" in name or "to_k" in name or "q_proj" in name or "k_proj" in name:
        gain = 1.5  # attention that prefers some places over others
    elif ".conv2." in name or "ff.net.2" in name or "fc2" in name or "proj_out" in name:
        gain = 0.7
    return gain / math.sqrt(fan_in)


def fields(shape, random):
    """Smooth random fields of variance 1: [n, c, h, w]."""
    n, c, h, w = shape
    coarse = torch.randn(n, c, 4, 4, generator=random, dtype=torch.float64)
    smooth = F.interpolate(coarse, size=(h, w), mode="bicubic", align_corners=True)
    return smooth / smooth.std()


def fit_last(conv, features, targets, ridge=1e-3):
    """Solves conv's weights so that it makes targets of features (lists of batches)."""
    xx, xy = 0, 0
    for feature, target in zip(features, targets):
        x = F.unfold(feature, 3, padding=1).transpose(1, 2).flatten(0, 1)
        x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
        y = target.flatten(2).transpose(1, 2).flatten(0, 1)
        xx, xy = xx + x.T @ x, xy + x.T @ y
    solved = torch.linalg.solve(xx + ridge * xx.diagonal().mean() * torch.eye(len(xx), dtype=xx.dtype), xy)
    conv.weight.data = solved[:-1].T.reshape(conv.weight.shape).contiguous()
    conv.bias.data = solved[-1].contiguous()


def seen_by(module, run):
    """The inputs that module gets while run() runs."""
    seen = []
    hook = module.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
    with torch.no_grad():
        run()
    hook.remove()
    return seen


def fit_unet(unet, embeddings, alphas, prediction, seed, batches=12):
    """embeddings: [prompts, 77, dim]. Each prompt has its own mean colour, which the net may find."""
    random = torch.Generator().manual_seed(seed)
    tint = torch.randn(len(embeddings), unet.config.in_channels, 1, 1, generator=random, dtype=torch.float64)
    targets, calls = [], []
    for _ in range(batches):
        which = torch.randint(len(embeddings), (6,), generator=random)
        clean = 0.7 * fields((6, unet.config.in_channels, 16, 12), random) + 0.7 * tint[which]
        noise = torch.randn(clean.shape, generator=random, dtype=torch.float64)
        times = torch.randint(len(alphas), (6,), generator=random)
        a = alphas[times].double()[:, None, None, None]
        noisy = a.sqrt() * clean + (1 - a).sqrt() * noise
        targets.append(noise if prediction == "epsilon" else a.sqrt() * noise - (1 - a).sqrt() * clean)
        calls.append((noisy, times, embeddings[which].double()))
    features = seen_by(unet.conv_out, lambda: [unet(*call) for call in calls])
    fit_last(unet.conv_out, features, targets)


def fit_decoder(vae, seed, contrast, batches=4):
    """Colours are mixtures of the latents, a little of the net's own texture comes with them."""
    random = torch.Generator().manual_seed(seed)
    channels = vae.config.latent_channels
    mix = torch.randn(3, channels, generator=random, dtype=torch.float64) * contrast / math.sqrt(channels)
    latents = [fields((2, channels, 12, 9), random) for _ in range(batches)]
    targets = [torch.einsum("ij,njhw->nihw", mix, F.interpolate(z, scale_factor=8, mode="bicubic")) for z in latents]
    features = seen_by(vae.decoder.conv_out,
                       lambda: [vae.decode(z / vae.config.scaling_factor) for z in latents])
    texture = torch.randn(vae.decoder.conv_out.weight.shape, generator=random, dtype=torch.float64)
    fit_last(vae.decoder.conv_out, features, targets)
    vae.decoder.conv_out.weight.data += 0.25 * contrast * texture / math.sqrt(texture[0].numel())
