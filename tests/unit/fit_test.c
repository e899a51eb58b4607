/* fit_test.c - which size a model draws for the one that was asked for, and how the picture
 * becomes that: never distorted, cropped around its middle, resampled. */
#include "services/generator-gpu/fit.h"
#include "tests/test.h"

static const struct engine_info garden = {
    .sizes = {{512, 320}, {320, 512}}, .size_count = 2, .size_grid = 32};

static struct engine_size choose(uint32_t width, uint32_t height)
{
    return fit_choose(&garden, (struct engine_size){width, height});
}

TEST(a_model_that_names_no_sizes_draws_what_is_asked_for)
{
    const struct engine_info any = {.native_width = 512, .native_height = 512};
    struct engine_size size = fit_choose(&any, (struct engine_size){1280, 800});

    CHECK_INT(size.width, ==, 1280);
    CHECK_INT(size.height, ==, 800);
}

TEST(the_size_that_is_drawn_is_near_one_of_the_models)
{
    static const struct {
        uint32_t width, height, drawn_width, drawn_height;
    } cases[] = {
        {512, 320, 512, 320},  {320, 512, 320, 512},  /* its own */
        {1280, 800, 512, 320}, {800, 1280, 320, 512}, /* /bulk's: the same aspect */
        {768, 512, 480, 320},  {512, 768, 320, 480},  /* the pages' */
        {1024, 600, 544, 320}, {1920, 1080, 512, 288}, {256, 160, 512, 320},
        {64, 64, 448, 352},    {1024, 1024, 448, 352}, /* too far from both: cropped */
        {2048, 64, 576, 288},  {64, 2048, 288, 576},   {528, 320, 528, 320},
        {480, 320, 480, 320}, /* near enough to be drawn as it is */
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct engine_size size = choose(cases[i].width, cases[i].height);

        if (size.width != cases[i].drawn_width || size.height != cases[i].drawn_height)
            TEST_FAIL("%ux%u is drawn at %ux%u, not %ux%u", cases[i].width, cases[i].height,
                      size.width, size.height, cases[i].drawn_width, cases[i].drawn_height);
    }
}

TEST(every_size_can_be_drawn_and_little_of_it_is_lost)
{
    for (uint32_t width = 64; width <= 2048; width += 56)
        for (uint32_t height = 64; height <= 2048; height += 56) {
            struct engine_size size = choose(width, height);
            double asked = (double)width / height, drawn = (double)size.width / size.height;
            double pixels = (double)size.width * size.height / (512 * 320);

            CHECK_INT(size.width % 8, ==, 0);
            CHECK_INT(size.height % 8, ==, 0);
            CHECK(pixels > 0.79 && pixels < 1.26);
            if (asked > 0.5 && asked < 2 && (drawn / asked > 1.32 || asked / drawn > 1.32))
                TEST_FAIL("%ux%u is drawn at %ux%u", width, height, size.width, size.height);
        }
}

/* Red grows to the right, green downwards. */
static struct image ramp(uint32_t width, uint32_t height)
{
    struct image image = {width, height, malloc((size_t)3 * width * height)};

    CHECK(image.rgb != NULL);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint8_t *pixel = image.rgb + 3 * ((size_t)y * width + x);

            pixel[0] = (uint8_t)x;
            pixel[1] = (uint8_t)y;
            pixel[2] = 7;
        }
    return image;
}

static int value_at(const struct image *image, uint32_t x, uint32_t y, size_t channel)
{
    return image->rgb[3 * ((size_t)y * image->width + x) + channel];
}

