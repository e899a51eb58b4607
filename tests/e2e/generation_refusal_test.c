/* generation_refusal_test.c - what is refused of requests for pictures and why, and what
 * becomes of who waits when the gateway stops. */
#define TEST_SECONDS 120
#include "lib/base/clock.h"
#include "lib/http/server.h"
#include "tests/support/process.h"
#include "tests/support/studio.h"
#include "tests/test.h"

enum { SOON_MS = 10000, NOT_MS = 300 };

static struct studio studio;

/* -- what is refused -- */

static void check_refused(const char *path, const char *body, const char *text)
{
    int status = studio_ask(&studio, "POST", path, body);

    if (status != 400 || !strstr(door_body(&studio.door), text))
        TEST_FAIL("%s %s: %d %s", path, body, status, door_body(&studio.door));
}

TEST(bad_input_is_refused_with_the_member_and_what_it_takes)
{
    static const char job[] = "/v1/generations";
    OWNED_VALUE(buf) body = {0};
    char *prompt = malloc(5001);

    studio_start(&studio, NULL);
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
    check_refused("/bulk", "{\"index\":0,\"prompt\":\"{}\",\"fname\":\"" STUDIO_FNAME "\"}",
                  "all empty");
    check_refused("/bulk",
                  "{\"index\":0,\"prompt\":\"nonsense\",\"fname\":\"" STUDIO_FNAME "\"}",
                  "JSON in a string");
    check_refused("/bulk", STUDIO_BULK("-1", STUDIO_FNAME), "index is -1");
    check_refused("/bulk", STUDIO_BULK("\"0\"", STUDIO_FNAME), "index");
    check_refused("/bulk", STUDIO_BULK("0", "emotions/happy/a"), "fname");
    check_refused("/bulk", STUDIO_BULK("0", "imgPool/happy/"), "fname");
    check_refused("/bulk", STUDIO_BULK("0", "imgPool/../x/a"), "fname");
    check_refused("/bulk", STUDIO_BULK("0", "imgPool/joyful/a"), "fname");

    memset(prompt, 'x', 5000);
    prompt[5000] = '\0';
    buf_printf(&body, "{\"prompt\":\"%s\"}", prompt);
    check_refused(job, body.data, "prompt has 5000 bytes: it takes at most 4096");
    free(prompt);
    CHECK(!painter_next(&studio.painter, NOT_MS)); /* none of it came through */
    CHECK_INT(studio_ask(&studio, "POST", job, "{\"prompt\":\"고양이 🐈 in a \\u0041 garden\"}"),
              ==, 202);
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_STR(studio.painter.job.prompt, "고양이 🐈 in a A garden");
    studio_stop(&studio);
}

TEST(without_a_generator_the_answer_says_how_to_get_one)
{
    static const char *const routes[] = {"/v1/generations", "/text2image", "/bulk"};
    static const char *const bodies[] = {"{\"prompt\":\"x\"}", "{\"text\":\"x\"}",
                                         STUDIO_BULK("0", STUDIO_FNAME)};
    char dead[64];

    door_start(&studio.door, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(studio_ask(&studio, "POST", routes[i], bodies[i]), ==, 503);
        CHECK_HAS(door_body(&studio.door), "GARDEN_GENERATOR_URL");
        CHECK(*door_header(&studio.door, "retry-after"));
    }
    CHECK_INT(studio_ask(&studio, "GET", "/v1/status", NULL), ==, 200);
    CHECK(!strstr(door_body(&studio.door), "generator"));
    studio_await(&studio, "/v1/generations", "\"generations\":[]");
    door_stop(&studio.door);

    (void)snprintf(dead, sizeof dead, "GARDEN_GENERATOR_URL=http://127.0.0.1:%d", port_free());
    door_start(&studio.door, (const char *const[]){dead, NULL});
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 503);
    CHECK_HAS(door_body(&studio.door), "asking the generator");
    CHECK_INT(studio_ask(&studio, "GET", "/readyz", NULL), ==, 503);
    CHECK_HAS(door_body(&studio.door), "\"generator\":{\"state\":\"down\"");
    door_stop(&studio.door);
}

