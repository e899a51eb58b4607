/* floats.h - small loops over floats in host memory that the models share. */
#ifndef SERVICES_GENERATOR_GPU_FLOATS_H
#define SERVICES_GENERATOR_GPU_FLOATS_H

#include <stdbool.h>
#include <stddef.h>

/* No NaN and no infinity among them. */
bool floats_finite(const float *values, size_t count);

/* torch's order [n, channels, pixels] to channels last, and back. */
void floats_to_pixels(float *out, const float *planes, size_t n, size_t channels,
                      size_t pixels);
void floats_from_pixels(float *out, const float *interleaved, size_t n, size_t channels,
                        size_t pixels);

#endif