TEST(a_picture_is_cropped_around_its_middle)
{
    OWNED_VALUE(image) wide = ramp(120, 80), high = ramp(80, 120);
    struct err err = {0};

    CHECK_OK(fit_image(&wide, (struct engine_size){80, 80}, &err), err);
    CHECK_INT(wide.width, ==, 80);
    CHECK_INT(wide.height, ==, 80);
    CHECK_INT(value_at(&wide, 0, 0, 0), ==, 20);
    CHECK_INT(value_at(&wide, 79, 79, 0), ==, 99);
    CHECK_INT(value_at(&wide, 79, 79, 1), ==, 79);
    CHECK_OK(fit_image(&high, (struct engine_size){80, 80}, &err), err);
    CHECK_INT(value_at(&high, 0, 0, 1), ==, 20);
    CHECK_INT(value_at(&high, 79, 79, 1), ==, 99);
}

TEST(a_picture_is_resampled_without_distortion)
{
    OWNED_VALUE(image) image = ramp(100, 50);
    struct err err = {0};

    CHECK_OK(fit_image(&image, (struct engine_size){300, 200}, &err), err);
    CHECK_INT(image.width, ==, 300);
    CHECK_INT(image.height, ==, 200);
    /* 75 of the 100 columns are left, so a pixel is a quarter of one */
    CHECK_INT(abs(value_at(&image, 150, 100, 0) - 50), <=, 1);
    CHECK_INT(abs(value_at(&image, 190, 100, 0) - 60), <=, 1);
    CHECK_INT(abs(value_at(&image, 150, 140, 1) - 35), <=, 1);
    CHECK_OK(fit_image(&image, (struct engine_size){30, 20}, &err), err);
    CHECK_INT(image.width, ==, 30);
    CHECK_INT(abs(value_at(&image, 15, 10, 0) - 50), <=, 1);
}

/* -- drawing -- */

static uint32_t drawn_width, drawn_height;

static int small_ramp(const struct draw_progress *progress, uint32_t i, struct image *ret_image,
                      struct err *err)
{
    (void)i;
    (void)err;
    CHECK(progress->ctx == &drawn_width);
    *ret_image = ramp(drawn_width / 8, drawn_height / 8);
    return 0;
}

/* The shape is engine_draw's. */
/* NOLINTNEXTLINE(readability-function-size) */
static int draw_ramp(void *ctx, const struct draw *draw, draw_on_step *on_step, void *step_ctx,
                     struct image *ret_images, struct draw_notes *ret_notes, struct err *err)
{
    const struct draw_progress progress = {
        .step = 1, .steps = 1, .preview = small_ramp, .ctx = &drawn_width};

    (void)ctx;
    (void)ret_notes;
    (void)err;
    drawn_width = draw->width;
    drawn_height = draw->height;
    if (!on_step(step_ctx, &progress))
        return 0;
    *ret_images = ramp(draw->width, draw->height);
    return 1;
}

static bool check_step(void *ctx, const struct draw_progress *progress)
{
    OWNED_VALUE(image) preview = {0};
    struct err err = {0};
    bool *go_on = ctx;

    CHECK_OK(progress->preview(progress, 0, &preview, &err), err);
    CHECK_INT(preview.width, ==, 160);
    CHECK_INT(preview.height, ==, 160);
    return *go_on;
}

TEST(pictures_and_previews_come_out_as_they_were_asked_for)
{
    const struct drawer drawer = {.info = garden, .draw = draw_ramp};
    const struct draw draw = {.width = 1280, .height = 1280, .images = 1};
    struct draw_notes notes = {0};
    bool go_on = true;
    struct fit_draw fit = {.drawer = &drawer,
                           .draw = &draw,
                           .drawn = {448, 352},
                           .on_step = check_step,
                           .ctx = &go_on};
    OWNED_VALUE(image) image = {0};
    struct err err = {0};

    CHECK_INT(fit_draw(&fit, &image, &notes, &err), ==, 1);
    CHECK_INT(drawn_width, ==, 448);
    CHECK_INT(drawn_height, ==, 352);
    CHECK_INT(image.width, ==, 1280);
    CHECK_INT(image.height, ==, 1280);
    image_done(&image);
    go_on = false;
    CHECK_INT(fit_draw(&fit, &image, &notes, &err), ==, 0);
    CHECK(image.rgb == NULL);
}
