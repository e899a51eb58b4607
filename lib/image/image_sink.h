/* image_sink.h - rows as a codec reads them, placed upright and smaller in memory that somebody
 * else owns, so that a picture is never in memory at full size. */
#ifndef LIB_IMAGE_IMAGE_SINK_H
#define LIB_IMAGE_IMAGE_SINK_H

#include "lib/image/image_internal.h"

struct image_sink {
    struct image_room room;
    int orientation; /* 1..8 */
    bool alpha;      /* the fourth byte of a row's pixels is alpha, else nothing */

    /* The rest belongs to image_sink.c. */
    struct image_rgbx image;        /* what is being written */
    uint32_t row_width, row_height; /* of the rows that come */
    uint32_t factor, stored_width;  /* pixels that become one each way; before it is turned */
    uint32_t next_row;              /* of those that come */
    uint32_t *sums;                 /* owned: of factor rows, 4 for each pixel */
    uint8_t *line;                  /* owned: one row, reduced */
    ptrdiff_t start, step_x,
        step_y; /* in pixels: where stored pixel 0, 0 and the next ones go */
};

/* By which whole number a picture has to be divided each way to fit, 1 or more. */
uint32_t image_sink_factor(const struct image_room *room, uint32_t width, uint32_t height);

/* Says how many rows of which width will come: as stored, or reduced by the codec already. */
int image_sink_begin(struct image_sink *sink, uint32_t width, uint32_t height, struct err *err);

/* The next row, 4 bytes a pixel. */
void image_sink_row(struct image_sink *sink, const uint8_t *row);

/* Zeroes what it held of the picture outside of the room. */
void image_sink_done(struct image_sink *sink);

#endif
