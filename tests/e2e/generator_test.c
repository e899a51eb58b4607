/* generator_test.c - the generator alone: what becomes of jobs, good and bad, on both buses. */
#define TEST_SECONDS 120
#include <signal.h>

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "lib/image/image.h"
#include "proto/recipe.h"
#include "tests/support/fake_drawer.h"
#include "tests/support/generator.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define TEST_ON_BOTH(name_)                                     \
    static void name_(struct generator *g);                     \
    TEST(local_##name_)                                         \
    {                                                           \
        struct generator g;                                     \
                                                                \
        generator_prepare(&g, NULL);                            \
        name_(&g);                                              \
        generator_done(&g);                                     \
    }                                                           \
    TEST(kafka_##name_)                                         \
    {                                                           \
        const char *brokers = getenv("TEST_KAFKA");             \
        struct generator g;                                     \
        char url[128];                                          \
                                                                \
        if (!brokers || !*brokers)                              \
            SKIP("TEST_KAFKA is not set");                      \
        (void)snprintf(url, sizeof url, "kafka://%s", brokers); \
        generator_prepare(&g, url);                             \
        name_(&g);                                              \
        generator_done(&g);                                     \
    }                                                           \
    static void name_(struct generator *g)

static const struct generation_output one[] = {{"imgPool/happy/a_0h.jpeg", 64, 64}};

/* What is told has to be what is there, with the recipe in it. */
static void check_picture(struct generator *g, const struct generation_event *image,
                          struct recipe *ret_recipe, struct buf *storage)
{
    OWNED_VALUE(buf) file = {0};
    OWNED_VALUE(image_metadata_read) metadata = {0};
    struct recipe_origin origin;
    struct image_info info;
    struct err err = {0};
    char sha256[SHA256_HEX];

    CHECK_OK(store_get(g->store, image->key, &file, NULL, &err), err);
    sha256_hex(file.data, file.size, sha256);
    CHECK_STR(image->sha256, sha256);
    CHECK_OK(image_probe(file.data, file.size, NULL, &info, &err), err);
    CHECK_INT(info.width, ==, image->width);
    CHECK_INT(info.height, ==, image->height);
    CHECK_OK(image_read_metadata(file.data, file.size, &metadata, &err), err);
    CHECK_STR(metadata.source_type, "trainedAlgorithmicMedia");
    CHECK_OK(recipe_parse(metadata.parameters, ret_recipe, &origin, storage, &err), err);
    CHECK_STR(origin.id, image->recipe);
    CHECK_INT(ret_recipe->seed, ==, image->seed);
}

TEST_ON_BOTH(a_job_is_drawn_and_told)
{
    static const struct generation_output outputs[] = {{"imgPool/happy/a_0h.jpeg", 128, 64},
                                                       {"text2image/j1_1.jpeg", 64, 128}};
    struct generation_request request = generator_request("j1", "꽃 정원, long", outputs);
    const struct generation_event *event;
    OWNED_VALUE(buf) storage = {0};
    struct recipe recipe;

    request.output_count = 2;
    request.negative_prompt = "text\nSteps: 3";
    generator_start(g, 0, NULL);
    generator_ask(g, &request);
    (void)generator_wait(g, "j1", GENERATION_DONE, 1);
    event = generator_wait(g, "j1", GENERATION_ACCEPTED, 1);
    CHECK_INT(event->outputs, ==, 2);
    CHECK_INT(event->attempt, ==, 0);
    event = generator_wait(g, "j1", GENERATION_STARTED, 1);
    CHECK_INT(event->attempt, ==, 1);
    event = generator_wait(g, "j1", GENERATION_STEP, 2);
    CHECK_INT(event->step, ==, FAKE_STEPS);
    CHECK_INT(event->steps, ==, FAKE_STEPS);
    event = generator_wait(g, "j1", GENERATION_IMAGE, 2);
    CHECK_STR(event->key, "text2image/j1_1.jpeg");
    CHECK_INT(event->output, ==, 1);
    CHECK_INT(event->seed, ==, 43);
    CHECK(!event->stored);
    CHECK_HAS(event->note, "91 tokens");
    check_picture(g, event, &recipe, &storage);
    CHECK_STR(recipe.prompt, request.prompt);
    CHECK_STR(recipe.negative, request.negative_prompt);
    CHECK_INT(recipe.scheduler, ==, GENERATION_DDIM);
    CHECK_INT(recipe.steps, ==, FAKE_STEPS);
    CHECK_INT(generator_objects(g, "imgPool/happy/a_0h.jpeg"), ==, 1);
    CHECK_INT(generator_objects(g, "text2image/j1_1.jpeg"), ==, 1);
    generator_wait_committed(g);
    CHECK(generator_figure(g, 0, "generator_jobs_total{outcome=\"done\"}") == 1);
    CHECK(generator_figure(g, 0, "generator_images_total{from=\"drawn\"}") == 2);
    CHECK(generator_figure(g, 0, "generator_seconds_per_step{size=\"128x64\"}") > 0);
    generator_stop(g, 0);
}

TEST_ON_BOTH(the_same_recipe_again_is_there_at_once)
{
    static const struct generation_output other[] = {{"imgPool/calm/b_0h.jpeg", 64, 64}};
    struct generation_request request = generator_request("j1", "a lake", one);
    const struct generation_event *event;
    char sha256[SHA256_HEX];

    generator_start(g, 0, NULL);
    generator_ask(g, &request);
    event = generator_wait(g, "j1", GENERATION_IMAGE, 1);
    memcpy(sha256, event->sha256, sizeof sha256);
    request.job_id = request.dedupe_id = "j2";
    request.outputs = other;
    generator_ask(g, &request);
    event = generator_wait(g, "j2", GENERATION_IMAGE, 1);
    CHECK(event->stored);
    CHECK_STR(event->key, "imgPool/calm/b_0h.jpeg");
    CHECK_STR(event->sha256, sha256);
    (void)generator_wait(g, "j2", GENERATION_DONE, 1);
    CHECK_INT(generator_count(g, "j2", GENERATION_STEP), ==, 0);
    CHECK_INT(generator_objects(g, "imgPool/calm/b_0h.jpeg"), ==, 1);
    request.job_id = request.dedupe_id = "j3"; /* the same key: nothing is written */
    generator_ask(g, &request);
    event = generator_wait(g, "j3", GENERATION_IMAGE, 1);
    CHECK(event->stored);
    CHECK_INT(generator_objects(g, "imgPool/calm/b_0h.jpeg"), ==, 1);
    request.job_id = request.dedupe_id = "j4";
    request.fresh = true;
    generator_ask(g, &request);
    event = generator_wait(g, "j4", GENERATION_IMAGE, 1);
    CHECK(!event->stored);
    CHECK_STR(event->sha256, sha256);
    CHECK_INT(generator_count(g, "j4", GENERATION_STEP), >, 0);
}

TEST_ON_BOTH(a_stored_picture_that_changed_is_drawn_again)
{
    struct generation_request request = generator_request("j1", "a lake", one);
    static const struct generation_output other[] = {{"imgPool/calm/b_0h.jpeg", 64, 64}};
    const struct generation_event *event;
    struct err err = {0};

    generator_start(g, 0, NULL);
    generator_ask(g, &request);
    (void)generator_wait(g, "j1", GENERATION_DONE, 1);
    CHECK_OK(store_put(g->store, one[0].key, "no picture", 10, NULL, NULL, &err), err);
    request.job_id = request.dedupe_id = "j2";
    request.outputs = other;
    generator_ask(g, &request);
    event = generator_wait(g, "j2", GENERATION_IMAGE, 1);
    CHECK(!event->stored);
}

TEST_ON_BOTH(a_bad_job_fails_at_once_and_the_next_is_drawn)
{
    struct generation_request request = generator_request("j1", "bad@3", one);

    generator_set(g, "GENERATOR_MAX_PIXELS=4096");
    generator_start(g, 0, NULL);
    generator_ask(g, &request);
    CHECK_HAS(generator_wait(g, "j1", GENERATION_FAILED, 1)->reason,
              "mid.resnets.0: not finite");
    CHECK_INT(generator_count(g, "j1", GENERATION_STARTED), ==, 1);
    request = generator_request("j2", "a", &(struct generation_output){"a.jpeg", 128, 64});
    generator_ask(g, &request);
    CHECK_HAS(generator_wait(g, "j2", GENERATION_FAILED, 1)->reason, "GENERATOR_MAX_PIXELS");
    request = generator_request("j3", "a", one);
    request.deadline_ms = clock_wall_ms() - 1;
    generator_ask(g, &request);
    CHECK_HAS(generator_wait(g, "j3", GENERATION_FAILED, 1)->reason, "deadline");
    request = generator_request("j4", "a lake", one);
    generator_ask(g, &request);
    (void)generator_wait(g, "j4", GENERATION_DONE, 1);
    generator_wait_committed(g);
}

TEST_ON_BOTH(what_cannot_be_read_is_a_dead_letter)
{
    const struct bus_record garbage = {.topic = TOPIC_GENERATION_REQUESTS,
                                       .key = "k",
                                       .key_size = 1,
                                       .value = "{\"job_id\":7}",
                                       .value_size = 12};
    struct generation_request request = generator_request("j1", "a lake", one);
    struct err err = {0};
    char reason[512];

    generator_start(g, 0, NULL);
    CHECK_OK(bus_publish(g->bus, &garbage, 1, 20000, &err), err);
    generator_ask(g, &request);
    (void)generator_wait(g, "j1", GENERATION_DONE, 1);
    generator_wait_committed(g);
    CHECK_INT(generator_dead(g, reason), ==, 1);
    CHECK_HAS(reason, "job_id");
}

TEST_ON_BOTH(deadlines_hold_while_waiting_and_while_drawing)
{
    struct generation_request slow = generator_request("slow", "step_ms=200", one);
    struct generation_request waits = generator_request("waits", "a", one);

    slow.steps = 100;
    generator_start(g, 0, NULL);
    slow.deadline_ms = clock_wall_ms() + 6000;
    generator_ask(g, &slow);
    (void)generator_wait(g, "slow", GENERATION_STARTED, 1);
    waits.deadline_ms = clock_wall_ms() + 500;
    generator_ask(g, &waits);
    CHECK_HAS(generator_wait(g, "waits", GENERATION_FAILED, 1)->reason, "before a worker");
    CHECK_INT(generator_count(g, "slow", GENERATION_FAILED), ==, 0);
    CHECK_INT(generator_count(g, "waits", GENERATION_STARTED), ==, 0);
    CHECK_HAS(generator_wait(g, "slow", GENERATION_FAILED, 1)->reason, "while it was drawn");
    generator_wait_committed(g);
}

static void cancel(struct generator *g, const char *job_id)
{
    const struct generation_event event = {
        .job_id = job_id, .type = GENERATION_CANCELLED, .timestamp_ms = clock_wall_ms()};

    generator_tell(g, &event);
}

TEST_ON_BOTH(cancel_stops_what_is_drawn_and_drops_what_waits)
{
    struct generation_request first = generator_request("first", "step_ms=200", one);
    struct generation_request second = generator_request("second", "a", one);
    struct generation_request third = generator_request("third", "b", one);
    int64_t start_ms;

    first.steps = 100;
    generator_start(g, 0, NULL);
    generator_ask(g, &first);
    (void)generator_wait(g, "first", GENERATION_STEP, 1);
    generator_ask(g, &second);
    cancel(g, "second");
    generator_ask(g, &third);
    start_ms = clock_mono_ms();
    cancel(g, "first");
    (void)generator_wait(g, "third", GENERATION_DONE, 1);
    CHECK_INT(clock_mono_ms() - start_ms, <, 5000);
    generator_wait_committed(g);
    CHECK_INT(generator_count(g, "second", GENERATION_STARTED), ==, 0);
    CHECK_INT(generator_count(g, "first", GENERATION_DONE), ==, 0);
    CHECK_INT(generator_count(g, "first", GENERATION_FAILED), ==, 0);
}

TEST_ON_BOTH(interactive_jobs_come_before_bulk)
{
    char ids[40][16];
    struct generation_request request;
    const struct generation_event *event;

    for (int i = 0; i < 40; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "bulk%d", i);
        request = generator_request(ids[i], "step_ms=20", one);
        request.priority = GENERATION_BULK;
        request.seed = i;
        generator_ask(g, &request);
    }
    generator_start(g, 0, NULL);
    (void)generator_wait(g, NULL, GENERATION_DONE, 2);
    generator_wait_figure(g, 0, "generator_queue_jobs{priority=\"bulk\"}", 1);
    generator_wait_figure(g, 0, "generator_seconds_to_drain", 0.01);
    request = generator_request("now", "a", one);
    generator_ask(g, &request);
    event = generator_wait(g, "now", GENERATION_DONE, 1);
    CHECK_INT(generator_count(g, NULL, GENERATION_DONE), <, 30);
    CHECK_INT(event->elapsed_ms, <, 5000);
    (void)generator_wait(g, NULL, GENERATION_DONE, 41);
    generator_wait_committed(g);
}

TEST_ON_BOTH(a_queue_that_is_full_still_draws_everything)
{
    char ids[60][16];
    struct generation_request request;

    generator_set(g, "GENERATOR_QUEUE=5");
    for (int i = 0; i < 60; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "job%d", i);
        request = generator_request(ids[i], "a", one);
        request.seed = i;
        generator_ask(g, &request);
    }
    generator_start(g, 0, NULL);
    (void)generator_wait(g, NULL, GENERATION_DONE, 60);
    CHECK_INT(generator_count(g, NULL, GENERATION_IMAGE), ==, 60);
    generator_wait_committed(g);
}

