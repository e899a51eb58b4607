/* What image_probe, image_check and image_decode say of good, odd and bad pictures. */
#include "lib/image/image.h"

#include "tests/test.h"
#include "tests/unit/image_samples.h"

static struct buf make_jpeg(uint32_t width, uint32_t height)
{
    OWNED_VALUE(image) image = sample_gradient(width, height);
    struct buf out = {0};
    struct err err = {0};

    CHECK_OK(image_encode_jpeg(&image, 90, NULL, &out, &err), err);
    return out;
}

static void check_refused(const struct buf *file, int code, const char *reason)
{
    struct image_info info = {.width = 7};
    struct err err = {0};

    CHECK_INT(image_check(file->data, file->size, NULL, &info, &err), ==, code);
    CHECK_HAS(err.text, reason);
    CHECK_INT(info.width, ==, 7); /* untouched */
}

static void check_accepted(const void *data, size_t size)
{
    struct image_info info;
    struct err err = {0};

    CHECK_OK(image_check(data, size, NULL, &info, &err), err);
}

static void check_near(int value, int expected, int tolerance)
{
    CHECK_INT(value, >=, expected - tolerance);
    CHECK_INT(value, <=, expected + tolerance);
}

TEST(a_jpeg_is_described_and_decoded)
{
    OWNED_VALUE(buf) file = make_jpeg(300, 200);
    OWNED_VALUE(image) image = {0};
    struct image_info info;
    struct err err = {0};

    CHECK_OK(image_check(file.data, file.size, NULL, &info, &err), err);
    CHECK_INT(info.format, ==, IMAGE_JPEG);
    CHECK_INT(info.width, ==, 300);
    CHECK_INT(info.height, ==, 200);
    CHECK_INT(info.channels, ==, 3);
    CHECK_INT(info.bits, ==, 8);
    CHECK_INT(info.exif_orientation, ==, 1);
    CHECK_STR(image_content_type(info.format), "image/jpeg");
    CHECK_OK(image_decode(file.data, file.size, NULL, &image, &err), err);
    check_near(sample_pixel(&image, 150, 100)[0], 127, 6);
    check_near(sample_pixel(&image, 150, 100)[1], 127, 6);
    check_near(image.rgb[2], 128, 6);
}

TEST(probe_needs_only_the_beginning)
{
    OWNED_VALUE(buf) file = make_jpeg(1280, 800);
    struct image_info info;
    struct err err = {0};

    CHECK_OK(image_probe(file.data, 700, NULL, &info, &err), err);
    CHECK_INT(info.width, ==, 1280);
    CHECK_INT(image_probe(file.data, 100, NULL, &info, &err), ==, ERR_INVALID);
}

TEST(a_truncated_jpeg_is_refused_wherever_it_was_cut)
{
    OWNED_VALUE(buf) file = make_jpeg(200, 160);
    struct image_info info;

    for (size_t size = 0; size < file.size; size += 1 + size / 40) {
        struct err err = {0};
        OWNED_VALUE(image) image = {0};
        char *exact = malloc(size ? size : 1); /* so that a read past the end is seen */

        memcpy(exact, file.data, size);
        CHECK_INT(image_check(exact, size, NULL, &info, &err), ==, ERR_INVALID);
        CHECK_INT(image_decode(exact, size, NULL, &image, &err), ==, ERR_INVALID);
        free(exact);
    }
    file.size -= 1; /* half of the end mark */
    check_refused(&file, ERR_INVALID, "Premature end");
}

TEST(damaged_jpeg_data_are_refused)
{
    OWNED_VALUE(buf) file = make_jpeg(200, 160);

    memset(file.data + file.size - 400, 0x5a, 300);
    check_refused(&file, ERR_INVALID, "cannot be read");
}

TEST(a_giant_header_is_refused_before_memory_is_taken)
{
    OWNED_VALUE(buf) jpeg = {0}, png = {0};
    struct image_limits wide = {.max_side = 60000};
    struct sample_png giant = {.width = 50000, .height = 50000, .depth = 8, .colour = 2};
    struct image_info info;
    struct err err = {0};

    sample_jpeg(&jpeg, "c0", 8, 8, 3);
    put_be32(&jpeg, 0);
    memcpy(jpeg.data + 76, "\xc3\x50\xc3\x50", 4); /* height and width in SOF0 */
    check_refused(&jpeg, ERR_TOO_LARGE, "50000 x 50000, over the limit of 16384");
    CHECK_INT(image_probe(jpeg.data, jpeg.size, &wide, &info, &err), ==, ERR_TOO_LARGE);
    CHECK_HAS(err.text, "pixels");
    sample_png(&png, &giant);
    check_refused(&png, ERR_TOO_LARGE, "50000 x 50000");
}

