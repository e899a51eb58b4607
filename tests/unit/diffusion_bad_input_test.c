/* What the engine does with models that lie and with draws that are not possible: it says what
 * is wrong and where, draws no black picture, and goes on afterwards. */
#define TEST_SECONDS 300
#include "tests/test.h"

#include <math.h>

#include "services/generator-gpu/engine.h"
#include "tests/support/diffusion.h"
#include "tests/support/process.h"

static const char *const UNET = "unet/diffusion_pytorch_model.safetensors";
static const char *const VAE = "vae/diffusion_pytorch_model.safetensors";

static const struct draw SMALL = {.prompt = "a happy garden",
                                  .negative = "",
                                  .width = 64,
                                  .height = 64,
                                  .steps = 1,
                                  .guidance = 2,
                                  .seed = 1,
                                  .scheduler = GENERATION_DDIM,
                                  .images = 1};

static struct engine *open_folder(const char *folder, struct err *err)
{
    return engine_open(
        &(struct engine_conf){
            .model = folder, .backend = "cpu", .precision = "f32", .threads = 2},
        err);
}

static struct engine *open_good(void)
{
    struct err err = {0};
    struct engine *engine = open_folder(golden_path("sd15", "model"), &err);

    if (!engine)
        TEST_FAIL("%s", err.text);
    return engine;
}

/* A copy of sd15 that may be damaged. */
static const char *copy_model(void)
{
    const char *folder = folder_new();
    char to[256];

    (void)snprintf(to, sizeof(to), "%s/.", folder);
    CHECK_INT(
        process_run(
            (const char *const[]){"cp", "-r", "tests/golden/diffusion/sd15/model/.", to, NULL},
            NULL, NULL, 20000),
        ==, 0);
    return folder;
}

static void load(const char *folder, const char *file, struct buf *ret)
{
    char path[512];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, file);
    file_load(path, ret);
}

/* Replaces the first "from" in the file by "to", which is as long. */
static void replace(const char *folder, const char *file, const char *from, const char *to)
{
    OWNED_VALUE(buf) bytes = {0};
    size_t size = strlen(from);
    char *at;

    CHECK_INT(size, ==, strlen(to));
    load(folder, file, &bytes);
    at = memmem(bytes.data, bytes.size, from, size);
    if (!at)
        TEST_FAIL("%s has no %s", file, from);
    for (size_t i = 0; i < size; i++)
        at[i] = to[i];
    folder_put(folder, file, bytes.data, bytes.size);
}

/* Writes value, a 16-bit float, over the element in the middle of a tensor. */
static void put_half(const char *folder, const char *file, const char *tensor, uint16_t value)
{
    OWNED_VALUE(buf) bytes = {0};
    struct err err = {0};
    uint64_t header = 0;
    json_t *offsets;

    load(folder, file, &bytes);
    memcpy(&header, bytes.data, sizeof(header));
    {
        OWNED_JSON json = json_parse(bytes.data + 8, header, &err);
        size_t from, to;

        offsets = json_object_get(json_object_get(json, tensor), "data_offsets");
        if (!offsets)
            TEST_FAIL("%s has no %s %s", file, tensor, err.text);
        from = (size_t)json_integer_value(json_array_get(offsets, 0));
        to = (size_t)json_integer_value(json_array_get(offsets, 1));
        memcpy(bytes.data + 8 + header + (from + (to - from) / 4 * 2), &value, sizeof(value));
    }
    folder_put(folder, file, bytes.data, bytes.size);
}

/* Opening fails, or else drawing does: with ERR_INVALID and a text that has both words. */
static void check_refused(const char *folder, const char *word, const char *other)
{
    struct err err = {0};
    OWNED(engine) engine = open_folder(folder, &err);
    OWNED_VALUE(image) image = {0};

    if (engine)
        CHECK_INT(engine_draw(engine, &SMALL, NULL, NULL, &image, NULL, &err), ==, ERR_INVALID);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK(image.rgb == NULL);
    CHECK_HAS(err.text, word);
    CHECK_HAS(err.text, other);
    printf("# %s\n", err.text);
}

