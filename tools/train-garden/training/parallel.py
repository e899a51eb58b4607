"""Parts of the work side by side, each on a core of its own.

Two threads within an operation wait for each other thousands of times in a step, and long where
other programs run, too. Side by side they wait once.
"""
import concurrent.futures
import functools

import torch

from training.compute import device


def _alone():
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)


@functools.cache
def _pool():
    return concurrent.futures.ThreadPoolExecutor(torch.get_num_threads(), initializer=_alone)


def parts():
    """How many are worth while."""
    return 1 if device().type == "cuda" else torch.get_num_threads()


def side_by_side(function, arguments):
    """[function(argument) ...]"""
    if len(arguments) == 1:
        return [function(arguments[0])]
    return list(_pool().map(function, arguments))


def gradients(loss_of, arguments, parameters):
    """Leaves the gradients of the sum of loss_of(argument) in the parameters; returns the sum."""
    def one(argument):
        loss = loss_of(argument)
        return loss.detach(), torch.autograd.grad(loss, parameters, allow_unused=True)

    total, grads = None, None
    for loss, more in side_by_side(one, arguments):
        if grads is None:
            total, grads = loss, more
            continue
        total = total + loss
        torch._foreach_add_([a for a in grads if a is not None],
                            [b for b in more if b is not None])
    for p, gradient in zip(parameters, grads):
        p.grad = gradient
    return total
