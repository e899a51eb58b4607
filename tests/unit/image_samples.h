/* image_samples.h - pictures made byte by byte, for the tests of lib/image: the kinds that no
 * well-behaved encoder writes. */
#ifndef TESTS_UNIT_IMAGE_SAMPLES_H
#define TESTS_UNIT_IMAGE_SAMPLES_H

#include <stdio.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/text.h"
#include "lib/image/image.h"

/* Hex digits; spaces may stand between bytes. */
static inline void put_bytes(struct buf *out, const char *hex)
{
    for (; *hex; hex += *hex == ' ' ? 1 : 2) {
        if (*hex != ' ')
            buf_append_char(out, (char)(text_hex_digit(hex[0]) * 16 + text_hex_digit(hex[1])));
    }
}

static inline void put_be32(struct buf *out, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_append_char(out, (char)(v >> shift));
}

static inline void put_le32(struct buf *out, uint32_t v)
{
    for (int shift = 0; shift < 32; shift += 8)
        buf_append_char(out, (char)(v >> shift));
}

/* A JPEG of that many components (at most 4), all pixels at the middle value: tables with one
 * code each, so that a block is the two bits 00. sof: "c0" baseline, "c9" arithmetic. */
static inline void sample_jpeg(struct buf *out, const char *sof, unsigned width,
                               unsigned height, unsigned components)
{
    size_t blocks = (size_t)((width + 7) / 8) * ((height + 7) / 8) * components;
    char hex[40];

    put_bytes(out, "ffd8 ffdb 0043 00");
    for (int i = 0; i < 64; i++)
        buf_append_char(out, 1);
    put_bytes(out, "ff");
    put_bytes(out, sof);
    (void)snprintf(hex, sizeof hex, "%04x 08 %04x %04x %02x", 8 + 3 * components, height, width,
                   components);
    put_bytes(out, hex);
    for (unsigned i = 1; i <= components; i++) {
        (void)snprintf(hex, sizeof hex, "%02x 11 00", i);
        put_bytes(out, hex);
    }
    put_bytes(out, "ffc4 0014 00 01 000000000000000000000000000000 00"); /* DC: size 0 */
    put_bytes(out, "ffc4 0014 10 01 000000000000000000000000000000 00"); /* AC: end */
    (void)snprintf(hex, sizeof hex, "ffda %04x %02x", 6 + 2 * components, components);
    put_bytes(out, hex);
    for (unsigned i = 1; i <= components; i++) {
        (void)snprintf(hex, sizeof hex, "%02x 00", i);
        put_bytes(out, hex);
    }
    put_bytes(out, "00 3f 00");
    for (size_t bits = 0; bits < blocks * 2; bits += 8)
        buf_append_char(out, 0);
    put_bytes(out, "ffd9");
}

