/* generation_routes_test.c - what clients see of the generator: jobs, waiting for them,
 * following them, cancelling them; with the gateway alone and the test in the generator's
 * place. */
#define TEST_SECONDS 120
#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/http/server.h"
#include "lib/json/json.h"
#include "tests/support/follower.h"
#include "tests/support/gateway.h"
#include "tests/support/painter.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { SOON_MS = 10000, NOT_MS = 300 };

static struct door door;
static struct painter painter;

static void start(const char *setting)
{
    const char *settings[] = {NULL, setting, NULL};

    painter_open(&painter);
    settings[0] = painter.setting;
    door_start(&door, settings);
    painter_join(&painter, &door.conf);
}

static void stop(void)
{
    door_stop(&door);
    painter_done(&painter);
}

static int ask_with(const char *method, const char *path, const char *body, const char *header,
                    const char *header_2)
{
    return door_ask(&door, &(struct door_request){.method = method,
                                                  .path = path,
                                                  .key = door.operator_key,
                                                  .header = header,
                                                  .header_2 = header_2,
                                                  .body = body});
}

static int ask(const char *method, const char *path, const char *body)
{
    return ask_with(method, path, body, NULL, NULL);
}

static json_t *answer(void)
{
    struct err err = {0};
    json_t *root = json_parse(door_body(&door), door.last.body.size, &err);

    if (!root)
        TEST_FAIL("%s: %s", err.text, door_body(&door));
    return root;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (!text)
        TEST_FAIL("%s is missing: %s", name, door_body(&door));
    return text;
}

static long long number_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);

    if (!json_is_number(value))
        TEST_FAIL("%s is missing: %s", name, door_body(&door));
    return (long long)json_number_value(value);
}

/* Asks until the answer has the text. */
static void await_answer(const char *path, const char *text)
{
    int64_t until_ms = clock_mono_ms() + SOON_MS;

    while (ask("GET", path, NULL) != 200 || !strstr(door_body(&door), text))
        if (clock_mono_ms() > until_ms)
            TEST_FAIL("never \"%s\": %s", text, door_body(&door));
}

/* That there is no such job is known once all events were read; until then it is a 503. */
static void await_unknown(const char *path)
{
    int64_t until_ms = clock_mono_ms() + SOON_MS;

    while (ask("GET", path, NULL) != 404)
        if (clock_mono_ms() > until_ms)
            TEST_FAIL("never 404: %s", door_body(&door));
}

/* -- a generator that goes by itself -- */

static atomic_bool resting;
static atomic_int drawn;

static void *draw_all(void *ctx)
{
    (void)ctx;
    while (!atomic_load(&resting)) {
        if (painter_next(&painter, 1)) {
            painter_draw(&painter);
            (void)atomic_fetch_add(&drawn, 1);
        }
    }
    return NULL;
}

static pthread_t start_drawing(void)
{
    pthread_t thread;

    CHECK_INT(pthread_create(&thread, NULL, draw_all, NULL), ==, 0);
    return thread;
}

static void stop_drawing(pthread_t thread)
{
    atomic_store(&resting, true);
    (void)pthread_join(thread, NULL);
}

/* -- jobs -- */

