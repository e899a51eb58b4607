/* image.c - see image.h: chooses the codec, and holds every picture to the limits before
 * anything is allocated by its size. */
#include "lib/image/image.h"

#include <stdlib.h>
#include <string.h>

#include "lib/image/image_sink.h"

enum { DEFAULT_MAX_SIDE = 16384, DEFAULT_MAX_PIXELS = 64 * 1000 * 1000 };

static const struct {
    const char *content_type;
    const struct image_codec *codec;
} formats[] = {
    [IMAGE_JPEG] = {"image/jpeg", &image_jpeg},
    [IMAGE_PNG] = {"image/png", &image_png},
    [IMAGE_WEBP] = {"image/webp", &image_webp},
};

enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

const char *image_content_type(enum image_format format)
{
    return formats[format].content_type;
}

void image_done(struct image *image)
{
    free(image->rgb);
    *image = (struct image){0};
}

int image_alloc(uint32_t width, uint32_t height, size_t channels, struct image *ret_image,
                struct err *err)
{
    uint8_t *pixels = malloc((size_t)width * height * channels);

    if (!pixels)
        return err_set(err, ERR_NOMEM, "no memory for a picture of %u x %u", width, height);
    *ret_image = (struct image){.width = width, .height = height, .rgb = pixels};
    return 0;
}

int image_whole_fits(uint32_t width, uint32_t height, const char *what, const char *mend,
                     struct err *err)
{
    if ((uint64_t)width * height <= IMAGE_WHOLE_MAX)
        return 0;
    return err_set(err, ERR_TOO_LARGE,
                   "%s of %u x %u, over the limit of %d pixels: make it smaller or save it %s",
                   what, width, height, IMAGE_WHOLE_MAX, mend);
}

void image_flatten(struct image *image)
{
    size_t count = (size_t)image->width * image->height;
    uint8_t *pixels = image->rgb, *smaller;

    for (size_t i = 0; i < count; i++) {
        unsigned alpha = pixels[RGBA * i + 3];

        for (size_t c = 0; c < RGB; c++)
            pixels[RGB * i + c] = over_white(pixels[RGBA * i + c], alpha);
    }
    smaller = count ? realloc(pixels, count * RGB) : NULL;
    if (smaller)
        image->rgb = smaller;
}

int image_orient(struct image *image, int orientation, struct err *err)
{
    bool swap = orientation >= 5;
    bool flip_x = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool flip_y = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    uint32_t width = image->width, height = image->height;
    ptrdiff_t step_x = flip_x ? -RGB : RGB;
    ptrdiff_t step_y = (ptrdiff_t)width * (flip_y ? -RGB : RGB);
    const uint8_t *from = image->rgb;
    struct image to = {0};
    int r;

    if (orientation <= 1)
        return 0;
    r = image_alloc(swap ? height : width, swap ? width : height, RGB, &to, err);
    if (r < 0)
        return r;
    from += flip_x ? (size_t)RGB * (width - 1) : 0;
    from += flip_y ? (size_t)RGB * width * (height - 1) : 0;
    for (uint32_t y = 0; y < to.height; y++) {
        const uint8_t *line = from + (ptrdiff_t)y * (swap ? step_x : step_y);
        uint8_t *out = to.rgb + (size_t)RGB * to.width * y;

        for (uint32_t x = 0; x < to.width; x++)
            memcpy(out + (size_t)RGB * x, line + (ptrdiff_t)x * (swap ? step_y : step_x), RGB);
    }
    image_done(image);
    *image = to;
    return 0;
}

static const struct image_codec *recognize(const uint8_t *data, size_t size,
                                           enum image_format *ret_format)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++) {
        if (formats[i].codec->recognize(data, size)) {
            *ret_format = (enum image_format)i;
            return formats[i].codec;
        }
    }
    return NULL;
}

static bool fits_limits(const struct image_info *info, const struct image_limits *limits,
                        struct err *err)
{
    uint32_t max_side = limits && limits->max_side ? limits->max_side : DEFAULT_MAX_SIDE;
    uint64_t max_pixels =
        limits && limits->max_pixels ? limits->max_pixels : DEFAULT_MAX_PIXELS;

    if (info->width == 0 || info->height == 0)
        (void)err_set(err, ERR_INVALID, "the picture is %u x %u: it has no pixels", info->width,
                      info->height);
    else if (info->width > max_side || info->height > max_side)
        (void)err_set(err, ERR_TOO_LARGE,
                      "the picture is %u x %u, over the limit of %u a side: make it smaller",
                      info->width, info->height, max_side);
    else if ((uint64_t)info->width * info->height > max_pixels)
        (void)err_set(err, ERR_TOO_LARGE,
                      "the picture is %u x %u, over the limit of %llu pixels: make it smaller",
                      info->width, info->height, (unsigned long long)max_pixels);
    else
        return true;
    return false;
}