static inline uint32_t sample_crc32(const uint8_t *data, size_t size)
{
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static inline void put_chunk(struct buf *out, const char *type, const void *data, size_t size)
{
    size_t start;

    put_be32(out, (uint32_t)size);
    start = out->size;
    buf_append(out, type, 4);
    buf_append(out, data, size);
    put_be32(out, sample_crc32((uint8_t *)out->data + start, out->size - start));
}

/* A zlib stream of stored blocks. */
static inline void put_stored(struct buf *out, const uint8_t *data, size_t size)
{
    uint32_t a = 1, b = 0;
    size_t at = 0;

    put_bytes(out, "7801");
    do {
        size_t part = size - at > 65535 ? 65535 : size - at;

        buf_append_char(out, at + part == size ? '\1' : '\0');
        buf_append_char(out, (char)part);
        buf_append_char(out, (char)(part >> 8));
        buf_append_char(out, (char)~part);
        buf_append_char(out, (char)(~part >> 8));
        buf_append(out, data + at, part);
        at += part;
    } while (at < size);
    for (size_t i = 0; i < size; i++) {
        a = (a + data[i]) % 65521;
        b = (b + a) % 65521;
    }
    put_be32(out, b << 16 | a);
}

/* The parts of a PNG. rows: each with its filter byte 0. */
struct sample_png {
    uint32_t width, height;
    uint8_t depth, colour, interlaced;
    const uint8_t *rows;
    size_t rows_size;
    const char *extra_type; /* a chunk before the pixels, or NULL */
    const void *extra;
    size_t extra_size;
};

static inline void sample_png(struct buf *out, const struct sample_png *png)
{
    OWNED_VALUE(buf) head = {0}, pixels = {0};

    put_be32(&head, png->width);
    put_be32(&head, png->height);
    buf_append_char(&head, (char)png->depth);
    buf_append_char(&head, (char)png->colour);
    buf_append(&head, "\0\0", 2);
    buf_append_char(&head, (char)png->interlaced);
    put_stored(&pixels, png->rows, png->rows_size);
    put_bytes(out, "89504e470d0a1a0a");
    put_chunk(out, "IHDR", head.data, head.size);
    if (png->extra_type)
        put_chunk(out, png->extra_type, png->extra, png->extra_size);
    put_chunk(out, "IDAT", pixels.data, pixels.size);
    put_chunk(out, "IEND", "", 0);
}

/* 4 x 2: the left half red, the right half transparent. */
static const uint8_t sample_webp_alpha[] = {
    82, 73, 70, 70, 34, 0,  0,   0,  87,  69, 66, 80,  86, 80, 56,  76,  21,  0,   0,   0,  47,
    3,  64, 0,  16, 15, 16, 243, 31, 243, 31, 12, 133, 0,  2,  160, 160, 137, 232, 127, 60, 0,
};

/* 16 x 16, lossy: red grows to the right, green downwards, blue is 128. */
static const uint8_t sample_webp_lossy[] = {
    82,  73,  70,  70,  76,  0,   0,   0,   87,  69,  66,  80,  86,  80,  56,  32,  64,
    0,   0,   0,   240, 1,   0,   157, 1,   42,  16,  0,   16,  0,   2,   128, 66,  37,
    176, 2,   116, 1,   15,  12,  18,  242, 237, 128, 0,   254, 249, 82,  124, 105, 13,
    141, 47,  156, 71,  90,  91,  1,   129, 254, 63,  109, 146, 178, 119, 165, 113, 53,
    147, 221, 134, 215, 250, 122, 101, 191, 244, 219, 117, 127, 188, 0,   0,   0,
};

static inline void put_webp_chunk(struct buf *out, const char *type, const void *data,
                                  size_t size)
{
    buf_append(out, type, 4);
    put_le32(out, (uint32_t)size);
    buf_append(out, data, size);
    if (size % 2)
        buf_append_char(out, 0);
}

/* An extended WebP of 4 x 2 around the picture above; flags: 0x02 animated, 0x10 alpha, 0x08
 * EXIF. exif may be NULL. */
static inline void sample_webp_extended(struct buf *out, unsigned flags, const void *exif,
                                        size_t exif_size)
{
    OWNED_VALUE(buf) body = {0}, frame = {0};
    char head[10] = {(char)flags, 0, 0, 0, 3, 0, 0, 1, 0, 0};

    buf_append_str(&body, "WEBP");
    put_webp_chunk(&body, "VP8X", head, sizeof head);
    if (flags & 2) {
        put_webp_chunk(&body, "ANIM", "\0\0\0\0\0\0", 6);
        put_bytes(&frame, "000000 000000 030000 010000 640000 00");
        buf_append(&frame, sample_webp_alpha + 12, sizeof sample_webp_alpha - 12);
        put_webp_chunk(&body, "ANMF", frame.data, frame.size);
        put_webp_chunk(&body, "ANMF", frame.data, frame.size);
    } else {
        buf_append(&body, sample_webp_alpha + 12, sizeof sample_webp_alpha - 12);
    }
    if (exif)
        put_webp_chunk(&body, "EXIF", exif, exif_size);
    buf_append_str(out, "RIFF");
    put_le32(out, (uint32_t)body.size);
    buf_append(out, body.data, body.size);
}

/* A picture whose red grows to the right and green downwards, blue 128. */
static inline struct image sample_gradient(uint32_t width, uint32_t height)
{
    struct image image = {width, height, malloc((size_t)width * height * 3)};

    for (uint32_t y = 0; y < height && image.rgb; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint8_t *p = image.rgb + 3 * ((size_t)y * width + x);

            p[0] = (uint8_t)(255 * (uint64_t)x / width);
            p[1] = (uint8_t)(255 * (uint64_t)y / height);
            p[2] = 128;
        }
    }
    return image;
}

static inline const uint8_t *sample_pixel(const struct image *image, uint32_t x, uint32_t y)
{
    return image->rgb + 3 * ((size_t)y * image->width + x);
}

/* A TIFF structure that says nothing but the orientation. */
#define EXIF_ROTATED_BE "4d4d002a 00000008 0001 0112 0003 00000001 00060000 00000000"
#define EXIF_ROTATED_LE "49492a00 08000000 0100 1201 0300 01000000 06000000 00000000"

/* Puts an APP1 segment with that EXIF behind the start of a JPEG. */
static inline void add_exif(struct buf *jpeg, const char *exif_hex)
{
    OWNED_VALUE(buf) exif = {0}, whole = {0};

    put_bytes(&exif, exif_hex);
    put_bytes(&whole, "ffd8 ffe1");
    buf_append_char(&whole, (char)((exif.size + 8) >> 8));
    buf_append_char(&whole, (char)(exif.size + 8));
    buf_append(&whole, "Exif\0", 6);
    buf_append(&whole, exif.data, exif.size);
    buf_append(&whole, jpeg->data + 2, jpeg->size - 2);
    buf_done(jpeg);
    *jpeg = whole;
    whole = (struct buf){0};
}

#endif
