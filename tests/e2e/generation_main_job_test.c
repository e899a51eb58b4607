/* The second main job, as its people do it: a whole garden with a generator draws pictures that
 * an operator asks for. They come into the pool by way of the store and item-ingest, are looked
 * at while they are drawn, cancelled, and drawn again from what is written in them. With the
 * tiny random model of tests/golden, and once on Apache Kafka. */
#define TEST_SECONDS 300
#include "lib/base/text.h"
#include "lib/image/image.h"
#include "lib/json/json.h"
#include "tests/support/engine.h"
#include "tests/support/follower.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { SOON_MS = 60000 };

#define MODEL "tests/golden/diffusion/sd15/model"
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define FNAME "imgPool/happy/spring,sunny,day/img_20260504-090807"
#define BULK                                                                             \
    "{\"index\":3,\"prompt\":\"{\\\"emotion\\\":\\\"HAPPY\\\",\\\"emotionText\\\":"      \
    "\\\"joy\\\",\\\"favorite\\\":\\\"\\\",\\\"others\\\":\\\"flowers\\\"}\",\"fname\":" \
    "\"" FNAME "\"}"
#define RETRIEVE "{\"emotion\":\"happy/spring,sunny,day\"}"

static struct garden garden;

/* Small and few steps: what is tested here is the way, not the picture. */
static void start(const char *bus)
{
    (void)setenv("GENERATOR_MODEL", MODEL, 1);
    (void)setenv("GENERATOR_THREADS", "1", 1);
    (void)setenv("GARDEN_GENERATION_STEPS", "4", 1);
    (void)setenv("GARDEN_BULK_LANDSCAPE", "128x64", 1);
    (void)setenv("GARDEN_BULK_PORTRAIT", "64x128", 1);
    garden_prepare(&garden, bus, NULL, NULL);
    garden_start(&garden);
}

static json_t *ask(const char *method, const char *path, const char *body, int status)
{
    OWNED_VALUE(buf) answer = {0};
    int got = garden_ask(&garden, method, path, body, body ? strlen(body) : 0, &answer);
    struct err err = {0};
    json_t *root;

    if (got != status)
        TEST_FAIL("%s %s: %d %s", method, path, got, buf_text(&answer));
    root = json_parse(buf_text(&answer), answer.size, &err);
    CHECK(root != NULL);
    return root;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    if (!text)
        TEST_FAIL("%s is missing", name);
    return text;
}

/* Fetched without a key where is_public, as an <img> does. */
static void fetch(const char *path, bool is_public, struct buf *out)
{
    char url[1400];
    const char *headers[] = {garden.bearer};
    const struct http_client_request request = {
        .method = "GET", .url = url, .headers = headers, .header_count = is_public ? 0 : 1};

    (void)snprintf(url, sizeof url, "%s%s", text_starts_with(path, "http") ? "" : garden.url,
                   path);
    CHECK_INT(http_ask(garden.http, &request, out), ==, 200);
}

static void check_picture(const char *path, bool is_public, uint32_t width, uint32_t height)
{
    OWNED_VALUE(image_metadata_read) metadata = {0};
    OWNED_VALUE(buf) bytes = {0};
    struct image_info info;
    struct err err = {0};

    fetch(path, is_public, &bytes);
    CHECK_OK(image_check(bytes.data, bytes.size, NULL, &info, &err), err);
    CHECK_INT(info.format, ==, IMAGE_JPEG);
    CHECK_INT(info.width, ==, width);
    CHECK_INT(info.height, ==, height);
    CHECK_OK(image_read_metadata(bytes.data, bytes.size, &metadata, &err), err);
    CHECK(metadata.parameters != NULL);
    CHECK_HAS(metadata.source_type, "trainedAlgorithmicMedia");
}

/* A bulk request's pictures are in the pool's list, and are what was asked for. */
static void fill_the_pool(void)
{
    OWNED_JSON echoed = ask("POST", "/bulk", BULK, 200);

    CHECK_STR(text_of(echoed, "fname"), FNAME);
    garden_wait_answer(&garden, "POST", "/retrieve", RETRIEVE, "img_20260504-090807_3h.jpeg",
                       SOON_MS);
    garden_wait_answer(&garden, "POST", "/retrieve", RETRIEVE, "img_20260504-090807_3v.jpeg",
                       SOON_MS);
    check_picture("/imgPool/happy/spring,sunny,day/img_20260504-090807_3h.jpeg", false, 128,
                  64);
    check_picture("/imgPool/happy/spring,sunny,day/img_20260504-090807_3v.jpeg", false, 64,
                  128);
}

static void draw_for_a_page(void)
{
    OWNED_JSON drawn =
        ask("POST", "/text2image", "{\"text\":\"a cat\",\"width\":64,\"height\":72}", 200);
    const char *inner = text_of(drawn, "body");
    struct err err = {0};
    OWNED_JSON urls = json_parse(inner, strlen(inner), &err);

    CHECK_INT(json_array_size(urls), ==, 1);
    check_picture(json_string_value(json_array_get(urls, 0)), true, 64, 72);
}

