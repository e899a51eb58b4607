/* step_preview.h - a small picture as text that fits into an event. */
#ifndef SERVICES_GENERATOR_GPU_STEP_PREVIEW_H
#define SERVICES_GENERATOR_GPU_STEP_PREVIEW_H

#include "lib/image/image.h"

/* Appends the JPEG in base64. ERR_TOO_LARGE where it has more than GENERATION_PREVIEW_MAX
 * bytes. */
int step_preview_encode(const struct image *image, struct buf *out, struct err *err);

#endif
