/* image_look_test.c - whether pictures that look the same are taken for the same, and others
 * are not, on the paintings of the starter garden. */
#include <fts.h>
#include <math.h>

#include "lib/base/file.h"
#include "lib/image/look.h"
#include "tests/test.h"
#include "tests/unit/image_samples.h"

#define STARTER "models/starter-garden/pictures"

enum { PAINTINGS = 128, ALTERED_EACH = 16 /* every so manyth is altered */ };

struct painting {
    char path[256];
    struct image_look look;
    bool upright;
};

static struct painting paintings[PAINTINGS];

static struct buf load(const char *path)
{
    struct buf file = {0};
    struct err err = {0};

    CHECK_OK(file_read(path, 16 << 20, &file, &err), err);
    return file;
}

static struct image_look look_of(const struct buf *file)
{
    struct image_look look;
    struct err err = {0};

    CHECK_OK(image_look(file->data, file->size, NULL, &look, &err), err);
    return look;
}

static void find_paintings(void)
{
    char folder[] = STARTER;
    char *const folders[] = {folder, NULL};
    FTS *walk = fts_open(folders, FTS_PHYSICAL, NULL);
    size_t count = 0;

    CHECK(walk != NULL);
    for (const FTSENT *entry = fts_read(walk); entry; entry = fts_read(walk))
        if (entry->fts_info == FTS_F && count < PAINTINGS)
            (void)snprintf(paintings[count++].path, sizeof paintings->path, "%s",
                           entry->fts_path);
    (void)fts_close(walk);
    CHECK_INT(count, ==, PAINTINGS);
}

static struct image decode(const struct buf *file)
{
    struct image image;
    struct err err = {0};

    CHECK_OK(image_decode(file->data, file->size, NULL, &image, &err), err);
    return image;
}

/* Bits between the file's look and that of the altered picture, saved with this quality. */
static int bits_from(const struct buf *file, const struct image *altered, int quality)
{
    OWNED_VALUE(buf) saved = {0};
    struct image_look before = look_of(file), after;
    struct err err = {0};

    CHECK_OK(image_encode_jpeg(altered, quality, NULL, &saved, &err), err);
    after = look_of(&saved);
    CHECK(image_look_is_near(&before, &after) ==
          (image_look_distance(&before, &after) <= IMAGE_LOOK_NEAR));
    return image_look_distance(&before, &after);
}

/* Calls fn for the paintings that are altered. */
static void each(void (*fn)(const struct buf *file, const struct image *image))
{
    find_paintings();
    for (size_t i = 0; i < PAINTINGS; i += ALTERED_EACH) {
        OWNED_VALUE(buf) file = load(paintings[i].path);
        OWNED_VALUE(image) image = decode(&file);

        fn(&file, &image);
    }
}

TEST(no_two_different_paintings_look_the_same)
{
    int nearest = 128;

    find_paintings();
    for (size_t i = 0; i < PAINTINGS; i++) {
        OWNED_VALUE(buf) file = load(paintings[i].path);
        struct image_info info;
        struct err err = {0};

        CHECK_OK(image_probe(file.data, file.size, NULL, &info, &err), err);
        paintings[i].upright = info.height > info.width;
        paintings[i].look = look_of(&file);
        for (size_t k = 0; k < i; k++) {
            const int bits = image_look_distance(&paintings[i].look, &paintings[k].look);

            if (paintings[i].upright == paintings[k].upright && bits < nearest)
                nearest = bits;
        }
    }
    CHECK_INT(nearest, >=, IMAGE_LOOK_NEAR + 12);
}

static void save_badly(const struct buf *file, const struct image *image)
{
    static const int qualities[] = {30, 50, 75, 95};

    for (size_t i = 0; i < sizeof qualities / sizeof *qualities; i++)
        CHECK_INT(bits_from(file, image, qualities[i]), <=, 8);
}

TEST(a_picture_saved_with_less_quality_looks_the_same)
{
    each(save_badly);
}

static void scale(const struct buf *file, const struct image *image)
{
    const uint32_t widths[] = {image->width / 2, image->width * 2, 160, 96, 48};

    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        OWNED_VALUE(image) scaled = {0};
        struct err err = {0};

        CHECK_OK(image_resize(image, widths[i], widths[i] * image->height / image->width,
                              &scaled, &err),
                 err);
        CHECK_INT(bits_from(file, &scaled, 85), <=, 10);
    }
}

TEST(a_picture_of_another_size_looks_the_same)
{
    each(scale);
}

static struct image cut(const struct image *image, double left, double top, double right,
                        double bottom)
{
    const uint32_t x = (uint32_t)lrint(image->width * left);
    const uint32_t y = (uint32_t)lrint(image->height * top);
    struct image part = {.width = image->width - x - (uint32_t)lrint(image->width * right),
                         .height = image->height - y - (uint32_t)lrint(image->height * bottom)};

    part.rgb = malloc((size_t)3 * part.width * part.height);
    for (uint32_t row = 0; row < part.height; row++)
        memcpy(part.rgb + (size_t)3 * part.width * row,
               image->rgb + 3 * ((size_t)image->width * (row + y) + x), (size_t)3 * part.width);
    return part;
}