TEST(a_job_is_asked_for_followed_and_done)
{
    char path[200];

    start(NULL);
    CHECK_INT(ask("POST", "/v1/generations",
                  "{\"prompt\":\"a lake\",\"negative_prompt\":\"text\",\"width\":1024,"
                  "\"height\":600,\"steps\":20,\"guidance\":9,\"scheduler\":\"dpmpp-2m\","
                  "\"count\":2,\"emotion\":\"happy\",\"favorite\":\"spring\"}"),
              ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&door, "location"));
    OWNED_JSON asked = answer();
    CHECK_STR(text_of(asked, "state"), "waiting");
    CHECK_STR(text_of(asked, "emotion"), "happy");
    CHECK_STR(text_of(asked, "favorite"), "spring");
    CHECK(text_ends_with(path, text_of(asked, "id")));

    CHECK(painter_next(&painter, SOON_MS));
    CHECK_STR(painter.job.job_id, text_of(asked, "id"));
    CHECK_STR(painter.job.prompt, "a lake");
    CHECK_STR(painter.job.negative_prompt, "text");
    CHECK_INT(painter.job.steps, ==, 20);
    CHECK_INT(painter.job.guidance, ==, 9);
    CHECK(!painter.job.model_guidance);
    CHECK_INT(painter.job.scheduler, ==, GENERATION_DPMPP_2M);
    CHECK_INT(painter.job.seed, ==, number_of(asked, "seed"));
    CHECK_INT(painter.job.priority, ==, GENERATION_INTERACTIVE);
    CHECK_INT(painter.job.output_count, ==, 2);
    CHECK_INT(painter.job.outputs[1].width, ==, 1024);
    CHECK_INT(painter.job.outputs[1].height, ==, 600);
    CHECK(text_starts_with(painter.job.outputs[0].key, "imgPool/happy/spring/img_"));
    CHECK(text_ends_with(painter.job.outputs[0].key, "_0h.jpeg"));
    CHECK(text_ends_with(painter.job.outputs[1].key, "_1h.jpeg"));

    painter_tell(&painter, (struct generation_event){
                               .type = GENERATION_STARTED, .attempt = 1, .note = "long"});
    painter_tell(&painter, (struct generation_event){
                               .type = GENERATION_STEP, .output = 1, .step = 7, .steps = 20});
    await_answer(path, "\"step\":7");
    OWNED_JSON running = answer();
    CHECK_STR(text_of(running, "state"), "running");
    CHECK_STR(text_of(running, "note"), "long");
    CHECK_INT(number_of(json_object_get(running, "progress"), "output"), ==, 1);

    painter_draw(&painter);
    await_answer(path, "\"state\":\"done\"");
    OWNED_JSON done = answer();
    const json_t *images = json_object_get(done, "images");
    CHECK_INT(json_array_size(images), ==, 2);
    CHECK_STR(text_of(json_array_get(images, 1), "key"), painter.job.outputs[1].key);
    CHECK_HAS(text_of(json_array_get(images, 1), "url"), door.url);
    CHECK_INT(number_of(json_array_get(images, 1), "seed"), ==, painter.job.seed + 1);
    stop();
}

TEST(what_is_left_out_has_defaults)
{
    start("GARDEN_GENERATION_STEPS=33");
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
    CHECK(painter_next(&painter, SOON_MS));
    CHECK_INT(painter.job.outputs[0].width, ==, 768);
    CHECK_INT(painter.job.outputs[0].height, ==, 512);
    CHECK_INT(painter.job.steps, ==, 33);
    CHECK(painter.job.guidance == 7.5);
    CHECK(painter.job.model_guidance);
    CHECK_INT(painter.job.output_count, ==, 1);
    CHECK_INT(painter.job.deadline_ms, ==, 0);
    CHECK(text_starts_with(painter.job.outputs[0].key, "text2image/"));
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\",\"timeout\":60,\"seed\":7}"),
              ==, 202);
    CHECK(painter_next(&painter, SOON_MS));
    CHECK_INT(painter.job.seed, ==, 7);
    CHECK_INT(painter.job.deadline_ms, >, clock_wall_ms() + 50000);
    CHECK_INT(painter.job.deadline_ms, <=, clock_wall_ms() + 60000);
    stop();
}

TEST(who_prefers_to_wait_gets_the_pictures_at_once)
{
    pthread_t thread;

    start(NULL);
    thread = start_drawing();
    CHECK_INT(
        ask_with("POST", "/v1/generations", "{\"prompt\":\"x\"}", "Prefer: wait=20", NULL), ==,
        200);
    CHECK_STR(door_header(&door, "preference-applied"), "wait");
    CHECK_HAS(door_body(&door), "\"state\":\"done\"");
    stop_drawing(thread);

    /* and a job that is not done in time as it is */
    CHECK_INT(ask_with("POST", "/v1/generations", "{\"prompt\":\"y\"}", "Prefer: wait=1", NULL),
              ==, 202);
    CHECK_HAS(door_body(&door), "\"state\":\"waiting\"");
    CHECK(*door_header(&door, "location"));
    stop();
}

