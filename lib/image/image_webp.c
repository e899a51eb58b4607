/* image_webp.c - reads WebP by libwebp. */
#include <webp/decode.h>

#include <string.h>

#include "lib/image/image_internal.h"

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
    .find_exif = webp_find_exif,
};