TEST(cmyk_is_recognised_and_refused_with_a_way_out)
{
    OWNED_VALUE(buf) file = {0};
    OWNED_VALUE(image) image = {0};
    struct image_info info;
    struct err err = {0};

    sample_jpeg(&file, "c0", 16, 16, 4);
    CHECK_OK(image_probe(file.data, file.size, NULL, &info, &err), err);
    CHECK(info.cmyk);
    CHECK_INT(info.channels, ==, 4);
    check_refused(&file, ERR_INVALID, "-colorspace sRGB");
    CHECK_INT(image_decode(file.data, file.size, NULL, &image, &err), ==, ERR_INVALID);
    err_clear(&err);
    CHECK_INT(image_thumbnail(file.data, file.size, NULL, 8, &image, &err), ==, ERR_INVALID);
}

TEST(grey_jpegs_are_fine_and_exotic_ones_not)
{
    OWNED_VALUE(buf) grey = {0}, two = {0}, arithmetic = {0};
    OWNED_VALUE(image) image = {0};
    struct err err = {0};

    sample_jpeg(&grey, "c0", 20, 10, 1);
    check_accepted(grey.data, grey.size);
    CHECK_OK(image_decode(grey.data, grey.size, NULL, &image, &err), err);
    CHECK_INT(image.rgb[0], ==, 128);
    CHECK_INT(image.rgb[2], ==, 128);
    sample_jpeg(&two, "c0", 20, 10, 2);
    check_refused(&two, ERR_INVALID, "2 channels");
    sample_jpeg(&arithmetic, "c9", 8, 8, 1);
    check_refused(&arithmetic, ERR_INVALID, "arithmetic");
}

TEST(exif_orientation_turns_the_picture_upright)
{
    static const char *const exifs[] = {EXIF_ROTATED_BE, EXIF_ROTATED_LE};

    for (size_t i = 0; i < 2; i++) {
        OWNED_VALUE(buf) file = make_jpeg(64, 32);
        OWNED_VALUE(image) image = {0}, small = {0};
        struct image_info info;
        struct err err = {0};

        add_exif(&file, exifs[i]);
        CHECK_OK(image_check(file.data, file.size, NULL, &info, &err), err);
        CHECK_INT(info.exif_orientation, ==, 6);
        CHECK_INT(info.width, ==, 64); /* as stored */
        CHECK_OK(image_decode(file.data, file.size, NULL, &image, &err), err);
        CHECK_INT(image.width, ==, 32);
        CHECK_INT(image.height, ==, 64);
        check_near(sample_pixel(&image, 31, 0)[0], 0,
                   12); /* top right was the top left: no red */
        check_near(sample_pixel(&image, 31, 0)[1], 0, 12); /* and no green */
        check_near(image.rgb[1], 247, 12);                 /* top left was the bottom left */
        check_near(sample_pixel(&image, 0, 63)[0], 251, 12);
        CHECK_OK(image_thumbnail(file.data, file.size, NULL, 8, &small, &err), err);
        CHECK_INT(small.width, ==, 8);
        CHECK_INT(small.height, ==, 16);
        check_near(small.rgb[1], 230, 20);
    }
}

/* Each corner of the stored picture is told by its colours: red grows to the right, green
 * downwards. */
static void check_corner(const uint8_t *pixel, const char *corner)
{
    CHECK_INT(pixel[0] > 128, ==, corner[1] == 'r');
    CHECK_INT(pixel[1] > 128, ==, corner[0] == 'b');
}

TEST(all_eight_orientations_are_known)
{
    static const char *const top_left[] = {"tl", "tr", "br", "bl", "tl", "bl", "br", "tr"};
    static const char *const top_right[] = {"tr", "tl", "bl", "br", "bl", "tl", "tr", "br"};

    for (int i = 0; i < 8; i++) {
        OWNED_VALUE(buf) file = make_jpeg(64, 32);
        OWNED_VALUE(image) image = {0};
        struct image_info info;
        struct err err = {0};
        char exif[] = EXIF_ROTATED_LE;

        strstr(exif, "0600")[1] = (char)('1' + i);
        add_exif(&file, exif);
        CHECK_OK(image_probe(file.data, file.size, NULL, &info, &err), err);
        CHECK_INT(info.exif_orientation, ==, i + 1);
        CHECK_OK(image_decode(file.data, file.size, NULL, &image, &err), err);
        CHECK_INT(image.width, ==, i < 4 ? 64 : 32);
        check_corner(sample_pixel(&image, 0, 0), top_left[i]);
        check_corner(sample_pixel(&image, image.width - 1, 0), top_right[i]);
    }
}