TEST(jobs_are_listed_the_newest_first_page_by_page)
{
    char path[300];

    start(NULL);
    for (int i = 0; i < 5; i++) {
        char body[64];

        (void)snprintf(body, sizeof body, "{\"prompt\":\"number %d\"}", i);
        CHECK_INT(ask("POST", "/v1/generations", body), ==, 202);
        CHECK(painter_next(&painter, SOON_MS));
        if (i == 2)
            painter_draw(&painter);
    }
    await_answer("/v1/generations?state=done", "number 2");
    CHECK(!strstr(door_body(&door), "number 3"));
    CHECK_INT(ask("GET", "/v1/generations?limit=3", NULL), ==, 200);
    CHECK_HAS(door_body(&door), "number 4");
    CHECK_HAS(door_body(&door), "number 2");
    CHECK(!strstr(door_body(&door), "number 1"));
    OWNED_JSON page = answer();
    (void)snprintf(path, sizeof path, "/v1/generations?limit=3&cursor=%s",
                   text_of(page, "cursor"));
    CHECK_INT(ask("GET", path, NULL), ==, 200);
    CHECK_HAS(door_body(&door), "number 1");
    CHECK_HAS(door_body(&door), "number 0");
    CHECK_HAS(door_body(&door), "\"cursor\":null");
    CHECK_INT(ask("GET", "/v1/generations?state=odd", NULL), ==, 400);
    CHECK_INT(ask("GET", "/v1/generations?cursor=odd", NULL), ==, 400);
    stop();
}

TEST(a_job_is_cancelled)
{
    char path[200];

    start(NULL);
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&door, "location"));
    CHECK(painter_next(&painter, SOON_MS));
    CHECK_INT(ask("DELETE", path, NULL), ==, 200);
    CHECK_HAS(door_body(&door), "\"state\":\"cancelled\"");
    CHECK_INT(ask("DELETE", path, NULL), ==, 200); /* again is fine */
    painter_tell(&painter, (struct generation_event){.type = GENERATION_DONE});
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&door, "location"));
    CHECK(painter_next(&painter, SOON_MS));
    painter_tell(&painter, (struct generation_event){.type = GENERATION_FAILED,
                                                     .reason = "NaN in down.0"});
    await_answer(path, "NaN in down.0");
    CHECK_INT(ask("DELETE", path, NULL), ==, 409);
    await_unknown("/v1/generations/nothing");
    CHECK_INT(ask("DELETE", "/v1/generations/nothing", NULL), ==, 404);
    stop();
}

TEST(a_new_gateway_knows_the_jobs_of_the_one_before)
{
    char path[200];

    start(NULL);
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"before\",\"seed\":77}"), ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&door, "location"));
    CHECK(painter_next(&painter, SOON_MS));
    painter_tell(&painter, (struct generation_event){.type = GENERATION_STARTED, .attempt = 1});
    door_stop(&door);
    painter_draw(&painter); /* while no gateway runs */
    door_start(&door, (const char *const[]){painter.setting, NULL});
    await_answer(path, "\"state\":\"done\"");
    CHECK_HAS(door_body(&door), "\"prompt\":\"before\"");
    CHECK_HAS(door_body(&door), "\"seed\":77");
    stop();
}

