/* image_jpeg.c - reads JPEG by libjpeg-turbo.
 *
 * libjpeg reports failure by longjmp. Every call into it happens below guarded(); what has to
 * be freed after a jump is in struct job, never in a local of a function that was jumped out
 * of. */
#include <stdio.h> /* jpeglib.h needs FILE and size_t */

#include <jpeglib.h>

#include <jerror.h>
#include <setjmp.h>
#include <string.h>

#include "lib/image/image_sink.h"

/* A progressive file may repeat its scans for ever and cost the whole picture each time; real
 * ones have about ten. */
enum { MAX_SCANS = 64 };

struct job {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf jump;
    const uint8_t *data;
    size_t size;
    bool strict; /* any sign of damage is a failure, not only a missing end */
    uint32_t at_least_width;
    struct image_info *info;
    struct image image;      /* owned */
    struct image_sink *sink; /* borrowed */
    int result;
    struct err *err;
};

static void fail(j_common_ptr jpeg)
{
    struct job *job = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];
    int code = ERR_INVALID;

    jpeg->err->format_message(jpeg, reason);
    if (jpeg->err->msg_code == JERR_OUT_OF_MEMORY)
        code = ERR_NOMEM;
    else if (jpeg->err->msg_code == JERR_IMAGE_TOO_BIG)
        code = ERR_TOO_LARGE;
    (void)err_set(job->err, code, "the JPEG cannot be read (%.120s): save or send it again",
                  reason);
    longjmp(job->jump, 1);
}

static void on_message(j_common_ptr jpeg, int level)
{
    const struct job *job = jpeg->client_data;
    int code = jpeg->err->msg_code;

    if (level >= 0) /* a trace message */
        return;
    if (code == JWRN_JPEG_EOF ||
        (job->strict && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM))
        fail(jpeg);
}

static void no_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void on_progress(j_common_ptr jpeg)
{
    struct job *job = jpeg->client_data;

    if (job->jpeg.input_scan_number <= MAX_SCANS)
        return;
    (void)err_set(job->err, ERR_INVALID,
                  "the JPEG has over %d scans: save it again as a baseline JPEG", MAX_SCANS);
    longjmp(job->jump, 1);
}

/* Reads the header and then does work; frees what libjpeg holds, whatever happened. */
static int guarded(struct job *job, void (*work)(struct job *job))
{
    job->jpeg.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = fail;
    job->errors.emit_message = on_message;
    job->errors.output_message = no_output;
    job->jpeg.client_data = job;
    job->progress.progress_monitor = on_progress;
    if (setjmp(job->jump) == 0) {
        jpeg_create_decompress(&job->jpeg);
        job->jpeg.progress = &job->progress;
        jpeg_mem_src(&job->jpeg, job->data, job->size);
        (void)jpeg_read_header(&job->jpeg, TRUE);
        work(job);
    } else {
        job->result = job->err->code;
    }
    jpeg_destroy_decompress(&job->jpeg);
    return job->result;
}

static bool jpeg_recognize(const uint8_t *data, size_t size)
{
    return size >= 3 && data[0] == 0xff && data[1] == 0xd8 && data[2] == 0xff;
}

static void note_header(struct job *job)
{
    const struct jpeg_decompress_struct *jpeg = &job->jpeg;

    job->info->width = jpeg->image_width;
    job->info->height = jpeg->image_height;
    job->info->channels = jpeg->num_components;
    job->info->bits = 8;
    job->info->cmyk = jpeg->jpeg_color_space == JCS_CMYK || jpeg->jpeg_color_space == JCS_YCCK;
}

static int jpeg_probe(const uint8_t *data, size_t size, struct image_info *ret_info,
                      struct err *err)
{
    struct job job = {.data = data, .size = size, .info = ret_info, .err = err};

    return guarded(&job, note_header);
}

/* What browsers cannot show. */
static void refuse_exotic(struct job *job)
{
    J_COLOR_SPACE space = job->jpeg.jpeg_color_space;

    if (space != JCS_GRAYSCALE && space != JCS_YCbCr && space != JCS_RGB)
        (void)err_set(job->err, ERR_INVALID,
                      "the JPEG has %d channels of an unknown kind: save it again as RGB",
                      job->jpeg.num_components);
    else if (job->strict && job->jpeg.arith_code)
        (void)err_set(job->err, ERR_INVALID,
                      "the JPEG is arithmetic-coded, which browsers cannot show: save it again "
                      "with Huffman coding");
    else
        return;
    longjmp(job->jump, 1);
}

/* Every bit is read, but at an eighth of the size and without colour there is next to nothing
 * to compute. */
static void read_all(struct job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    JSAMPARRAY row;

    refuse_exotic(job);
    jpeg->scale_num = 1;
    jpeg->scale_denom = 8;
    jpeg->dct_method = JDCT_IFAST;
    jpeg->do_fancy_upsampling = FALSE;
    jpeg->out_color_space = jpeg->jpeg_color_space == JCS_RGB ? JCS_RGB : JCS_GRAYSCALE;
    (void)jpeg_start_decompress(jpeg);
    row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * RGB, 1);
    while (jpeg->output_scanline < jpeg->output_height)
        (void)jpeg_read_scanlines(jpeg, row, 1);
    (void)jpeg_finish_decompress(jpeg);
}

