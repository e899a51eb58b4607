/* image_exif.c - the four EXIF tags that are used here, read from any file and written.
 *
 * EXIF is a TIFF structure: a byte-order mark, then tables ("IFD") of 12-byte entries (tag,
 * type, count, value or the value's place). Written is big-endian with UTF-16BE text, as the
 * piexif of the common picture generators does it. Every place and length that is read is
 * checked against the size: the bytes are a stranger's. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/image/image_internal.h"

enum {
    TAG_ORIENTATION = 0x0112,
    TAG_SOFTWARE = 0x0131,
    TAG_EXIF_TABLE = 0x8769,
    TAG_USER_COMMENT = 0x9286,
    TYPE_ASCII = 2,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
    TYPE_UNDEFINED = 7,
    HEAD = 8,
    ENTRY = 12,
    CHARSET = 8, /* bytes in front of a UserComment */
};

struct tiff {
    const uint8_t *data;
    size_t size;
    bool little;
};

struct value {
    unsigned type;
    size_t size; /* in bytes, for the types of one byte */
    const uint8_t *data;
};

static unsigned get_u16(const struct tiff *tiff, const uint8_t *p)
{
    return tiff->little ? (unsigned)p[1] << 8 | p[0] : (unsigned)p[0] << 8 | p[1];
}

static uint32_t get_u32(const struct tiff *tiff, const uint8_t *p)
{
    uint32_t a = get_u16(tiff, p), b = get_u16(tiff, p + 2);

    return tiff->little ? b << 16 | a : a << 16 | b;
}

static bool open_tiff(const uint8_t *data, size_t size, struct tiff *ret)
{
    struct tiff tiff = {.data = data, .size = size};

    if (!data || size < HEAD)
        return false;
    tiff.little = memcmp(data, "II*\0", 4) == 0;
    if (!tiff.little && memcmp(data, "MM\0*", 4) != 0)
        return false;
    *ret = tiff;
    return true;
}

/* Finds the tag in the table at that place. Values of up to 4 bytes are in the entry itself. */
static bool find_tag(const struct tiff *tiff, uint32_t table, unsigned tag, struct value *ret)
{
    size_t count;

    if (table < HEAD || tiff->size < 2 || table > tiff->size - 2)
        return false;
    count = get_u16(tiff, tiff->data + table);
    for (size_t i = 0; i < count; i++) {
        size_t at = table + 2 + i * ENTRY;
        const uint8_t *entry = tiff->data + at;
        uint32_t size, place;

        if (at + ENTRY > tiff->size)
            return false;
        if (get_u16(tiff, entry) != tag)
            continue;
        size = get_u32(tiff, entry + 4);
        place = get_u32(tiff, entry + 8);
        *ret =
            (struct value){.type = get_u16(tiff, entry + 2), .size = size, .data = entry + 8};
        if (ret->type == TYPE_SHORT || ret->type == TYPE_LONG || size <= 4)
            return true;
        if (place > tiff->size || size > tiff->size - place)
            return false;
        ret->data = tiff->data + place;
        return true;
    }
    return false;
}

int exif_orientation(const uint8_t *exif, size_t size)
{
    struct tiff tiff;
    struct value value;
    unsigned orientation;

    if (!open_tiff(exif, size, &tiff) ||
        !find_tag(&tiff, get_u32(&tiff, exif + 4), TAG_ORIENTATION, &value) ||
        value.type != TYPE_SHORT)
        return 1;
    orientation = get_u16(&tiff, value.data);
    return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
}

static void append_utf8(struct buf *out, uint32_t c)
{
    if (c < 0x80) {
        buf_append_char(out, (char)c);
    } else if (c < 0x800) {
        buf_append_char(out, (char)(0xc0 | c >> 6));
        buf_append_char(out, (char)(0x80 | (c & 63)));
    } else if (c < 0x10000) {
        buf_append_char(out, (char)(0xe0 | c >> 12));
        buf_append_char(out, (char)(0x80 | (c >> 6 & 63)));
        buf_append_char(out, (char)(0x80 | (c & 63)));
    } else {
        buf_append_char(out, (char)(0xf0 | c >> 18));
        buf_append_char(out, (char)(0x80 | (c >> 12 & 63)));
        buf_append_char(out, (char)(0x80 | (c >> 6 & 63)));
        buf_append_char(out, (char)(0x80 | (c & 63)));
    }
}

