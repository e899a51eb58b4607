/* likeness.c - see likeness.h. */
#include "gardenctl/likeness.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/image/image.h"

static void compare(const struct image *a, const struct image *b, struct likeness *likeness)
{
    size_t count = (size_t)3 * a->width * a->height, equal = 0;
    double squares = 0;

    for (size_t i = 0; i < count; i++) {
        int difference = abs(a->rgb[i] - b->rgb[i]);

        equal += difference == 0;
        squares += (double)difference * difference;
        if (difference > likeness->largest)
            likeness->largest = difference;
    }
    likeness->same_pixels = equal == count;
    likeness->equal_share = (double)equal / (double)count;
    likeness->psnr =
        squares > 0 ? 10 * log10(255.0 * 255.0 * (double)count / squares) : INFINITY;
}

int likeness_measure(const struct buf *a, const struct buf *b, struct likeness *ret_likeness,
                     struct err *err)
{
    struct likeness likeness = {.same_bytes = a->size == b->size &&
                                              memcmp(buf_text(a), buf_text(b), a->size) == 0};
    OWNED_VALUE(image) first = {0}, second = {0};

    if (image_decode(buf_text(a), a->size, NULL, &first, err) < 0 ||
        image_decode(buf_text(b), b->size, NULL, &second, err) < 0)
        return err->code;
    if (first.width != second.width || first.height != second.height)
        return err_set(err, ERR_CONFLICT,
                       "one is %" PRIu32 "x%" PRIu32 ", the other %" PRIu32 "x%" PRIu32,
                       first.width, first.height, second.width, second.height);
    compare(&first, &second, &likeness);
    *ret_likeness = likeness;
    return 0;
}
