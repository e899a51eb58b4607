/* recipe_test.c - a recipe comes back from a picture exactly as it went in, its id says whether
 * two are the same, and what other programs wrote is understood. */
#include "lib/image/image.h"
#include "proto/recipe.h"

#include "tests/test.h"

#define MODEL "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct recipe lake = {
    .model_id = MODEL,
    .model = "stable-diffusion-2-1",
    .prompt = "a calm lake, flowers",
    .negative = "text, watermark",
    .width = 1280,
    .height = 800,
    .steps = 50,
    .guidance = 7.5,
    .seed = 42,
    .scheduler = GENERATION_DPMPP_2M_KARRAS,
};

static void check_same(const struct recipe *read, const struct recipe *wanted)
{
    CHECK_STR(read->prompt, wanted->prompt);
    CHECK_STR(read->negative, wanted->negative);
    CHECK_STR(read->model, wanted->model);
    CHECK_INT(read->width, ==, wanted->width);
    CHECK_INT(read->height, ==, wanted->height);
    CHECK_INT(read->drawn_width, ==, wanted->drawn_width);
    CHECK_INT(read->drawn_height, ==, wanted->drawn_height);
    CHECK_INT(read->steps, ==, wanted->steps);
    CHECK(read->guidance == wanted->guidance);
    CHECK_INT(read->seed, ==, wanted->seed);
    CHECK_INT(read->scheduler, ==, wanted->scheduler);
    CHECK_INT(strncmp(read->model_id, wanted->model_id, RECIPE_MODEL_HASH), ==, 0);
}

static void comes_back(const struct recipe *recipe)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) storage = {0};
    struct recipe_origin origin;
    struct recipe read;
    struct err err = {0};
    char id[RECIPE_ID];

    CHECK_OK(recipe_id(recipe, id, &err), err);
    recipe_format(recipe, id, "garden 0.1.0", &text);
    CHECK(buf_ok(&text));
    CHECK_OK(recipe_parse(buf_text(&text), &read, &origin, &storage, &err), err);
    check_same(&read, recipe);
    CHECK_STR(origin.id, id);
    CHECK_STR(origin.version, "garden 0.1.0");
}

TEST(the_canonical_form_and_the_id_stay_what_they_are)
{
    OWNED_VALUE(buf) line = {0};
    struct err err = {0};
    char id[RECIPE_ID];

    recipe_canonical(&lake, &line);
    CHECK_STR(buf_text(&line), "{\"model\":\"" MODEL "\",\"prompt\":\"a calm lake, flowers\","
                               "\"negative\":\"text, watermark\",\"width\":1280,"
                               "\"height\":800,\"steps\":50,\"guidance\":7.5,\"seed\":42,"
                               "\"scheduler\":\"dpmpp-2m-karras\"}");
    CHECK_OK(recipe_id(&lake, id, &err), err);
    CHECK_STR(id, "5be91d14deb4c0143d5fe3dbb1ec6f6c322eadf95710ec969a1e44cd3db8672c");
}

TEST(each_part_of_it_makes_another_id)
{
    struct recipe others[11];
    struct err err = {0};
    char id[RECIPE_ID], other[RECIPE_ID];

    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        others[i] = lake;
    others[0].model_id = "1" MODEL;
    others[1].prompt = "a calm lake, flowers ";
    others[2].negative = "";
    others[3].width = 1288;
    others[4].height = 808;
    others[5].steps = 51;
    others[6].guidance = 7.5000000001;
    others[7].seed = 43;
    others[8].scheduler = GENERATION_DPMPP_2M;
    others[9].drawn_width = 512;
    others[9].drawn_height = 320;
    others[10].drawn_width = 480;
    others[10].drawn_height = 320;
    CHECK_OK(recipe_id(&lake, id, &err), err);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK_OK(recipe_id(&others[i], other, &err), err);
        if (strcmp(id, other) == 0)
            TEST_FAIL("recipe %zu has the same id", i);
    }
    CHECK_OK(recipe_id(&others[9], id, &err), err);
    CHECK_OK(recipe_id(&others[10], other, &err), err);
    CHECK(strcmp(id, other) != 0);
}

TEST(a_models_name_decides_nothing)
{
    struct recipe renamed = lake;
    struct err err = {0};
    char id[RECIPE_ID], other[RECIPE_ID];

    renamed.model = "another folder";
    CHECK_OK(recipe_id(&lake, id, &err), err);
    CHECK_OK(recipe_id(&renamed, other, &err), err);
    CHECK_STR(other, id);
}

