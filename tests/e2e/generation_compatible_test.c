/* generation_compatible_test.c - /text2image and /bulk, as the demo's clients ask. */
#define TEST_SECONDS 120
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tests/support/studio.h"
#include "tests/test.h"

enum { SOON_MS = 10000, NOT_MS = 300 };

static struct studio studio;

TEST(text2image_answers_as_the_demo_does)
{
    pthread_t thread;
    char path[300];

    studio_start(&studio, NULL);
    thread = studio_start_drawing(&studio);
    CHECK_INT(studio_ask(&studio, "POST", "/text2image",
                         "{\"text\":\"a cat\",\"width\":1024,\"height\":600}"),
              ==, 200);
    OWNED_JSON done = studio_answer(&studio);
    CHECK_INT(studio_number(&studio, done, "statusCode"), ==, 200);
    CHECK(json_is_number(json_object_get(done, "time")));
    struct err err = {0};
    const char *inner = studio_text(&studio, done, "body");
    OWNED_JSON urls = json_parse(inner, strlen(inner), &err);
    CHECK_INT(json_array_size(urls), ==, 1);
    (void)snprintf(path, sizeof path, "%s/text2image/", studio.door.url);
    CHECK(text_starts_with(json_string_value(json_array_get(urls, 0)), path));

    CHECK_INT(studio_ask(&studio, "POST", "/text2image",
                         "{\"text\":\"a cat\",\"width\":1024,\"height\":600,\"count\":3}"),
              ==, 200);
    OWNED_JSON three = studio_answer(&studio);
    inner = studio_text(&studio, three, "body");
    OWNED_JSON three_urls = json_parse(inner, strlen(inner), &err);
    CHECK_INT(json_array_size(three_urls), ==, 3);
    studio_stop_drawing(&studio, thread);
    studio_stop(&studio);
}

TEST(a_picture_that_takes_too_long_is_fetched_by_asking_again)
{
    static const char body[] = "{\"text\":\"slow\",\"width\":768,\"height\":512}";
    char job[200];

    studio_start(&studio, "GARDEN_TEXT2IMAGE_WAIT=1");
    CHECK_INT(studio_ask(&studio, "POST", "/text2image", body), ==, 503);
    CHECK(*door_header(&studio.door, "retry-after"));
    (void)snprintf(job, sizeof job, "%s", door_header(&studio.door, "location"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_INT(studio.painter.job.deadline_ms, >, clock_wall_ms() + 60000);
    CHECK_INT(studio_ask(&studio, "POST", "/text2image", body), ==, 503);
    CHECK_STR(door_header(&studio.door, "location"), job); /* the same job */
    painter_draw(&studio.painter);                         /* while nobody waits */
    CHECK_INT(studio_ask(&studio, "POST", "/text2image", body), ==, 200);
    CHECK_STR(door_header(&studio.door, "location"), job);
    CHECK(!painter_next(&studio.painter, NOT_MS));

    /* had once, the same request is for another picture */
    CHECK_INT(studio_ask(&studio, "POST", "/text2image", body), ==, 503);
    CHECK(strcmp(door_header(&studio.door, "location"), job) != 0);
    CHECK(painter_next(&studio.painter, SOON_MS));

    CHECK_INT(
        studio_post(&studio, "/text2image", "{\"text\":\"later\"}", "Prefer: respond-async"),
        ==, 202);
    CHECK(*door_header(&studio.door, "location"));
    CHECK_STR(door_header(&studio.door, "preference-applied"), "respond-async");
    CHECK_HAS(door_body(&studio.door), "\"body\":\"[]\"");
    studio_stop(&studio);
}

TEST(a_picture_that_cannot_be_drawn_is_no_success)
{
    studio_start(&studio, "GARDEN_TEXT2IMAGE_WAIT=1");
    CHECK_INT(studio_ask(&studio, "POST", "/text2image", "{\"text\":\"x\"}"), ==, 503);
    CHECK(painter_next(&studio.painter, SOON_MS));
    painter_tell(&studio.painter,
                 (struct generation_event){.type = GENERATION_FAILED, .reason = "NaN in up.3"});
    studio_await(&studio, door_header(&studio.door, "location"), "failed");
    CHECK_INT(studio_ask(&studio, "POST", "/text2image", "{\"text\":\"x\"}"), ==,
              503); /* tried once more */
    CHECK(painter_next(&studio.painter, SOON_MS));
    studio_stop(&studio);
}

TEST(bulk_queues_a_landscape_and_a_portrait)
{
    int64_t seed;

    studio_start(&studio, "GARDEN_GENERATION_STEPS=50");
    CHECK_INT(studio_ask(&studio, "POST", "/bulk", STUDIO_BULK("3", STUDIO_FNAME)), ==, 200);
    CHECK_STR(door_body(&studio.door), STUDIO_BULK("3", STUDIO_FNAME)); /* to the byte */
    CHECK(text_starts_with(door_header(&studio.door, "location"), "/v1/generations/"));
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_STR(studio.painter.job.dedupe_id, STUDIO_FNAME "_3");
    CHECK_STR(studio.painter.job.prompt, "joy, flowers, art");
    CHECK_INT(studio.painter.job.priority, ==, GENERATION_BULK);
    CHECK_INT(studio.painter.job.steps, ==, 50);
    CHECK(studio.painter.job.guidance == 7.5);
    CHECK(studio.painter.job.model_guidance);
    CHECK_INT(studio.painter.job.output_count, ==, 2);
    CHECK_STR(studio.painter.job.outputs[0].key, STUDIO_FNAME "_3h.jpeg");
    CHECK_INT(studio.painter.job.outputs[0].width, ==, 1280);
    CHECK_INT(studio.painter.job.outputs[0].height, ==, 800);
    CHECK_STR(studio.painter.job.outputs[1].key, STUDIO_FNAME "_3v.jpeg");
    CHECK_INT(studio.painter.job.outputs[1].width, ==, 800);
    CHECK_INT(studio.painter.job.outputs[1].height, ==, 1280);
    seed = studio.painter.job.seed;
    painter_draw(&studio.painter);

    /* sent again it is the same job, also to the next gateway */
    CHECK_INT(studio_ask(&studio, "POST", "/bulk", STUDIO_BULK("3", STUDIO_FNAME)), ==, 200);
    CHECK(!painter_next(&studio.painter, NOT_MS));
    door_stop(&studio.door);
    door_start(&studio.door,
               (const char *const[]){studio.painter.setting, "GARDEN_BULK_LANDSCAPE=640x400",
                                     "GARDEN_BULK_PORTRAIT=400x640", NULL});
    studio_await(&studio, "/v1/generations?state=done", STUDIO_FNAME "_3v.jpeg");
    CHECK_INT(studio_ask(&studio, "POST", "/bulk", STUDIO_BULK("3", STUDIO_FNAME)), ==, 200);
    CHECK(!painter_next(&studio.painter, NOT_MS));
    CHECK_INT(studio_ask(&studio, "POST", "/bulk", STUDIO_BULK("4", STUDIO_FNAME)), ==, 200);
    CHECK(painter_next(&studio.painter, SOON_MS));
    CHECK_INT(studio.painter.job.seed, !=, seed);
    CHECK_INT(studio.painter.job.outputs[0].width, ==, 640);
    studio_stop(&studio);
}
