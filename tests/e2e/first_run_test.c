/* first_run_test.c - what a new garden begins with: the starter garden at once, then a pool
 * that the model draws; once only, killed or not, and never where there are pictures already.
 */
#define TEST_SECONDS 240
#include <poll.h>
#include <signal.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/key.h"
#include "tests/support/garden.h"
#include "tests/support/model_copy.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PICTURE "tests/golden/pictures/img_20260504-090800_0h.jpeg"

enum { PAINTED = 128, POOL = 64, SOON_MS = 60000 };

static struct garden garden;

static void prepare(void)
{
    garden_prepare(&garden, NULL, NULL, NULL);
    (void)snprintf(garden.env[6], sizeof garden.env[6], "GARDEN_STARTER=1");
}

/* The services end with gardenctl up, a little later: until then they have the ports. */
static void kill_garden(void)
{
    static const char *const names[] = {"gateway", "item-ingest", "generator-gpu"};
    pid_t pids[3];
    int64_t deadline = clock_mono_ms() + SOON_MS;

    for (size_t i = 0; i < 3; i++)
        pids[i] = process_child(garden.up, names[i]);
    (void)process_end(garden.up, SIGKILL, SOON_MS);
    for (size_t i = 0; i < 3; i++)
        while (pids[i] > 0 && kill(pids[i], 0) == 0) {
            CHECK_INT(clock_mono_ms(), <, deadline);
            (void)poll(NULL, 0, 10);
        }
    http_client_free(garden.http);
}

static void start_again(void)
{
    struct err err = {0};

    garden.http = http_client_new(&err);
    CHECK(garden.http != NULL);
    garden_start(&garden);
}

static int count_one(void *ctx, const char *key, const struct store_info *info, struct err *err)
{
    size_t *count = ctx;

    (void)key;
    (void)info;
    (void)err;
    ++*count;
    return 0;
}

/* Objects in the store. */
static size_t count_objects(const char *prefix)
{
    struct err err = {0};
    OWNED(store) store = garden_open_store(&garden.conf, &err);
    size_t count = 0;

    CHECK(store != NULL);
    CHECK_OK(store_list(store, prefix, NULL, 0, count_one, &count, &err), err);
    return count;
}

static void wait_for_objects(const char *prefix, size_t count)
{
    int64_t deadline = clock_mono_ms() + SOON_MS;

    while (count_objects(prefix) < count) {
        if (clock_mono_ms() > deadline)
            TEST_FAIL("%zu objects in %s, not %zu", count_objects(prefix), prefix, count);
        (void)poll(NULL, 0, 10);
    }
}

static void read_mark(struct buf *text)
{
    struct err err = {0};
    OWNED(store) store = garden_open_store(&garden.conf, &err);

    CHECK(store != NULL);
    buf_clear(text);
    (void)store_get(store, KEY_STATE_PREFIX "starter.json", text, NULL, &err);
}

static void wait_for_mark(const char *words)
{
    int64_t deadline = clock_mono_ms() + SOON_MS;
    OWNED_VALUE(buf) mark = {0};

    for (read_mark(&mark); !strstr(buf_text(&mark), words); read_mark(&mark)) {
        if (clock_mono_ms() > deadline)
            TEST_FAIL("the mark never had %s: %s", words, buf_text(&mark));
        (void)poll(NULL, 0, 10);
    }
}

static void wait_for_catalogue(size_t count)
{
    char total[40];

    (void)snprintf(total, sizeof total, "\"total\":%zu", count);
    garden_wait_answer(&garden, "GET", "/v1/status", NULL, total, SOON_MS);
}

static size_t count_text(const char *text, const char *part)
{
    size_t count = 0;

    for (; (text = strstr(text, part)); text += strlen(part))
        count++;
    return count;
}

static void ctl(const char *const *words, int status, const char *text)
{
    OWNED_VALUE(buf) output = {0};

    CHECK_INT(garden_ctl(&garden, words, &output), ==, status);
    CHECK_HAS(buf_text(&output), text);
}

