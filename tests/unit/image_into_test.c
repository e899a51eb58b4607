#include "lib/image/image.h"
#include "tests/test.h"
#include "tests/unit/image_samples.h"

enum { ROOM = 64 * 48 };

static uint8_t memory[4 * ROOM];

static struct image_rgbx decode_into(const struct buf *file, size_t pixels)
{
    struct image_rgbx image;
    struct err err = {0};

    CHECK_OK(image_decode_into(file->data, file->size, NULL,
                               (struct image_room){memory, pixels}, &image, &err),
             err);
    CHECK((size_t)image.width * image.height <= pixels);
    CHECK(image.rgbx == memory);
    return image;
}

static void check_refused(const struct buf *file, int code, const char *reason)
{
    struct image_rgbx image;
    struct err err = {0};

    CHECK_INT(image_decode_into(file->data, file->size, NULL, (struct image_room){memory, ROOM},
                                &image, &err),
              ==, code);
    CHECK_HAS(err.text, reason);
}

static const uint8_t *pixel(const struct image_rgbx *image, uint32_t x, uint32_t y)
{
    return image->rgbx + 4 * ((size_t)y * image->width + x);
}

static struct buf make_jpeg(uint32_t width, uint32_t height, int orientation)
{
    OWNED_VALUE(image) image = sample_gradient(width, height);
    struct buf file = {0};
    struct err err = {0};
    char exif[] = "4d4d002a 00000008 0001 0112 0003 00000001 00060000 00000000";

    CHECK_OK(image_encode_jpeg(&image, 95, NULL, &file, &err), err);
    exif[45] = (char)('0' + orientation);
    add_exif(&file, exif);
    return file;
}

TEST(every_orientation_gives_what_decode_gives)
{
    for (int orientation = 1; orientation <= 8; orientation++) {
        OWNED_VALUE(buf) file = make_jpeg(40, 24, orientation);
        OWNED_VALUE(image) whole = {0};
        struct image_rgbx image = decode_into(&file, ROOM);
        struct err err = {0};

        CHECK_OK(image_decode(file.data, file.size, NULL, &whole, &err), err);
        CHECK_INT(image.width, ==, orientation >= 5 ? 24 : 40);
        CHECK_INT(image.width, ==, whole.width);
        CHECK_INT(image.height, ==, whole.height);
        CHECK_INT(image.full_width, ==, whole.width);
        for (uint32_t y = 0; y < whole.height; y++)
            for (uint32_t x = 0; x < whole.width; x++)
                CHECK(memcmp(pixel(&image, x, y), sample_pixel(&whole, x, y), 3) == 0);
    }
}

TEST(what_is_too_large_is_reduced_until_it_fits)
{
    static const struct {
        uint32_t width, height, small_width, small_height;
    } cases[] = {
        {64, 48, 64, 48},    {128, 96, 64, 48},  {129, 96, 33, 24},
        {1000, 700, 63, 44}, {3000, 1, 3000, 1}, {10000, 1, 2500, 1},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(buf) file = make_jpeg(cases[i].width, cases[i].height, 1);
        struct image_rgbx image = decode_into(&file, ROOM);
        const uint8_t *middle = pixel(&image, image.width / 2, image.height / 2);

        CHECK_INT(image.width, ==, cases[i].small_width);
        CHECK_INT(image.height, ==, cases[i].small_height);
        CHECK_INT(image.full_width, ==, cases[i].width);
        CHECK_INT(abs(middle[0] - 128), <=, 6);
        CHECK_INT(abs(middle[2] - 128), <=, 6);
        CHECK_INT(middle[3], ==, 255);
    }
}

/* Rows of a PNG: filter 0, then white over black, a pixel each, transparent to the right. */
TEST(pngs_are_averaged_and_laid_over_white)
{
    static const uint8_t rows[] = {0, 0,   0, 0, 255, 10, 20, 30, 255, 0, 0, 0, 0, 0, 0, 0, 0,
                                   0, 200, 0, 0, 255, 10, 20, 30, 255, 0, 0, 0, 0, 0, 0, 0, 0};
    struct sample_png png = {4, 2, 8, 6, 0, rows, sizeof rows, NULL, NULL, 0};
    OWNED_VALUE(buf) file = {0};
    struct image_rgbx image;

    sample_png(&file, &png);
    image = decode_into(&file, 2);
    CHECK_INT(image.width, ==, 2);
    CHECK_INT(image.height, ==, 1);
    CHECK(memcmp(image.rgbx, "\x37\x0a\x0f\xff\xff\xff\xff\xff", 8) == 0);
}

TEST(webps_lossy_and_lossless_come_with_alpha_over_white)
{
    OWNED_VALUE(buf) lossy = {0}, alpha = {0};
    struct image_rgbx image;

    buf_append(&lossy, sample_webp_lossy, sizeof sample_webp_lossy);
    image = decode_into(&lossy, 64);
    CHECK_INT(image.width, ==, 8);
    CHECK_INT(image.full_width, ==, 16);
    CHECK_INT(pixel(&image, 7, 0)[0], >, pixel(&image, 0, 0)[0] + 100);
    buf_append(&alpha, sample_webp_alpha, sizeof sample_webp_alpha);
    image = decode_into(&alpha, ROOM);
    CHECK(memcmp(pixel(&image, 0, 0), "\xff\0\0", 3) == 0);
    CHECK(memcmp(pixel(&image, 3, 1), "\xff\xff\xff", 3) == 0);
}

TEST(animations_cmyk_and_halves_are_refused)
{
    OWNED_VALUE(buf) animated = {0}, cmyk = {0}, cut = make_jpeg(40, 24, 1);

    sample_webp_extended(&animated, 2, NULL, 0);
    check_refused(&animated, ERR_INVALID, "an animation");
    sample_jpeg(&cmyk, "c0", 16, 16, 4);
    check_refused(&cmyk, ERR_INVALID, "CMYK");
    cut.size /= 2;
    check_refused(&cut, ERR_INVALID, "save or send it again");
}

/* A header alone: what would have to be held whole is refused before memory is taken for it. */
TEST(large_interlaced_pngs_are_refused)
{
    static const uint8_t rows[1];
    struct sample_png png = {6000, 5000, 8, 2, 1, rows, sizeof rows, NULL, NULL, 0};
    OWNED_VALUE(buf) file = {0};

    sample_png(&file, &png);
    check_refused(&file, ERR_TOO_LARGE, "without interlacing");
}
