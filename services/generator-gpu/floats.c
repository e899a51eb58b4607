/* floats.c - see floats.h. */
#include "services/generator-gpu/floats.h"

#include <stdint.h>
#include <string.h>

/* By the bits, since a sum of many could overflow by itself: an exponent of all ones. */
bool floats_finite(const float *values, size_t count)
{
    uint32_t largest = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t bits;

        memcpy(&bits, &values[i], sizeof(bits));
        bits &= 0x7fffffff;
        largest = bits > largest ? bits : largest;
    }
    return largest < 0x7f800000;
}

void floats_to_pixels(float *out, const float *planes, size_t n, size_t channels, size_t pixels)
{
    for (size_t i = 0; i < n; i++, planes += channels * pixels, out += channels * pixels)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < pixels; p++)
                out[p * channels + c] = planes[c * pixels + p];
}

void floats_from_pixels(float *out, const float *interleaved, size_t n, size_t channels,
                        size_t pixels)
{
    for (size_t i = 0; i < n; i++, interleaved += channels * pixels, out += channels * pixels)
        for (size_t c = 0; c < channels; c++)
            for (size_t p = 0; p < pixels; p++)
                out[c * pixels + p] = interleaved[p * channels + c];
}
