/* marked.h - pictures with bytes in them that can be looked for afterwards (remains.h): in the
 * metadata, and in pixels, as a file has them and as they are once decoded. */
#ifndef TESTS_SUPPORT_MARKED_H
#define TESTS_SUPPORT_MARKED_H

#include "lib/base/buf.h"
#include "lib/bus/bus.h"
#include "lib/image/image.h"
#include "tests/support/remains.h"

enum { MARKED_FORMS = 3 };

/* What to look for: metadata; pixels of 3 bytes; the same of 4. */
struct marked {
    struct marker forms[MARKED_FORMS];
};
struct marked marked_new(void);

/* The picture as a PNG that is not compressed, so that the file has its pixels as they are:
 * the lowest rows are made of the marker, and a tEXt chunk holds the other. */
struct buf marked_png(const struct marked *marked, const struct image *image);

/* The JPEG file with the marker in its EXIF, in a comment and after its end. */
struct buf marked_jpeg(const struct marked *marked, const struct buf *jpeg);

/* How often one of them is in a record of any of the garden's topics. ret_records (may be
 * NULL): how many were looked at. */
size_t marked_in_topics(const struct marked *marked, struct bus *bus, size_t *ret_records);

/* A picture of noise: nobody is in it. */
struct image marked_noise(uint32_t width, uint32_t height);

#endif