TEST(the_parameters_are_those_of_a1111)
{
    OWNED_VALUE(buf) text = {0};

    recipe_format(&lake, MODEL, "garden 0.1.0", &text);
    CHECK_STR(buf_text(&text),
              "a calm lake, flowers\nNegative prompt: text, watermark\n"
              "Steps: 50, Sampler: DPM++ 2M Karras, CFG scale: 7.5, Seed: 42, Size: 1280x800, "
              "Model hash: 0123456789, Model: stable-diffusion-2-1, Recipe: " MODEL
              ", Version: garden 0.1.0");
}

TEST(what_was_resampled_is_told_as_a1111_tells_it)
{
    OWNED_VALUE(buf) text = {0};
    struct recipe recipe = lake;

    recipe.drawn_width = 512;
    recipe.drawn_height = 320;
    recipe_format(&recipe, MODEL, "garden 0.1.0", &text);
    CHECK_HAS(buf_text(&text), "Size: 512x320, Postprocess upscale to: 1280x800, "
                               "Postprocess upscaler: Lanczos, Model hash: ");
    comes_back(&recipe);
    recipe.width = 256;
    recipe.height = 160;
    buf_clear(&text);
    recipe_format(&recipe, MODEL, "garden 0.1.0", &text);
    CHECK_HAS(buf_text(&text), "Size: 512x320, Postprocess upscale to: 256x160, "
                               "Postprocess upscaler: Box, ");
    comes_back(&recipe);
}

static const char *const nasty[] = {
    "a",
    "a calm lake",
    "꽃이 핀 정원, 행복 🌷",
    "two\nlines",
    "ends with a line\n",
    "\n",
    "\nstarts with one",
    "a\r\nb\r",
    "Steps: 7, Sampler: DDIM, CFG scale: 1, Seed: 1, Size: 8x8",
    "a\nSteps: 7, Sampler: DDIM, CFG scale: 1, Seed: 1, Size: 8x8",
    "a\nNegative prompt: b",
    "Negative prompt: b",
    "Negative prompt: ",
    "\nNegative prompt: ",
    "a\nNegative prompt: b\nNegative prompt: c",
    "Prompt bytes: 3",
    "a, Prompt bytes: 3, b",
    "\"quoted\", \\back\\, (word:1.3) [less] ((more))",
    " spaces  around ",
    ",:,:",
};

enum { NASTY = sizeof nasty / sizeof *nasty };

TEST(prompts_come_back_whatever_they_are)
{
    for (size_t i = 0; i < NASTY; i++)
        for (size_t j = 0; j <= NASTY; j++) {
            struct recipe recipe = lake;

            recipe.prompt = nasty[i];
            recipe.negative = j < NASTY ? nasty[j] : "";
            comes_back(&recipe);
        }
}

TEST(names_and_numbers_come_back_whatever_they_are)
{
    static const char *const names[] = {"a, b: c", "\"", "a\nb", "모델", " x", "", "v1.5\\x"};
    static const double guidances[] = {0, 0.1, 1, 7.5, 1.0 / 3, 30};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct recipe recipe = lake;

        recipe.model = names[i];
        comes_back(&recipe);
    }
    for (size_t i = 0; i < sizeof guidances / sizeof *guidances; i++) {
        struct recipe recipe = lake;

        recipe.guidance = guidances[i];
        recipe.seed = INT64_C(9007199254740991);
        comes_back(&recipe);
    }
    for (int i = GENERATION_DDIM; generation_scheduler_names[i]; i++) {
        struct recipe recipe = lake;

        recipe.scheduler = (enum generation_scheduler)i;
        comes_back(&recipe);
    }
}

TEST(it_comes_back_from_the_jpeg_itself)
{
    for (size_t i = 0; i < NASTY; i++) {
        uint8_t rgb[8 * 8 * 3] = {0};
        const struct image image = {8, 8, rgb};
        OWNED_VALUE(image_metadata_read) metadata = {0};
        OWNED_VALUE(buf) text = {0};
        OWNED_VALUE(buf) file = {0};
        OWNED_VALUE(buf) storage = {0};
        struct recipe recipe = lake, read;
        struct recipe_origin origin;
        struct err err = {0};

        recipe.prompt = nasty[i];
        recipe.negative = nasty[NASTY - 1 - i];
        recipe_format(&recipe, MODEL, "garden 0.1.0", &text);
        CHECK_OK(image_encode_jpeg(&image, 90,
                                   &(struct image_metadata){.parameters = buf_text(&text)},
                                   &file, &err),
                 err);
        CHECK_OK(image_read_metadata(file.data, file.size, &metadata, &err), err);
        CHECK_STR(metadata.parameters, buf_text(&text));
        CHECK_OK(recipe_parse(metadata.parameters, &read, &origin, &storage, &err), err);
        check_same(&read, &recipe);
    }
}