TEST(an_idempotency_key_is_one_job)
{
    static const char key[] = "Idempotency-Key: mine-1", body[] = "{\"prompt\":\"x\"}";
    char first[200];

    start(NULL);
    CHECK_INT(ask_with("POST", "/v1/generations", body, key, NULL), ==, 202);
    (void)snprintf(first, sizeof first, "%s", door_header(&door, "location"));
    CHECK_INT(ask_with("POST", "/v1/generations", body, key, NULL), ==, 202);
    CHECK_STR(door_header(&door, "location"), first);
    CHECK_STR(door_header(&door, "idempotency-replayed"), "true");
    CHECK_INT(ask_with("POST", "/v1/generations", "{\"prompt\":\"y\"}", key, NULL), ==, 422);
    CHECK_INT(ask_with("POST", "/v1/generations", body, "Idempotency-Key: \xc3\xa4", NULL), ==,
              400);
    CHECK(painter_next(&painter, SOON_MS));
    CHECK(!painter_next(&painter, NOT_MS));
    painter_draw(&painter);

    /* also for the next gateway */
    door_stop(&door);
    door_start(&door, (const char *const[]){painter.setting, NULL});
    await_answer(first, "\"state\":\"done\"");
    CHECK_INT(ask_with("POST", "/v1/generations", body, key, NULL), ==, 200);
    CHECK(!painter_next(&painter, NOT_MS));
    stop();
}

/* -- events -- */

static int follow(struct follower *follower, const char *job_path, const char *last_id)
{
    char bearer[160];

    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", door.operator_key);
    return follower_run(follower, door.url, bearer, job_path, last_id);
}

/* Each event makes the next happen: so none is waited for in vain. */
static void go_on(void *ctx, const struct sse_event *event)
{
    struct generation_event step = {.type = GENERATION_STEP, .step = 1, .steps = 2};

    (void)ctx;
    if (strcmp(event->type, "started") == 0) {
        step.preview = "cHJldmlldw";
        painter_tell(&painter, step);
    } else if (strcmp(event->type, "step") == 0) {
        CHECK_HAS(event->data, "\"preview\":\"cHJldmlldw\"");
        painter_tell(&painter,
                     (struct generation_event){
                         .type = GENERATION_IMAGE,
                         .key = painter.job.outputs[0].key,
                         .width = 8,
                         .height = 8,
                         .sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca4"
                                   "95991b7852b855"});
    } else if (strcmp(event->type, "image") == 0) {
        CHECK_HAS(event->data, "\"url\":\"/text2image/");
        painter_tell(&painter,
                     (struct generation_event){.type = GENERATION_DONE, .elapsed_ms = 5});
    }
}

TEST(events_are_followed_as_they_happen)
{
    struct follower follower = {.on_event = go_on};
    struct follower again = {0}, rest = {0}, first = {.stop_after = 2};
    char path[200];

    start(NULL);
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\",\"preview\":true}"), ==, 202);
    (void)snprintf(path, sizeof path, "%s", door_header(&door, "location"));
    CHECK(painter_next(&painter, SOON_MS));
    CHECK(painter.job.preview);
    painter_tell(&painter, (struct generation_event){
                               .type = GENERATION_ACCEPTED, .outputs = 1, .steps = 2});
    painter_tell(&painter, (struct generation_event){.type = GENERATION_STARTED, .attempt = 1});
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
    door_stop(&door);
    door_start(&door, (const char *const[]){painter.setting, NULL});
    await_answer(path, "\"state\":\"done\"");
    CHECK_INT(follow(&rest, path, first.last_id), ==, 200);
    CHECK_STR(buf_text(&rest.got), "image done ");
    await_unknown("/v1/generations/nothing");
    CHECK_INT(follow(&rest, "/v1/generations/nothing", NULL), ==, 404);
    follower_done(&follower);
    follower_done(&again);
    follower_done(&first);
    follower_done(&rest);
    stop();
}

/* -- the compatible routes -- */

TEST(text2image_answers_as_the_demo_does)
{
    pthread_t thread;
    char path[300];

    start(NULL);
    thread = start_drawing();
    CHECK_INT(ask("POST", "/text2image", "{\"text\":\"a cat\",\"width\":1024,\"height\":600}"),
              ==, 200);
    OWNED_JSON done = answer();
    CHECK_INT(number_of(done, "statusCode"), ==, 200);
    CHECK(json_is_number(json_object_get(done, "time")));
    struct err err = {0};
    const char *inner = text_of(done, "body");
    OWNED_JSON urls = json_parse(inner, strlen(inner), &err);
    CHECK_INT(json_array_size(urls), ==, 1);
    (void)snprintf(path, sizeof path, "%s/text2image/", door.url);
    CHECK(text_starts_with(json_string_value(json_array_get(urls, 0)), path));

    CHECK_INT(ask("POST", "/text2image",
                  "{\"text\":\"a cat\",\"width\":1024,\"height\":600,\"count\":3}"),
              ==, 200);
    OWNED_JSON three = answer();
    inner = text_of(three, "body");
    OWNED_JSON three_urls = json_parse(inner, strlen(inner), &err);
    CHECK_INT(json_array_size(three_urls), ==, 3);
    stop_drawing(thread);
    stop();
}