/* UTF-16 in the structure's byte order unless a mark says otherwise, up to a NUL. */
static void append_utf16(struct buf *out, const struct tiff *tiff, const uint8_t *p,
                         size_t size)
{
    struct tiff order = *tiff;
    size_t at = 0;

    if (size >= 2 && (get_u16(&order, p) == 0xfeff || get_u16(&order, p) == 0xfffe)) {
        order.little = p[0] == 0xff;
        at = 2;
    }
    while (at + 2 <= size) {
        uint32_t c = get_u16(&order, p + at), low;

        at += 2;
        if (c == 0)
            return;
        if (c >= 0xd800 && c < 0xdc00 && at + 2 <= size) {
            low = get_u16(&order, p + at);
            if (low >= 0xdc00 && low < 0xe000) {
                c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
                at += 2;
            }
        }
        append_utf8(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
    }
}

/* Text of unknown coding: UTF-8 where it is that, else Latin-1; up to a NUL. */
static void append_bytes(struct buf *out, const uint8_t *p, size_t size)
{
    size = strnlen((const char *)p, size);
    if (text_is_utf8((const char *)p, size)) {
        buf_append(out, p, size);
        return;
    }
    for (size_t i = 0; i < size; i++)
        append_utf8(out, p[i]);
}

static int take_text(struct buf *text, char **ret, struct err *err)
{
    buf_append(text, "", 0);
    if (!buf_ok(text))
        return err_set_nomem(err, "a picture's metadata");
    if (text->size) {
        free(*ret);
        *ret = buf_take(text);
    }
    return 0;
}

static int read_comment(const struct tiff *tiff, const struct value *value, char **ret,
                        struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    const uint8_t *p = value->data;

    if (value->type != TYPE_UNDEFINED || value->size <= CHARSET)
        return 0;
    if (memcmp(p, "UNICODE\0", CHARSET) == 0)
        append_utf16(&text, tiff, p + CHARSET, value->size - CHARSET);
    else
        append_bytes(&text, p + CHARSET, value->size - CHARSET);
    return take_text(&text, ret, err);
}

int exif_read(const uint8_t *exif, size_t size, struct image_metadata_read *metadata,
              struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    struct tiff tiff;
    struct value value;
    uint32_t table;
    int r = 0;

    if (!open_tiff(exif, size, &tiff))
        return 0;
    table = get_u32(&tiff, exif + 4);
    if (find_tag(&tiff, table, TAG_SOFTWARE, &value) && value.type == TYPE_ASCII) {
        append_bytes(&text, value.data, value.size);
        r = take_text(&text, &metadata->software, err);
    }
    if (r == 0 && find_tag(&tiff, table, TAG_EXIF_TABLE, &value) && value.type == TYPE_LONG &&
        find_tag(&tiff, get_u32(&tiff, value.data), TAG_USER_COMMENT, &value))
        r = read_comment(&tiff, &value, &metadata->parameters, err);
    return r;
}

static void put_u16(struct buf *out, unsigned v)
{
    buf_append_char(out, (char)(v >> 8));
    buf_append_char(out, (char)v);
}

static void put_u32(struct buf *out, size_t v)
{
    put_u16(out, (unsigned)(v >> 16));
    put_u16(out, (unsigned)v);
}

static void put_entry(struct buf *out, unsigned tag, unsigned type, size_t count, size_t value)
{
    put_u16(out, tag);
    put_u16(out, type);
    put_u32(out, count);
    put_u32(out, value);
}

/* The code point at *p, which is valid UTF-8; moves *p behind it. */
static uint32_t next_code_point(const uint8_t **p)
{
    const uint8_t *s = *p;
    unsigned more = s[0] < 0x80 ? 0 : s[0] < 0xe0 ? 1 : s[0] < 0xf0 ? 2 : 3;
    uint32_t c = more == 0 ? s[0] : s[0] & (0x3fU >> more);

    for (unsigned i = 1; i <= more; i++)
        c = c << 6 | (s[i] & 63U);
    *p = s + more + 1;
    return c;
}

/* A UserComment: ASCII where that is enough, else UTF-16BE. Text that is no UTF-8 is written
 * as it is, with no charset named. */
static void put_comment(struct buf *out, const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    size_t size = strlen(text), plain = 0;

    while (plain < size && p[plain] < 0x80)
        plain++;
    if (plain == size || !text_is_utf8(text, size)) {
        buf_append(out, plain == size ? "ASCII\0\0\0" : "\0\0\0\0\0\0\0\0", CHARSET);
        buf_append(out, text, size);
        return;
    }
    buf_append(out, "UNICODE\0", CHARSET);
    while (*p) {
        uint32_t c = next_code_point(&p);

        if (c >= 0x10000) {
            put_u16(out, 0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        put_u16(out, c);
    }
}

/* Layout: head, table 0, its Software text, the EXIF table, its UserComment. A text of up to 4
 * bytes belongs into its entry; a NUL-padded longer one is written instead. */
static void put_structure(struct buf *out, const char *software, const struct buf *comment)
{
    unsigned entries = (software != NULL) + (comment->size > 0);
    size_t software_at = HEAD + 2 + (size_t)entries * ENTRY + 4;
    size_t software_size = software ? strlen(software) + 1 : 0;
    size_t padded = software && software_size < 6 ? 6 : (software_size + 1) & ~(size_t)1;
    size_t exif_at = software_at + padded;

    buf_append(out, "MM\0*", 4);
    put_u32(out, HEAD);
    put_u16(out, entries);
    if (software)
        put_entry(out, TAG_SOFTWARE, TYPE_ASCII, software_size < 6 ? 6 : software_size,
                  software_at);
    if (comment->size)
        put_entry(out, TAG_EXIF_TABLE, TYPE_LONG, 1, exif_at);
    put_u32(out, 0); /* no next table */
    if (software) {
        buf_append(out, software, software_size);
        buf_append(out, "\0\0\0\0\0", padded - software_size);
    }
    if (comment->size) {
        put_u16(out, 1);
        put_entry(out, TAG_USER_COMMENT, TYPE_UNDEFINED, comment->size,
                  exif_at + 2 + ENTRY + 4);
        put_u32(out, 0);
        buf_append(out, comment->data, comment->size);
    }
}

void exif_write(struct buf *out, const char *software, const char *comment)
{
    OWNED_VALUE(buf) coded = {0};

    if (comment)
        put_comment(&coded, comment);
    put_structure(out, software, &coded);
    if (!buf_ok(&coded))
        out->failed = true;
}
