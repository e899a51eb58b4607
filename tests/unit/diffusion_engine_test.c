/* The engine around its models: ids, a model's own settings, previews, and that a draw depends
 * on nothing but what it is asked for. */
#define TEST_SECONDS 300 /* sanitizers make it slow */
#include "tests/test.h"

#include <math.h>

#include "services/generator-gpu/conditioning.h"
#include "services/generator-gpu/engine.h"
#include "services/generator-gpu/preview.h"
#include "tests/support/backend_plain.h"
#include "tests/support/model_copy.h"
#include "tests/support/process.h"

static const struct draw SMALL = {.prompt = "a happy garden",
                                  .negative = "",
                                  .width = 64,
                                  .height = 72,
                                  .steps = 3,
                                  .guidance = 5,
                                  .seed = 1,
                                  .scheduler = GENERATION_EULER_A,
                                  .images = 1};

static struct engine *open_folder(const char *folder)
{
    struct err err = {0};
    struct engine *engine = engine_open(
        &(struct engine_conf){
            .model = folder, .backend = "cpu", .precision = "f32", .threads = 2},
        &err);

    if (!engine)
        TEST_FAIL("%s", err.text);
    return engine;
}

static struct image draw_one(struct engine *engine, const struct draw *draw)
{
    struct image image = {0};
    struct err err = {0};

    CHECK_OK(engine_draw(engine, draw, NULL, NULL, &image, NULL, &err), err);
    return image;
}

static bool same(const struct image *a, const struct image *b)
{
    return a->width == b->width && a->height == b->height &&
           memcmp(a->rgb, b->rgb, (size_t)a->width * a->height * 3) == 0;
}

/* -- what a model says of itself --------------------------------------------------------------
 */

static void read_id(const char *folder, char id[65])
{
    OWNED(engine) engine = open_folder(folder);

    memcpy(id, engine_info(engine)->model_id, 65);
}

TEST(models_with_other_weights_or_settings_have_other_ids)
{
    const char *folder = model_copy("sd21-base");
    char first[65], again[65], weights[65], config[65];

    read_id(folder, first);
    read_id(model_copy("sd21-base"), again);
    model_blow_up(folder, UNET_WEIGHTS, "conv_out");
    read_id(folder, weights);
    model_restore(folder, "sd21-base", UNET_WEIGHTS);
    model_set(folder, "scheduler/scheduler_config.json", "prediction_type", "\"v_prediction\"");
    read_id(folder, config);
    CHECK_INT(strlen(first), ==, 64);
    CHECK_STR(first, again);
    CHECK(strcmp(first, weights) != 0);
    CHECK(strcmp(first, config) != 0);
}

TEST(a_model_says_what_it_comes_with)
{
    OWNED(engine) engine = open_folder("tests/golden/diffusion/sd21-v/model/");
    const struct engine_info *info = engine_info(engine);

    CHECK_STR(info->name, "model");
    CHECK_STR(info->backend, "cpu");
    CHECK_STR(info->precision, "f32");
    CHECK_INT(info->scheduler, ==, GENERATION_DDIM);
    CHECK_INT(info->steps, ==, 50);
    CHECK_INT(info->native_width, ==, 96);
}

static void put_garden(const char *folder, const char *json)
{
    folder_put(folder, "garden.json", json, strlen(json));
}

TEST(garden_json_sets_steps_and_scheduler)
{
    const char *folder = model_copy("sd21-v");

    put_garden(folder, "{\"steps\": 12, \"scheduler\": \"euler-a\"}");
    {
        OWNED(engine) engine = open_folder(folder);

        CHECK_INT(engine_info(engine)->steps, ==, 12);
        CHECK_INT(engine_info(engine)->scheduler, ==, GENERATION_EULER_A);
    }
    put_garden(folder, "{\"scheduler\": \"dpmpp-2m-karras\"}");
    {
        OWNED(engine) engine = open_folder(folder);

        CHECK_INT(engine_info(engine)->steps, ==, 20);
    }
}

