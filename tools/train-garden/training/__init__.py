"""The training half: pictures of the painter in, a small Stable Diffusion model out."""