TEST(a_truncated_file_is_named)
{
    const char *folder = copy_model();
    OWNED_VALUE(buf) bytes = {0};

    load(folder, UNET, &bytes);
    folder_put(folder, UNET, bytes.data, bytes.size / 2);
    check_refused(folder, UNET, "");
}

TEST(a_header_that_lies_about_its_size_is_refused)
{
    const char *folder = copy_model();
    OWNED_VALUE(buf) bytes = {0};

    load(folder, VAE, &bytes);
    memset(bytes.data, 0xff, 7);
    folder_put(folder, VAE, bytes.data, bytes.size);
    check_refused(folder, VAE, "");
}

TEST(a_missing_tensor_is_named)
{
    const char *folder = copy_model();

    replace(folder, UNET, "\"mid_block.resnets.1.conv2.weight\"",
            "\"mid_block.resnets.9.conv2.weight\"");
    check_refused(folder, "mid_block.resnets.1.conv2.weight", "");
}

TEST(a_missing_tensor_of_the_decoder_is_named_before_a_step_is_made)
{
    const char *folder = copy_model();
    struct err err = {0};

    replace(folder, VAE, "\"decoder.conv_out.weight\"", "\"decoder.conv_xxx.weight\"");
    CHECK(open_folder(folder, &err) == NULL);
    CHECK_HAS(err.text, "decoder.conv_out.weight");
}

TEST(a_tensor_of_another_shape_is_named)
{
    const char *folder = copy_model();

    replace(folder, "unet/config.json", "\"in_channels\": 4", "\"in_channels\": 5");
    check_refused(folder, "conv_in.weight", "");
}

TEST(a_text_encoder_of_another_width_is_refused)
{
    const char *folder = copy_model();

    replace(folder, "unet/config.json", "\"cross_attention_dim\": 32",
            "\"cross_attention_dim\": 48");
    check_refused(folder, "", "");
}

TEST(an_unknown_scheduler_is_named)
{
    const char *folder = copy_model();

    replace(folder, "scheduler/scheduler_config.json", "\"PNDMScheduler\"",
            "\"XNDMScheduler\"");
    check_refused(folder, "XNDMScheduler", "PNDMScheduler");
}

TEST(a_missing_file_is_named)
{
    const char *folder = copy_model();
    char path[256];
    struct err err = {0};

    (void)snprintf(path, sizeof(path), "%s/tokenizer/merges.txt", folder);
    CHECK_INT(unlink(path), ==, 0);
    CHECK(open_folder(folder, &err) == NULL);
    CHECK_HAS(err.text, "merges.txt");
}

TEST(no_folder_is_said)
{
    struct err err = {0};

    CHECK(open_folder("/nowhere/at/all", &err) == NULL);
    CHECK_HAS(err.text, "/nowhere/at/all");
}

TEST(nan_in_a_weight_names_the_layer)
{
    const char *folder = copy_model();

    put_half(folder, UNET, "mid_block.resnets.0.conv1.weight", 0x7e00);
    check_refused(folder, "mid_block.resnets.0.conv1", "");
}

TEST(infinity_in_the_decoder_names_the_layer)
{
    const char *folder = copy_model();

    put_half(folder, VAE, "decoder.up_blocks.1.resnets.0.conv2.weight", 0x7c00);
    check_refused(folder, "decoder.up_blocks.1.resnets.0.conv2", "");
}

TEST(nan_in_an_embedding_names_the_layer)
{
    const char *folder = copy_model();

    put_half(folder, "text_encoder/model.safetensors",
             "text_model.encoder.layers.1.mlp.fc1.weight", 0x7e00);
    check_refused(folder, "text_model.encoder.layers.1.mlp.fc1", "");
}

