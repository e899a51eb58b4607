#include <math.h>

#include "services/emotion/face_warp.h"
#include "tests/test.h"

enum { WIDTH = 64, HEIGHT = 48, OUT_MAX = 64 };

static struct face_picture picture;
static float out[OUT_MAX * OUT_MAX * 3];

/* Red grows to the right, green downwards; blue tells odd pixels from even ones. */
static void set_picture(uint32_t width, uint32_t height)
{
    struct err err = {0};

    if (picture.memory)
        face_picture_done(&picture);
    CHECK_OK(face_picture_init(&picture, &err), err);
    picture.width = width;
    picture.height = height;
    picture.levels[0] = (struct face_level){width, height, picture.memory};
    picture.used = (size_t)4 * width * height;
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            uint8_t *p = picture.memory + 4 * ((size_t)y * width + x);

            p[0] = (uint8_t)(x * 256 / width);
            p[1] = (uint8_t)(y * 256 / height);
            p[2] = (x + y) % 2 ? 255 : 0;
            p[3] = 255;
        }
    }
}

static const float *cut(const struct face_region *region, uint32_t pixels)
{
    face_warp(&picture, region, pixels, 1, out);
    return out;
}

/* Of a cut of n pixels a side. */
static const float *pixel_of(const float *pixels, size_t n, size_t x, size_t y)
{
    return pixels + 3 * (y * n + x);
}

static bool near(const float *pixel, float red, float green, float tolerance)
{
    return fabsf(pixel[0] - red) <= tolerance && fabsf(pixel[1] - green) <= tolerance;
}

TEST(a_square_as_large_as_itself_is_itself)
{
    struct face_region region = face_region_square(20, 24, 16, 0);
    const float *pixels;

    set_picture(WIDTH, HEIGHT);
    pixels = cut(&region, 16);
    for (uint32_t y = 0; y < 16; y++) {
        for (uint32_t x = 0; x < 16; x++) {
            const float *p = pixel_of(pixels, 16, x, y);
            const uint8_t *q = picture.memory + 4 * ((size_t)(16 + y) * WIDTH + 12 + x);

            CHECK(fabsf(p[0] - q[0]) < 0.01F && fabsf(p[2] - q[2]) < 0.01F);
        }
    }
}

/* The checks of odd and even pixels become grey: nothing is left out. */
TEST(smaller_is_the_average_of_what_is_covered)
{
    static const uint32_t sides[] = {32, 16, 8, 4, 12, 6};

    set_picture(WIDTH, WIDTH);
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        struct face_region region = face_region_square(WIDTH / 2.0F, WIDTH / 2.0F, WIDTH, 0);
        uint32_t n = sides[i], half = n / 2;
        const float *middle = pixel_of(cut(&region, n), n, half, half);
        float at = ((float)half + 0.5F) / (float)n * 256 - 2;

        printf("# %u: %.1f %.1f %.1f, not %.1f\n", n, (double)middle[0], (double)middle[1],
               (double)middle[2], (double)at);
        CHECK(near(middle, at, at, 2.5F));
        CHECK(fabsf(middle[2] - 127.5F) < 24);
    }
}

TEST(a_quarter_turn_brings_what_was_below_to_the_left)
{
    struct face_region region = face_region_square(32, 24, 32, (float)M_PI / 2);
    const float *pixels;

    set_picture(WIDTH, HEIGHT);
    pixels = cut(&region, 32);
    /* to the right in the square is downwards in the picture */
    CHECK(near(pixel_of(pixels, 32, 31, 16), 126, 209, 5));
    CHECK(near(pixel_of(pixels, 32, 0, 16), 126, 45, 5));
    CHECK(
        near(pixel_of(pixels, 32, 16, 0), 190, 130, 5)); /* its top is to the picture's right */
}

TEST(mirrored_is_the_mirror_image)
{
    struct face_region region = face_region_square(30, 20, 24, 0.3F), other = region;
    static float mirrored[24 * 24 * 3];

    set_picture(WIDTH, HEIGHT);
    face_mirror(cut(&region, 24), 24, mirrored);
    other.mirrored = true;
    (void)cut(&other, 24);
    for (size_t i = 0; i < sizeof mirrored / sizeof *mirrored; i++)
        CHECK(fabsf(out[i] - mirrored[i]) < 0.5F);
}

TEST(outside_of_the_picture_it_is_black)
{
    struct face_region region = face_region_square(0, 0, 32, 0);
    const float *pixels;

    set_picture(WIDTH, HEIGHT);
    pixels = cut(&region, 32);
    CHECK(pixels[0] == 0 && pixels[2] == 0);
    CHECK(pixel_of(pixels, 32, 17, 16)[2] == 255); /* its second pixel */
}

TEST(what_is_beside_the_rectangle_is_black)
{
    struct face_region region = {32, 24, 16, 32, 32, 0, false};
    const float *pixels;

    set_picture(WIDTH, HEIGHT);
    pixels = cut(&region, 32);
    for (uint32_t x = 0; x < 32; x++)
        CHECK((pixel_of(pixels, 32, x, 10)[0] > 0) == (x >= 8 && x < 24));
}

TEST(absurd_regions_do_no_harm)
{
    static const float odd[] = {NAN, INFINITY, -INFINITY, 1e30F, -1e30F, 0, 1e-30F};

    set_picture(WIDTH, HEIGHT);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct face_region a = face_region_square(odd[i], 3, 32, 0);
        struct face_region b = face_region_square(3, 3, odd[i], 1);
        struct face_region c = face_region_square(3, 3, 32, odd[i]);

        (void)cut(&a, 16);
        (void)cut(&b, 16);
        (void)cut(&c, 16);
    }
}

TEST(levels_end_at_one_pixel_and_stay_in_their_memory)
{
    static const uint32_t sides[][2] = {{1, 1}, {2, 1}, {1, 1000}, {1999, 1600}};

    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        const struct face_level *level;
        int last = PICTURE_LEVELS;

        set_picture(sides[i][0], sides[i][1]);
        level = face_picture_level(&picture, &last);
        CHECK_INT(last, <, PICTURE_LEVELS);
        CHECK(level->width >= 1 && level->height >= 1);
        CHECK(picture.used <= picture.memory_size - sizeof *picture.crops);
        face_picture_wipe(&picture);
        for (size_t at = 0; at < 4096 && at < picture.memory_size; at++)
            CHECK_INT(picture.memory[at], ==, 0);
    }
}
