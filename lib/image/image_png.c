/* image_png.c - reads PNG by libpng.
 *
 * libpng reports failure by longjmp. Every call into it happens below guarded(); what has to be
 * freed after a jump is in struct job, never in a local of a function that was jumped out of.
 */
#include <png.h>

#include <setjmp.h>
#include <string.h>

#include "lib/image/image_sink.h"

enum { SIGNATURE = 8, CHUNK_HEAD = 8, CHUNK_CRC = 4, IHDR_SIZE = 13 };

struct job {
    png_structp png;
    png_infop info;
    jmp_buf jump;
    const uint8_t *data;
    size_t size, at;
    struct image image; /* owned */
    uint8_t *row;       /* owned */
    size_t row_size;
    struct image_sink *sink; /* borrowed */
    int result;
    struct err *err;
};

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool png_recognize(const uint8_t *data, size_t size)
{
    return size >= SIGNATURE && memcmp(data, "\x89PNG\r\n\x1a\n", SIGNATURE) == 0;
}

void png_each_chunk(const uint8_t *data, size_t size,
                    bool (*fn)(void *ctx, const char type[4], const uint8_t *body, size_t size),
                    void *ctx)
{
    size_t at = SIGNATURE;

    while (size - at >= CHUNK_HEAD) {
        size_t length = read_u32(data + at);

        at += CHUNK_HEAD;
        if (length > size - at)
            return;
        if (!fn(ctx, (const char *)data + at - 4, data + at, length))
            return;
        if (size - at - length < CHUNK_CRC)
            return;
        at += length + CHUNK_CRC;
    }
}

struct marks {
    bool animated, transparent;
};

static bool note_mark(void *ctx, const char type[4], const uint8_t *body, size_t size)
{
    struct marks *marks = ctx;

    (void)body;
    (void)size;
    if (memcmp(type, "acTL", 4) == 0)
        marks->animated = true;
    if (memcmp(type, "tRNS", 4) == 0)
        marks->transparent = true;
    return memcmp(type, "IDAT", 4) != 0;
}

static bool depth_fits(unsigned colour, unsigned depth)
{
    switch (colour) {
    case PNG_COLOR_TYPE_GRAY:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case PNG_COLOR_TYPE_PALETTE:
        return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case PNG_COLOR_TYPE_RGB:
    case PNG_COLOR_TYPE_RGB_ALPHA:
    case PNG_COLOR_TYPE_GRAY_ALPHA:
        return depth == 8 || depth == 16;
    default:
        return false;
    }
}

static int png_probe(const uint8_t *data, size_t size, struct image_info *ret_info,
                     struct err *err)
{
    const uint8_t *head = data + SIGNATURE + CHUNK_HEAD;
    struct marks marks = {0};
    bool grey;

    if (size < SIGNATURE + CHUNK_HEAD + IHDR_SIZE || memcmp(head - 4, "IHDR", 4) != 0 ||
        read_u32(head - CHUNK_HEAD) != IHDR_SIZE)
        return err_set(err, ERR_INVALID, "the PNG has no header: it is cut or damaged");
    if (!depth_fits(head[9], head[8]))
        return err_set(err, ERR_INVALID, "the PNG's header is damaged: colour %u, %u bits",
                       head[9], head[8]);
    png_each_chunk(data, size, note_mark, &marks);
    grey = (head[9] & PNG_COLOR_MASK_COLOR) == 0;
    ret_info->width = read_u32(head);
    ret_info->height = read_u32(head + 4);
    ret_info->channels =
        (grey ? 1 : 3) + (marks.transparent || (head[9] & PNG_COLOR_MASK_ALPHA));
    ret_info->bits = head[8] == 16 ? 16 : 8;
    ret_info->animated = marks.animated;
    return 0;
}

static void fail(png_structp png, const char *reason)
{
    struct job *job = png_get_error_ptr(png);

    (void)err_set(job->err, ERR_INVALID,
                  "the PNG cannot be read (%.120s): save or send it again", reason);
    longjmp(job->jump, 1);
}

/* libpng warns of colour profiles and texts that do not touch the pixels. */
static void ignore_warning(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void feed(png_structp png, png_bytep out, size_t size)
{
    struct job *job = png_get_io_ptr(png);

    if (size > job->size - job->at)
        fail(png, "it ends too early");
    memcpy(out, job->data + job->at, size);
    job->at += size;
}

/* Sets libpng to hand out 8-bit RGB or RGBA rows; returns which. */
static size_t set_transforms(struct job *job)
{
    png_set_expand(job->png); /* palette, fewer than 8 bits, tRNS */
    png_set_scale_16(job->png);
    png_set_gray_to_rgb(job->png);
    return (png_get_color_type(job->png, job->info) & PNG_COLOR_MASK_ALPHA) ||
                   png_get_valid(job->png, job->info, PNG_INFO_tRNS)
               ? RGBA
               : RGB;
}

/* Interlaced pictures are read pass by pass into the same row: what comes out is a mixture, but
 * every bit was read. */
static void read_all(struct job *job)
{
    uint32_t height = png_get_image_height(job->png, job->info);
    int passes = png_set_interlace_handling(job->png);

    png_read_update_info(job->png, job->info);
    job->row_size = png_get_rowbytes(job->png, job->info);
    job->row = calloc(1, job->row_size);
    if (!job->row) {
        (void)err_set_nomem(job->err, "a row of a PNG");
        longjmp(job->jump, 1);
    }
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++)
            png_read_row(job->png, job->row, NULL);
    }
    png_read_end(job->png, NULL);
}

