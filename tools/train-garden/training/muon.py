"""Muon (Jordan et al. 2024): momentum whose matrices are made orthogonal before it is applied.

So every direction of a matrix learns at the same pace, also those that its gradients seldom show.
A convolution counts as the matrix [out, height * width * in]. Updates are as large as AdamW's
mostly are (Liu et al. 2025), so that one rate serves both.
"""
from collections import defaultdict

import torch

from training import parallel

# Odd polynomials, one after the other, bring singular values of 0.01..1 near 1: the later ones of
# Amsel et al. 2025. Smaller ones are noise, and a fifth polynomial would cost as much as any.
POLYNOMIALS = ((4.042929935166739, -2.808917465908714, 0.5000178451051316),
               (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
               (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
               (2.3465413258596377, -1.7097828382687081, 0.42323551169305323))
SIZE = 0.2              # root mean square of an update at rate 1


def orthogonal(matrices):
    """[n, a, b], each with its singular values near 1.

    All polynomials act on the small square matrix x x', and x is multiplied once, at the end:
    less to sum than in Newton-Schulz as it is mostly written, and exact enough in f32."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) * 1.02 + 1e-12)
    gram = x @ x.mT
    for i, (a, b, c) in enumerate(POLYNOMIALS):
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)
        factor.diagonal(dim1=1, dim2=2).add_(a)
        whole = factor @ whole if i else factor
        if i + 1 < len(POLYNOMIALS):
            gram = factor @ gram @ factor
    x = whole @ x
    return x.mT if tall else x


def as_matrix(tensor):
    """A view where a convolution's weights are channels_last, a copy otherwise."""
    return tensor.permute(0, 2, 3, 1).flatten(1) if tensor.dim() == 4 else tensor


def like(tensor, matrix):
    """as_matrix, the other way."""
    if tensor.dim() != 4:
        return matrix
    _, channels, height, width = tensor.shape
    return matrix.unflatten(1, (height, width, channels)).permute(0, 3, 1, 2)


def _sums(parameters):
    return len(parameters) * min(as_matrix(parameters[0]).shape) ** 3


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, rate, momentum=0.95, decay=0.01):
        super().__init__(list(parameters), {"lr": rate, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            alike = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    alike[as_matrix(p).shape].append(p)
            parallel.side_by_side(lambda alike: self._step_alike(group, alike),
                                  sorted(alike.values(), key=_sums, reverse=True))

    @torch.no_grad()
    def _step_alike(self, group, parameters):
        """Matrices of one shape at once."""
        shape = as_matrix(parameters[0]).shape
        gradients = torch.stack([as_matrix(p.grad) for p in parameters])
        moving = []
        for p in parameters:
            state = self.state[p]
            if not state:
                state["momentum"] = torch.zeros_like(as_matrix(p))
            moving.append(state["momentum"])
        torch._foreach_lerp_(moving, list(gradients), 1 - group["momentum"])
        ahead = torch.stack(moving).lerp_(gradients, 1 - group["momentum"])     # Nesterov's
        size = -group["lr"] * SIZE * max(shape) ** 0.5
        for p, update in zip(parameters, orthogonal(ahead)):
            p.mul_(1 - group["lr"] * group["decay"]).add_(like(p, update), alpha=size)
