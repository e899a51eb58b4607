/* image_metadata.c - the texts that travel with a picture: EXIF (image_exif.c) and XMP in
 * JPEG's APP1 segments, EXIF in WebP, and the "parameters" text chunk of generators' PNGs. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/image/image_internal.h"

#define SOURCE_TYPE "DigitalSourceType"

static void append_xmp(struct buf *out, const char *source_type)
{
    buf_append_str(out, "<?xpacket begin=\"\xef\xbb\xbf\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>"
                        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">"
                        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"
                        "<rdf:Description rdf:about=\"\""
                        " xmlns:Iptc4xmpExt=\"http://iptc.org/std/Iptc4xmpExt/2008-02-29/\""
                        " Iptc4xmpExt:" SOURCE_TYPE "=\"");
    text_escape_markup(out, source_type);
    buf_append_str(out, "\"/></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>");
}

int metadata_segments(const struct image_metadata *metadata, struct buf *ret_exif,
                      struct buf *ret_xmp, struct err *err)
{
    if (metadata->parameters || metadata->software) {
        buf_append(ret_exif, EXIF_PREFIX, sizeof EXIF_PREFIX);
        exif_write(ret_exif, metadata->software, metadata->parameters);
    }
    if (metadata->source_type) {
        buf_append(ret_xmp, XMP_PREFIX, sizeof XMP_PREFIX);
        append_xmp(ret_xmp, metadata->source_type);
    }
    if (!buf_ok(ret_exif) || !buf_ok(ret_xmp))
        return err_set_nomem(err, "a picture's metadata");
    if (ret_exif->size > JPEG_SEGMENT_MAX || ret_xmp->size > JPEG_SEGMENT_MAX)
        return err_set(err, ERR_TOO_LARGE,
                       "the texts for the picture's metadata take %zu bytes, a JPEG holds %d",
                       ret_exif->size > ret_xmp->size ? ret_exif->size : ret_xmp->size,
                       JPEG_SEGMENT_MAX);
    return 0;
}

/* Appends XML text with its entities resolved; an unknown one stays as it is. */
static void append_unescaped(struct buf *out, const char *text, size_t size)
{
    static const struct {
        const char *entity;
        size_t size;
        char c;
    } entities[] = {{"&amp;", 5, '&'},
                    {"&lt;", 4, '<'},
                    {"&gt;", 4, '>'},
                    {"&quot;", 6, '"'},
                    {"&apos;", 6, '\''}};
    size_t at = 0;

    while (at < size) {
        size_t skip = 1;
        char c = text[at];

        for (size_t i = 0; c == '&' && i < sizeof entities / sizeof *entities; i++) {
            if (size - at >= entities[i].size &&
                memcmp(text + at, entities[i].entity, entities[i].size) == 0) {
                c = entities[i].c;
                skip = entities[i].size;
                break;
            }
        }
        buf_append_char(out, c);
        at += skip;
    }
}

/* The property as an attribute (Name="v") or as an element (<x:Name>v</x:Name>). */
static const char *find_source_type(const char *xmp, size_t size, size_t *ret_size)
{
    const char *end = xmp + size;
    const char *p = memmem(xmp, size, SOURCE_TYPE, strlen(SOURCE_TYPE)), *stop;
    char closing;

    if (!p)
        return NULL;
    p += strlen(SOURCE_TYPE);
    if (end - p >= 2 && p[0] == '=' && (p[1] == '"' || p[1] == '\'')) {
        closing = p[1];
        p += 2;
    } else if (end - p >= 1 && p[0] == '>') {
        closing = '<';
        p += 1;
    } else {
        return NULL;
    }
    stop = memchr(p, closing, (size_t)(end - p));
    if (!stop)
        return NULL;
    *ret_size = (size_t)(stop - p);
    return p;
}

/* What the callbacks below fill. */
struct reading {
    struct image_metadata_read *metadata;
    int code;
    struct err *err;
};