static void read_pixels(struct job *job)
{
    uint32_t width = png_get_image_width(job->png, job->info);
    uint32_t height = png_get_image_height(job->png, job->info);
    size_t channels = set_transforms(job);
    int passes = png_set_interlace_handling(job->png);

    png_read_update_info(job->png, job->info);
    if (png_get_rowbytes(job->png, job->info) != channels * width)
        fail(job->png, "a pixel format that is not known here");
    if (image_alloc(width, height, channels, &job->image, job->err) < 0)
        longjmp(job->jump, 1);
    memset(job->image.rgb, 0, channels * width * height); /* passes build on what is there */
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++)
            png_read_row(job->png, job->image.rgb + channels * width * y, NULL);
    }
    png_read_end(job->png, NULL);
    if (channels == RGBA)
        image_flatten(&job->image);
}

/* Rows of 4 bytes a pixel. Interlaced ones are read whole: job->row is all of them then. */
static void read_rows(struct job *job)
{
    uint32_t width = png_get_image_width(job->png, job->info);
    uint32_t height = png_get_image_height(job->png, job->info);
    int passes = png_set_interlace_handling(job->png);
    size_t line = (size_t)RGBA * width;

    if (passes > 1 && image_whole_fits(width, height, "an interlaced PNG",
                                       "without interlacing", job->err) < 0)
        longjmp(job->jump, 1);
    job->sink->alpha = set_transforms(job) == RGBA;
    if (!job->sink->alpha)
        png_set_filler(job->png, 255, PNG_FILLER_AFTER);
    png_read_update_info(job->png, job->info);
    if (png_get_rowbytes(job->png, job->info) != line)
        fail(job->png, "a pixel format that is not known here");
    job->row_size = passes > 1 ? line * height : line;
    job->row = calloc(1, job->row_size);
    if (!job->row)
        (void)err_set_nomem(job->err, "rows of a PNG");
    if (!job->row || image_sink_begin(job->sink, width, height, job->err) < 0)
        longjmp(job->jump, 1);
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t y = 0; y < height; y++) {
            uint8_t *row = job->row + (passes > 1 ? line * y : 0);

            png_read_row(job->png, row, NULL);
            if (pass == passes - 1)
                image_sink_row(job->sink, row);
        }
    }
    png_read_end(job->png, NULL);
}

static bool note_end(void *ctx, const char type[4], const uint8_t *body, size_t size)
{
    bool *ends = ctx;

    (void)body;
    (void)size;
    *ends = memcmp(type, "IEND", 4) == 0;
    return !*ends;
}

/* Texts and colour profiles: libpng would unpack and keep them, at up to 8 MB for each of
 * thousands, and nobody asks for them. */
static void skip_words(png_structp png)
{
    static const char *const names[] = {"tEXt", "zTXt", "iTXt", "iCCP", "eXIf",
                                        "sPLT", "hIST", "pCAL", "sCAL", "tIME"};
    png_byte list[5 * sizeof names / sizeof *names];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        memcpy(list + 5 * i, names[i], 5);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, list,
                                sizeof names / sizeof *names);
}

/* libpng takes a chunk's word for its length and allocates up to 2 GiB: seen first that every
 * chunk is as long as it says. */
static int guarded(struct job *job, void (*work)(struct job *job))
{
    bool ends = false;

    png_each_chunk(job->data, job->size, note_end, &ends);
    if (!ends)
        return err_set(job->err, ERR_INVALID,
                       "the PNG cannot be read (it ends too early): save or send it again");
    job->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, job, fail, ignore_warning);
    if (!job->png)
        return err_set_nomem(job->err, "reading a PNG");
    if (setjmp(job->jump) == 0) {
        job->info = png_create_info_struct(job->png);
        png_set_read_fn(job->png, job, feed);
        /* image.c has held the header to its limits already */
        png_set_user_limits(job->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
        skip_words(job->png);
        png_read_info(job->png, job->info);
        work(job);
    } else {
        job->result = job->err->code;
    }
    if (job->row)
        explicit_bzero(job->row, job->row_size);
    free(job->row);
    png_destroy_read_struct(&job->png, &job->info, NULL);
    return job->result;
}

static int png_check(const uint8_t *data, size_t size, struct err *err)
{
    struct job job = {.data = data, .size = size, .err = err};

    return guarded(&job, read_all);
}

static int png_decode(const uint8_t *data, size_t size, uint32_t at_least_width,
                      struct image *ret_image, struct err *err)
{
    struct job job = {.data = data, .size = size, .err = err};
    int r = guarded(&job, read_pixels);

    (void)at_least_width;
    if (r < 0)
        image_done(&job.image);
    else
        *ret_image = job.image;
    return r;
}

static int png_to_sink(const uint8_t *data, size_t size, struct image_sink *sink,
                       struct err *err)
{
    struct job job = {.data = data, .size = size, .sink = sink, .err = err};

    return guarded(&job, read_rows);
}

struct found {
    const uint8_t *data;
    size_t size;
};

static bool is_exif(void *ctx, const char type[4], const uint8_t *body, size_t size)
{
    struct found *found = ctx;

    if (memcmp(type, "eXIf", 4) != 0)
        return true;
    found->data = body;
    found->size = size;
    return false;
}

static const uint8_t *png_find_exif(const uint8_t *data, size_t size, size_t *ret_size)
{
    struct found found = {0};

    png_each_chunk(data, size, is_exif, &found);
    *ret_size = found.size;
    return found.data;
}

const struct image_codec image_png = {
    .recognize = png_recognize,
    .probe = png_probe,
    .check = png_check,
    .decode = png_decode,
    .read_rows = png_to_sink,
    .find_exif = png_find_exif,
};
