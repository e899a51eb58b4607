/* Encoding, metadata, resizing and thumbnails. */
#include "lib/image/image.h"

#include "tests/test.h"
#include "tests/unit/image_samples.h"

static struct image plain(uint32_t width, uint32_t height, int value)
{
    struct image image = {width, height, malloc((size_t)width * height * 3)};

    memset(image.rgb, value, (size_t)width * height * 3);
    return image;
}

static void check_near(int value, int expected, int tolerance)
{
    CHECK_INT(value, >=, expected - tolerance);
    CHECK_INT(value, <=, expected + tolerance);
}

static void check_round_trip(const struct image_metadata *metadata)
{
    OWNED_VALUE(image) image = plain(20, 10, 77);
    OWNED_VALUE(buf) out = {0};
    OWNED_VALUE(image_metadata_read) back = {0};
    struct image_info info;
    struct err err = {0};

    CHECK_OK(image_encode_jpeg(&image, 85, metadata, &out, &err), err);
    CHECK_OK(image_check(out.data, out.size, NULL, &info, &err), err);
    CHECK_INT(info.exif_orientation, ==, 1);
    CHECK_OK(image_read_metadata(out.data, out.size, &back, &err), err);
    CHECK((back.parameters != NULL) == (metadata->parameters != NULL));
    CHECK((back.source_type != NULL) == (metadata->source_type != NULL));
    CHECK((back.software != NULL) == (metadata->software != NULL));
    if (back.parameters)
        CHECK_STR(back.parameters, metadata->parameters);
    if (back.source_type)
        CHECK_STR(back.source_type, metadata->source_type);
    if (back.software)
        CHECK_STR(back.software, metadata->software);
}

TEST(metadata_comes_back)
{
    check_round_trip(&(struct image_metadata){
        .parameters = "a meadow\nNegative prompt: people\nSteps: 50, Seed: 7",
        .source_type = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
        .software = "My Emotion Gardens"});
    check_round_trip(&(struct image_metadata){
        .parameters = "\xed\x96\x89\xeb\xb3\xb5 (happy), \xf0\x9f\x8c\xb8 flowers",
        .source_type = "a<b & \"c\">"});
    check_round_trip(&(struct image_metadata){.software = "x"});
    check_round_trip(&(struct image_metadata){.parameters = "p", .software = "five5"});
    check_round_trip(&(struct image_metadata){0});
}

TEST(metadata_that_is_too_long_is_refused_and_writes_nothing)
{
    OWNED_VALUE(image) image = plain(8, 8, 0);
    OWNED_VALUE(buf) out = {0};
    OWNED_STRING text = malloc(70001);
    struct image_metadata metadata = {.parameters = text};
    struct err err = {0};

    memset(text, 'a', 70000);
    text[70000] = '\0';
    CHECK_INT(image_encode_jpeg(&image, 85, &metadata, &out, &err), ==, ERR_TOO_LARGE);
    CHECK_HAS(err.text, "65533");
    CHECK_INT(out.size, ==, 0);
}