TEST(a_picture_that_takes_too_long_is_fetched_by_asking_again)
{
    static const char body[] = "{\"text\":\"slow\",\"width\":768,\"height\":512}";
    char job[200];

    start("GARDEN_TEXT2IMAGE_WAIT=1");
    CHECK_INT(ask("POST", "/text2image", body), ==, 503);
    CHECK(*door_header(&door, "retry-after"));
    (void)snprintf(job, sizeof job, "%s", door_header(&door, "location"));
    CHECK(painter_next(&painter, SOON_MS));
    CHECK_INT(painter.job.deadline_ms, >, clock_wall_ms() + 60000);
    CHECK_INT(ask("POST", "/text2image", body), ==, 503);
    CHECK_STR(door_header(&door, "location"), job); /* the same job */
    painter_draw(&painter);                         /* while nobody waits */
    CHECK_INT(ask("POST", "/text2image", body), ==, 200);
    CHECK_STR(door_header(&door, "location"), job);
    CHECK(!painter_next(&painter, NOT_MS));

    /* had once, the same request is for another picture */
    CHECK_INT(ask("POST", "/text2image", body), ==, 503);
    CHECK(strcmp(door_header(&door, "location"), job) != 0);
    CHECK(painter_next(&painter, SOON_MS));

    CHECK_INT(
        ask_with("POST", "/text2image", "{\"text\":\"later\"}", "Prefer: respond-async", NULL),
        ==, 202);
    CHECK(*door_header(&door, "location"));
    CHECK_STR(door_header(&door, "preference-applied"), "respond-async");
    CHECK_HAS(door_body(&door), "\"body\":\"[]\"");
    stop();
}

TEST(a_picture_that_cannot_be_drawn_is_no_success)
{
    start("GARDEN_TEXT2IMAGE_WAIT=1");
    CHECK_INT(ask("POST", "/text2image", "{\"text\":\"x\"}"), ==, 503);
    CHECK(painter_next(&painter, SOON_MS));
    painter_tell(&painter,
                 (struct generation_event){.type = GENERATION_FAILED, .reason = "NaN in up.3"});
    await_answer(door_header(&door, "location"), "failed");
    CHECK_INT(ask("POST", "/text2image", "{\"text\":\"x\"}"), ==, 503); /* tried once more */
    CHECK(painter_next(&painter, SOON_MS));
    stop();
}

#define BULK(index, fname)                                                                   \
    "{ \"index\": " index ", \"prompt\": \"{\\\"emotion\\\":\\\"HAPPY\\\","                  \
    "\\\"emotionText\\\":\\\"joy\\\",\\\"favorite\\\":\\\"\\\",\\\"others\\\":\\\"flowers, " \
    "art\\\"}\", \"fname\": \"" fname "\", \"more\": [1, 2] }"
#define FNAME "imgPool/happy/spring,sunny,day/img_20260504-090807"