static void crop(const struct buf *file, const struct image *image)
{
    static const double sides[][4] = {{.01, .01, .01, .01}, {.02, 0, 0, 0},
                                      {0, 0, 0, .02},       {.02, .02, 0, 0},
                                      {0, .02, 0, 0},       {.02, .02, .02, .02}};

    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        OWNED_VALUE(image)
        part = cut(image, sides[i][0], sides[i][1], sides[i][2], sides[i][3]);

        CHECK_INT(bits_from(file, &part, 85), <=, IMAGE_LOOK_NEAR);
    }
}

TEST(a_picture_cropped_by_two_percent_looks_the_same)
{
    each(crop);
}

static void tone(const struct buf *file, const struct image *image)
{
    static const struct {
        double contrast, light, gamma;
    } tones[] = {{1, 25, 1}, {1, -25, 1}, {.75, 0, 1}, {1.3, 0, 1}, {1, 0, .75}, {1, 0, 1.35}};
    const size_t bytes = (size_t)3 * image->width * image->height;

    for (size_t i = 0; i < sizeof tones / sizeof *tones; i++) {
        OWNED_VALUE(image) toned = {image->width, image->height, malloc(bytes)};

        for (size_t k = 0; k < bytes; k++) {
            const double level = 255 * pow(image->rgb[k] / 255.0, tones[i].gamma);
            const double to = (level - 128) * tones[i].contrast + 128 + tones[i].light;

            toned.rgb[k] = (uint8_t)fmax(0, fmin(255, to));
        }
        CHECK_INT(bits_from(file, &toned, 85), <=, IMAGE_LOOK_NEAR);
    }
}

TEST(a_brighter_or_darker_picture_looks_the_same)
{
    each(tone);
}

static void mirror(const struct buf *file, const struct image *image)
{
    OWNED_VALUE(image)
    other = {image->width, image->height, malloc((size_t)3 * image->width * image->height)};

    for (uint32_t y = 0; y < image->height; y++)
        for (uint32_t x = 0; x < image->width; x++)
            memcpy(other.rgb + 3 * ((size_t)y * image->width + x),
                   sample_pixel(image, image->width - 1 - x, y), 3);
    CHECK_INT(bits_from(file, &other, 85), >, IMAGE_LOOK_NEAR);
}

TEST(a_mirrored_picture_is_another)
{
    each(mirror);
}

/* The same flowers in other colours are not the same picture. */
static void recolour(const struct buf *file, const struct image *image)
{
    OWNED_VALUE(image)
    other = {image->width, image->height, malloc((size_t)3 * image->width * image->height)};

    for (size_t i = 0; i < (size_t)image->width * image->height; i++) {
        for (size_t c = 0; c < 3; c++)
            other.rgb[3 * i + c] = image->rgb[3 * i + (c + 1) % 3];
    }
    CHECK_INT(bits_from(file, &other, 85), >, IMAGE_LOOK_NEAR);
}

TEST(a_picture_in_other_colours_is_another)
{
    each(recolour);
}

TEST(a_turned_file_looks_as_it_is_shown)
{
    OWNED_VALUE(buf) file = {0}, turned = {0};
    OWNED_VALUE(image) image = {0}, side = {0};
    struct image_look look, other;
    struct err err = {0};

    find_paintings();
    file = load(paintings[0].path);
    image = decode(&file);
    side = (struct image){image.height, image.width,
                          malloc((size_t)3 * image.width * image.height)};
    for (uint32_t y = 0; y < side.height; y++) /* what orientation 6 turns back */
        for (uint32_t x = 0; x < side.width; x++)
            memcpy(side.rgb + 3 * ((size_t)y * side.width + x),
                   sample_pixel(&image, image.width - 1 - y, x), 3);
    CHECK_OK(image_encode_jpeg(&side, 90, NULL, &turned, &err), err);
    add_exif(&turned, EXIF_ROTATED_BE);
    look = look_of(&file);
    other = look_of(&turned);
    CHECK_INT(image_look_distance(&look, &other), <=, 8);
}

static void check_refused(const void *data, size_t size, const char *reason)
{
    struct image_look look = {1, 2};
    struct err err = {0};

    CHECK_INT(image_look(data, size, NULL, &look, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, reason);
    CHECK_INT(look.light + look.colour, ==, 3);
}

TEST(what_is_no_picture_has_no_look)
{
    OWNED_VALUE(buf) file = {0};

    find_paintings();
    file = load(paintings[0].path);
    check_refused("", 0, "not a picture");
    check_refused("<html>", 6, "not a picture");
    check_refused(file.data, file.size / 2, "cannot be read");
}

TEST(a_plain_picture_has_no_look)
{
    OWNED_VALUE(buf) jpeg = {0};

    sample_jpeg(&jpeg, "c0", 640, 400, 3);
    check_refused(jpeg.data, jpeg.size, "plain");
    check_refused(sample_webp_lossy, sizeof sample_webp_lossy, "plain"); /* a gradient */
}