TEST(garden_json_sets_sizes_and_guidance)
{
    const char *folder = model_copy("garden");

    put_garden(folder, "{\"guidance\": 4.5, \"sizes\": [[128, 80], [80, 128]]}");
    {
        OWNED(engine) engine = open_folder(folder);
        const struct engine_info *info = engine_info(engine);

        CHECK(info->guidance == 4.5);
        CHECK_INT(info->size_count, ==, 2);
        CHECK_INT(info->sizes[1].width, ==, 80);
        CHECK_INT(info->sizes[1].height, ==, 128);
        CHECK_INT(info->native_width, ==, 128);
        CHECK_INT(info->native_height, ==, 80);
        CHECK_INT(info->size_grid % 8, ==, 0);
    }
    put_garden(folder, "{}");
    {
        OWNED(engine) engine = open_folder(folder);

        CHECK(engine_info(engine)->guidance == 0);
        CHECK_INT(engine_info(engine)->size_count, ==, 0);
    }
}

static void check_garden_refused(const char *folder, const char *json, const char *word)
{
    struct err err = {0};

    put_garden(folder, json);
    CHECK(engine_open(
              &(struct engine_conf){
                  .model = folder, .backend = "cpu", .precision = "f32", .threads = 2},
              &err) == NULL);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "garden.json");
    CHECK_HAS(err.text, word);
}

TEST(garden_json_that_is_wrong_is_refused)
{
    const char *folder = model_copy("sd21-v");

    static const char *const wrong[][2] = {
        {"{\"steps\": 151}", "steps is not a whole number from 1 to 150"},
        {"{\"steps\": 0}", "steps is not"},
        {"{\"steps\": 12.5}", "steps is not"},
        {"{\"steps\": \"few\"}", "steps is not"},
        {"{\"steps\": null}", "steps is not"},
        {"{\"scheduler\": \"auto\"}", "scheduler is auto, which there is not: it takes ddim"},
        {"{\"scheduler\": 7}", "scheduler"},
        {"{\"guidance\": 0}", "guidance is not a number over 0, up to 30"},
        {"{\"guidance\": 31}", "guidance is not"},
        {"{\"guidance\": \"4.5\"}", "guidance is not"},
        {"{\"sizes\": []}", "sizes is no list of 1 to 8"},
        {"{\"sizes\": 512}", "sizes is no list"},
        {"{\"sizes\": [512, 320]}", "sizes[0] is not [width, height]"},
        {"{\"sizes\": [[512, 320], [320]]}", "sizes[1] is not"},
        {"{\"sizes\": [[512, 320, 8]]}", "sizes[0] is not"},
        {"{\"sizes\": [[512, 321]]}", "multiples of 8 from 64 to 2048"},
        {"{\"sizes\": [[56, 320]]}", "sizes[0] is not"},
        {"{\"sizes\": [[4096, 320]]}", "sizes[0] is not"},
        {"{\"sizes\": [[64,64],[64,64],[64,64],[64,64],[64,64],[64,64],[64,64],[64,64],"
         "[64,64]]}",
         "sizes is no list of 1 to 8"},
        {"{\"size\": [[512, 320]]}", "there is no member size; it takes sizes, steps"},
        {"{\"steps\": 20", "garden.json"},
        {"[]", "object"},
    };

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        check_garden_refused(folder, wrong[i][0], wrong[i][1]);
}

TEST(another_pipeline_is_refused_by_its_name)
{
    const char *folder = model_copy("sd15");
    struct err err = {0};

    model_set(folder, "model_index.json", "_class_name", "\"StableDiffusionXLPipeline\"");
    CHECK(engine_open(
              &(struct engine_conf){
                  .model = folder, .backend = "cpu", .precision = "f32", .threads = 2},
              &err) == NULL);
    CHECK_HAS(err.text, "StableDiffusionXLPipeline");
}

/* -- draws ------------------------------------------------------------------------------------
 */

TEST(a_draw_does_not_depend_on_those_before_it)
{
    OWNED(engine) engine = open_folder("tests/golden/diffusion/garden/model");
    struct draw other = SMALL;
    OWNED_VALUE(image) first = draw_one(engine, &SMALL);
    OWNED_VALUE(image) between = {0};
    OWNED_VALUE(image) again = {0};

    other.width = 136;
    other.prompt = "a (sad:1.4) garden";
    other.guidance = 1;
    between = draw_one(engine, &other);
    again = draw_one(engine, &SMALL);
    CHECK(same(&first, &again));
    CHECK(!same(&first, &between));
}