TEST(generators_metadata_are_read)
{
    /* little-endian EXIF: table at 8 with the EXIF table at 26, UserComment of 14 bytes at 44
     */
    static const char exif_hex[] =
        "49492a00 08000000 0100 6987 0400 01000000 1a000000 00000000"
        "0100 8692 0700 0e000000 2c000000 00000000 554e49434f444500 4100 ac00 4200";
    static const uint8_t row[] = {0, 1};
    struct sample_png png = {.width = 1,
                             .height = 1,
                             .depth = 8,
                             .rows = row,
                             .rows_size = 2,
                             .extra_type = "tEXt",
                             .extra = "parameters\0caf\xe9 scene",
                             .extra_size = 21};
    OWNED_VALUE(image) image = plain(8, 8, 0);
    OWNED_VALUE(buf) jpeg = {0}, text_png = {0}, utf8_png = {0}, webp = {0}, exif = {0};
    OWNED_VALUE(image_metadata_read) a = {0}, b = {0}, c = {0}, d = {0};
    struct err err = {0};

    CHECK_OK(image_encode_jpeg(&image, 85, NULL, &jpeg, &err), err);
    add_exif(&jpeg, exif_hex);
    CHECK_OK(image_read_metadata(jpeg.data, jpeg.size, &a, &err), err);
    CHECK(a.parameters);
    CHECK_STR(a.parameters, "A\xc2\xac"
                            "B");
    sample_png(&text_png, &png);
    CHECK_OK(image_read_metadata(text_png.data, text_png.size, &b, &err), err);
    CHECK(b.parameters);
    CHECK_STR(b.parameters, "caf\xc3\xa9 scene");
    png.extra_type = "iTXt";
    png.extra = "parameters\0\0\0ko\0\0\xea\xbd\x83";
    png.extra_size = 20;
    sample_png(&utf8_png, &png);
    CHECK_OK(image_read_metadata(utf8_png.data, utf8_png.size, &c, &err), err);
    CHECK(c.parameters);
    CHECK_STR(c.parameters, "\xea\xbd\x83");
    put_bytes(&exif, exif_hex);
    sample_webp_extended(&webp, 0x18, exif.data, exif.size);
    CHECK_OK(image_read_metadata(webp.data, webp.size, &d, &err), err);
    CHECK(d.parameters);
    CHECK_STR(d.parameters, "A\xc2\xac"
                            "B");
    CHECK_INT(image_read_metadata("plain text", 10, &d, &err), ==, ERR_INVALID);
}

TEST(xmp_as_an_element_is_read)
{
    static const char xmp[] = "http://ns.adobe.com/xap/1.0/\0<x><i:DigitalSourceType>http://a/b"
                              "</i:DigitalSourceType></x>";
    OWNED_VALUE(image) image = plain(8, 8, 0);
    OWNED_VALUE(buf) jpeg = {0}, whole = {0};
    OWNED_VALUE(image_metadata_read) read = {0};
    struct err err = {0};

    CHECK_OK(image_encode_jpeg(&image, 85, NULL, &jpeg, &err), err);
    put_bytes(&whole, "ffd8 ffe1 00");
    buf_append_char(&whole, (char)(sizeof xmp - 1 + 2));
    buf_append(&whole, xmp, sizeof xmp - 1);
    buf_append(&whole, jpeg.data + 2, jpeg.size - 2);
    CHECK_OK(image_read_metadata(whole.data, whole.size, &read, &err), err);
    CHECK(read.source_type);
    CHECK_STR(read.source_type, "http://a/b");
}

TEST(encoding_appends_and_refuses_wrong_sizes)
{
    OWNED_VALUE(image) image = plain(8, 8, 200);
    struct image wide = {.width = 65501, .height = 1, .rgb = image.rgb};
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};

    buf_append_str(&out, "before");
    CHECK_INT(image_encode_jpeg(&image, 0, NULL, &out, &err), ==, ERR_INVALID);
    err_clear(&err);
    CHECK_INT(image_encode_jpeg(&wide, 85, NULL, &out, &err), ==, ERR_TOO_LARGE);
    CHECK_INT(out.size, ==, 6);
    err_clear(&err);
    CHECK_OK(image_encode_jpeg(&image, 85, NULL, &out, &err), err);
    CHECK(memcmp(out.data, "before\xff\xd8", 8) == 0);
}

TEST(a_plain_picture_stays_plain_at_any_size)
{
    static const uint32_t sizes[][2] = {{1, 1}, {3, 50}, {50, 3}, {7, 7}, {64, 200}, {9, 10}};
    OWNED_VALUE(image) image = plain(9, 11, 137);
    struct err err = {0};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        OWNED_VALUE(image) other = {0};
        size_t size = 3UL * sizes[i][0] * sizes[i][1];

        CHECK_OK(image_resize(&image, sizes[i][0], sizes[i][1], &other, &err), err);
        CHECK_INT(other.width, ==, sizes[i][0]);
        CHECK_INT(other.height, ==, sizes[i][1]);
        for (size_t p = 0; p < size; p++)
            CHECK_INT(other.rgb[p], ==, 137);
    }
    CHECK_INT(image_resize(&image, 0, 4, &image, &err), ==, ERR_INVALID);
}

