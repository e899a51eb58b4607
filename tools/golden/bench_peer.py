"""The peer of the benchmark `generator`: guided steps and decoding by diffusers and torch.

    bench_peer.py MODEL f32|bf16 SIZE THREADS

Reads a word a line and answers with seconds: "step" (UNet on a batch of 2, guidance, scheduler),
"decode" (VAE on one picture). Answers "ready" first, after it has tried both the layout as users
have it and channels_last and kept the faster.
"""

import os
import sys
import time
import warnings

os.environ.update(TQDM_DISABLE="1", TRANSFORMERS_VERBOSITY="error", DIFFUSERS_VERBOSITY="error")
warnings.filterwarnings("ignore")

import torch
from diffusers import StableDiffusionPipeline


class Peer:
    def __init__(self, model, dtype, size):
        self.pipe = StableDiffusionPipeline.from_pretrained(model, dtype=dtype, low_cpu_mem_usage=False,
                                                            local_files_only=True)
        self.dtype = dtype
        random = torch.Generator().manual_seed(1)
        self.latents = torch.randn(1, 4, size // 8, size // 8, generator=random).to(dtype)
        prompt = self.pipe.encode_prompt("a happy garden in spring", "cpu", 1, True)
        self.text = torch.cat([prompt[1], prompt[0]])
        self.pipe.scheduler.set_timesteps(50)

    def step(self):
        scheduler = self.pipe.scheduler
        scheduler.set_timesteps(50)
        timestep = scheduler.timesteps[0]
        batch = scheduler.scale_model_input(torch.cat([self.latents] * 2), timestep)
        plain, prompted = self.pipe.unet(batch, timestep, self.text, return_dict=False)[0].chunk(2)
        scheduler.step(plain + 7.5 * (prompted - plain), timestep, self.latents)

    def decode(self):
        self.pipe.vae.decode(self.latents / self.pipe.vae.config.scaling_factor, return_dict=False)

    def to(self, layout):
        self.pipe.unet.to(memory_format=layout)
        self.pipe.vae.to(memory_format=layout)


def timed(run):
    start = time.monotonic()
    run()
    return time.monotonic() - start


def faster_layout(peer):
    """A step to warm up and one that counts, in both layouts."""
    seconds = {}
    for layout in (torch.contiguous_format, torch.channels_last):
        peer.to(layout)
        peer.step()
        seconds[layout] = timed(peer.step)
    print(", ".join(f"{layout}: {s:.2f} s" for layout, s in seconds.items()), file=sys.stderr)
    return min(seconds, key=seconds.get)


def main(model, precision, size, threads):
    torch.set_num_threads(int(threads))
    with torch.no_grad():
        peer = Peer(model, {"f32": torch.float32, "bf16": torch.bfloat16}[precision], int(size))
        peer.to(faster_layout(peer))
        peer.decode()
        print("ready", flush=True)
        for line in sys.stdin:
            print(f"{timed({'step': peer.step, 'decode': peer.decode}[line.strip()]):.6f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