TEST_ON_BOTH(steps_are_told_at_most_ten_a_second_with_previews_when_asked)
{
    struct generation_request request = generator_request("j1", "step_ms=10", one);
    size_t previews = 0;

    request.steps = 150;
    request.preview = true;
    generator_start(g, 0, NULL);
    generator_ask(g, &request);
    (void)generator_wait(g, "j1", GENERATION_DONE, 1);
    CHECK_INT(generator_count(g, "j1", GENERATION_STEP), >, 5);
    CHECK_INT(generator_count(g, "j1", GENERATION_STEP), <, 40);
    for (size_t i = 0; i < g->told_count; i++)
        if (*g->told[i].event.preview) {
            CHECK(strncmp(g->told[i].event.preview, "/9j/", 4) == 0);
            previews++;
        }
    CHECK_INT(previews, >=, 2);
    CHECK_INT(previews, <=, 10);
}

TEST_ON_BOTH(a_stop_gives_the_job_back_without_counting_it)
{
    struct generation_request request = generator_request("j1", "step_ms=100", one);
    const struct generation_event *event;

    request.steps = 20;
    generator_ask(g, &request);
    for (uint32_t attempt = 1; attempt <= 5; attempt++) { /* more than crashes are allowed */
        int64_t start_ms;

        generator_start(g, 0, NULL);
        event = generator_wait(g, "j1", GENERATION_STARTED, attempt);
        CHECK_INT(event->attempt, ==, attempt);
        start_ms = clock_mono_ms();
        generator_stop(g, 0);
        CHECK_INT(clock_mono_ms() - start_ms, <, 8000);
        event = generator_wait(g, "j1", GENERATION_ACCEPTED, attempt + 1);
        CHECK_INT(event->attempt, ==, attempt);
    }
    generator_start(g, 0, NULL);
    (void)generator_wait(g, "j1", GENERATION_DONE, 1);
    CHECK_INT(generator_count(g, "j1", GENERATION_FAILED), ==, 0);
}
