/* preview.h - how a picture looks while it is still latents: a linear map to RGB at 1/8 size.
 *
 * The map is fitted to the model's own decoder by least squares: latents on one side, what they
 * were decoded to, averaged over the pixels of each, on the other. So it suits any decoder and
 * any number of channels. */
#ifndef SERVICES_GENERATOR_GPU_PREVIEW_H
#define SERVICES_GENERATOR_GPU_PREVIEW_H

#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/image/image.h"

struct preview;

/* channels: of the latents, at most 64. */
struct preview *preview_new(uint32_t channels, struct err *err);
void preview_free(struct preview *preview);
DEFINE_OWNED(preview)

/* Something was learned. */
bool preview_ready(const struct preview *preview);

/* latents [channels, h, w] were decoded to the picture, whose sides are multiples of h and w.
 * What was learned before counts less each time. */
void preview_learn(struct preview *preview, const float *latents, uint32_t h, uint32_t w,
                   const struct image *decoded);

/* w x h pixels; image_done it. */
int preview_make(const struct preview *preview, const float *latents, uint32_t h, uint32_t w,
                 struct image *ret_image, struct err *err);

/* Fills latents [channels, h, w] with smooth noise of about unit size: something to learn from
 * before there is a picture. */
void preview_patch(uint32_t channels, uint32_t h, uint32_t w, float *latents);

#endif
