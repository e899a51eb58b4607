/* likeness.h - how much alike two pictures are. */
#ifndef GARDENCTL_LIKENESS_H
#define GARDENCTL_LIKENESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

struct likeness {
    bool same_bytes;    /* of the files */
    bool same_pixels;   /* every value is equal */
    double equal_share; /* of the values of red, green and blue, 0..1 */
    int largest;        /* difference of two values, 0..255 */
    double psnr;        /* dB; infinite where the pixels are the same */
};

/* Decodes both and compares them. ERR_INVALID: one is no picture. ERR_CONFLICT: their sizes
 * differ. */
int likeness_measure(const struct buf *a, const struct buf *b, struct likeness *ret_likeness,
                     struct err *err);

#endif
