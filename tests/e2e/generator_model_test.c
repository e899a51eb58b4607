/* generator_model_test.c - the generator's own program with a real (tiny) model: pictures that
 * the golden files know, through topics and store, killed in between. */
#define TEST_SECONDS 180
#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "lib/image/image.h"
#include "proto/recipe.h"
#include "tests/support/generator.h"
#include "tests/support/model_copy.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define MODEL "tests/golden/diffusion/sd15/model"

static const struct generation_output outputs[] = {{"imgPool/happy/a_0h.jpeg", 96, 64},
                                                   {"imgPool/happy/a_0v.jpeg", 64, 96}};

static struct generation_request two_pictures(const char *job_id)
{
    struct generation_request request =
        generator_request(job_id, "a (calm:1.2) lake, 꽃 flowers", outputs);

    request.output_count = 2;
    request.negative_prompt = "text";
    request.steps = 6;
    request.scheduler = GENERATION_DPMPP_2M_KARRAS;
    request.preview = true;
    return request;
}

static void check_recipe(struct generator *g, const struct generation_event *image)
{
    OWNED_VALUE(buf) file = {0};
    OWNED_VALUE(buf) storage = {0};
    OWNED_VALUE(image_metadata_read) metadata = {0};
    struct recipe_origin origin;
    struct recipe recipe;
    struct err err = {0};

    CHECK_OK(store_get(g->store, image->key, &file, NULL, &err), err);
    CHECK_OK(image_read_metadata(file.data, file.size, &metadata, &err), err);
    CHECK_OK(recipe_parse(metadata.parameters, &recipe, &origin, &storage, &err), err);
    CHECK_STR(origin.id, image->recipe);
    CHECK_STR(recipe.negative, "text");
    CHECK_INT(recipe.scheduler, ==, GENERATION_DPMPP_2M_KARRAS);
    CHECK_INT(recipe.steps, ==, 6);
}

TEST(a_model_draws_and_draws_the_same_again)
{
    struct generator g;
    struct generation_request request = two_pictures("j1");
    const struct generation_event *event;
    char sha256[SHA256_HEX];
    size_t previews = 0;

    generator_prepare(&g, NULL);
    generator_set(&g, "GENERATOR_THREADS=2");
    generator_set(&g, "GENERATOR_PRECISION=f32");
    generator_start(&g, 0, MODEL);
    generator_ask(&g, &request);
    (void)generator_wait(&g, "j1", GENERATION_DONE, 1);
    event = generator_wait(&g, "j1", GENERATION_IMAGE, 2);
    check_recipe(&g, event);
    memcpy(sha256, event->sha256, sizeof sha256);
    for (size_t i = 0; i < g.told_count; i++)
        previews += *g.told[i].event.preview != '\0';
    CHECK_INT(previews, >, 0);
    request.job_id = request.dedupe_id = "j2"; /* at once */
    generator_ask(&g, &request);
    event = generator_wait(&g, "j2", GENERATION_IMAGE, 2);
    CHECK(event->stored);
    generator_stop(&g, 0);
    generator_start(&g, 0, MODEL);
    request.job_id = request.dedupe_id = "j3"; /* drawn again, by another process */
    request.fresh = true;
    generator_ask(&g, &request);
    event = generator_wait(&g, "j3", GENERATION_IMAGE, 2);
    CHECK(!event->stored);
    CHECK_STR(event->sha256, sha256);
    generator_wait_committed(&g);
    generator_stop(&g, 0);
    generator_done(&g);
}

TEST(a_killed_process_is_followed_by_another_that_finishes)
{
    struct generator g;
    struct generation_request request = two_pictures("j1");
    const struct generation_event *event;

    request.steps = 40;
    generator_prepare(&g, NULL);
    generator_set(&g, "GENERATOR_THREADS=2");
    generator_start(&g, 0, MODEL);
    generator_ask(&g, &request);
    (void)generator_wait(&g, "j1", GENERATION_IMAGE, 1);
    generator_kill(&g, 0);
    generator_start(&g, 1, MODEL);
    event = generator_wait(&g, "j1", GENERATION_DONE, 1);
    CHECK(event != NULL);
    CHECK_INT(generator_count(&g, "j1", GENERATION_IMAGE), ==, 2);
    CHECK_INT(generator_count(&g, "j1", GENERATION_DONE), ==, 1);
    generator_wait_committed(&g);
    generator_done(&g);
}

TEST(a_size_that_the_model_cannot_draw_fails_with_its_reason)
{
    static const struct generation_output large[] = {{"text2image/x_0.jpeg", 2048, 2048}};
    struct generator g;
    struct generation_request request = generator_request("j1", "a", large);

    generator_prepare(&g, NULL);
    generator_start(&g, 0, MODEL);
    generator_ask(&g, &request);
    CHECK_HAS(generator_wait(&g, "j1", GENERATION_FAILED, 1)->reason, "2048x2048");
    generator_done(&g);
}

/* -- a model that names the sizes that it draws well -- */

static const char *model_with_advice(void)
{
    static const char advice[] = "{\"sizes\": [[96,64],[64,96]], \"steps\": 5, "
                                 "\"scheduler\": \"ddim\", \"guidance\": 4.5}";
    const char *folder = model_copy("sd15");

    folder_put(folder, "garden.json", advice, sizeof advice - 1);
    return folder;
}

/* As /bulk asks: nothing but words and sizes. */
static struct generation_request bulk_request(const char *job_id,
                                              const struct generation_output *wanted)
{
    struct generation_request request = generator_request(job_id, "a calm lake", wanted);

    request.output_count = 3;
    request.steps = 0;
    request.guidance = 7.5;
    request.model_guidance = true;
    request.scheduler = GENERATION_AUTO;
    request.preview = true;
    return request;
}