static void keep(struct reading *reading, struct buf *text, char **ret)
{
    if (!buf_ok(text)) {
        reading->code = err_set_nomem(reading->err, "a picture's metadata");
        return;
    }
    if (text->size && text_is_utf8(text->data, text->size) &&
        !memchr(text->data, 0, text->size)) {
        free(*ret);
        *ret = buf_take(text);
    }
}

static bool on_segment(void *ctx, int marker, const uint8_t *body, size_t size)
{
    struct reading *reading = ctx;
    OWNED_VALUE(buf) text = {0};
    const char *value;
    size_t value_size;

    if (marker != 0xe1)
        return true;
    if (size > sizeof EXIF_PREFIX && memcmp(body, EXIF_PREFIX, sizeof EXIF_PREFIX) == 0) {
        reading->code = exif_read(body + sizeof EXIF_PREFIX, size - sizeof EXIF_PREFIX,
                                  reading->metadata, reading->err);
    } else if (size > sizeof XMP_PREFIX && memcmp(body, XMP_PREFIX, sizeof XMP_PREFIX) == 0) {
        value = find_source_type((const char *)body + sizeof XMP_PREFIX,
                                 size - sizeof XMP_PREFIX, &value_size);
        if (value) {
            append_unescaped(&text, value, value_size);
            keep(reading, &text, &reading->metadata->source_type);
        }
    }
    return reading->code == 0;
}

/* tEXt: keyword, NUL, Latin-1. iTXt: keyword, NUL, compression flag and method, language, NUL,
 * translated keyword, NUL, UTF-8. Compressed texts are left alone. */
static bool on_chunk(void *ctx, const char type[4], const uint8_t *body, size_t size)
{
    static const char keyword[] = "parameters";
    struct reading *reading = ctx;
    OWNED_VALUE(buf) text = {0};
    const uint8_t *end = body + size, *p = body + sizeof keyword;

    if (size <= sizeof keyword || memcmp(body, keyword, sizeof keyword) != 0)
        return true;
    if (memcmp(type, "tEXt", 4) == 0) {
        for (; p < end; p++) {
            if (*p >= 0x80)
                buf_append_char(&text, (char)(0xc0 | *p >> 6));
            buf_append_char(&text, (char)(*p >= 0x80 ? 0x80 | (*p & 63) : *p));
        }
        keep(reading, &text, &reading->metadata->parameters);
    } else if (memcmp(type, "iTXt", 4) == 0 && end - p > 2 && p[0] == 0) {
        p = memchr(p + 2, 0, (size_t)(end - p - 2));
        p = p ? memchr(p + 1, 0, (size_t)(end - p - 1)) : NULL;
        if (p) {
            buf_append(&text, p + 1, (size_t)(end - p - 1));
            keep(reading, &text, &reading->metadata->parameters);
        }
    }
    return reading->code == 0;
}

int image_read_metadata(const void *data, size_t size, struct image_metadata_read *ret_metadata,
                        struct err *err)
{
    OWNED_VALUE(image_metadata_read) metadata = {0};
    struct reading reading = {.metadata = &metadata, .err = err};
    const uint8_t *exif;
    size_t exif_size = 0;

    if (image_jpeg.recognize(data, size)) {
        jpeg_each_segment(data, size, on_segment, &reading);
    } else if (image_png.recognize(data, size)) {
        png_each_chunk(data, size, on_chunk, &reading);
    } else if (image_webp.recognize(data, size)) {
        exif = image_webp.find_exif(data, size, &exif_size);
        reading.code = exif_read(exif, exif_size, &metadata, err);
    } else {
        return err_set(err, ERR_INVALID, "not a picture: it starts like no JPEG, PNG or WebP");
    }
    if (reading.code < 0)
        return reading.code;
    *ret_metadata = metadata;
    metadata = (struct image_metadata_read){0};
    return 0;
}

void image_metadata_read_done(struct image_metadata_read *metadata)
{
    free(metadata->parameters);
    free(metadata->source_type);
    free(metadata->software);
    *metadata = (struct image_metadata_read){0};
}
