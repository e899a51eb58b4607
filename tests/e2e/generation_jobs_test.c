/* generation_jobs_test.c - what clients see of the generator: jobs, waiting for them,
 * following them, cancelling them. */
#define TEST_SECONDS 120
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tests/support/follower.h"
#include "tests/support/studio.h"
#include "tests/test.h"

enum { SOON_MS = 10000, NOT_MS = 300 };

static struct studio studio;

TEST(a_job_is_asked_for_followed_and_done)
{
    char path[200];

    studio_start(&studio, NULL);
    CHECK_INT(
        studio_ask(&studio, "POST", "/v1/generations",
                   "{\"prompt\":\"a lake\",\"negative_prompt\":\"text\",\"width\":1024,"
                   "\"height\":600,\"steps\":20,\"guidance\":9,\"scheduler\":\"dpmpp-2m\","
                   "\"count\":2,\"emotion\":\"happy\",\"favorite\":\"spring\"}"),
        ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&studio.door, "location"));
    OWNED_JSON asked = studio_answer(&studio);
    CHECK_STR(studio_text(&studio, asked, "state"), "waiting");
    CHECK_STR(studio_text(&studio, asked, "emotion"), "happy");
    CHECK_STR(studio_text(&studio, asked, "favorite"), "spring");
    CHECK(text_ends_with(path, studio_text(&studio, asked, "id")));

    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_STR(studio.painter.job.job_id, studio_text(&studio, asked, "id"));
    CHECK_STR(studio.painter.job.prompt, "a lake");
    CHECK_STR(studio.painter.job.negative_prompt, "text");
    CHECK_INT(studio.painter.job.steps, ==, 20);
    CHECK_INT(studio.painter.job.guidance, ==, 9);
    CHECK(!studio.painter.job.model_guidance);
    CHECK_INT(studio.painter.job.scheduler, ==, GENERATION_DPMPP_2M);
    CHECK_INT(studio.painter.job.seed, ==, studio_number(&studio, asked, "seed"));
    CHECK_INT(studio.painter.job.priority, ==, GENERATION_INTERACTIVE);
    CHECK_INT(studio.painter.job.output_count, ==, 2);
    CHECK_INT(studio.painter.job.outputs[1].width, ==, 1024);
    CHECK_INT(studio.painter.job.outputs[1].height, ==, 600);
    CHECK(text_starts_with(studio.painter.job.outputs[0].key, "imgPool/happy/spring/img_"));
    CHECK(text_ends_with(studio.painter.job.outputs[0].key, "_0h.jpeg"));
    CHECK(text_ends_with(studio.painter.job.outputs[1].key, "_1h.jpeg"));

    painter_tell(
        &studio.painter,
        (struct generation_event){.type = GENERATION_STARTED, .attempt = 1, .note = "long"});
    painter_tell(&studio.painter,
                 (struct generation_event){
                     .type = GENERATION_STEP, .output = 1, .step = 7, .steps = 20});
    studio_await(&studio, path, "\"step\":7");
    OWNED_JSON running = studio_answer(&studio);
    CHECK_STR(studio_text(&studio, running, "state"), "running");
    CHECK_STR(studio_text(&studio, running, "note"), "long");
    CHECK_INT(studio_number(&studio, json_object_get(running, "progress"), "output"), ==, 1);

    painter_draw(&studio.painter);
    studio_await(&studio, path, "\"state\":\"done\"");
    OWNED_JSON done = studio_answer(&studio);
    const json_t *images = json_object_get(done, "images");
    CHECK_INT(json_array_size(images), ==, 2);
    CHECK_STR(studio_text(&studio, json_array_get(images, 1), "key"),
              studio.painter.job.outputs[1].key);
    CHECK_HAS(studio_text(&studio, json_array_get(images, 1), "url"), studio.door.url);
    CHECK_INT(studio_number(&studio, json_array_get(images, 1), "seed"), ==,
              studio.painter.job.seed + 1);
    studio_stop(&studio);
}

