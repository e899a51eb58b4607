/* image_jpeg_encode.c - writes JPEG by libjpeg-turbo, straight into a struct buf.
 *
 * As in image_jpeg.c, what has to be freed after a jump is in struct job. */
#include <stdio.h> /* jpeglib.h needs FILE and size_t */

#include <jpeglib.h>

#include <jerror.h>
#include <setjmp.h>
#include <string.h>

#include "lib/image/image_internal.h"

enum { CHUNK = 64 * 1024 };

struct job {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_destination_mgr sink;
    jmp_buf jump;
    const struct image *image;
    int quality;
    struct buf exif, xmp; /* owned */
    struct buf *out;
    int result;
    struct err *err;
};

static void fail(j_common_ptr jpeg)
{
    struct job *job = jpeg->client_data;
    char reason[JMSG_LENGTH_MAX];
    bool memory = jpeg->err->msg_code == JERR_OUT_OF_MEMORY;

    jpeg->err->format_message(jpeg, reason);
    (void)err_set(job->err, memory ? ERR_NOMEM : ERR_INVALID,
                  "the picture cannot be written as a JPEG (%.120s)", reason);
    longjmp(job->jump, 1);
}

static void no_output(j_common_ptr jpeg)
{
    (void)jpeg;
}

static void open_sink(j_compress_ptr jpeg)
{
    struct job *job = jpeg->client_data;
    char *room = buf_reserve(job->out, CHUNK);

    if (!room)
        ERREXIT1(jpeg, JERR_OUT_OF_MEMORY, 0);
    job->sink.next_output_byte = (JOCTET *)room;
    job->sink.free_in_buffer = CHUNK;
}

static boolean drain_sink(j_compress_ptr jpeg)
{
    struct job *job = jpeg->client_data;

    job->out->size += CHUNK;
    open_sink(jpeg);
    return TRUE;
}

static void close_sink(j_compress_ptr jpeg)
{
    struct job *job = jpeg->client_data;

    job->out->size += CHUNK - job->sink.free_in_buffer;
    buf_append(job->out, "", 0); /* the closing NUL */
}

static void write_metadata(struct job *job)
{
    const struct buf *parts[] = {&job->exif, &job->xmp};

    for (size_t i = 0; i < 2; i++) {
        if (parts[i]->size)
            jpeg_write_marker(&job->jpeg, JPEG_APP0 + 1, (const JOCTET *)parts[i]->data,
                              (unsigned)parts[i]->size);
    }
}

static void write_pixels(struct job *job)
{
    struct jpeg_compress_struct *jpeg = &job->jpeg;
    const struct image *image = job->image;

    jpeg->image_width = image->width;
    jpeg->image_height = image->height;
    jpeg->input_components = RGB;
    jpeg->in_color_space = JCS_RGB;
    jpeg_set_defaults(jpeg); /* YCbCr 4:2:0 */
    jpeg_set_quality(jpeg, job->quality, TRUE);
    jpeg_start_compress(jpeg, TRUE);
    write_metadata(job);
    while (jpeg->next_scanline < jpeg->image_height) {
        JSAMPROW row = image->rgb + (size_t)RGB * image->width * jpeg->next_scanline;

        (void)jpeg_write_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_compress(jpeg);
}

static int guarded(struct job *job)
{
    size_t size_before = job->out->size;

    job->jpeg.err = jpeg_std_error(&job->errors);
    job->errors.error_exit = fail;
    job->errors.output_message = no_output;
    job->jpeg.client_data = job;
    job->sink.init_destination = open_sink;
    job->sink.empty_output_buffer = drain_sink;
    job->sink.term_destination = close_sink;
    if (setjmp(job->jump) == 0) {
        jpeg_create_compress(&job->jpeg);
        job->jpeg.dest = &job->sink;
        write_pixels(job);
    } else {
        job->result = job->err->code;
        job->out->size = size_before;
    }
    jpeg_destroy_compress(&job->jpeg);
    return job->result;
}

int image_encode_jpeg(const struct image *image, int quality,
                      const struct image_metadata *metadata, struct buf *out, struct err *err)
{
    struct job job = {.image = image, .quality = quality, .out = out, .err = err};
    int r = 0;

    if (quality < 1 || quality > 100)
        return err_set(err, ERR_INVALID, "JPEG quality is %d, not a number from 1 to 100",
                       quality);
    if (image->width > JPEG_SIDE_MAX || image->height > JPEG_SIDE_MAX)
        return err_set(err, ERR_TOO_LARGE, "the picture is %u x %u, a JPEG holds %d a side",
                       image->width, image->height, JPEG_SIDE_MAX);
    if (metadata)
        r = metadata_segments(metadata, &job.exif, &job.xmp, err);
    if (r == 0)
        r = guarded(&job);
    buf_done(&job.exif);
    buf_done(&job.xmp);
    return r;
}