/* -- the starter garden -- */

TEST(an_empty_garden_is_beautiful_at_once_and_only_once)
{
    OWNED_VALUE(buf) log = {0}, answer = {0};
    int64_t start_ms = clock_mono_ms();

    prepare();
    garden_start(&garden);
    wait_for_objects(KEY_GARDEN_PREFIX, PAINTED);
    wait_for_catalogue(PAINTED);
    printf("# from the start to a garden with %d pictures: %lld ms\n", PAINTED,
           (long long)(clock_mono_ms() - start_ms));
    for (size_t i = 0; i < EMOTION_COUNT; i++) {
        char body[64];

        (void)snprintf(body, sizeof body, "{\"emotion\":\"%s\"}", emotion_names[i]);
        CHECK_INT(garden_ask(&garden, "POST", "/gardenfromDB", body, strlen(body), &answer), ==,
                  200);
        CHECK_INT(count_text(buf_text(&answer), "h.jpeg"), ==, 4);
        CHECK_INT(count_text(buf_text(&answer), "v.jpeg"), ==, 4);
    }
    garden_wait_log(&garden, "starter        garden    128 painted pictures");
    wait_for_mark("\"done\""); /* there is no model: no pool */
    ctl(WORDS("remove", "emotions/happy/starter-spring_0h.jpeg"), 0, "1 moved");
    garden_stop(&garden);

    start_again();
    ctl(WORDS("starter"), 0, "nothing to do");
    garden_wait_log(&garden, "Ctrl-C stops it");
    wait_for_catalogue(PAINTED - 1); /* what was removed does not come back */
    CHECK_INT(count_objects(KEY_GARDEN_PREFIX), ==, PAINTED - 1);
    garden_read_log(&garden, &log);
    CHECK_INT(count_text(buf_text(&log), "painted pictures"), ==, 1);
    garden_stop(&garden);
}

TEST(an_import_that_was_killed_goes_on)
{
    OWNED_VALUE(buf) mark = {0};

    prepare();
    garden_start(&garden);
    wait_for_objects(KEY_GARDEN_PREFIX, 10);
    kill_garden();
    CHECK_INT(count_objects(KEY_GARDEN_PREFIX), <, PAINTED);
    read_mark(&mark);
    CHECK_HAS(buf_text(&mark), "\"import\"");
    start_again();
    wait_for_mark("\"done\"");
    wait_for_catalogue(PAINTED);
    CHECK_INT(count_objects(KEY_GARDEN_PREFIX), ==, PAINTED);
    garden_stop(&garden);
}

TEST(garden_starter_0_is_an_empty_garden)
{
    prepare();
    (void)snprintf(garden.env[6], sizeof garden.env[6], "GARDEN_STARTER=0");
    garden_start(&garden);
    garden_wait_log(&garden, "Ctrl-C stops it");
    garden_stop(&garden);
    CHECK_INT(count_objects(""), ==, 0);
    (void)snprintf(garden.env[6], sizeof garden.env[6], "GARDEN_STARTER=perhaps");
    ctl(WORDS("up"), 1, "GARDEN_STARTER is 'perhaps'");
}

TEST(a_garden_that_has_pictures_gets_none)
{
    OWNED_VALUE(buf) picture = {0};

    prepare();
    (void)snprintf(garden.env[6], sizeof garden.env[6], "GARDEN_STARTER=0");
    garden_start(&garden);
    file_load(PICTURE, &picture);
    CHECK_INT(garden_ask(&garden, "PUT", "/v1/objects/imgPool/calm/own_0h.jpeg", picture.data,
                         picture.size, NULL),
              ==, 201);
    garden_stop(&garden);
    (void)snprintf(garden.env[6], sizeof garden.env[6], "GARDEN_STARTER=1");
    start_again();
    wait_for_mark("\"done\"");
    CHECK_INT(count_objects(KEY_GARDEN_PREFIX), ==, 0);
    ctl(WORDS("remove", "imgPool/calm/own_0h.jpeg"), 0, "1 moved");
    garden_stop(&garden);
    start_again(); /* empty by now, and not new */
    ctl(WORDS("starter"), 0, "nothing to do");
    CHECK_INT(count_objects(KEY_GARDEN_PREFIX), ==, 0);
    garden_stop(&garden);
}

