/* image_webp.c - reads WebP by libwebp. */
#include <webp/decode.h>

#include <string.h>

#include "lib/image/image_sink.h"

enum { RIFF_HEAD = 12, CHUNK_HEAD = 8, FORMAT_LOSSY = 1 };

static bool webp_recognize(const uint8_t *data, size_t size)
{
    return size >= RIFF_HEAD && memcmp(data, "RIFF", 4) == 0 &&
           memcmp(data + 8, "WEBP", 4) == 0;
}

static int refuse(VP8StatusCode status, struct err *err)
{
    static const char *const reasons[] = {
        [VP8_STATUS_OUT_OF_MEMORY] = "no memory",
        [VP8_STATUS_BITSTREAM_ERROR] = "damaged data",
        [VP8_STATUS_UNSUPPORTED_FEATURE] = "a feature that is not known here",
        [VP8_STATUS_SUSPENDED] = "it ends too early",
        [VP8_STATUS_NOT_ENOUGH_DATA] = "it ends too early",
    };
    const char *reason =
        (size_t)status < sizeof reasons / sizeof *reasons ? reasons[status] : NULL;

    return err_set(err, status == VP8_STATUS_OUT_OF_MEMORY ? ERR_NOMEM : ERR_INVALID,
                   "the WebP cannot be read (%s): save or send it again",
                   reason ? reason : "unknown reason");
}

static int webp_probe(const uint8_t *data, size_t size, struct image_info *ret_info,
                      struct err *err)
{
    WebPBitstreamFeatures features;
    VP8StatusCode status = WebPGetFeatures(data, size, &features);

    if (status != VP8_STATUS_OK)
        return refuse(status, err);
    ret_info->width = (uint32_t)features.width;
    ret_info->height = (uint32_t)features.height;
    ret_info->channels = features.has_alpha ? 4 : 3;
    ret_info->bits = 8;
    ret_info->animated = features.has_animation != 0;
    return 0;
}

/* Decodes into a buffer of libwebp's own, in the form that costs least, and drops it. */
static int webp_check(const uint8_t *data, size_t size, struct err *err)
{
    WebPDecoderConfig config;
    VP8StatusCode status;

    if (!WebPInitDecoderConfig(&config))
        return refuse(VP8_STATUS_UNSUPPORTED_FEATURE, err);
    status = WebPGetFeatures(data, size, &config.input);
    if (status != VP8_STATUS_OK)
        return refuse(status, err);
    config.options.bypass_filtering = 1;
    config.options.no_fancy_upsampling = 1;
    config.output.colorspace = config.input.format == FORMAT_LOSSY ? MODE_YUV : MODE_RGBA;
    status = WebPDecode(data, size, &config);
    WebPFreeDecBuffer(&config.output);
    return status == VP8_STATUS_OK ? 0 : refuse(status, err);
}

static int webp_decode(const uint8_t *data, size_t size, uint32_t at_least_width,
                       struct image *ret_image, struct err *err)
{
    OWNED_VALUE(image) image = {0};
    WebPDecoderConfig config;
    VP8StatusCode status;
    size_t channels;
    int r;

    (void)at_least_width;
    if (!WebPInitDecoderConfig(&config))
        return refuse(VP8_STATUS_UNSUPPORTED_FEATURE, err);
    status = WebPGetFeatures(data, size, &config.input);
    if (status != VP8_STATUS_OK)
        return refuse(status, err);
    if (config.input.has_animation)
        return err_set(err, ERR_INVALID, "an animated WebP, where a still picture is needed");
    channels = config.input.has_alpha ? RGBA : RGB;
    r = image_alloc((uint32_t)config.input.width, (uint32_t)config.input.height, channels,
                    &image, err);
    if (r < 0)
        return r;
    config.output.colorspace = channels == RGBA ? MODE_RGBA : MODE_RGB;
    config.output.is_external_memory = 1;
    config.output.u.RGBA.rgba = image.rgb;
    config.output.u.RGBA.stride = (int)(channels * image.width);
    config.output.u.RGBA.size = channels * image.width * image.height;
    status = WebPDecode(data, size, &config);
    if (status != VP8_STATUS_OK)
        return refuse(status, err);
    if (channels == RGBA)
        image_flatten(&image);
    *ret_image = image;
    image = (struct image){0};
    return 0;
}