TEST(what_is_left_out_has_defaults)
{
    studio_start(&studio, "GARDEN_GENERATION_STEPS=33");
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_INT(studio.painter.job.outputs[0].width, ==, 768);
    CHECK_INT(studio.painter.job.outputs[0].height, ==, 512);
    CHECK_INT(studio.painter.job.steps, ==, 33);
    CHECK(studio.painter.job.guidance == 7.5);
    CHECK(studio.painter.job.model_guidance);
    CHECK_INT(studio.painter.job.output_count, ==, 1);
    CHECK_INT(studio.painter.job.deadline_ms, ==, 0);
    CHECK(text_starts_with(studio.painter.job.outputs[0].key, "text2image/"));
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations",
                         "{\"prompt\":\"x\",\"timeout\":60,\"seed\":7}"),
              ==, 202);
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_INT(studio.painter.job.seed, ==, 7);
    CHECK_INT(studio.painter.job.deadline_ms, >, clock_wall_ms() + 50000);
    CHECK_INT(studio.painter.job.deadline_ms, <=, clock_wall_ms() + 60000);
    studio_stop(&studio);
}

TEST(what_is_left_to_the_model_is_told_once_it_is_known)
{
    char path[200];
    OWNED_JSON asked = NULL;
    OWNED_JSON drawn = NULL;
    const json_t *image;

    studio_start(&studio, NULL);
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
    asked = studio_answer(&studio);
    CHECK(!json_object_get(asked, "guidance"));
    (void)snprintf(path, sizeof path, "/v1/generations/%s", studio_text(&studio, asked, "id"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    painter_tell(&studio.painter,
                 (struct generation_event){
                     .type = GENERATION_ACCEPTED, .outputs = 1, .steps = 20, .guidance = 4.5});
    studio_await(&studio, path, "\"guidance\":4.5");
    CHECK_HAS(door_body(&studio.door), "\"steps\":20");
    painter_tell(
        &studio.painter,
        (struct generation_event){.type = GENERATION_IMAGE,
                                  .key = studio.painter.job.outputs[0].key,
                                  .width = 768,
                                  .height = 512,
                                  .drawn_width = 480,
                                  .drawn_height = 320,
                                  .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4"
                                            "95991b7852b855"});
    studio_await(&studio, path, "\"sha256\"");
    drawn = studio_answer(&studio);
    image = json_array_get(json_object_get(drawn, "images"), 0);
    CHECK_INT(studio_number(&studio, image, "width"), ==, 768);
    CHECK_INT(studio_number(&studio, image, "drawn_width"), ==, 480);
    CHECK_INT(studio_number(&studio, image, "drawn_height"), ==, 320);
    studio_stop(&studio);
}

TEST(who_prefers_to_wait_gets_the_pictures_at_once)
{
    pthread_t thread;

    studio_start(&studio, NULL);
    thread = studio_start_drawing(&studio);
    CHECK_INT(studio_post(&studio, "/v1/generations", "{\"prompt\":\"x\"}", "Prefer: wait=20"),
              ==, 200);
    CHECK_STR(door_header(&studio.door, "preference-applied"), "wait");
    CHECK_HAS(door_body(&studio.door), "\"state\":\"done\"");
    studio_stop_drawing(&studio, thread);

    /* and a job that is not done in time as it is */
    CHECK_INT(studio_post(&studio, "/v1/generations", "{\"prompt\":\"y\"}", "Prefer: wait=1"),
              ==, 202);
    CHECK_HAS(door_body(&studio.door), "\"state\":\"waiting\"");
    CHECK(*door_header(&studio.door, "location"));
    studio_stop(&studio);
}

TEST(jobs_are_listed_the_newest_first_page_by_page)
{
    char path[300];

    studio_start(&studio, NULL);
    for (int i = 0; i < 5; i++) {
        char body[64];

        (void)snprintf(body, sizeof body, "{\"prompt\":\"number %d\"}", i);
        CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", body), ==, 202);
        CHECK(painter_next(&studio.painter, SOON_MS));
        if (i == 2)
            painter_draw(&studio.painter);
    }
    studio_await(&studio, "/v1/generations?state=done", "number 2");
    CHECK(!strstr(door_body(&studio.door), "number 3"));
    CHECK_INT(studio_ask(&studio, "GET", "/v1/generations?limit=3", NULL), ==, 200);
    CHECK_HAS(door_body(&studio.door), "number 4");
    CHECK_HAS(door_body(&studio.door), "number 2");
    CHECK(!strstr(door_body(&studio.door), "number 1"));
    OWNED_JSON page = studio_answer(&studio);
    (void)snprintf(path, sizeof path, "/v1/generations?limit=3&cursor=%s",
                   studio_text(&studio, page, "cursor"));
    CHECK_INT(studio_ask(&studio, "GET", path, NULL), ==, 200);
    CHECK_HAS(door_body(&studio.door), "number 1");
    CHECK_HAS(door_body(&studio.door), "number 0");
    CHECK_HAS(door_body(&studio.door), "\"cursor\":null");
    CHECK_INT(studio_ask(&studio, "GET", "/v1/generations?state=odd", NULL), ==, 400);
    CHECK_INT(studio_ask(&studio, "GET", "/v1/generations?cursor=odd", NULL), ==, 400);
    studio_stop(&studio);
}

TEST(a_job_is_cancelled)
{
    char path[200];

    studio_start(&studio, NULL);
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&studio.door, "location"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_INT(studio_ask(&studio, "DELETE", path, NULL), ==, 200);
    CHECK_HAS(door_body(&studio.door), "\"state\":\"cancelled\"");
    CHECK_INT(studio_ask(&studio, "DELETE", path, NULL), ==, 200); /* again is fine */
    painter_tell(&studio.painter, (struct generation_event){.type = GENERATION_DONE});
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&studio.door, "location"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    painter_tell(&studio.painter, (struct generation_event){.type = GENERATION_FAILED,
                                                            .reason = "NaN in down.0"});
    studio_await(&studio, path, "NaN in down.0");
    CHECK_INT(studio_ask(&studio, "DELETE", path, NULL), ==, 409);
    studio_await_unknown(&studio, "/v1/generations/nothing");
    CHECK_INT(studio_ask(&studio, "DELETE", "/v1/generations/nothing", NULL), ==, 404);
    studio_stop(&studio);
}

TEST(a_new_gateway_knows_the_jobs_of_the_one_before)
{
    char path[200];

    studio_start(&studio, NULL);
    CHECK_INT(
        studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"before\",\"seed\":77}"),
        ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&studio.door, "location"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    painter_tell(&studio.painter,
                 (struct generation_event){.type = GENERATION_STARTED, .attempt = 1});
    door_stop(&studio.door);
    painter_draw(&studio.painter); /* while no gateway runs */
    door_start(&studio.door, (const char *const[]){studio.painter.setting, NULL});
    studio_await(&studio, path, "\"state\":\"done\"");
    CHECK_HAS(door_body(&studio.door), "\"prompt\":\"before\"");
    CHECK_HAS(door_body(&studio.door), "\"seed\":77");
    studio_stop(&studio);
}

TEST(an_idempotency_key_is_one_job)
{
    static const char key[] = "Idempotency-Key: mine-1", body[] = "{\"prompt\":\"x\"}";
    char first[200];

    studio_start(&studio, NULL);
    CHECK_INT(studio_post(&studio, "/v1/generations", body, key), ==, 202);
    (void)snprintf(first, sizeof first, "%s", door_header(&studio.door, "location"));
    CHECK_INT(studio_post(&studio, "/v1/generations", body, key), ==, 202);
    CHECK_STR(door_header(&studio.door, "location"), first);
    CHECK_STR(door_header(&studio.door, "idempotency-replayed"), "true");
    CHECK_INT(studio_post(&studio, "/v1/generations", "{\"prompt\":\"y\"}", key), ==, 422);
    CHECK_INT(studio_post(&studio, "/v1/generations", body, "Idempotency-Key: \xc3\xa4"), ==,
              400);
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK(!painter_next(&studio.painter, NOT_MS));
    painter_draw(&studio.painter);

    /* also for the next gateway */
    door_stop(&studio.door);
    door_start(&studio.door, (const char *const[]){studio.painter.setting, NULL});
    studio_await(&studio, first, "\"state\":\"done\"");
    CHECK_INT(studio_post(&studio, "/v1/generations", body, key), ==, 200);
    CHECK(!painter_next(&studio.painter, NOT_MS));
    studio_stop(&studio);
}

/* -- events -- */

static int follow(struct follower *follower, const char *job_path, const char *last_id)
{
    char bearer[160];

    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", studio.door.operator_key);
    return follower_run(follower, studio.door.url, bearer, job_path, last_id);
}

/* Each event makes the next happen: so none is waited for in vain. */
static void go_on(void *ctx, const struct sse_event *event)
{
    struct generation_event step = {.type = GENERATION_STEP, .step = 1, .steps = 2};

    (void)ctx;
    if (strcmp(event->type, "started") == 0) {
        step.preview = "cHJldmlldw";
        painter_tell(&studio.painter, step);
    } else if (strcmp(event->type, "step") == 0) {
        CHECK_HAS(event->data, "\"preview\":\"cHJldmlldw\"");
        painter_tell(&studio.painter,
                     (struct generation_event){
                         .type = GENERATION_IMAGE,
                         .key = studio.painter.job.outputs[0].key,
                         .width = 8,
                         .height = 8,
                         .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4"
                                   "95991b7852b855"});
    } else if (strcmp(event->type, "image") == 0) {
        CHECK_HAS(event->data, "\"url\":\"/text2image/");
        painter_tell(&studio.painter,
                     (struct generation_event){.type = GENERATION_DONE, .elapsed_ms = 5});
    }
}

TEST(events_are_followed_as_they_happen)
{
    struct follower follower = {.on_event = go_on};
    struct follower again = {0}, rest = {0}, first = {.stop_after = 2};
    char path[200];

    studio_start(&studio, NULL);
    CHECK_INT(
        studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\",\"preview\":true}"),
        ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&studio.door, "location"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK(studio.painter.job.preview);
    painter_tell(&studio.painter, (struct generation_event){
                                      .type = GENERATION_ACCEPTED, .outputs = 1, .steps = 2});
    painter_tell(&studio.painter,
                 (struct generation_event){.type = GENERATION_STARTED, .attempt = 1});
    CHECK_INT(follow(&follower, path, NULL), ==, 200);
    CHECK_STR(buf_text(&follower.got), "accepted started step image done ");

    /* who comes late gets it all; who comes back, what is new */
    CHECK_INT(follow(&again, path, NULL), ==, 200);
    CHECK_STR(buf_text(&again.got), "accepted started image done ");
    (void)follow(&first, path, NULL);
    CHECK_STR(buf_text(&first.got), "accepted started ");
    CHECK_INT(follow(&rest, path, first.last_id), ==, 200);
    CHECK_STR(buf_text(&rest.got), "image done ");
    CHECK_STR(rest.last_id, follower.last_id);
    buf_clear(&rest.got);
    CHECK_INT(follow(&rest, path, follower.last_id), ==, 204);
    CHECK_STR(buf_text(&rest.got), "");

    /* the ids are the same after a restart */
    door_stop(&studio.door);
    door_start(&studio.door, (const char *const[]){studio.painter.setting, NULL});
    studio_await(&studio, path, "\"state\":\"done\"");
    CHECK_INT(follow(&rest, path, first.last_id), ==, 200);
    CHECK_STR(buf_text(&rest.got), "image done ");
    studio_await_unknown(&studio, "/v1/generations/nothing");
    CHECK_INT(follow(&rest, "/v1/generations/nothing", NULL), ==, 404);
    follower_done(&follower);
    follower_done(&again);
    follower_done(&first);
    follower_done(&rest);
    studio_stop(&studio);
}