TEST(what_other_programs_wrote_is_read)
{
    OWNED_VALUE(buf) storage = {0};
    struct recipe_origin origin;
    struct recipe read;
    struct err err = {0};

    CHECK_OK(recipe_parse("a lake\nNegative prompt: text\nSteps: 20, Sampler: DPM++ 2M, "
                          "Schedule type: Karras, CFG scale: 7, Seed: 1, Size: 512x512, "
                          "Model hash: abcdef0123, Model: v1-5, Denoising strength: 0.5, "
                          "TI hashes: \"a: 1, b: 2\", Version: v1.9.4\n",
                          &read, &origin, &storage, &err),
             err);
    CHECK_STR(read.prompt, "a lake");
    CHECK_STR(read.negative, "text");
    CHECK_INT(read.scheduler, ==, GENERATION_DPMPP_2M_KARRAS);
    CHECK_STR(origin.id, "");
    CHECK_STR(origin.version, "v1.9.4");
    CHECK_OK(recipe_parse("Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1, Size: 512x512",
                          &read, &origin, &storage, &err),
             err);
    CHECK_STR(read.prompt, "");
    CHECK_STR(read.model_id, "");
    for (int line = 0; line < 2; line++) {
        const char *text = "\nNegative prompt: b\n"
                           "Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512";

        CHECK_OK(recipe_parse(text + line, &read, &origin, &storage, &err), err);
        CHECK_STR(read.prompt, "");
        CHECK_STR(read.negative, "b");
    }
}

TEST(text_that_is_no_recipe_is_refused)
{
    static const struct {
        const char *text, *reason;
    } bad[] = {
        {"", "no list of settings"},
        {"a picture of a cat", "no list of settings"},
        {"a\nSteps: 20", "Seed"},
        {"a\nSteps: 0, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 512x512", "Steps"},
        {"a\nSteps: 20, Sampler: UniPC, CFG scale: 7, Seed: 1, Size: 512x512", "Sampler"},
        {"a\nSteps: 20, Sampler: DDIM, CFG scale: nan, Seed: 1, Size: 512x512", "CFG scale"},
        {"a\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 512", "Size"},
        {"a\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 512x99999", "Size"},
        {"a\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 8x8, Prompt bytes: 9",
         "Prompt bytes"},
        {"ab\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 8x8, Prompt bytes: 1",
         "negative prompt is not there"},
        {"a\nSteps: 20, Model: \"a", "JSON"},
        {"a\nSteps: 20, Sampler: DDIM, CFG scale: 7, Seed: 1, Size: 8x8, Postprocess upscale "
         "to: 8192x8192",
         "Postprocess upscale to"},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        OWNED_VALUE(buf) storage = {0};
        struct recipe_origin origin;
        struct recipe read = {.prompt = "before"};
        struct err err = {0};

        if (recipe_parse(bad[i].text, &read, &origin, &storage, &err) != ERR_INVALID)
            TEST_FAIL("'%s' was taken", bad[i].text);
        CHECK_HAS(err.text, bad[i].reason);
        CHECK_STR(read.prompt, "before");
    }
}

TEST(where_a_recipes_picture_is_reads_back)
{
    const struct recipe_place place = {"imgPool/happy/a_0h.jpeg", MODEL, 1280, 800};
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) storage = {0};
    struct recipe_place read;
    struct err err = {0};
    char key[KEY_BYTES];

    CHECK_OK(recipe_place_encode(&text, &place, &err), err);
    CHECK_OK(recipe_place_decode(text.data, text.size, &read, &storage, &err), err);
    CHECK_STR(read.key, place.key);
    CHECK_STR(read.sha256, MODEL);
    CHECK_INT(read.width, ==, 1280);
    CHECK_INT(read.height, ==, 800);
    CHECK_INT(recipe_place_decode("{}", 2, &read, &storage, &err), ==, ERR_INVALID);
    recipe_place_key(MODEL, key);
    CHECK_STR(key, "cache/recipes/" MODEL ".json");
}
