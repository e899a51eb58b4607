#!/usr/bin/env python3
"""schedulers.py OUT - what diffusers' schedulers make of a few numbers, step by step.

A case is a scheduler_config.json, a scheduler to put in its place, and a number of steps:

    case KIND STEPS CONFIG          KIND is one of ours, or auto for the file's own
    start SIGMA CALLS
    TIME LATENT...                  for each call: its time, and the latents after it

The model is a fixed function of latents and time (see predict), so that nothing else is needed
to run the same here and there; tests/unit/scheduler_test.c does."""
import itertools
import json
import sys
import tempfile

import diffusers
import torch
from diffusers.configuration_utils import FrozenDict

CLASSES = {
    "ddim": diffusers.DDIMScheduler,
    "pndm": diffusers.PNDMScheduler,
    "euler": diffusers.EulerDiscreteScheduler,
    "euler-a": diffusers.EulerAncestralDiscreteScheduler,
    "dpmpp-2m": diffusers.DPMSolverMultistepScheduler,
    "dpmpp-2m-karras": diffusers.DPMSolverMultistepScheduler,
}
START = [0.9, -1.7, 0.25, 1.3]
TARGET = [-0.5, 0.75, 1.25, -0.125]

SD15 = {
    "_class_name": "PNDMScheduler", "_diffusers_version": "0.6.0", "beta_end": 0.012,
    "beta_schedule": "scaled_linear", "beta_start": 0.00085, "num_train_timesteps": 1000,
    "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None,
    "clip_sample": False,
}
SD21 = {**SD15, "_class_name": "DDIMScheduler", "prediction_type": "v_prediction"}


def own_scheduler(config):
    """The file's own class, corrected as StableDiffusionPipeline does."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/scheduler_config.json", "w", encoding="utf-8") as file:
            json.dump(config, file)
        scheduler = getattr(diffusers, config["_class_name"]).from_pretrained(folder)
    fixed = dict(scheduler.config)
    fixed["steps_offset"] = 1
    if "clip_sample" in fixed:
        fixed["clip_sample"] = False
    scheduler._internal_dict = FrozenDict(fixed)
    return scheduler


def make_scheduler(config, kind):
    own = own_scheduler(config)
    karras = {"use_karras_sigmas": kind.endswith("karras")} if kind.startswith("dpmpp") else {}
    if kind == "auto" or type(own) is CLASSES[kind] and karras.items() <= own.config.items():
        return own
    return CLASSES[kind].from_config(own.config, **karras)


def predict(shown, time):
    return 0.6 * shown + torch.tensor(TARGET) * (float(time) / 1000)


def noise_of(call):
    return torch.tensor([TARGET[(k + call) % 4] for k in range(4)])


def run(out, kind, steps, config):
    scheduler = make_scheduler(config, kind)
    scheduler.set_timesteps(steps)
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(0)
    ancestral = isinstance(scheduler, diffusers.EulerAncestralDiscreteScheduler)
    sigma = float(scheduler.init_noise_sigma)
    latents = torch.tensor(START) * sigma
    print("case", kind, steps, json.dumps(config, separators=(",", ":")), file=out)
    print("start", f"{sigma:.9g}", len(scheduler.timesteps), file=out)
    for call, time in enumerate(scheduler.timesteps):
        shown = scheduler.scale_model_input(latents, time)
        if ancestral:  # the noise is not drawn but given
            module = sys.modules[type(scheduler).__module__]
            module.randn_tensor = lambda *_, call=call, **__: noise_of(call)
        latents = scheduler.step(predict(shown, time), time, latents, return_dict=False)[0]
        print(f"{float(time):.9g}", *(f"{float(x):.7g}" for x in latents), file=out)


def cases():
    for config, kind, steps in itertools.product((SD15, SD21), ("auto", *CLASSES), (1, 2, 5, 20)):
        yield kind, steps, config
    for kind in CLASSES:
        yield kind, 50, SD21
    plain = {"_class_name": "DDIMScheduler", "skip_prk_steps": True}
    for kind, spacing in itertools.product(CLASSES, ("leading", "linspace", "trailing")):
        yield kind, 6, {**SD15, "timestep_spacing": spacing}
        if (kind, spacing) != ("euler-a", "trailing"):  # NaN in diffusers
            yield kind, 3, {**plain, "timestep_spacing": spacing,
                            "beta_schedule": "squaredcos_cap_v2"}
    for kind in CLASSES:
        yield kind, 4, plain
        yield kind, 4, {**SD21, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
        if kind not in ("pndm", "euler-a"):
            yield kind, 4, {**SD15, "prediction_type": "sample"}
    for kind in ("euler", "dpmpp-2m", "dpmpp-2m-karras"):
        yield kind, 16, {**SD15, "final_sigmas_type": "sigma_min"}
    solver = {**SD15, "_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "dpmsolver++"}
    yield "auto", 8, {**solver, "use_karras_sigmas": True}
    yield "auto", 8, {**solver, "final_sigmas_type": "sigma_min", "lower_order_final": False}
    yield "auto", 8, {**solver, "final_sigmas_type": "sigma_min", "lower_order_final": False,
                      "euler_at_final": True}
    yield "auto", 8, {**solver, "lambda_min_clipped": -2.5}
    yield "auto", 8, {**SD15, "_class_name": "EulerDiscreteScheduler", "use_karras_sigmas": True}
    yield "auto", 4, {**SD15, "steps_offset": 0, "clip_sample": True, "set_alpha_to_one": True}
    yield "ddim", 4, {**SD15, "steps_offset": 0, "clip_sample": True, "set_alpha_to_one": True}
    yield "auto", 10, {**SD21, "num_train_timesteps": 100}


def main():
    diffusers.utils.logging.set_verbosity_error()
    torch.set_num_threads(1)
    with open(sys.argv[1], "w", encoding="utf-8") as out:
        print(f"# by tools/golden/schedulers.py with diffusers {diffusers.__version__}, "
              f"torch {torch.__version__}", file=out)
        for case in cases():
            run(out, *case)


main()
