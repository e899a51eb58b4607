/* text_encoder.h - CLIP's text model: token ids to the embeddings that the UNet looks at.
 *
 * text_encoder/config.json and model.safetensors of a diffusers folder: CLIP ViT-L (SD 1.5: 12
 * layers, quick_gelu) and OpenCLIP ViT-H (SD 2: 23 layers, the penultimate's output; gelu), or
 * smaller ones of the same kind. Causal attention, no padding mask, final layer norm applied.
 */
#ifndef SERVICES_GENERATOR_GPU_TEXT_ENCODER_H
#define SERVICES_GENERATOR_GPU_TEXT_ENCODER_H

#include "services/generator-gpu/backend.h"

struct text_encoder;

/* model is the diffusers folder. The backend is borrowed. */
struct text_encoder *text_encoder_open(struct backend *backend, const char *model,
                                       struct err *err);
void text_encoder_free(struct text_encoder *encoder);
DEFINE_OWNED(text_encoder)

uint32_t text_encoder_dim(const struct text_encoder *encoder);    /* 768, 1024 */
uint32_t text_encoder_tokens(const struct text_encoder *encoder); /* vocabulary size */

/* ids: count sequences of 77; out: count * 77 * dim floats. */
int text_encoder_run(struct text_encoder *encoder, const int32_t *ids, size_t count, float *out,
                     struct err *err);

#endif
