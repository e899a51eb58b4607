"""The loop that every phase trains in: schedule, average of the weights, saving and going on.

Step i draws its random numbers from (seed, phase, i), so a run that was stopped and gone on with
takes the same way as one that was not.
"""
import time
import zlib

import numpy as np
import torch

from training import muon
from training.compute import device

WARM_UP = 150           # steps


def cosine(u):
    return 0.5 + 0.5 * np.cos(np.pi * u) + 0.005


def root_and_cooldown(u):
    """Falls with the root of the samples after a tenth, and to zero in the last sixth."""
    return min(1.0, (0.1 / max(u, 1e-9)) ** 0.5) * min(1.0, max(0.0, 1 - u) * 6 + 0.005)


class Loop:
    def __init__(self, work, name, modules, samples, seed, rate, schedule=cosine, decay=0.01,
                 average=0.999, betas=(0.9, 0.99), matrices=()):
        """modules: by name; what the file name.pt of an earlier run has is taken over.

        matrices: those of their parameters that learn by Muon; all others by AdamW."""
        self.work, self.name, self.modules = work, name, modules
        self.samples, self.seed, self.rate, self.schedule = samples, seed, rate, schedule
        self.average = average
        self.parameters = [p for module in modules.values() for p in module.parameters()
                           if p.requires_grad]
        by_muon = {id(p) for p in matrices}
        self.optimisers = [torch.optim.AdamW([p for p in self.parameters if id(p) not in by_muon],
                                             rate, betas=betas, weight_decay=decay, fused=True)]
        if matrices:
            self.optimisers.append(muon.Muon(matrices, rate, decay=decay))
        self.averages = {name: {key: value.detach().clone()
                                for key, value in module.state_dict().items()}
                         for name, module in modules.items()}
        self.seen = self.step = self.since_start = 0
        self.extra = {}         # by name: anything else with state_dict and load_state_dict
        self.figures, self.at_log = [], (0, time.monotonic())

    # -- keeping ----------------------------------------------------------------------------

    def keep(self, name, thing):
        self.extra[name] = thing

    def restore(self):
        state = self.work.load(self.name + ".pt")
        if state is None:
            return False
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
            self.averages[name] = {key: value.to(device())
                                   for key, value in state["averages"][name].items()}
        for name, thing in self.extra.items():
            if name in state["extra"]:
                thing.load_state_dict(state["extra"][name])
        self.seen, self.step = state["seen"], state["step"]
        if state.get("optimisers"):         # a checkpoint has none
            for optimiser, known in zip(self.optimisers, state["optimisers"]):
                optimiser.load_state_dict(known)
            self.since_start = state["since_start"]
        self.at_log = (self.seen, time.monotonic())
        return True

    def save(self):
        self.work.save(self.name + ".pt", {
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "averages": self.averages,
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "extra": {name: thing.state_dict() for name, thing in self.extra.items()},
            "seen": self.seen, "step": self.step, "since_start": self.since_start})

    def finish(self):
        """The averaged weights into the modules, which go to evaluation."""
        for name, module in self.modules.items():
            module.load_state_dict(self.averages[name])
            module.eval()

    # -- running ----------------------------------------------------------------------------

    @property
    def progress(self):
        return min(1.0, self.seen / self.samples)

    def run(self, step, until=1.0, log_every=100):
        """step(rng) makes one step's loss, its samples and its figures, until that share of the
        samples is seen; it may have left the gradients itself. Raises OutOfTime after saving."""
        self.restore()
        for module in self.modules.values():
            module.train()
        saved = time.monotonic()
        while self.progress < until:
            self._one(step)
            if self.step % log_every == 0:
                self._log()
            if time.monotonic() - saved > self.work.save_every_s or self.work.over:
                self.save()
                saved = time.monotonic()
                self.work.check_time()
        self.save()

    def _one(self, step):
        rate = float(self.rate * self.schedule(self.progress)
                     * min(1.0, (self.since_start + 1) / WARM_UP))
        for group in [group for one in self.optimisers for group in one.param_groups]:
            group["lr"] = rate
        phase = zlib.crc32(self.name.encode())
        for p in self.parameters:
            p.grad = None
        torch.manual_seed((self.seed * 1_000_003 + phase + self.step) % 2 ** 63)
        loss, samples, figures = step(np.random.default_rng((self.seed, phase, self.step)))
        if loss.requires_grad:
            loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        if torch.isfinite(norm):            # one bad step must not end hours of good ones
            for optimiser in self.optimisers:
                optimiser.step()
        self.step, self.seen, self.since_start = (self.step + 1, self.seen + samples,
                                                  self.since_start + 1)
        self._average()
        self.figures.append({"loss": float(loss.detach()), "norm": float(norm), **figures})

    @torch.no_grad()
    def _average(self):
        keep = min(self.average, (self.step + 1) / (self.step + 10))
        for name, module in self.modules.items():
            mean, now = self.averages[name], module.state_dict()
            floats = [key for key, value in now.items() if value.is_floating_point()]
            torch._foreach_lerp_([mean[key] for key in floats], [now[key] for key in floats],
                                 1 - keep)
            for key in now.keys() - set(floats):
                mean[key].copy_(now[key])

    def _log(self):
        names = self.figures[-1].keys()
        means = {name: float(np.mean([figures[name] for figures in self.figures
                                      if name in figures])) for name in names}
        seen, at = self.at_log
        per_s = (self.seen - seen) / (time.monotonic() - at)
        self.work.log(self.name, seen=self.seen, of=self.samples, per_s=round(per_s, 1), **means)
        self.figures, self.at_log = [], (self.seen, time.monotonic())