TEST(only_the_operator_has_pictures_drawn)
{
    static const char *const posts[] = {"/v1/generations", "/text2image", "/bulk"};

    studio_start(&studio, NULL);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(
            door_ask(&studio.door,
                     &(struct door_request){.method = "POST", .path = posts[i], .body = "{}"}),
            ==, 401);
        CHECK_INT(door_ask(&studio.door, &(struct door_request){.method = "POST",
                                                                .path = posts[i],
                                                                .key = studio.door.kiosk_key,
                                                                .body = "{}"}),
                  ==, 403);
    }
    CHECK_INT(door_ask(&studio.door, &(struct door_request){.path = "/v1/generations"}), ==,
              401);
    folder_put(studio.door.data, "store/text2image/abc_0.jpeg", "\xff\xd8\xff", 3);
    CHECK_INT(door_ask(&studio.door, &(struct door_request){.path = "/text2image/abc_0.jpeg"}),
              ==, 200);
    CHECK_STR(door_header(&studio.door, "content-type"), "image/jpeg");
    CHECK_INT(door_ask(&studio.door, &(struct door_request){.method = "DELETE",
                                                            .path = "/text2image/abc_0.jpeg"}),
              ==, 401);
    CHECK_INT(studio_ask(&studio, "DELETE", "/text2image/abc_0.jpeg", NULL), ==, 204);
    CHECK_INT(door_ask(&studio.door, &(struct door_request){.path = "/text2image/abc_0.jpeg"}),
              ==, 404);
    studio_stop(&studio);
}

TEST(a_bus_that_is_away_is_a_503_to_try_again)
{
    painter_open(&studio.painter);
    door_start(&studio.door, (const char *const[]){studio.painter.setting,
                                                   "GARDEN_BUS=kafka://127.0.0.1:1", NULL});
    CHECK_INT(studio_ask(&studio, "GET", "/v1/generations/some", NULL), ==,
              503); /* it may be there */
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==, 503);
    CHECK(*door_header(&studio.door, "retry-after"));
    CHECK_HAS(door_body(&studio.door), "sending the job to the generator");
    CHECK_INT(studio_ask(&studio, "GET", "/v1/generations", NULL), ==, 200);
    CHECK_HAS(door_body(&studio.door), "\"generations\":[]"); /* and nothing of it stays */
    door_stop(&studio.door);
    http_server_free(studio.painter.server);
}

/* The oldest that ended go first; one that goes on stays. */
TEST(no_more_jobs_are_remembered_than_told)
{
    char first[200], last[200] = "";

    studio_start(&studio, "GARDEN_GENERATION_JOBS=100");
    CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"goes on\"}"), ==,
              202);
    (void)snprintf(first, sizeof first, "%s", door_header(&studio.door, "location"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    for (int i = 0; i < 130; i++) {
        CHECK_INT(studio_ask(&studio, "POST", "/v1/generations", "{\"prompt\":\"x\"}"), ==,
                  202);
        if (i == 0)
            (void)snprintf(last, sizeof last, "%s", door_header(&studio.door, "location"));
        CHECK(painter_next(&studio.painter, SOON_MS));
        painter_tell(&studio.painter, (struct generation_event){.type = GENERATION_DONE});
        studio_await(&studio, door_header(&studio.door, "location"), "done");
    }
    CHECK_INT(studio_ask(&studio, "GET", first, NULL), ==, 200);
    CHECK_INT(studio_ask(&studio, "GET", last, NULL), ==, 404);
    CHECK_INT(studio_ask(&studio, "GET", "/v1/generations?limit=100", NULL), ==, 200);
    CHECK_HAS(door_body(&studio.door), "\"cursor\":null");
    studio_stop(&studio);
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

    (void)snprintf(url, sizeof url, "%s/text2image", studio.door.url);
    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s", studio.door.operator_key);
    CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
    *(int *)ctx = response.status;
    return NULL;
}

TEST(a_gateway_that_stops_answers_who_waits)
{
    int64_t start_ms;
    pthread_t thread;
    int status = 0;

    studio_start(&studio, NULL);
    CHECK_INT(pthread_create(&thread, NULL, ask_and_wait, &status), ==, 0);
    CHECK(painter_next(&studio.painter, SOON_MS));
    start_ms = clock_mono_ms();
    studio_stop(&studio);
    CHECK_INT(clock_mono_ms() - start_ms, <, 8000);
    (void)pthread_join(thread, NULL);
    CHECK_INT(status, ==, 503);
}