TEST(reducing_averages_the_area)
{
    uint8_t pixels[3 * 6] = {0,  0,  0,  90, 90, 90, 30, 30, 30,
                             60, 60, 60, 10, 10, 10, 20, 20, 20};
    struct image image = {.width = 6, .height = 1, .rgb = pixels};
    OWNED_VALUE(image) halves = {0}, quarters = {0};
    struct err err = {0};

    CHECK_OK(image_resize(&image, 2, 1, &halves, &err), err);
    CHECK_INT(halves.rgb[0], ==, 40);
    CHECK_INT(halves.rgb[3], ==, 30);
    CHECK_OK(image_resize(&image, 4, 1, &quarters, &err), err);
    CHECK_INT(quarters.rgb[0], ==, 30); /* (0 + 90 / 2) / 1.5 */
    CHECK_INT(quarters.rgb[3], ==, 50); /* (90 / 2 + 30) / 1.5 */
}

TEST(enlarging_keeps_edges_and_slopes)
{
    OWNED_VALUE(image) image = sample_gradient(16, 16);
    OWNED_VALUE(image) large = {0}, same = {0};
    struct err err = {0};

    CHECK_OK(image_resize(&image, 64, 64, &large, &err), err);
    check_near(sample_pixel(&large, 32, 32)[0], sample_pixel(&image, 8, 8)[0] - 6, 6);
    check_near(sample_pixel(&large, 63, 0)[0], sample_pixel(&image, 15, 0)[0], 6);
    for (uint32_t x = 8; x + 9 < 64; x++) /* away from the edges it never goes back */
        CHECK_INT(sample_pixel(&large, x + 1, 0)[0], >=, sample_pixel(&large, x, 0)[0]);
    CHECK_OK(image_resize(&image, 16, 16, &same, &err), err);
    CHECK(memcmp(image.rgb, same.rgb, 3L * 16 * 16) == 0);
}

TEST(thumbnails_keep_the_ratio_and_never_grow)
{
    OWNED_VALUE(image) image = sample_gradient(1280, 800);
    OWNED_VALUE(buf) file = {0};
    OWNED_VALUE(image) small = {0}, grown = {0}, dot = {0};
    struct err err = {0};

    CHECK_OK(image_encode_jpeg(&image, 85, NULL, &file, &err), err);
    CHECK_OK(image_thumbnail(file.data, file.size, NULL, 320, &small, &err), err);
    CHECK_INT(small.width, ==, 320);
    CHECK_INT(small.height, ==, 200);
    check_near(sample_pixel(&small, 160, 100)[0], 127, 4);
    check_near(sample_pixel(&small, 160, 100)[1], 127, 4);
    CHECK_OK(image_thumbnail(file.data, file.size, NULL, 5000, &grown, &err), err);
    CHECK_INT(grown.width, ==, 1280);
    CHECK_OK(image_thumbnail(file.data, file.size, NULL, 1, &dot, &err), err);
    CHECK_INT(dot.width, ==, 1);
    CHECK_INT(dot.height, ==, 1);
}

TEST(thumbnails_of_png_and_webp)
{
    OWNED_VALUE(image) small = {0}, wide = {0};
    static const uint8_t rows[] = {0, 0, 40, 80, 120, 0, 40, 0, 120, 80};
    struct sample_png png = {
        .width = 4, .height = 2, .depth = 8, .rows = rows, .rows_size = sizeof rows};
    OWNED_VALUE(buf) file = {0};
    struct err err = {0};

    sample_png(&file, &png);
    CHECK_OK(image_thumbnail(file.data, file.size, NULL, 2, &small, &err), err);
    CHECK_INT(small.height, ==, 1);
    CHECK_INT(small.rgb[0], ==, 20);
    CHECK_INT(small.rgb[3], ==, 100);
    CHECK_OK(image_thumbnail(sample_webp_lossy, sizeof sample_webp_lossy, NULL, 4, &wide, &err),
             err);
    CHECK_INT(wide.height, ==, 4);
}