/* libwebp writes no rows to a stranger: what it has reduced stands in memory of its own for a
 * moment. */
static int decode_rows(const uint8_t *data, size_t size, struct image_sink *sink,
                       WebPDecoderConfig *config, struct err *err)
{
    uint32_t width = (uint32_t)config->input.width, height = (uint32_t)config->input.height;
    uint32_t factor = image_sink_factor(&sink->room, width, height);
    VP8StatusCode status;
    int r;

    if (factor > 1) {
        config->options.use_scaling = 1;
        config->options.scaled_width = (int)((width + factor - 1) / factor);
        config->options.scaled_height = (int)((height + factor - 1) / factor);
    }
    config->output.colorspace = MODE_RGBA;
    status = WebPDecode(data, size, config);
    if (status != VP8_STATUS_OK)
        return refuse(status, err);
    sink->alpha = config->input.has_alpha;
    height = (uint32_t)config->output.height;
    r = image_sink_begin(sink, (uint32_t)config->output.width, height, err);
    for (uint32_t y = 0; r == 0 && y < height; y++)
        image_sink_row(sink, config->output.u.RGBA.rgba +
                                 (size_t)y * (size_t)config->output.u.RGBA.stride);
    return r;
}

static int webp_read_rows(const uint8_t *data, size_t size, struct image_sink *sink,
                          struct err *err)
{
    WebPDecoderConfig config;
    VP8StatusCode status;
    int r;

    if (!WebPInitDecoderConfig(&config))
        return refuse(VP8_STATUS_UNSUPPORTED_FEATURE, err);
    status = WebPGetFeatures(data, size, &config.input);
    if (status != VP8_STATUS_OK)
        return refuse(status, err);
    if (config.input.format != FORMAT_LOSSY &&
        image_whole_fits((uint32_t)config.input.width, (uint32_t)config.input.height,
                         "a lossless WebP", "as a JPEG", err) < 0)
        return err->code;
    r = decode_rows(data, size, sink, &config, err);
    if (config.output.u.RGBA.rgba)
        explicit_bzero(config.output.u.RGBA.rgba, config.output.u.RGBA.size);
    WebPFreeDecBuffer(&config.output);
    return r;
}

static uint32_t read_u32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static const uint8_t *webp_find_exif(const uint8_t *data, size_t size, size_t *ret_size)
{
    size_t at = RIFF_HEAD;

    while (size - at >= CHUNK_HEAD) {
        const uint8_t *chunk = data + at;
        size_t length = read_u32(chunk + 4);

        at += CHUNK_HEAD;
        if (length > size - at)
            return NULL;
        if (memcmp(chunk, "EXIF", 4) == 0) {
            bool prefixed = length >= sizeof EXIF_PREFIX &&
                            memcmp(chunk + CHUNK_HEAD, EXIF_PREFIX, sizeof EXIF_PREFIX) == 0;
            size_t skip = prefixed ? sizeof EXIF_PREFIX : 0; /* some writers keep JPEG's */

            *ret_size = length - skip;
            return chunk + CHUNK_HEAD + skip;
        }
        length += length & 1; /* chunks are padded */
        if (length > size - at)
            return NULL;
        at += length;
    }
    return NULL;
}

const struct image_codec image_webp = {
    .recognize = webp_recognize,
    .probe = webp_probe,
    .check = webp_check,
    .decode = webp_decode,
    .read_rows = webp_read_rows,
    .find_exif = webp_find_exif,
};
