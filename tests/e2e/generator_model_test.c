/* generator_model_test.c - the generator's own program with a real (tiny) model: pictures that
 * the golden files know, through topics and store, killed in between. */
#define TEST_SECONDS 180
#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "lib/image/image.h"
#include "proto/recipe.h"
#include "tests/support/generator.h"
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
