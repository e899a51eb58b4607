"""The text encoder before it meets the UNet: it learns to name what a caption says.

Left to the UNet alone, only words that change most of a picture reach every token; a season then
stays in the one token of its word, which 76 others outvote. CLIP's own encoder comes taught, too.
"""
import random

import torch
import torch.nn.functional as F
from torch import nn

from painter import random_labels
from painter.labels import FIELDS
from training import loop
from training.compute import device, mixed
from training.data import JUDGED, caption_of, numbers_of

NAMED = (*JUDGED, "animal")
CHOICES = [len(FIELDS[name]) for name in NAMED]
SHARPNESS = 20.0        # of the softmax over cosines, none of which can pass 0.5 with five names


class Names(nn.Module):
    """A direction for each answer; how near a token points to it."""

    def __init__(self, width):
        super().__init__()
        self.directions = nn.Parameter(torch.randn(sum(CHOICES), width))

    def forward(self, hidden):
        return (SHARPNESS * F.normalize(hidden, dim=-1)
                @ F.normalize(self.directions, dim=-1).T).split(CHOICES, -1)


def train(settings, work, tokens, text):
    """Teaches text, a CLIPTextModel, in place; the share of right names is logged."""
    torch.manual_seed(settings.seed)
    names = Names(settings.text_width).to(device())
    running = loop.Loop(work, "text", {"text": text, "names": names}, settings.text_samples,
                        settings.seed, 2e-3, average=0.99)

    def step(rng):
        words = random.Random(int(rng.integers(2 ** 62)))
        labels = [random_labels(words) for _ in range(settings.text_batch)]
        ids = tokens([caption_of(one, words) for one in labels])
        with mixed():
            hidden = text(input_ids=ids).last_hidden_state.float()
        # The first end of text and all that follow it have read the whole caption.
        read = ids == text.config.eos_token_id
        truths = torch.from_numpy(numbers_of(labels, NAMED)).to(device())[read.nonzero()[:, 0]]
        loss, right = 0.0, []
        for answer, truth in zip(names(hidden[read]), truths.T):
            loss = loss + F.cross_entropy(answer, truth)
            right.append((answer.argmax(1) == truth).float().mean())
        return loss, len(labels), {name: float(share) for name, share in zip(NAMED, right)}

    if not (running.restore() and running.progress >= 1):
        running.run(step, log_every=50)
    running.finish()
