"""Where the training keeps what it has made: a folder outside the tree, and how long it may run.

Each thing lies under a name that has a hash of everything it depends on, so that a second start
takes what is there and a changed painter or setting makes it anew.
"""
import hashlib
import json
import os
import signal
import time
from pathlib import Path

import torch


class OutOfTime(Exception):
    """The minutes are over, or a signal said so; all is saved and a later start goes on."""


class GateClosed(Exception):
    """Figures are below what the next phase needs: going on would waste hours."""


def key_of(*parts):
    """12 hex digits that change when a part does. Paths stand for what the files hold."""
    digest = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            digest.update(part.name.encode() + b"\0" + part.read_bytes())
        else:
            digest.update(json.dumps(part, sort_keys=True, default=str).encode())
        digest.update(b"\0")
    return digest.hexdigest()[:12]


class Work:
    def __init__(self, folder, minutes=None, save_every_s=180):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.started = time.monotonic()
        self.until = self.started + 60 * minutes if minutes else None
        self.stopped = False
        self.save_every_s = save_every_s
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self._on_signal)

    def _on_signal(self, number, _):
        """The first lets the loop save; a second one ends at once."""
        self.stopped = True
        signal.signal(number, signal.SIG_DFL)

    def nothing_to_save(self):
        """From here on a signal ends at once."""
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, signal.SIG_DFL)

    @property
    def over(self):
        return self.stopped or (self.until is not None and time.monotonic() > self.until)

    def check_time(self):
        if self.over:
            raise OutOfTime

    def path(self, name):
        return self.folder / name

    def save(self, name, value):
        """Whole or not at all, also when the machine stops in between."""
        temporary = self.path(name + ".new")
        with open(temporary, "wb") as file:
            torch.save(value, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path(name))

    def load(self, name):
        """None where there is none."""
        path = self.path(name)
        return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None

    def write_json(self, name, value):
        temporary = self.path(name + ".new")
        temporary.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n")
        os.replace(temporary, self.path(name))

    def read_json(self, name, default=None):
        path = self.path(name)
        return json.loads(path.read_text()) if path.exists() else default

    def log(self, phase, **figures):
        """A line for people and one of JSON in log.jsonl, which the curves are made from."""
        figures = {name: round(value, 5) if isinstance(value, float) else value
                   for name, value in figures.items()}
        minutes = (time.monotonic() - self.started) / 60
        print(f"{minutes:6.1f} min  {phase:<12}",
              "  ".join(f"{name} {value}" for name, value in figures.items()), flush=True)
        with open(self.path("log.jsonl"), "a") as file:
            file.write(json.dumps({"at": int(time.time()), "phase": phase, **figures}) + "\n")

    def gate(self, name, figures, least, ignore):
        """figures and least: by label. Raises GateClosed, or only says so where ignore is true."""
        low = {label: value for label, value in figures.items() if value < least.get(label, 0)}
        self.log("gate", name=name, **figures)
        if not low:
            return
        text = (f"gate '{name}': " + ", ".join(
            f"{label} {value:.2f}, but at least {least[label]:.2f} is needed"
            for label, value in low.items()))
        if not ignore:
            raise GateClosed(text)
        print("ignored:", text, flush=True)