TEST(bulk_queues_a_landscape_and_a_portrait)
{
    int64_t seed;

    start("GARDEN_GENERATION_STEPS=50");
    CHECK_INT(ask("POST", "/bulk", BULK("3", FNAME)), ==, 200);
    CHECK_STR(door_body(&door), BULK("3", FNAME)); /* to the byte */
    CHECK(painter_next(&painter, SOON_MS));
    CHECK_STR(painter.job.dedupe_id, FNAME "_3");
    CHECK_STR(painter.job.prompt, "joy, flowers, art");
    CHECK_INT(painter.job.priority, ==, GENERATION_BULK);
    CHECK_INT(painter.job.steps, ==, 50);
    CHECK(painter.job.guidance == 7.5);
    CHECK(painter.job.model_guidance);
    CHECK_INT(painter.job.output_count, ==, 2);
    CHECK_STR(painter.job.outputs[0].key, FNAME "_3h.jpeg");
    CHECK_INT(painter.job.outputs[0].width, ==, 1280);
    CHECK_INT(painter.job.outputs[0].height, ==, 800);
    CHECK_STR(painter.job.outputs[1].key, FNAME "_3v.jpeg");
    CHECK_INT(painter.job.outputs[1].width, ==, 800);
    CHECK_INT(painter.job.outputs[1].height, ==, 1280);
    seed = painter.job.seed;
    painter_draw(&painter);

    /* sent again it is the same job, also to the next gateway */
    CHECK_INT(ask("POST", "/bulk", BULK("3", FNAME)), ==, 200);
    CHECK(!painter_next(&painter, NOT_MS));
    door_stop(&door);
    door_start(&door, (const char *const[]){painter.setting, "GARDEN_BULK_LANDSCAPE=640x400",
                                            "GARDEN_BULK_PORTRAIT=400x640", NULL});
    await_answer("/v1/generations?state=done", FNAME "_3v.jpeg");
    CHECK_INT(ask("POST", "/bulk", BULK("3", FNAME)), ==, 200);
    CHECK(!painter_next(&painter, NOT_MS));
    CHECK_INT(ask("POST", "/bulk", BULK("4", FNAME)), ==, 200);
    CHECK(painter_next(&painter, SOON_MS));
    CHECK_INT(painter.job.seed, !=, seed);
    CHECK_INT(painter.job.outputs[0].width, ==, 640);
    stop();
}

/* -- what is refused -- */

static void check_refused(const char *path, const char *body, const char *text)
{
    int status = ask("POST", path, body);

    if (status != 400 || !strstr(door_body(&door), text))
        TEST_FAIL("%s %s: %d %s", path, body, status, door_body(&door));
}

