/* The model that ships: our engine draws the pictures that diffusers draws from the same
 * folder, unchanged. The goldens are tools/golden/shipped.py's. Without the sanitizers, where
 * it is the code that draws for users (lib/nn/simd.h) and takes seconds; diffusion_*_test has
 * both. */
#define TEST_SECONDS 120
#include "tests/test.h"

#include "services/common/shipped.h"
#include "services/generator-gpu/engine.h"
#include "tests/support/diffusion.h"
#include "tests/support/process.h"

#define SHIPPED "tests/golden/shipped"

static const double EQUAL = 0.999; /* of all values, and no other is off by more than 1 */

static void check_picture(const char *name, const struct image *got)
{
    OWNED_VALUE(image) want = {0};
    OWNED_VALUE(buf) bytes = {0};
    struct err err = {0};
    size_t count, other = 0;
    char path[128];

    (void)snprintf(path, sizeof path, SHIPPED "/%s.png", name);
    file_load(path, &bytes);
    CHECK_OK(image_decode(bytes.data, bytes.size, NULL, &want, &err), err);
    CHECK_INT(got->width, ==, want.width);
    CHECK_INT(got->height, ==, want.height);
    count = (size_t)want.width * want.height * 3;
    for (size_t i = 0; i < count; i++) {
        if (abs(got->rgb[i] - want.rgb[i]) > 1)
            TEST_FAIL("%s: value %zu is %d, not %d", name, i, got->rgb[i], want.rgb[i]);
        other += got->rgb[i] != want.rgb[i];
    }
    if ((double)other > (1 - EQUAL) * (double)count)
        TEST_FAIL("%s: %zu of %zu values are not equal", name, other, count);
    printf("# %s: %zu of %zu values are off by 1\n", name, other, count);
}

TEST(the_model_that_ships_draws_the_pictures_of_diffusers)
{
    const struct engine_conf conf = {
        .model = SHIPPED_MODEL, .backend = "cpu", .precision = "f32", .threads = 2};
    struct err err = {0};
    OWNED_JSON cases = NULL;
    OWNED(engine) engine = NULL;

#ifdef __SANITIZE_ADDRESS__
    SKIP("it takes minutes with the sanitizer");
#endif
    cases = golden_json(SHIPPED "/cases.json");
    engine = engine_open(&conf, &err);
    if (!engine)
        TEST_FAIL("%s", err.text);
    CHECK_INT(json_array_size(cases), >=, 3);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        struct golden_case one;
        OWNED_VALUE(image) image = {0};

        golden_case_read(json_array_get(cases, i), &one);
        CHECK_OK(engine_draw(engine, &one.draw, NULL, NULL, &image, NULL, &err), err);
        check_picture(one.name, &image);
    }
}
