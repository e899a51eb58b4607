/* image_internal.h - what the files of lib/image share.
 *
 * Codecs do not check limits: image.c probes and checks before it calls anything that
 * allocates by a picture's size. */
#ifndef LIB_IMAGE_IMAGE_INTERNAL_H
#define LIB_IMAGE_IMAGE_INTERNAL_H

#include "lib/image/image.h"

enum { RGB = 3, RGBA = 4 }; /* bytes of a pixel */

struct image_sink;

/* One picture format. data is what image_probe was given. */
struct image_codec {
    bool (*recognize)(const uint8_t *data, size_t size);
    /* All but exif_orientation, which is 1 already. */
    int (*probe)(const uint8_t *data, size_t size, struct image_info *ret_info,
                 struct err *err);
    /* Decodes everything and keeps nothing. */
    int (*check)(const uint8_t *data, size_t size, struct err *err);
    /* Pixels as stored, EXIF orientation not applied. May make it smaller than it is, down to
     * at_least_width (0: not smaller). */
    int (*decode)(const uint8_t *data, size_t size, uint32_t at_least_width,
                  struct image *ret_image, struct err *err);
    /* Hands all rows to the sink, which is begun here. May make the picture smaller, while it
     * stays too large for the sink's room or just fits. */
    int (*read_rows)(const uint8_t *data, size_t size, struct image_sink *sink,
                     struct err *err);
    /* The TIFF structure of the EXIF data, or NULL. */
    const uint8_t *(*find_exif)(const uint8_t *data, size_t size, size_t *ret_size);
};

extern const struct image_codec image_jpeg, image_png, image_webp;

/* Allocates width * height pixels of channels bytes each. */
int image_alloc(uint32_t width, uint32_t height, size_t channels, struct image *ret_image,
                struct err *err);

/* A channel's value when it is laid over white. */
static inline uint8_t over_white(unsigned value, unsigned alpha)
{
    return (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* Turns RGBA pixels into RGB ones over white, in place, and gives the rest of the memory
 * back. */
void image_flatten(struct image *image);

/* For kinds that have to be held as a whole while they are read: ERR_TOO_LARGE beyond
 * IMAGE_WHOLE_MAX. what: "an interlaced PNG", mend: "without interlacing". */
int image_whole_fits(uint32_t width, uint32_t height, const char *what, const char *mend,
                     struct err *err);

/* Turns stored pixels upright. orientation 1..8. */
int image_orient(struct image *image, int orientation, struct err *err);

/* The pieces of a JPEG before its pixels: calls fn for each marker segment until it returns
 * false or the scan starts. */
void jpeg_each_segment(const uint8_t *data, size_t size,
                       bool (*fn)(void *ctx, int marker, const uint8_t *body, size_t size),
                       void *ctx);

/* Calls fn for each whole chunk of a PNG until it returns false. */
void png_each_chunk(const uint8_t *data, size_t size,
                    bool (*fn)(void *ctx, const char type[4], const uint8_t *body, size_t size),
                    void *ctx);

/* The EXIF orientation, 1 where exif (may be NULL) has none or a wrong one. */
int exif_orientation(const uint8_t *exif, size_t size);

/* Fills parameters and software where they are there. */
int exif_read(const uint8_t *exif, size_t size, struct image_metadata_read *metadata,
              struct err *err);

/* Appends a TIFF structure with Software and UserComment; either may be NULL. */
void exif_write(struct buf *out, const char *software, const char *comment);

/* Writes what metadata has as APP1 bodies: EXIF and XMP, each empty where there is nothing to
 * say. ERR_TOO_LARGE over a segment's 64 KiB. */
int metadata_segments(const struct image_metadata *metadata, struct buf *ret_exif,
                      struct buf *ret_xmp, struct err *err);

#define EXIF_PREFIX "Exif\0" /* and the literal's own NUL: 6 bytes in an APP1 segment */
#define XMP_PREFIX "http://ns.adobe.com/xap/1.0/" /* with its NUL */

enum { JPEG_SEGMENT_MAX = 65533, JPEG_SIDE_MAX = 65500 };

#endif