/* The engine refuses the draw, and draws the next. */
static void check_draw(const struct draw *draw, int code)
{
    OWNED(engine) engine = open_good();
    struct image images[17] = {{0}};
    struct err err = {0};

    CHECK_INT(engine_draw(engine, draw, NULL, NULL, images, NULL, &err), ==, code);
    CHECK_INT(err.code, ==, code);
    CHECK(images[0].rgb == NULL);
    printf("# %s\n", err.text);
    err_clear(&err);
    CHECK_INT(engine_draw(engine, &SMALL, NULL, NULL, images, NULL, &err), ==, 1);
    image_done(&images[0]);
}

TEST(impossible_sizes_are_refused)
{
    static const uint32_t SIDES[] = {0, 7, 8, 65, 100000, UINT32_MAX};

    for (size_t i = 0; i < sizeof(SIDES) / sizeof(SIDES[0]); i++) {
        struct draw wide = SMALL, high = SMALL;

        wide.width = SIDES[i];
        high.height = SIDES[i];
        check_draw(&wide, ERR_INVALID);
        check_draw(&high, ERR_INVALID);
    }
}

TEST(guidance_outside_its_range_is_refused)
{
    static const double GUIDANCES[] = {-1, 31, NAN, INFINITY};

    for (size_t i = 0; i < sizeof(GUIDANCES) / sizeof(GUIDANCES[0]); i++) {
        struct draw draw = SMALL;

        draw.guidance = GUIDANCES[i];
        check_draw(&draw, ERR_INVALID);
    }
}

TEST(too_many_steps_or_images_are_refused)
{
    struct draw draw = SMALL;

    draw.steps = 151;
    check_draw(&draw, ERR_INVALID);
    draw = SMALL;
    draw.images = 0;
    check_draw(&draw, ERR_INVALID);
    draw.images = 17;
    check_draw(&draw, ERR_INVALID);
}

TEST(invalid_utf8_is_refused)
{
    struct draw draw = SMALL;

    draw.prompt = "a \xff\xfe garden";
    check_draw(&draw, ERR_INVALID);
    draw = SMALL;
    draw.negative = "cut \xec\xa0";
    check_draw(&draw, ERR_INVALID);
}

static void repeat(struct buf *out, const char *word, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_append_str(out, word);
}

TEST(ten_thousand_tokens_are_drawn)
{
    OWNED(engine) engine = open_good();
    OWNED_VALUE(buf) prompt = {0};
    OWNED_VALUE(image) image = {0};
    struct draw draw = SMALL;
    struct draw_notes notes = {0};
    struct err err = {0};

    repeat(&prompt, "! a ", 5000);
    draw.prompt = buf_text(&prompt);
    CHECK_OK(engine_draw(engine, &draw, NULL, NULL, &image, &notes, &err), err);
    CHECK_INT(notes.prompt_tokens, ==, 10000);
    CHECK_INT(notes.prompt_chunks, ==, 134);
}

TEST(more_tokens_are_refused)
{
    OWNED_VALUE(buf) prompt = {0};
    struct draw draw = SMALL;

    repeat(&prompt, "! a ", 10000);
    draw.prompt = buf_text(&prompt);
    check_draw(&draw, ERR_TOO_LARGE);
}

static bool stop_at_once(void *ctx, const struct draw_progress *progress)
{
    (void)progress;
    ++*(int *)ctx;
    return false;
}

TEST(a_draw_that_is_stopped_makes_no_further_call)
{
    OWNED(engine) engine = open_good();
    struct image images[1] = {{0}};
    struct draw draw = SMALL;
    struct err err = {0};
    int calls = 0;

    draw.steps = 20;
    CHECK_INT(engine_draw(engine, &draw, stop_at_once, &calls, images, NULL, &err), ==, 0);
    CHECK_INT(err.code, ==, 0);
    CHECK_INT(calls, ==, 1);
    CHECK(images[0].rgb == NULL);
}
