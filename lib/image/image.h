/* image.h - what a picture is, without trusting it.
 *
 * image_probe reads headers only; image_check decodes the whole picture within limits, so that
 * what it lets through can be shown anywhere. Decoded pixels are 8-bit RGB, rows top to bottom
 * without padding: size 3 * width * height. */
#ifndef LIB_IMAGE_IMAGE_H
#define LIB_IMAGE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

enum image_format { IMAGE_JPEG, IMAGE_PNG, IMAGE_WEBP };

struct image_info {
    enum image_format format;
    uint32_t width, height; /* as stored; 1 or more */
    int channels;           /* of the file: 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA or CMYK */
    int bits;               /* per channel: 8 or 16 */
    bool cmyk;              /* JPEG: CMYK or YCCK */
    bool animated;          /* WebP with more than one frame, APNG */
    int exif_orientation;   /* 1..8; 1 where the file says nothing */
};

struct image_limits {
    uint32_t max_side;   /* 0: 16384 */
    uint64_t max_pixels; /* 0: 64 million */
};

struct image {
    uint32_t width, height;
    uint8_t *rgb; /* owned */
};
void image_done(struct image *image);

/* "image/jpeg", "image/png", "image/webp". */
const char *image_content_type(enum image_format format);

/* Reads the format and the sizes from the first bytes; the file may be cut after them (about
 * the first 64 KiB are enough, more only after very long metadata). ERR_INVALID: not a picture,
 * or a header that lies; ERR_TOO_LARGE: beyond limits (NULL: the defaults). */
int image_probe(const void *data, size_t size, const struct image_limits *limits,
                struct image_info *ret_info, struct err *err);

/* probe, and decodes it to the last row: ERR_INVALID also for a truncated picture, for damaged
 * data, for CMYK JPEGs and for animations, each with how to mend it. */
int image_check(const void *data, size_t size, const struct image_limits *limits,
                struct image_info *ret_info, struct err *err);

/* Decodes to upright RGB: EXIF orientation is applied, alpha is laid over white, 16 bits are
 * rounded to 8, grey is spread. */
int image_decode(const void *data, size_t size, const struct image_limits *limits,
                 struct image *ret_image, struct err *err);

/* Decodes to a picture whose width is width (never larger than the original) and whose height
 * keeps the ratio; JPEGs are reduced while decoding, so this is much cheaper than decode +
 * resize. */
int image_thumbnail(const void *data, size_t size, const struct image_limits *limits,
                    uint32_t width, struct image *ret_image, struct err *err);

/* Memory of the caller's for pixels of 4 bytes. */
struct image_room {
    uint8_t *memory;
    size_t pixels;
};

/* 4 bytes a pixel: red, green, blue, 255; rows without padding, in a room. */
struct image_rgbx {
    uint8_t *rgbx; /* borrowed: the room's memory */
    uint32_t width, height;
    uint32_t full_width, full_height; /* upright, as they were before it was reduced */
};

/* A picture to be looked at by a program, not to be kept: as image_decode, but into the
 * caller's memory, by rows, reduced by a whole number until it fits there. What was decoded
 * stands nowhere else but in memory of the codecs' that they have freed again. Animations are
 * ERR_INVALID; ERR_TOO_LARGE are also kinds that have to be held as a whole while they are read
 * (progressive JPEG, interlaced PNG, lossless WebP) of more than IMAGE_WHOLE_MAX pixels. After
 * a failure the room may hold some of the picture. */
enum { IMAGE_WHOLE_MAX = 24 * 1000 * 1000 };
int image_decode_into(const void *data, size_t size, const struct image_limits *limits,
                      struct image_room room, struct image_rgbx *ret_image, struct err *err);

/* Resamples with an area average (smaller) or Lanczos-3 (larger). */
int image_resize(const struct image *from, uint32_t width, uint32_t height,
                 struct image *ret_image, struct err *err);

/* Text that goes into a JPEG and comes back from image_read_metadata. Any may be NULL.
 * parameters is the recipe, in EXIF UserComment as A1111 writes it (UTF-16 when needed).
 * source_type is the IPTC digital source type, in XMP, e.g. trainedAlgorithmicMedia. software
 * is EXIF Software. */
struct image_metadata {
    const char *parameters;
    const char *source_type;
    const char *software;
};

/* Appends a baseline 4:2:0 JPEG. quality 1..100. metadata may be NULL. */
int image_encode_jpeg(const struct image *image, int quality,
                      const struct image_metadata *metadata, struct buf *out, struct err *err);

/* Reads back what image_encode_jpeg put in (and what A1111 wrote). Owned strings, NULL where
 * there is none; end with image_metadata_done. */
struct image_metadata_read {
    char *parameters, *source_type, *software;
};
int image_read_metadata(const void *data, size_t size, struct image_metadata_read *ret_metadata,
                        struct err *err);
void image_metadata_read_done(struct image_metadata_read *metadata);

#endif
