/* unet.h - UNet2DConditionModel: noisy latents, a time and a text to the prediction.
 *
 * unet/config.json and diffusion_pytorch_model.safetensors of a diffusers folder.
 * Configurations that this engine has no code for are refused by the name of the member. Floats
 * on the host are in torch's order: latents [n, channels, h, w], text [n, tokens, dim]. */
#ifndef SERVICES_GENERATOR_GPU_UNET_H
#define SERVICES_GENERATOR_GPU_UNET_H

#include "services/generator-gpu/backend.h"

struct unet;

struct unet *unet_open(struct backend *backend, const char *model, struct err *err);
void unet_free(struct unet *unet);
DEFINE_OWNED(unet)

uint32_t unet_channels(const struct unet *unet);    /* of the latents: 4 */
uint32_t unet_text_dim(const struct unet *unet);    /* cross_attention_dim */
uint32_t unet_scale(const struct unet *unet);       /* what latents are reduced by inside */
uint32_t unet_sample_size(const struct unet *unet); /* latents' native side; 64, 96 */

/* What a series of calls has in common. */
struct unet_shape {
    uint32_t n;      /* pictures, those without prompt for guidance included */
    uint32_t h, w;   /* latents */
    uint32_t tokens; /* of the text; 77 a chunk */
};

/* Makes ready for calls of this shape with this text: memory, primitives, and the keys and
 * values of all cross attentions, which do not change from step to step. */
int unet_prepare(struct unet *unet, const struct unet_shape *shape, const float *text,
                 struct err *err);

/* One call; allocates nothing. latents and out: n * channels * h * w floats. ERR_INVALID naming
 * the layer where a value that is not finite appeared first. */
int unet_run(struct unet *unet, const float *latents, float timestep, float *out,
             struct err *err);

#endif
