"""How the sums are done: the device, bfloat16 where it is fast, pictures as tensors.

Processors that have bfloat16 differ: on some it halves the time of a product, on others without AMX
it doubles it, and a step of the UNet takes twice as long as in f32. So a product is timed. Where
bfloat16 is fast, torch's own group norm and attention are slow backwards in it; hence those below.
"""
import contextlib
import contextvars
import functools
import time

import diffusers
import numpy as np
import torch
import torch.nn.functional as F
import transformers
from torch import nn


@functools.cache
def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


@functools.cache
def fast_bfloat16():
    if device().type == "cuda":
        return True
    return _seconds_of_product(torch.bfloat16) < 0.75 * _seconds_of_product(torch.float32)


def _seconds_of_product(kind):
    """The least of many: so other programs on the machine hardly count."""
    matrix, seconds = torch.ones(256, 256, dtype=kind), []
    for _ in range(100):
        started = time.perf_counter()
        matrix @ matrix
        seconds.append(time.perf_counter() - started)
    return min(seconds)


_EXACT = contextvars.ContextVar("exact", default=False)


def mixed():
    """Sums in bfloat16 where that is fast; weights stay f32."""
    return torch.autocast(device().type, torch.bfloat16,
                          enabled=fast_bfloat16() and not _EXACT.get())


@contextlib.contextmanager
def exactly():
    """Inside, mixed() is f32: for comparing with other programs."""
    token = _EXACT.set(True)
    try:
        yield
    finally:
        _EXACT.reset(token)


def prepare(threads):
    for library in (transformers, diffusers):
        library.utils.logging.set_verbosity_error()
        library.utils.logging.disable_progress_bar()
    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)


def to_tensor(pictures):
    """uint8 [n, h, w, 3] to -1..1 [n, 3, h, w]."""
    tensor = torch.from_numpy(np.array(pictures, np.uint8, order="C")).to(device())
    return tensor.permute(0, 3, 1, 2).float().div(127.5).sub(1)


def to_pictures(tensor):
    values = (tensor.float().clamp(-1, 1) + 1) * 127.5
    return values.round().byte().permute(0, 2, 3, 1).cpu().numpy()


class Attention:
    """diffusers' attention with plain products; its softmax in f32."""

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None,
                 temb=None, **_):
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states

        def heads(x):
            return x.unflatten(2, (attn.heads, -1)).transpose(1, 2)

        query, key, value = (heads(attn.to_q(hidden_states)), heads(attn.to_k(context)),
                             heads(attn.to_v(context)))
        scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
        scores = torch.softmax(scores, -1, dtype=torch.float32).to(value.dtype)
        return attn.to_out[0]((scores @ value).transpose(1, 2).flatten(2))


def quicken(model):
    """Makes a diffusers model fast to train here; what it computes stays, but for rounding."""
    for module in model.modules():
        if isinstance(module, nn.GroupNorm):
            module.forward = functools.partial(_group_norm, module)
    if hasattr(model, "set_attn_processor"):
        model.set_attn_processor(Attention())
    return model.to(device(), memory_format=torch.channels_last)


def _group_norm(norm, x):
    return F.group_norm(x.float(), norm.num_groups, norm.weight, norm.bias, norm.eps)


def parameters_of(*modules):
    return sum(p.numel() for module in modules for p in module.parameters())
