/* faces.h - pictures of faces to test with, and what becomes of them on their way to us. */
#ifndef TESTS_SUPPORT_FACES_H
#define TESTS_SUPPORT_FACES_H

#include "lib/base/buf.h"
#include "lib/image/image.h"

/* The folder of tests/engines/faces.sh, or NULL where it is not told (TEST_FACES). */
const char *faces_folder(void);

/* All end the program where they fail. */
struct buf faces_file(const char *name);
struct image faces_picture(const char *name);
struct image faces_picture_at(const char *path);

struct buf faces_jpeg(const struct image *image, int quality);

/* As a camera would send it that was held so: the pixels turned, and the EXIF tag that turns
 * them back. orientation: 1..8. */
struct buf faces_jpeg_turned(const struct image *image, int orientation);

struct image faces_mirrored(const struct image *image);
struct image faces_scaled(const struct image *image, float scale);

/* Copies of the picture in so many columns and rows. */
struct image faces_collage(const struct image *images, size_t count, uint32_t columns,
                           uint32_t rows);

/* Part of it; what lies outside of it is grey. */
struct image faces_cut(const struct image *image, int left, int top, uint32_t width,
                       uint32_t height);

#endif