TEST(a_png_with_16_bits_is_rounded)
{
    static const uint8_t rows[] = {0, 0x00, 0x00, 0xff, 0xff, 0x80, 0x7f,
                                   0, 0x7e, 0xff, 0x12, 0x34, 0xfe, 0xdc};
    struct sample_png png = {
        .width = 3, .height = 2, .depth = 16, .rows = rows, .rows_size = sizeof rows};
    OWNED_VALUE(buf) file = {0};
    OWNED_VALUE(image) image = {0};
    struct image_info info;
    struct err err = {0};

    sample_png(&file, &png);
    CHECK_OK(image_check(file.data, file.size, NULL, &info, &err), err);
    CHECK_INT(info.bits, ==, 16);
    CHECK_INT(info.channels, ==, 1);
    CHECK_OK(image_decode(file.data, file.size, NULL, &image, &err), err);
    CHECK_INT(image.rgb[0], ==, 0);
    CHECK_INT(image.rgb[3], ==, 255);
    CHECK_INT(image.rgb[6], ==, 0x80);
    CHECK_INT(image.rgb[9], ==, 0x7f); /* 0x7eff is nearer to 127 * 257 */
    CHECK_INT(image.rgb[12], ==, 0x12);
    CHECK_INT(image.rgb[14], ==, 0x12); /* grey is spread */
}

TEST(alpha_is_laid_over_white)
{
    static const uint8_t rows[] = {0, 10, 20, 30, 255, 10, 20, 30, 0, 0, 0, 0, 128};
    static const uint8_t palette_rows[] = {0, 0, 1};
    struct sample_png rgba = {.width = 3,
                              .height = 1,
                              .depth = 8,
                              .colour = 6,
                              .rows = rows,
                              .rows_size = sizeof rows};
    struct sample_png grey = {.width = 2,
                              .height = 1,
                              .depth = 8,
                              .rows = palette_rows,
                              .rows_size = sizeof palette_rows,
                              .extra_type = "tRNS",
                              .extra = "\0\1",
                              .extra_size = 2};
    OWNED_VALUE(buf) file = {0}, transparent = {0};
    OWNED_VALUE(image) image = {0}, second = {0};
    struct image_info info;
    struct err err = {0};

    sample_png(&file, &rgba);
    CHECK_OK(image_decode(file.data, file.size, NULL, &image, &err), err);
    CHECK(memcmp(image.rgb, "\x0a\x14\x1e\xff\xff\xff\x7f\x7f\x7f", 9) == 0);
    sample_png(&transparent, &grey);
    CHECK_OK(image_check(transparent.data, transparent.size, NULL, &info, &err), err);
    CHECK_INT(info.channels, ==, 2);
    CHECK_OK(image_decode(transparent.data, transparent.size, NULL, &second, &err), err);
    CHECK(memcmp(second.rgb, "\0\0\0\xff\xff\xff", 6) == 0);
}

TEST(interlaced_and_small_depth_pngs_are_read)
{
    /* Adam7 of 2 x 2 at 8 bits: pass 1 has (0,0), pass 6 (1,0), pass 7 row 1 */
    static const uint8_t rows[] = {0, 11, 0, 22, 0, 33, 44};
    static const uint8_t bits[] = {0, 0xa0}; /* 1 0 1 */
    struct sample_png interlaced = {.width = 2,
                                    .height = 2,
                                    .depth = 8,
                                    .interlaced = 1,
                                    .rows = rows,
                                    .rows_size = sizeof rows};
    struct sample_png tiny = {
        .width = 3, .height = 1, .depth = 1, .rows = bits, .rows_size = sizeof bits};
    OWNED_VALUE(buf) file = {0}, second = {0};
    OWNED_VALUE(image) image = {0}, line = {0};
    struct err err = {0};

    sample_png(&file, &interlaced);
    check_accepted(file.data, file.size);
    CHECK_OK(image_decode(file.data, file.size, NULL, &image, &err), err);
    CHECK_INT(image.rgb[0], ==, 11);
    CHECK_INT(image.rgb[3], ==, 22);
    CHECK_INT(image.rgb[6], ==, 33);
    CHECK_INT(image.rgb[9], ==, 44);
    sample_png(&second, &tiny);
    CHECK_OK(image_decode(second.data, second.size, NULL, &line, &err), err);
    CHECK(memcmp(line.rgb, "\xff\xff\xff\0\0\0\xff\xff\xff", 9) == 0);
}

