/* face_picture.h - a visitor's picture while it is looked at: its pixels and everything that is
 * made of them, in one piece of secret memory that is taken once and zeroed after each
 * picture.
 *
 * A picture of more than PICTURE_PIXELS is reduced while it is decoded (JPEGs by libjpeg, at
 * next to no cost). Beside the picture stand its halves, quarters and so on, made when they are
 * first asked for: what is cut out of it smaller is cut out of the level that is just larger.
 */
#ifndef SERVICES_EMOTION_FACE_PICTURE_H
#define SERVICES_EMOTION_FACE_PICTURE_H

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "services/emotion/nets.h"

enum {
    /* A 12 megapixel photograph halved each way fits; so does 1920 x 1080 as it is. */
    PICTURE_PIXELS = 3200 * 1000,
    PICTURE_LEVELS = 8,
    LIGHT_SIDE = 256, /* of the crop that glasses and beards are looked for in */
    EXPRESSION_CROPS = 4,
};

struct face_level {
    uint32_t width, height;
    uint8_t *rgbx; /* 4 bytes a pixel */
};

/* What is cut out of the picture for the nets: R, G, B floats, 0..255. */
struct face_crops {
    float detect[DETECT_SIDE * DETECT_SIDE * 3];
    float mesh[MESH_SIDE * MESH_SIDE * 3];
    float irises[2 * IRIS_SIDE * IRIS_SIDE * 3];
    float expressions[EXPRESSION_CROPS * EXPRESSION_SIDE * EXPRESSION_SIDE * 3];
    float faceres[FACERES_SIDE * FACERES_SIDE * 3];
    float light_rgb[LIGHT_SIDE * LIGHT_SIDE * 3];
    float light[LIGHT_SIDE * LIGHT_SIDE]; /* luma */
};

struct face_picture {
    uint32_t width, height;           /* upright, reduced: the unit of all places in it */
    uint32_t full_width, full_height; /* upright, as sent */
    struct face_crops *crops;
    struct face_level levels[PICTURE_LEVELS]; /* use face_picture_level */
    uint8_t *memory;                          /* owned: secret */
    size_t memory_size, used;                 /* bytes of pixels so far */
};

/* Takes the memory. */
int face_picture_init(struct face_picture *picture, struct err *err);
void face_picture_done(struct face_picture *picture);

/* Decodes a file. ERR_INVALID and ERR_TOO_LARGE: the file is at fault. */
int face_picture_read(struct face_picture *picture, const void *file, size_t size,
                      uint64_t max_pixels, struct err *err);

/* The picture reduced by 2^level each way, or by less where it has no more. */
const struct face_level *face_picture_level(struct face_picture *picture, int *level);

/* Zeroes all that the last picture left here. */
void face_picture_wipe(struct face_picture *picture);

#endif