struct watched {
    int steps, previews;
};

static void on_event(void *ctx, const struct sse_event *event)
{
    struct watched *watched = ctx;

    watched->steps += strcmp(event->type, "step") == 0;
    watched->previews += strstr(event->data, "\"preview\":\"") != NULL;
}

static void path_of(const json_t *job, char ret_path[200])
{
    (void)snprintf(ret_path, 200, "/v1/generations/%s", text_of(job, "id"));
}

static void watch_it_being_drawn(void)
{
    OWNED_JSON job = ask("POST", "/v1/generations",
                         "{\"prompt\":\"a garden\",\"width\":256,\"height\":256,\"steps\":20,"
                         "\"preview\":true}",
                         202);
    struct watched watched = {0};
    struct follower follower = {.on_event = on_event, .ctx = &watched};
    char path[200];

    path_of(job, path);
    CHECK_INT(follower_run(&follower, garden.url, garden.bearer, path, NULL), ==, 200);
    CHECK_HAS(buf_text(&follower.got), "started step ");
    CHECK(text_ends_with(buf_text(&follower.got), "image done "));
    CHECK_INT(watched.steps, >=, 2);
    CHECK_INT(watched.previews, >=, 1);
    follower_done(&follower);
}

static void wait_state(const char *path, const char *state)
{
    char text[64];

    (void)snprintf(text, sizeof text, "\"state\":\"%s\"", state);
    garden_wait_answer(&garden, "GET", path, NULL, text, SOON_MS);
}

/* The first of them, long, is being drawn; the second waits behind it. */
static void cancel_both(void)
{
    static const char body[] = "{\"prompt\":\"long\",\"width\":512,\"height\":512,"
                               "\"steps\":150}";
    OWNED_JSON first = ask("POST", "/v1/generations", body, 202);
    OWNED_JSON second = ask("POST", "/v1/generations", body, 202);
    char first_path[200], second_path[200];

    path_of(first, first_path);
    path_of(second, second_path);
    wait_state(first_path, "running");
    OWNED_JSON second_gone = ask("DELETE", second_path, NULL, 200);
    OWNED_JSON first_gone = ask("DELETE", first_path, NULL, 200);
    CHECK_STR(text_of(first_gone, "state"), "cancelled");
    CHECK_STR(text_of(second_gone, "state"), "cancelled");
}

/* And after that the generator is free: this is not behind hours of steps. */
static void wait_for_it(void)
{
    char url[200];
    const char *headers[] = {garden.bearer, "Prefer: wait=25"};
    const struct http_client_request request = {
        .method = "POST",
        .url = url,
        .headers = headers,
        .header_count = 2,
        .body = "{\"prompt\":\"quick\",\"width\":64,\"height\":64}",
        .body_size = strlen("{\"prompt\":\"quick\",\"width\":64,\"height\":64}"),
        .deadline_ms = 30000};
    OWNED_VALUE(buf) answer = {0};

    (void)snprintf(url, sizeof url, "%s/v1/generations", garden.url);
    CHECK_INT(http_ask(garden.http, &request, &answer), ==, 200);
    CHECK_HAS(buf_text(&answer), "\"state\":\"done\"");
}

static void ctl(const char *const *words, struct buf *output)
{
    int status;

    buf_clear(output);
    status = garden_ctl(&garden, words, output);
    if (status != 0)
        TEST_FAIL("gardenctl %s: status %d: %s", words[0], status, buf_text(output));
}

static void draw_and_draw_again(void)
{
    OWNED_VALUE(buf) output = {0};
    char file[300];

    (void)snprintf(file, sizeof file, "%s/lake.jpeg", folder_new());
    ctl(WORDS("generate", "a lake, (flowers:1.3)", "-o", file, "--width", "64", "--height",
              "64", "--negative", "text", "--seed", "42"),
        &output);
    CHECK_HAS(buf_text(&output), "seed 42");
    ctl(WORDS("regenerate", file), &output);
    CHECK_HAS(buf_text(&output), "identical: every value of every pixel");
    ctl(WORDS("regenerate", FNAME "_3h.jpeg"), &output);
    CHECK_HAS(buf_text(&output), "identical: every value of every pixel");
}

TEST(pictures_are_drawn_on_one_machine)
{
    start(NULL);
    fill_the_pool();
    draw_for_a_page();
    watch_it_being_drawn();
    cancel_both();
    wait_for_it();
    draw_and_draw_again();
    garden_stop(&garden);
}

TEST(pictures_are_drawn_over_kafka)
{
    char bus[128];

    if (!getenv("TEST_KAFKA"))
        SKIP("TEST_KAFKA is not set");
    (void)engine_start("kafka", NULL); /* of its own: nobody else's jobs are in its topics */
    (void)snprintf(bus, sizeof bus, "kafka://%s", getenv("TEST_KAFKA"));
    start(bus);
    fill_the_pool();
    draw_for_a_page();
    watch_it_being_drawn();
    cancel_both();
    wait_for_it();
    garden_stop(&garden);
}