TEST(bad_pngs_are_refused)
{
    static const uint8_t rows[] = {0, 1, 2, 3};
    struct sample_png png = {
        .width = 3, .height = 1, .depth = 8, .rows = rows, .rows_size = sizeof rows};
    struct sample_png animated = png, odd = png, empty = png;
    OWNED_VALUE(buf) good = {0}, apng = {0}, wrong = {0}, none = {0};

    sample_png(&good, &png);
    check_accepted(good.data, good.size);
    for (size_t cut = 1; cut < good.size; cut++) {
        struct buf part = {.data = good.data, .size = good.size - cut};

        check_refused(&part, ERR_INVALID, cut > good.size - 8 ? "not a picture" : "PNG");
    }
    good.data[good.size - 20] ^= 1; /* in IDAT: the checksum tells */
    check_refused(&good, ERR_INVALID, "cannot be read");
    animated.extra_type = "acTL";
    animated.extra = "\0\0\0\2\0\0\0\0";
    animated.extra_size = 8;
    sample_png(&apng, &animated);
    check_refused(&apng, ERR_INVALID, "save one frame");
    odd.depth = 3;
    sample_png(&wrong, &odd);
    check_refused(&wrong, ERR_INVALID, "header is damaged");
    empty.width = 0;
    sample_png(&none, &empty);
    check_refused(&none, ERR_INVALID, "no pixels");
}

TEST(a_png_text_that_claims_gigabytes_is_refused_unread)
{
    static const uint8_t rows[] = {0, 1, 2, 3};
    struct sample_png png = {.width = 3,
                             .height = 1,
                             .depth = 8,
                             .rows = rows,
                             .rows_size = sizeof rows,
                             .extra_type = "tEXt",
                             .extra = "k\0text",
                             .extra_size = 6};
    OWNED_VALUE(buf) file = {0};

    sample_png(&file, &png);
    check_accepted(file.data, file.size);
    file.data[33] = 0x7e; /* the first byte of the chunk's length */
    check_refused(&file, ERR_INVALID, "ends too early");
}

TEST(webp_lossless_lossy_and_alpha)
{
    OWNED_VALUE(image) image = {0}, lossy = {0};
    struct image_info info;
    struct err err = {0};

    CHECK_OK(image_check(sample_webp_alpha, sizeof sample_webp_alpha, NULL, &info, &err), err);
    CHECK_INT(info.format, ==, IMAGE_WEBP);
    CHECK_INT(info.width, ==, 4);
    CHECK_INT(info.height, ==, 2);
    CHECK_INT(info.channels, ==, 4);
    CHECK_OK(image_decode(sample_webp_alpha, sizeof sample_webp_alpha, NULL, &image, &err),
             err);
    CHECK(memcmp(image.rgb, "\xff\0\0\xff\0\0\xff\xff\xff\xff\xff\xff", 12) == 0);
    check_accepted(sample_webp_lossy, sizeof sample_webp_lossy);
    CHECK_OK(image_decode(sample_webp_lossy, sizeof sample_webp_lossy, NULL, &lossy, &err),
             err);
    check_near(sample_pixel(&lossy, 15, 0)[0], 240, 30);
    check_near(sample_pixel(&lossy, 0, 15)[1], 240, 30);
}

TEST(bad_webps_are_refused)
{
    OWNED_VALUE(buf) animated = {0}, rotated = {0}, exif = {0};
    OWNED_VALUE(image) image = {0};
    struct image_info info;
    struct err err = {0};

    for (size_t size = 1; size < sizeof sample_webp_lossy - 4; size++) {
        struct buf part = {.data = (char *)sample_webp_lossy, .size = size};

        check_refused(&part, ERR_INVALID, size < 12 ? "not a picture" : "ends too early");
    }
    sample_webp_extended(&animated, 0x12, NULL, 0);
    check_refused(&animated, ERR_INVALID, "save one frame");
    CHECK_INT(image_decode(animated.data, animated.size, NULL, &image, &err), ==, ERR_INVALID);
    err_clear(&err);
    put_bytes(&exif, EXIF_ROTATED_BE);
    sample_webp_extended(&rotated, 0x18, exif.data, exif.size);
    CHECK_OK(image_check(rotated.data, rotated.size, NULL, &info, &err), err);
    CHECK_INT(info.exif_orientation, ==, 6);
    CHECK_OK(image_decode(rotated.data, rotated.size, NULL, &image, &err), err);
    CHECK_INT(image.width, ==, 2);
}

TEST(what_is_no_picture_is_refused)
{
    struct buf text = {.data = "GIF89a and more of that kind", .size = 28}, nothing = {0};

    check_refused(&text, ERR_INVALID, "not a picture");
    check_refused(&nothing, ERR_INVALID, "not a picture");
}
