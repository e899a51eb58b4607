"""Writes goldens, and says which tensors moved against what was there before."""

import json

import numpy as np
from PIL import Image
from safetensors.numpy import load_file, save_file


def save_tensors(path, tensors):
    tensors = {name: np.ascontiguousarray(as_array(tensor), dtype=np.float32) for name, tensor in tensors.items()}
    if path.exists():
        report(path, load_file(path), tensors)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)


def save_png(path, pixels):
    if path.exists():
        report(path, {"pixels": np.asarray(Image.open(path))}, {"pixels": pixels})
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, optimize=True)


def save_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in value)
    path.write_text(f"[\n{lines}\n]\n")


def as_array(tensor):
    return tensor.detach().numpy() if hasattr(tensor, "detach") else tensor


def report(path, old, new):
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new or old[name].shape != new[name].shape:
            print(f"moved: {path.name} {name}: other shape, or new, or gone")
        elif not np.array_equal(old[name], new[name]):
            off = np.abs(old[name].astype(np.float64) - new[name]).max()
            print(f"moved: {path.name} {name}: by {off:.3g}, largest value {np.abs(new[name]).max():.3g}")