static int jpeg_check(const uint8_t *data, size_t size, struct err *err)
{
    struct job job = {.data = data, .size = size, .strict = true, .err = err};

    return guarded(&job, read_all);
}

/* The smallest of libjpeg's eighths that is still wide enough. */
static void choose_scale(struct jpeg_decompress_struct *jpeg, uint32_t at_least_width)
{
    jpeg->scale_denom = 8;
    jpeg->scale_num = 8;
    if (at_least_width == 0)
        return;
    for (unsigned eighths = 1; eighths < 8; eighths *= 2) {
        if ((uint64_t)jpeg->image_width * eighths >= (uint64_t)at_least_width * 8) {
            jpeg->scale_num = eighths;
            return;
        }
    }
}

static void read_pixels(struct job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;

    refuse_exotic(job);
    choose_scale(jpeg, job->at_least_width);
    jpeg->out_color_space = JCS_RGB;
    (void)jpeg_start_decompress(jpeg);
    if (image_alloc(jpeg->output_width, jpeg->output_height, RGB, &job->image, job->err) < 0)
        longjmp(job->jump, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row =
            job->image.rgb + (size_t)RGB * jpeg->output_width * jpeg->output_scanline;

        (void)jpeg_read_scanlines(jpeg, &row, 1);
    }
    (void)jpeg_finish_decompress(jpeg);
}

static int jpeg_decode(const uint8_t *data, size_t size, uint32_t at_least_width,
                       struct image *ret_image, struct err *err)
{
    struct job job = {.data = data, .size = size, .at_least_width = at_least_width, .err = err};
    int r = guarded(&job, read_pixels);

    if (r < 0)
        image_done(&job.image);
    else
        *ret_image = job.image;
    return r;
}

/* libjpeg divides by 2, 4 and 8 at next to no cost; the sink does the rest. */
static void read_rows(struct job *job)
{
    struct jpeg_decompress_struct *jpeg = &job->jpeg;
    uint32_t factor =
        image_sink_factor(&job->sink->room, jpeg->image_width, jpeg->image_height);
    JSAMPARRAY row;

    refuse_exotic(job);
    if (jpeg_has_multiple_scans(jpeg) &&
        image_whole_fits(jpeg->image_width, jpeg->image_height, "a progressive JPEG",
                         "as a baseline JPEG", job->err) < 0)
        longjmp(job->jump, 1);
    jpeg->scale_num = 1;
    jpeg->scale_denom = 1;
    while (jpeg->scale_denom < factor && jpeg->scale_denom < 8)
        jpeg->scale_denom *= 2;
    jpeg->out_color_space = JCS_EXT_RGBX;
    (void)jpeg_start_decompress(jpeg);
    if (image_sink_begin(job->sink, jpeg->output_width, jpeg->output_height, job->err) < 0)
        longjmp(job->jump, 1);
    row =
        jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, jpeg->output_width * RGBA, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        (void)jpeg_read_scanlines(jpeg, row, 1);
        image_sink_row(job->sink, row[0]);
    }
    (void)jpeg_finish_decompress(jpeg);
}

static int jpeg_read_rows(const uint8_t *data, size_t size, struct image_sink *sink,
                          struct err *err)
{
    struct job job = {.data = data, .size = size, .sink = sink, .err = err};

    return guarded(&job, read_rows);
}

void jpeg_each_segment(const uint8_t *data, size_t size,
                       bool (*fn)(void *ctx, int marker, const uint8_t *body, size_t size),
                       void *ctx)
{
    size_t at = 2; /* after SOI */

    while (at + 4 <= size && data[at] == 0xff) {
        int marker = data[at + 1];
        size_t length = (size_t)data[at + 2] << 8 | data[at + 3];

        if (marker == 0xff) { /* fill byte */
            at++;
            continue;
        }
        if (marker == 0xda || marker == 0xd9 || length < 2 || length > size - at - 2)
            return;
        if (!fn(ctx, marker, data + at + 4, length - 2))
            return;
        at += 2 + length;
    }
}

struct found {
    const uint8_t *data;
    size_t size;
};

static bool is_exif(void *ctx, int marker, const uint8_t *body, size_t size)
{
    struct found *found = ctx;

    if (marker != 0xe1 || size < sizeof EXIF_PREFIX ||
        memcmp(body, EXIF_PREFIX, sizeof EXIF_PREFIX) != 0)
        return true;
    found->data = body + sizeof EXIF_PREFIX;
    found->size = size - sizeof EXIF_PREFIX;
    return false;
}

static const uint8_t *jpeg_find_exif(const uint8_t *data, size_t size, size_t *ret_size)
{
    struct found found = {0};

    jpeg_each_segment(data, size, is_exif, &found);
    *ret_size = found.size;
    return found.data;
}

const struct image_codec image_jpeg = {
    .recognize = jpeg_recognize,
    .probe = jpeg_probe,
    .check = jpeg_check,
    .decode = jpeg_decode,
    .read_rows = jpeg_read_rows,
    .find_exif = jpeg_find_exif,
};