TEST(each_picture_of_several_has_its_own_seed)
{
    OWNED(engine) engine = open_folder("tests/golden/diffusion/garden/model");
    struct draw several = SMALL, second = SMALL;
    struct image images[3] = {{0}};
    struct err err = {0};
    OWNED_VALUE(image) alone = {0};
    int largest = 0;

    several.images = 3;
    CHECK_INT(engine_draw(engine, &several, NULL, NULL, images, NULL, &err), ==, 3);
    second.seed = SMALL.seed + 1;
    alone = draw_one(engine, &second);
    for (size_t i = 0; i < (size_t)64 * 72 * 3; i++)
        largest = abs(alone.rgb[i] - images[1].rgb[i]) > largest
                      ? abs(alone.rgb[i] - images[1].rgb[i])
                      : largest;
    CHECK_INT(largest, <=, 1);
    CHECK(!same(&images[0], &images[1]));
    CHECK(!same(&images[1], &images[2]));
    for (size_t i = 0; i < 3; i++)
        image_done(&images[i]);
}

TEST(no_steps_means_the_models_own)
{
    OWNED(engine) engine = open_folder("tests/golden/diffusion/garden/model");
    struct draw draw = SMALL;
    struct draw_notes notes = {0};
    OWNED_VALUE(image) image = {0};
    struct err err = {0};

    draw.steps = 0;
    draw.scheduler = GENERATION_AUTO;
    CHECK_OK(engine_draw(engine, &draw, NULL, NULL, &image, &notes, &err), err);
    CHECK_INT(notes.unet_calls, ==, engine_info(engine)->steps);
}

/* -- words ------------------------------------------------------------------------------------
 */

/* More prompts than are kept: what was forgotten is encoded again to the same numbers. */
TEST(a_prompt_means_the_same_whatever_was_encoded_in_between)
{
    struct err err = {0};
    OWNED(backend) backend = backend_plain_new(&err);
    OWNED(conditioning)
    conditioning = conditioning_open(backend, "tests/golden/diffusion/sd15/model", &err);
    OWNED_VALUE(conditioned) first = {0};
    OWNED_VALUE(conditioned) kept = {0};
    OWNED_VALUE(conditioned) forgotten = {0};
    size_t floats;

    if (!conditioning)
        TEST_FAIL("%s", err.text);
    floats = (size_t)77 * conditioning_dim(conditioning);
    CHECK_OK(conditioning_run(conditioning, "a (red:1.5) rose", "rain", &first, &err), err);
    CHECK_OK(conditioning_run(conditioning, "a (red:1.5) rose", "rain", &kept, &err), err);
    for (int i = 0; i < 40; i++) {
        OWNED_VALUE(conditioned) other = {0};
        char prompt[32];

        (void)snprintf(prompt, sizeof(prompt), "a (red:1.5) rose %d", i);
        CHECK_OK(conditioning_run(conditioning, prompt, NULL, &other, &err), err);
        CHECK(other.negative == NULL);
        CHECK(fabsf(other.prompt[floats - 1] - first.prompt[floats - 1]) > 0);
    }
    CHECK_OK(conditioning_run(conditioning, "a (red:1.5) rose", "rain", &forgotten, &err), err);
    for (size_t i = 0; i < floats; i++) {
        CHECK(first.prompt[i] == kept.prompt[i] && first.negative[i] == kept.negative[i]);
        CHECK(first.prompt[i] == forgotten.prompt[i]);
        CHECK(first.negative[i] == forgotten.negative[i]);
    }
}

TEST(a_weight_changes_what_the_same_words_mean)
{
    struct err err = {0};
    OWNED(backend) backend = backend_plain_new(&err);
    OWNED(conditioning)
    conditioning = conditioning_open(backend, "tests/golden/diffusion/sd15/model", &err);
    OWNED_VALUE(conditioned) plain = {0};
    OWNED_VALUE(conditioned) weighted = {0};

    if (!conditioning)
        TEST_FAIL("%s", err.text);
    CHECK_OK(conditioning_run(conditioning, "a red rose", NULL, &plain, &err), err);
    CHECK_OK(conditioning_run(conditioning, "a (red:1.5) rose", NULL, &weighted, &err), err);
    CHECK_INT(plain.prompt_tokens, ==, weighted.prompt_tokens);
    CHECK(plain.prompt[0] != weighted.prompt[0]);
}