struct read_picture {
    struct buf file, storage;
    struct image_metadata_read metadata;
    struct recipe recipe;
    struct image_info info;
};

static void read_picture_done(struct read_picture *picture)
{
    buf_done(&picture->file);
    buf_done(&picture->storage);
    image_metadata_read_done(&picture->metadata);
}

static void read_picture(struct generator *g, const char *key, struct read_picture *picture)
{
    struct recipe_origin origin;
    struct err err = {0};

    CHECK_OK(store_get(g->store, key, &picture->file, NULL, &err), err);
    CHECK_OK(image_check(picture->file.data, picture->file.size, NULL, &picture->info, &err),
             err);
    CHECK_OK(
        image_read_metadata(picture->file.data, picture->file.size, &picture->metadata, &err),
        err);
    CHECK_OK(recipe_parse(picture->metadata.parameters, &picture->recipe, &origin,
                          &picture->storage, &err),
             err);
}

/* Every preview has the aspect of the picture that was asked for. */
static void check_previews(const struct generator *g)
{
    size_t previews = 0;

    for (size_t i = 0; i < g->told_count; i++)
        previews += *g->told[i].event.preview != '\0';
    CHECK_INT(previews, >, 0);
}

TEST(what_a_model_says_of_itself_holds_for_what_is_left_open)
{
    static const struct generation_output wanted[] = {{"imgPool/happy/a_0h.jpeg", 240, 160},
                                                      {"imgPool/happy/a_0v.jpeg", 160, 240},
                                                      {"imgPool/happy/a_1h.jpeg", 96, 64}};
    struct generator g;
    struct generation_request request = bulk_request("j1", wanted);
    const struct generation_event *event;
    char sha256[SHA256_HEX];

    generator_prepare(&g, NULL);
    generator_set(&g, "GENERATOR_THREADS=2");
    generator_start(&g, 0, model_with_advice());
    generator_ask(&g, &request);
    (void)generator_wait(&g, "j1", GENERATION_DONE, 1);
    event = generator_wait(&g, "j1", GENERATION_ACCEPTED, 1);
    CHECK_INT(event->steps, ==, 5);
    CHECK(event->guidance == 4.5);
    event = generator_wait(&g, "j1", GENERATION_IMAGE, 2);
    CHECK_INT(event->width, ==, 96); /* at the model's own size: nothing is resampled */
    CHECK_INT(event->drawn_width, ==, 0);
    check_previews(&g);
    for (size_t i = 0; i < 3; i++) {
        OWNED_VALUE(read_picture) picture = {0};

        read_picture(&g, wanted[i].key, &picture);
        CHECK_INT(picture.info.width, ==, wanted[i].width);
        CHECK_INT(picture.info.height, ==, wanted[i].height);
        CHECK_INT(picture.recipe.steps, ==, 5);
        CHECK(picture.recipe.guidance == 4.5);
        CHECK_INT(picture.recipe.scheduler, ==, GENERATION_DDIM);
        CHECK_INT(picture.recipe.drawn_width, ==, i == 0 ? 96 : i == 1 ? 64 : 0);
        CHECK_INT(picture.recipe.drawn_height, ==, i == 0 ? 64 : i == 1 ? 96 : 0);
        if (i < 2)
            CHECK_HAS(picture.metadata.parameters,
                      i ? "Size: 64x96, Postprocess upscale to: "
                          "160x240, Postprocess upscaler: Lanczos"
                        : "Size: 96x64, Postprocess upscale to: "
                          "240x160, Postprocess upscaler: Lanczos");
    }
    request.job_id = request.dedupe_id = "j2";
    request.fresh = true; /* the same bytes once more */
    generator_ask(&g, &request);
    event = generator_wait(&g, "j2", GENERATION_IMAGE, 1);
    memcpy(sha256, event->sha256, sizeof sha256);
    (void)generator_wait(&g, "j2", GENERATION_DONE, 1);
    for (size_t i = 0; i < g.told_count; i++)
        if (g.told[i].event.type == GENERATION_IMAGE && g.told[i].event.output == 0) {
            CHECK_STR(g.told[i].event.sha256, sha256);
            CHECK_INT(g.told[i].event.drawn_width, ==, 96);
            CHECK_INT(g.told[i].event.drawn_height, ==, 64);
        }
    generator_stop(&g, 0);
    generator_done(&g);
}

TEST(what_a_request_names_is_taken_before_what_the_model_says)
{
    static const struct generation_output wanted[] = {{"imgPool/happy/a_0h.jpeg", 96, 64}};
    struct generator g;
    struct generation_request request = bulk_request("j1", wanted);
    OWNED_VALUE(read_picture) picture = {0};

    request.output_count = 1;
    request.steps = 3;
    request.model_guidance = false;
    request.scheduler = GENERATION_EULER;
    generator_prepare(&g, NULL);
    generator_set(&g, "GENERATOR_THREADS=2");
    generator_start(&g, 0, model_with_advice());
    generator_ask(&g, &request);
    (void)generator_wait(&g, "j1", GENERATION_DONE, 1);
    read_picture(&g, wanted[0].key, &picture);
    CHECK_INT(picture.recipe.steps, ==, 3);
    CHECK(picture.recipe.guidance == 7.5);
    CHECK_INT(picture.recipe.scheduler, ==, GENERATION_EULER);
    generator_stop(&g, 0);
    generator_done(&g);
}
