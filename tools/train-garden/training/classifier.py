"""Two small networks that name a painted picture's emotion, season, weather and time of day.

The judge gives the figures; the features teach the decoder what matters in a picture. They see
pictures at different sizes and have different widths, so that fooling one is not fooling the other.
"""
import torch
import torch.nn.functional as F
from torch import nn

from painter.labels import FIELDS
from training import loop
from training.compute import device, mixed, to_tensor
from training.data import FORMATS, JUDGED, numbers_of

CHOICES = [len(FIELDS[name]) for name in JUDGED]
KINDS = {"judge": (4, (40, 72, 112, 160)), "features": (2, (24, 48, 88, 128, 144))}


class Classifier(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.reduce, widths = KINDS[kind]
        widths = (3,) + widths
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 1, 1) for a, b in zip(widths, widths[1:]))
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for width in widths[1:])
        self.out = nn.Linear(2 * widths[-1], sum(CHOICES))

    def stages(self, pictures, count, reduced=1):
        """What the first count stages see in pictures of -1..1, before each is reduced.

        reduced: by how much the pictures are so already."""
        x, seen = F.avg_pool2d(pictures, self.reduce // reduced), []
        for conv, norm in list(zip(self.convs, self.norms))[:count]:
            x = F.relu(norm(conv(x)))
            seen.append(x)
            x = F.max_pool2d(x, 2)
        return seen

    def forward(self, pictures, reduced=1):
        x = F.max_pool2d(self.stages(pictures, len(self.convs), reduced)[-1], 2).float()
        return self.out(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1)).split(CHOICES, 1)


@torch.no_grad()
def accuracy(net, pictures, numbers, batch=32):
    """The share of right answers for each judged field. pictures are uint8."""
    right = torch.zeros(len(JUDGED))
    for i in range(0, len(pictures), batch):
        answers = net(to_tensor(pictures[i:i + batch]))
        truth = torch.from_numpy(numbers[i:i + batch])
        right += torch.stack([(answer.argmax(1).cpu() == truth[:, k]).float().sum()
                              for k, answer in enumerate(answers)])
    return dict(zip(JUDGED, (right / len(pictures)).tolist()))


def _rougher(x, rng):
    """Softer, noisier or paler by chance: what a decoder may do to a picture."""
    draw = rng.random()
    if draw < 0.4:
        k = int(rng.choice((2, 4)))          # of pixels of half-size pictures
        soft = F.interpolate(F.avg_pool2d(x, k), scale_factor=k, mode="bilinear",
                             align_corners=False)
        x = x + (soft - x) * rng.uniform(0.3, 1.0)
    elif draw < 0.6:
        x = x + torch.randn_like(x) * rng.uniform(0.02, 0.15)
    return x


def train(settings, work, pictures, kind):
    """The trained network; its figures on held-out pictures are logged."""
    torch.manual_seed(settings.seed)
    net = Classifier(kind).to(device(), memory_format=torch.channels_last)
    running = loop.Loop(work, kind, {"net": net}, settings.classifier_samples,
                        settings.seed, 3e-3, decay=0.02)
    readers = [pictures.reader(name) for name in FORMATS]
    finished = running.restore() and running.progress >= 1

    def step(rng):
        batch = settings.classifier_batch
        shown, numbers = readers[int(rng.random() < 1 / 3)].draw(rng, batch, half=True)
        shown = _rougher(to_tensor(shown), rng).contiguous(memory_format=torch.channels_last)
        with mixed():
            answers = net(shown, reduced=2)
        truth = torch.from_numpy(numbers).to(device())
        loss = sum(F.cross_entropy(answer.float(), truth[:, k])
                   for k, answer in enumerate(answers))
        return loss, batch, {}

    if not finished:
        running.run(step, log_every=50)
    running.finish()
    if not finished:
        work.log(kind, **held_out(net, pictures))
    return net.requires_grad_(False)


def held_out(net, pictures, count=256):
    shown, labels = pictures.some(pictures.held_out, "landscape", count)
    return accuracy(net, shown, numbers_of(labels))