/* -- the starter pool -- */

static int keep_key(void *ctx, const char *key, const struct store_info *info, struct err *err)
{
    (void)info;
    (void)err;
    return text_copy(ctx, KEY_BYTES, key);
}

/* What is resampled is drawn again to the byte. */
static void check_regenerate(void)
{
    char key[KEY_BYTES] = "";
    OWNED_VALUE(buf) output = {0};
    struct err err = {0};
    OWNED(store) store = garden_open_store(&garden.conf, &err);

    CHECK(store != NULL);
    CHECK_OK(store_list(store, KEY_POOL_PREFIX, NULL, 1, keep_key, key, &err), err);
    CHECK_INT(garden_ctl(&garden, WORDS("regenerate", key), &output), ==, 0);
    CHECK_HAS(buf_text(&output), "240x160, drawn at 96x64, 4 steps, seed ");
    CHECK_HAS(buf_text(&output), "every pixel, and the files to the byte");
}

static void use_small_model(void)
{
    static const char advice[] = "{\"sizes\": [[96,64],[64,96]], \"steps\": 4}";
    const char *folder = model_copy("sd15");

    folder_put(folder, "garden.json", advice, sizeof advice - 1);
    CHECK_INT(setenv("GENERATOR_MODEL", folder, 1), ==, 0);
    CHECK_INT(setenv("GENERATOR_THREADS", "1", 1), ==, 0);
    CHECK_INT(setenv("GARDEN_BULK_LANDSCAPE", "240x160", 1), ==, 0);
    CHECK_INT(setenv("GARDEN_BULK_PORTRAIT", "160x240", 1), ==, 0);
}

TEST(the_model_draws_a_pool_killed_in_between_and_others_go_first)
{
    OWNED_VALUE(buf) answer = {0}, mark = {0};

    use_small_model();
    prepare();
    garden_start(&garden);
    garden_wait_log(&garden,
                    "starter        pool      64 pictures are drawn in the background");
    wait_for_objects(KEY_POOL_PREFIX, 7);
    kill_garden();
    CHECK_INT(count_objects(KEY_POOL_PREFIX), <, POOL);
    start_again();
    garden_wait_log(&garden, "more pictures are drawn in the background");
    ctl(WORDS("generate", "a calm lake", "--width", "96", "--height", "64"), 0, "1 picture in");
    read_mark(&mark);
    CHECK_HAS(buf_text(&mark), "\"pool\""); /* it did not wait for all of it */
    garden_wait_log(&garden, "64 pictures are drawn and wait in the pool");
    wait_for_mark("\"done\"");
    CHECK_INT(count_objects(KEY_POOL_PREFIX), ==, POOL);
    CHECK_INT(garden_ask(&garden, "GET", "/v1/generations?limit=100", NULL, 0, &answer), ==,
              200);
    CHECK_INT(count_text(buf_text(&answer), "\"state\":\"done\""), ==, POOL / 2 + 1);
    CHECK_INT(count_text(buf_text(&answer), "\"drawn_width\":96"), ==, POOL / 2);
    check_regenerate();
    for (size_t i = 0; i < EMOTION_COUNT; i++) {
        char prefix[64];

        (void)snprintf(prefix, sizeof prefix, KEY_POOL_PREFIX "%s/", emotion_names[i]);
        CHECK_INT(count_objects(prefix), ==, POOL / EMOTION_COUNT);
    }
    garden_stop(&garden);
}
