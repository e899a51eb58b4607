/* vae.h - the decoder of AutoencoderKL: latents to pixels.
 *
 * vae/config.json and diffusion_pytorch_model.safetensors of a diffusers folder; old files that
 * say query, key, value and proj_attn in the middle attention, too. */
#ifndef SERVICES_GENERATOR_GPU_VAE_H
#define SERVICES_GENERATOR_GPU_VAE_H

#include "services/generator-gpu/backend.h"

struct vae;

struct vae *vae_open(struct backend *backend, const char *model, struct err *err);
void vae_free(struct vae *vae);
DEFINE_OWNED(vae)

uint32_t vae_channels(const struct vae *vae); /* of the latents */
uint32_t vae_scale(const struct vae *vae);    /* pixels a latent's side: 8 */

/* latents: [channels, h, w] of one picture, as the UNet leaves them (the scaling factor is
 * taken out here). out: h * scale rows of w * scale pixels of RGB, about -1..1, not clamped. */
int vae_decode(struct vae *vae, const float *latents, uint32_t h, uint32_t w, float *out,
               struct err *err);

#endif
