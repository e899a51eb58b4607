/* face_warp.h - cuts a turned rectangle out of a picture.
 *
 * Half-pixel centres: pixel i of n covers i / n .. (i + 1) / n of the rectangle. Where it gets
 * smaller, pixels are averages of the area that they cover; where it gets larger, they are
 * interpolated. Outside of the picture all is black. */
#ifndef SERVICES_EMOTION_FACE_WARP_H
#define SERVICES_EMOTION_FACE_WARP_H

#include <stdbool.h>

#include "services/emotion/face_picture.h"

struct face_region {
    float x, y;          /* the centre, in the picture's pixels */
    float width, height; /* of what is seen; what lies beside it in the square is black */
    float side;          /* of the square that is cut out; the rectangle is in its middle */
    float angle;         /* by which the square is turned clockwise, as seen; radians */
    bool mirrored;       /* left and right change places */
};

/* A square whose whole inside is seen. */
static inline struct face_region face_region_square(float x, float y, float side, float angle)
{
    return (struct face_region){x, y, side, side, side, angle, false};
}

/* Writes pixels x pixels x 3 floats, 0..255, on so many threads. */
void face_warp(struct face_picture *picture, const struct face_region *region, uint32_t pixels,
               int threads, float *out);

/* The mirror image of a square of pixels x pixels x 3. */
void face_mirror(const float *from, uint32_t pixels, float *to);

#endif