/* -- previews ---------------------------------------------------------------------------------
 */

enum { CHANNELS = 6, SIDE = 12, SCALE = 8 };

/* A decoder that is linear: colours are sums of channels. */
static uint8_t colour(const float *latents, size_t p, uint32_t k)
{
    float value = 0.5F;

    for (uint32_t c = 0; c < CHANNELS; c++)
        value += 0.02F * (float)((c * 5 + k * 3) % 7) * latents[(size_t)c * SIDE * SIDE + p] -
                 0.05F * latents[(size_t)c * SIDE * SIDE + p];
    return (uint8_t)lrintf(fminf(fmaxf(value, 0), 1) * 255);
}

static struct image decode_linear(const float *latents)
{
    struct image image = {.width = SIDE * SCALE, .height = SIDE * SCALE};

    image.rgb = malloc((size_t)image.width * image.height * 3);
    for (uint32_t y = 0; y < image.height; y++)
        for (uint32_t x = 0; x < image.width; x++)
            for (uint32_t k = 0; k < 3; k++)
                image.rgb[((size_t)y * image.width + x) * 3 + k] =
                    colour(latents, (size_t)(y / SCALE) * SIDE + x / SCALE, k);
    return image;
}

TEST(a_preview_finds_a_linear_decoder)
{
    static float latents[CHANNELS * SIDE * SIDE], turned[CHANNELS * SIDE * SIDE];
    struct err err = {0};
    OWNED(preview) preview = preview_new(CHANNELS, &err);
    OWNED_VALUE(image) decoded = {0};
    OWNED_VALUE(image) shown = {0};

    preview_patch(CHANNELS, SIDE, SIDE, latents);
    decoded = decode_linear(latents);
    CHECK(!preview_ready(preview));
    preview_learn(preview, latents, SIDE, SIDE, &decoded);
    CHECK(preview_ready(preview));
    for (size_t i = 0; i < sizeof(latents) / sizeof(latents[0]); i++)
        turned[i] = 0.5F * latents[sizeof(latents) / sizeof(latents[0]) - 1 - i];
    CHECK_OK(preview_make(preview, turned, SIDE, SIDE, &shown, &err), err);
    CHECK_INT(shown.width, ==, SIDE);
    CHECK_INT(shown.height, ==, SIDE);
    for (size_t p = 0; p < (size_t)SIDE * SIDE; p++)
        for (uint32_t k = 0; k < 3; k++)
            CHECK_INT(abs(shown.rgb[p * 3 + k] - colour(turned, p, k)), <=, 4);
}

struct seen {
    uint32_t calls, previews;
};

static bool look(void *ctx, const struct draw_progress *progress)
{
    struct seen *seen = ctx;
    struct err err = {0};

    seen->calls++;
    CHECK_INT(progress->step, ==, seen->calls);
    for (uint32_t i = 0; i < 2; i++) {
        OWNED_VALUE(image) image = {0};

        CHECK_OK(progress->preview(progress, i, &image, &err), err);
        CHECK_INT(image.width, ==, 64 / 8);
        CHECK_INT(image.height, ==, 72 / 8);
        seen->previews++;
    }
    {
        OWNED_VALUE(image) none = {0};

        CHECK_INT(progress->preview(progress, 2, &none, &err), ==, ERR_INVALID);
    }
    return true;
}

/* The first one is made before there is any picture, in the middle of a draw: which must not
 * change. */
TEST(previews_do_not_change_the_pictures)
{
    OWNED(engine) engine = open_folder("tests/golden/diffusion/sd15/model");
    OWNED(engine) unseen = open_folder("tests/golden/diffusion/sd15/model");
    struct image seen_images[2] = {{0}}, images[2] = {{0}};
    struct draw draw = SMALL;
    struct seen seen = {0};
    struct err err = {0};

    draw.images = 2;
    CHECK_OK(engine_draw(engine, &draw, look, &seen, seen_images, NULL, &err), err);
    CHECK_OK(engine_draw(unseen, &draw, NULL, NULL, images, NULL, &err), err);
    CHECK_INT(seen.calls, ==, 3);
    CHECK_INT(seen.previews, ==, 6);
    for (size_t i = 0; i < 2; i++) {
        CHECK(same(&seen_images[i], &images[i]));
        image_done(&seen_images[i]);
        image_done(&images[i]);
    }
}
