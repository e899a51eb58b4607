"""What a run on another machine needs, in f16 and small enough to be committed.

The averaged weights stand for the running ones, and the optimisers' moments are found anew in the
first steps. Pictures and latents are made again, the judge is taught again where it does not fit.
"""
import json
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file

LIMIT_BYTES = 24_000_000
PHASES = {"unet": "model", "decoder": "decoder", "encoder": "encoder", "judge": "net",
          "features": "net"}
NOTES = ("decoder-gate.json", "half-gate.json", "judge-gate.json", "painter.json")


def pack(work, path):
    """Writes what there is; the phases that no longer fit are left out, and said."""
    tensors, state, left_out = {}, {"phases": {}, "notes": {}}, []
    components = work.load("components.pt") or {}
    tensors.update({f"components/{name}": value for name, value in components.items()})
    size = sum(value.numel() * 4 for value in tensors.values())
    for phase, module in PHASES.items():
        saved = work.load(phase + ".pt")
        if saved is None:
            continue
        weights = {f"{phase}/{name}": value.half() if value.is_floating_point() else value
                   for name, value in saved["averages"][module].items()}
        extent = sum(value.numel() * value.element_size() for value in weights.values())
        if size + extent > LIMIT_BYTES - 200_000:
            left_out.append(phase)
            continue
        size += extent
        tensors.update(weights)
        state["phases"][phase] = {"seen": saved["seen"], "step": saved["step"]}
    for name in NOTES:
        note = work.read_json(name)
        if note:
            state["notes"][name] = note
    save_file({name: value.contiguous() for name, value in tensors.items()}, path,
              metadata={"state": json.dumps(state, sort_keys=True)})
    return {"bytes": Path(path).stat().st_size, "left_out": left_out, **state["phases"]}


def unpack(work, path):
    """Fills an empty work folder; what is there already is newer and stays."""
    with safe_open(path, "pt") as file:
        state = json.loads(file.metadata()["state"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    components = _below(tensors, "components")
    if components and not work.path("components.pt").exists():
        work.save("components.pt", components)
    for phase, at in state["phases"].items():
        if work.path(phase + ".pt").exists():
            continue
        weights = {name: value.float() if value.is_floating_point() else value
                   for name, value in _below(tensors, phase).items()}
        module = PHASES[phase]
        work.save(phase + ".pt", {"modules": {module: weights}, "averages": {module: weights},
                                  "optimisers": None, "extra": {}, **at})
    for name, note in state["notes"].items():
        if not work.path(name).exists():
            work.write_json(name, note)
    return state["phases"]


def _below(tensors, prefix):
    return {name.split("/", 1)[1]: value for name, value in tensors.items()
            if name.startswith(prefix + "/")}

