/* marked.c - see marked.h. */
#include "tests/support/marked.h"

#include <stdlib.h>
#include <string.h>

#include "lib/crypto/crypto.h"
#include "proto/topics.h"
#include "tests/support/process.h"

enum {
    RGB = 3,
    RGBX = 4,
    PIXELS = 4, /* of the pattern */
    PATTERN = PIXELS * RGB,
    MARKED_ROWS = 6,
    STORED_MOST = 65535, /* bytes of a stored deflate block */
    TIMES = 20,          /* that a marker stands in metadata */
    RECORDS = 100000,
    PARTITIONS = 64,
    ASK_MS = 30000,
};

struct marked marked_new(void)
{
    struct marked marked = {.forms[0] = marker_new()};
    unsigned char pixels[PATTERN];

    random_bytes(pixels, sizeof pixels);
    for (int i = 0; i < MARKER_SIZE; i++)
        marked.forms[1].bytes[i] = pixels[i % PATTERN];
    for (int i = 0; i < MARKER_SIZE; i++)
        marked.forms[2].bytes[i] = i % RGBX == RGB ? 255 : pixels[i / RGBX * RGB + i % RGBX];
    return marked;
}

struct image marked_noise(uint32_t width, uint32_t height)
{
    struct image image = {width, height, malloc((size_t)RGB * width * height)};

    if (!image.rgb)
        test_fail("no memory");
    random_bytes(image.rgb, (size_t)RGB * width * height);
    return image;
}

/* -- PNG -- */

static void append_be32(struct buf *out, uint32_t number)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        buf_append_char(out, (char)(number >> shift));
}

static uint32_t crc32_of(const char *bytes, size_t size)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320U : crc >> 1;
    }
    return ~crc;
}

static uint32_t adler32_of(const char *bytes, size_t size)
{
    uint32_t a = 1, b = 0;

    for (size_t i = 0; i < size; i++) {
        a = (a + (unsigned char)bytes[i]) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void append_chunk(struct buf *out, const char *type, const struct buf *data)
{
    size_t start;

    append_be32(out, (uint32_t)data->size);
    start = out->size;
    buf_append(out, type, 4);
    buf_append(out, buf_text(data), data->size);
    append_be32(out, crc32_of(out->data + start, out->size - start));
}

/* Each with the filter that leaves it as it is. */
static void append_rows(struct buf *out, const struct marked *marked, const struct image *image)
{
    size_t row = (size_t)RGB * image->width;

    for (uint32_t y = 0; y < image->height; y++) {
        buf_append_char(out, 0);
        if (y + MARKED_ROWS < image->height) {
            buf_append(out, image->rgb + y * row, row);
            continue;
        }
        for (size_t i = 0; i < row; i++)
            buf_append_char(out, (char)marked->forms[1].bytes[i % PATTERN]);
    }
}

static void append_stored(struct buf *out, const struct buf *rows)
{
    buf_append(out, "\x78\x01", 2);
    for (size_t at = 0; at < rows->size; at += STORED_MOST) {
        size_t size = rows->size - at < STORED_MOST ? rows->size - at : STORED_MOST;

        buf_append_char(out, at + size == rows->size ? 1 : 0);
        buf_append_char(out, (char)size);
        buf_append_char(out, (char)(size >> 8));
        buf_append_char(out, (char)(STORED_MOST - size));
        buf_append_char(out, (char)((STORED_MOST - size) >> 8));
        buf_append(out, rows->data + at, size);
    }
    append_be32(out, adler32_of(rows->data, rows->size));
}

static void append_times(struct buf *out, const struct marked *marked)
{
    for (int i = 0; i < TIMES; i++)
        buf_append(out, marked->forms[0].bytes, MARKER_SIZE);
}

struct buf marked_png(const struct marked *marked, const struct image *image)
{
    OWNED_VALUE(buf) head = {0}, text = {0}, rows = {0}, data = {0};
    struct buf png = {0}, none = {0};

    append_be32(&head, image->width);
    append_be32(&head, image->height);
    buf_append(&head, "\x08\x02\x00\x00\x00", 5);
    buf_append(&text, "Comment\0", 8);
    append_times(&text, marked);
    append_rows(&rows, marked, image);
    append_stored(&data, &rows);
    buf_append(&png, "\x89PNG\r\n\x1a\n", 8);
    append_chunk(&png, "IHDR", &head);
    append_chunk(&png, "tEXt", &text);
    append_chunk(&png, "IDAT", &data);
    append_chunk(&png, "IEND", &none);
    return png;
}

/* -- JPEG -- */

static void append_segment(struct buf *out, int marker, const struct buf *data)
{
    buf_append_char(out, (char)0xff);
    buf_append_char(out, (char)marker);
    buf_append_char(out, (char)((data->size + 2) >> 8));
    buf_append_char(out, (char)(data->size + 2));
    buf_append(out, data->data, data->size);
}

/* A TIFF head, one entry (ImageDescription), and its text. */
static void append_exif(struct buf *out, const struct marked *marked)
{
    enum { TEXT_AT = 26 };

    buf_append(out, "Exif\0\0MM\0\x2a\0\0\0\x08\0\x01", 16);
    buf_append(out, "\x01\x0e\0\x02", 4);
    append_be32(out, TIMES * MARKER_SIZE);
    append_be32(out, TEXT_AT);
    append_be32(out, 0);
    append_times(out, marked);
}

struct buf marked_jpeg(const struct marked *marked, const struct buf *jpeg)
{
    OWNED_VALUE(buf) exif = {0}, comment = {0};
    struct buf out = {0};

    append_exif(&exif, marked);
    append_times(&comment, marked);
    buf_append(&out, jpeg->data, 2); /* SOI */
    append_segment(&out, 0xe1, &exif);
    append_segment(&out, 0xfe, &comment);
    buf_append(&out, jpeg->data + 2, jpeg->size - 2);
    append_times(&out, marked);
    return out;
}

/* -- topics -- */

struct search {
    const struct marked *marked;
    size_t count, records;
};

static int look_at_record(void *ctx, const struct bus_record *record, struct err *err)
{
    struct search *search = ctx;

    (void)err;
    search->records++;
    for (int i = 0; i < MARKED_FORMS; i++) {
        const struct marker *marker = &search->marked->forms[i];

        if (record->value)
            search->count += marker_count(marker, record->value, record->value_size);
        if (record->key)
            search->count += marker_count(marker, record->key, record->key_size);
        for (size_t h = 0; h < record->header_count; h++)
            search->count +=
                marker_count(marker, record->headers[h].value, record->headers[h].value_size);
    }
    return 0;
}

static void look_at_topic(struct search *search, struct bus *bus, const char *topic)
{
    struct bus_partition_info infos[PARTITIONS];
    struct err err = {0};
    int n = bus_topic_info(bus, topic, infos, PARTITIONS, ASK_MS, &err);

    if (n < 0)
        test_fail("%s: %s", topic, err.text);
    while (n-- > 0)
        if (infos[n].high > infos[n].low &&
            bus_read(bus, topic, infos[n].partition, infos[n].low, RECORDS, look_at_record,
                     search, &err) < 0)
            test_fail("%s: %s", topic, err.text);
}

size_t marked_in_topics(const struct marked *marked, struct bus *bus, size_t *ret_records)
{
    struct search search = {.marked = marked};

    for (size_t t = 0; t < garden_topic_count; t++)
        look_at_topic(&search, bus, garden_topics[t].name);
    if (ret_records)
        *ret_records = search.records;
    return search.count;
}