TEST(bad_input_is_refused_with_the_member_and_what_it_takes)
{
    static const char job[] = "/v1/generations";
    OWNED_VALUE(buf) body = {0};
    char *prompt = malloc(5001);

    start(NULL);
    check_refused(job, "{}", "prompt is missing");
    check_refused(job, "{\"prompt\":\"  \"}", "prompt is empty");
    check_refused(job, "{\"prompt\":5}", "prompt");
    check_refused(job, "{\"prompt\":\"\xff\"}", "unable to decode byte 0xff");
    check_refused(job, "{\"prompt\":\"x\",\"width\":0}",
                  "width is 0: it takes a multiple of 8 from 64 to 2048");
    check_refused(job, "{\"prompt\":\"x\",\"width\":7}", "width is 7");
    check_refused(job, "{\"prompt\":\"x\",\"height\":100000}", "height is 100000");
    check_refused(job, "{\"prompt\":\"x\",\"height\":\"512\"}", "height is a string");
    check_refused(job, "{\"prompt\":\"x\",\"steps\":151}", "steps is 151: it takes 0 to 150");
    check_refused(job, "{\"prompt\":\"x\",\"guidance\":-1}",
                  "guidance is -1: it takes 0 to 30");
    check_refused(job, "{\"prompt\":\"x\",\"guidance\":\"7\"}", "guidance");
    check_refused(job, "{\"prompt\":\"x\",\"scheduler\":\"heun\"}",
                  "scheduler 'heun' is not known: it takes auto, ddim,");
    check_refused(job, "{\"prompt\":\"x\",\"count\":0}", "count is 0: it takes 1 to 16");
    check_refused(job, "{\"prompt\":\"x\",\"count\":17}", "count is 17");
    check_refused(job, "{\"prompt\":\"x\",\"seed\":-1}", "seed is -1");
    check_refused(job, "{\"prompt\":\"x\",\"seed\":1.5}", "seed");
    check_refused(job, "{\"prompt\":\"x\",\"emotion\":\"HAPPY\"}", "emotion is 'HAPPY'");
    check_refused(job, "{\"prompt\":\"x\",\"favorite\":\"spring\"}", "favorite");
    check_refused(job, "{\"prompt\":\"x\",\"emotion\":\"sad\",\"favorite\":\"a/b\"}",
                  "favorite");
    check_refused(job, "{\"prompt\":\"x\",\"emotion\":\"sad\",\"favorite\":\"..\"}",
                  "favorite");
    check_refused(job, "{\"prompt\":\"x\",\"deadline\":\"2020-01-01T00:00:00Z\"}", "deadline");
    check_refused(job, "{\"prompt\":\"x\",\"timeout\":0}", "timeout");
    check_refused(job, "[]", "object");
    check_refused(job, "{", "the body");
    check_refused("/text2image", "{\"text\":\"x\",\"width\":7,\"height\":512}", "width is 7");
    check_refused("/text2image", "{\"prompt\":\"x\"}", "text is missing");
    check_refused("/bulk", "{\"index\":0,\"prompt\":\"{}\",\"fname\":\"" FNAME "\"}",
                  "all empty");
    check_refused("/bulk", "{\"index\":0,\"prompt\":\"nonsense\",\"fname\":\"" FNAME "\"}",
                  "JSON in a string");
    check_refused("/bulk", BULK("-1", FNAME), "index is -1");
    check_refused("/bulk", BULK("\"0\"", FNAME), "index");
    check_refused("/bulk", BULK("0", "emotions/happy/a"), "fname");
    check_refused("/bulk", BULK("0", "imgPool/happy/"), "fname");
    check_refused("/bulk", BULK("0", "imgPool/../x/a"), "fname");
    check_refused("/bulk", BULK("0", "imgPool/joyful/a"), "fname");

    memset(prompt, 'x', 5000);
    prompt[5000] = '\0';
    buf_printf(&body, "{\"prompt\":\"%s\"}", prompt);
    check_refused(job, body.data, "prompt has 5000 bytes: it takes at most 4096");
    free(prompt);
    CHECK(!painter_next(&painter, NOT_MS)); /* none of it came through */
    CHECK_INT(ask("POST", job, "{\"prompt\":\"고양이 🐈 in a \\u0041 garden\"}"), ==, 202);
    CHECK(painter_next(&painter, SOON_MS));
    CHECK_STR(painter.job.prompt, "고양이 🐈 in a A garden");
    stop();
}

TEST(without_a_generator_the_answer_says_how_to_get_one)
{
    static const char *const routes[] = {"/v1/generations", "/text2image", "/bulk"};
    static const char *const bodies[] = {"{\"prompt\":\"x\"}", "{\"text\":\"x\"}",
                                         BULK("0", FNAME)};
    char dead[64];

    door_start(&door, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(ask("POST", routes[i], bodies[i]), ==, 503);
        CHECK_HAS(door_body(&door), "GARDEN_GENERATOR_URL");
        CHECK(*door_header(&door, "retry-after"));
    }
    CHECK_INT(ask("GET", "/v1/status", NULL), ==, 200);
    CHECK(!strstr(door_body(&door), "generator"));
    await_answer("/v1/generations", "\"generations\":[]");
    door_stop(&door);

    (void)snprintf(dead, sizeof dead, "GARDEN_GENERATOR_URL=http://127.0.0.1:%d", port_free());
    door_start(&door, (const char *const[]){dead, NULL});
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 503);
    CHECK_HAS(door_body(&door), "asking the generator");
    CHECK_INT(ask("GET", "/readyz", NULL), ==, 503);
    CHECK_HAS(door_body(&door), "\"generator\":{\"state\":\"down\"");
    door_stop(&door);
}