/* image_probe, but returns which codec it is, or NULL. */
static const struct image_codec *probe(const void *data, size_t size,
                                       const struct image_limits *limits,
                                       struct image_info *ret_info, struct err *err)
{
    struct image_info info = {.exif_orientation = 1};
    const struct image_codec *codec = recognize(data, size, &info.format);
    const uint8_t *exif;
    size_t exif_size = 0;

    if (!codec) {
        (void)err_set(err, ERR_INVALID, "not a picture: it starts like no JPEG, PNG or WebP");
        return NULL;
    }
    if (codec->probe(data, size, &info, err) < 0 || !fits_limits(&info, limits, err))
        return NULL;
    exif = codec->find_exif(data, size, &exif_size);
    info.exif_orientation = exif_orientation(exif, exif_size);
    *ret_info = info;
    return codec;
}

int image_probe(const void *data, size_t size, const struct image_limits *limits,
                struct image_info *ret_info, struct err *err)
{
    return probe(data, size, limits, ret_info, err) ? 0 : err->code;
}

static bool is_for_screens(const struct image_info *info, struct err *err)
{
    if (info->cmyk)
        (void)err_set(err, ERR_INVALID,
                      "a CMYK JPEG, made for print, looks wrong on screens: convert it to "
                      "sRGB (magick in.jpeg -colorspace sRGB out.jpeg)");
    return !info->cmyk;
}

static bool is_still(const struct image_info *info, struct err *err)
{
    if (info->animated)
        (void)err_set(err, ERR_INVALID,
                      "an animation, where a still picture is needed: save one frame of it "
                      "(magick 'in.%s[0]' out.png)",
                      info->format == IMAGE_PNG ? "png" : "webp");
    return !info->animated;
}

int image_check(const void *data, size_t size, const struct image_limits *limits,
                struct image_info *ret_info, struct err *err)
{
    struct image_info info;
    const struct image_codec *codec = probe(data, size, limits, &info, err);
    int r;

    if (!codec || !is_still(&info, err) || !is_for_screens(&info, err))
        return err->code;
    r = codec->check(data, size, err);
    if (r == 0)
        *ret_info = info;
    return r;
}

int image_decode(const void *data, size_t size, const struct image_limits *limits,
                 struct image *ret_image, struct err *err)
{
    OWNED_VALUE(image) image = {0};
    struct image_info info;
    const struct image_codec *codec = probe(data, size, limits, &info, err);
    int r;

    if (!codec || !is_for_screens(&info, err))
        return err->code;
    r = codec->decode(data, size, 0, &image, err);
    if (r == 0)
        r = image_orient(&image, info.exif_orientation, err);
    if (r < 0)
        return r;
    *ret_image = image;
    image = (struct image){0};
    return 0;
}

int image_decode_into(const void *data, size_t size, const struct image_limits *limits,
                      struct image_room room, struct image_rgbx *ret_image, struct err *err)
{
    OWNED_VALUE(image_sink) sink = {.room = room};
    struct image_info info;
    const struct image_codec *codec = probe(data, size, limits, &info, err);
    bool swap;
    int r;

    if (!codec || !is_still(&info, err) || !is_for_screens(&info, err))
        return err->code;
    sink.orientation = info.exif_orientation;
    r = codec->read_rows(data, size, &sink, err);
    if (r < 0)
        return r;
    swap = info.exif_orientation >= 5;
    *ret_image = sink.image;
    ret_image->full_width = swap ? info.height : info.width;
    ret_image->full_height = swap ? info.width : info.height;
    return 0;
}

/* The size as stored of a thumbnail that is width wide when upright. */
static void thumbnail_size(const struct image_info *info, uint32_t width, uint32_t *ret_width,
                           uint32_t *ret_height)
{
    bool swap = info->exif_orientation >= 5;
    uint32_t upright_width = swap ? info->height : info->width;
    uint32_t upright_height = swap ? info->width : info->height;
    uint64_t height;

    if (width == 0)
        width = 1;
    if (width > upright_width)
        width = upright_width;
    height = ((uint64_t)upright_height * width + upright_width / 2) / upright_width;
    if (height == 0)
        height = 1;
    *ret_width = swap ? (uint32_t)height : width;
    *ret_height = swap ? width : (uint32_t)height;
}

int image_thumbnail(const void *data, size_t size, const struct image_limits *limits,
                    uint32_t width, struct image *ret_image, struct err *err)
{
    OWNED_VALUE(image) image = {0}, small = {0};
    struct image_info info;
    const struct image_codec *codec = probe(data, size, limits, &info, err);
    uint32_t to_width, to_height;
    int r;

    if (!codec || !is_for_screens(&info, err))
        return err->code;
    thumbnail_size(&info, width, &to_width, &to_height);
    r = codec->decode(data, size, to_width, &image, err);
    if (r == 0 && image.width == to_width && image.height == to_height) {
        small = image; /* the codec made it so already */
        image = (struct image){0};
    } else if (r == 0) {
        r = image_resize(&image, to_width, to_height, &small, err);
    }
    if (r == 0)
        r = image_orient(&small, info.exif_orientation, err);
    if (r < 0)
        return r;
    *ret_image = small;
    small = (struct image){0};
    return 0;
}