TEST(only_the_operator_has_pictures_drawn)
{
    static const char *const posts[] = {"/v1/generations", "/text2image", "/bulk"};

    start(NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(
            door_ask(&door,
                     &(struct door_request){.method = "POST", .path = posts[i], .body = "{}"}),
            ==, 401);
        CHECK_INT(door_ask(&door, &(struct door_request){.method = "POST",
                                                         .path = posts[i],
                                                         .key = door.kiosk_key,
                                                         .body = "{}"}),
                  ==, 403);
    }
    CHECK_INT(door_ask(&door, &(struct door_request){.path = "/v1/generations"}), ==, 401);
    folder_put(door.data, "store/text2image/abc_0.jpeg", "\xff\xd8\xff", 3);
    CHECK_INT(door_ask(&door, &(struct door_request){.path = "/text2image/abc_0.jpeg"}), ==,
              200);
    CHECK_STR(door_header(&door, "content-type"), "image/jpeg");
    CHECK_INT(door_ask(&door, &(struct door_request){.method = "DELETE",
                                                     .path = "/text2image/abc_0.jpeg"}),
              ==, 401);
    CHECK_INT(ask("DELETE", "/text2image/abc_0.jpeg", NULL), ==, 204);
    CHECK_INT(door_ask(&door, &(struct door_request){.path = "/text2image/abc_0.jpeg"}), ==,
              404);
    stop();
}

TEST(a_bus_that_is_away_is_a_503_to_try_again)
{
    painter_open(&painter);
    door_start(&door,
               (const char *const[]){painter.setting, "GARDEN_BUS=kafka://127.0.0.1:1", NULL});
    CHECK_INT(ask("GET", "/v1/generations/some", NULL), ==, 503); /* it may be there */
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 503);
    CHECK(*door_header(&door, "retry-after"));
    CHECK_HAS(door_body(&door), "sending the job to the generator");
    CHECK_INT(ask("GET", "/v1/generations", NULL), ==, 200);
    CHECK_HAS(door_body(&door), "\"generations\":[]"); /* and nothing of it stays */
    door_stop(&door);
    http_server_free(painter.server);
}

/* The oldest that ended go first; one that goes on stays. */
TEST(no_more_jobs_are_remembered_than_told)
{
    char first[200], last[200] = "";

    start("GARDEN_GENERATION_JOBS=100");
    CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"goes on\"}"), ==, 202);
    (void)snprintf(first, sizeof first, "%s", door_header(&door, "location"));
    CHECK(painter_next(&painter, SOON_MS));
    for (int i = 0; i < 130; i++) {
        CHECK_INT(ask("POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 202);
        if (i == 0)
            (void)snprintf(last, sizeof last, "%s", door_header(&door, "location"));
        CHECK(painter_next(&painter, SOON_MS));
        painter_tell(&painter, (struct generation_event){.type = GENERATION_DONE});
        await_answer(door_header(&door, "location"), "done");
    }
    CHECK_INT(ask("GET", first, NULL), ==, 200);
    CHECK_INT(ask("GET", last, NULL), ==, 404);
    CHECK_INT(ask("GET", "/v1/generations?limit=100", NULL), ==, 200);
    CHECK_HAS(door_body(&door), "\"cursor\":null");
    stop();
}

/* -- the end -- */

static void *ask_and_wait(void *ctx)
{
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(http_client_response) response = {0};
    char url[200], bearer[160];
    const char *headers[] = {bearer};
    const struct http_client_request request = {.method = "POST",
                                                .url = url,
                                                .headers = headers,
                                                .header_count = 1,
                                                .body = "{\"text\":\"waits\"}",
                                                .body_size = 16,
                                                .deadline_ms = 30000};

    (void)snprintf(url, sizeof url, "%s/text2image", door.url);
    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", door.operator_key);
    CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
    *(int *)ctx = response.status;
    return NULL;
}

TEST(a_gateway_that_stops_answers_who_waits)
{
    int64_t start_ms;
    pthread_t thread;
    int status = 0;

    start(NULL);
    CHECK_INT(pthread_create(&thread, NULL, ask_and_wait, &status), ==, 0);
    CHECK(painter_next(&painter, SOON_MS));
    start_ms = clock_mono_ms();
    stop();
    CHECK_INT(clock_mono_ms() - start_ms, <, 8000);
    (void)pthread_join(thread, NULL);
    CHECK_INT(status, ==, 503);
}
