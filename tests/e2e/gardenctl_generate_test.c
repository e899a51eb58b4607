/* gardenctl_generate_test.c - gardenctl generate and regenerate, with the gateway alone and the
 * test in the generator's place. */
#define TEST_SECONDS 120
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/image/image.h"
#include "proto/key.h"
#include "tests/support/gateway.h"
#include "tests/support/painter.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { SOON_MS = 20000 };

static struct door door;
static struct painter painter;
static char url[96], data[512];
static const char *const env[] = {url, data, NULL};
static atomic_bool resting;
static pthread_t thread;

static void *draw_all(void *ctx)
{
    (void)ctx;
    while (!atomic_load(&resting))
        if (painter_next(&painter, 1))
            painter_draw(&painter);
    return NULL;
}

static void start(void)
{
    painter_open(&painter);
    door_start(&door, (const char *const[]){painter.setting, NULL});
    painter_join(&painter, &door.conf);
    painter.folder = door.data;
    (void)snprintf(url, sizeof url, "GARDEN_URL=%s", door.url);
    (void)snprintf(data, sizeof data, "GARDEN_DATA=%s", door.data);
}

static void start_drawing(void)
{
    CHECK_INT(pthread_create(&thread, NULL, draw_all, NULL), ==, 0);
}

static void stop_drawing(void)
{
    atomic_store(&resting, true);
    (void)pthread_join(thread, NULL);
    atomic_store(&resting, false);
}

static void stop(void)
{
    door_stop(&door);
    painter_done(&painter);
}

#define WORDS(...) ((const char *const[]){program_path("gardenctl"), __VA_ARGS__, NULL})

static int ctl(const char *const *argv, struct buf *ret_output)
{
    buf_clear(ret_output);
    return process_run(argv, env, ret_output, SOON_MS);
}

static void check_picture(const char *path, uint32_t width, uint32_t height)
{
    OWNED_VALUE(buf) bytes = {0};
    struct image_info info;
    struct err err = {0};

    file_load(path, &bytes);
    CHECK_OK(image_check(bytes.data, bytes.size, NULL, &info, &err), err);
    CHECK_INT(info.width, ==, width);
    CHECK_INT(info.height, ==, height);
}

TEST(a_picture_is_drawn_shown_and_kept)
{
    const char *folder = folder_new();
    OWNED_VALUE(buf) output = {0};
    char out[300], first[300], second[300];

    start();
    start_drawing();
    (void)snprintf(out, sizeof out, "%s/out.jpeg", folder);
    CHECK_INT(ctl(WORDS("generate", "a lake", "-o", out, "--width", "128", "--height=64",
                        "--seed", "42", "--steps", "8"),
                  &output),
              ==, 0);
    CHECK_HAS(buf_text(&output), "text2image/");
    CHECK_HAS(buf_text(&output), "seed 42  128x64  -> ");
    CHECK_HAS(buf_text(&output), "1 picture in ");
    check_picture(out, 128, 64);

    CHECK_INT(ctl(WORDS("generate", "two lakes", "-o", out, "--count", "2", "--width", "64",
                        "--height", "64", "--seed", "5", "--emotion", "calm", "--negative",
                        "text", "--scheduler", "ddim", "--guidance", "3.5"),
                  &output),
              ==, 0);
    CHECK_HAS(buf_text(&output), "imgPool/calm/img_");
    CHECK_HAS(buf_text(&output), "seed 5 ");
    CHECK_HAS(buf_text(&output), "seed 6 ");
    (void)snprintf(first, sizeof first, "%s/out_0.jpeg", folder);
    (void)snprintf(second, sizeof second, "%s/out_1.jpeg", folder);
    check_picture(first, 64, 64);
    check_picture(second, 64, 64);
    stop_drawing();
    stop();
}

TEST(what_is_asked_wrongly_or_fails_is_said)
{
    OWNED_VALUE(buf) output = {0};

    start();
    CHECK_INT(ctl(WORDS("generate"), &output), ==, 2);
    CHECK_INT(ctl(WORDS("generate", "x", "--width", "wide"), &output), ==, 2);
    CHECK_HAS(buf_text(&output), "--width is 'wide', not a number");
    CHECK_INT(ctl(WORDS("generate", "x", "--width", "7"), &output), ==, 1);
    CHECK_HAS(buf_text(&output), "width is 7: it takes a multiple of 8");
    CHECK_INT(ctl(WORDS("regenerate", "emotions/happy/nothing.jpeg"), &output), ==, 1);
    CHECK_HAS(buf_text(&output), "no such object");
    CHECK_INT(ctl(WORDS("regenerate", PICTURE_H), &output), ==, 1);
    CHECK_HAS(buf_text(&output), "nothing is written in the picture");
    stop();
    CHECK_INT(ctl(WORDS("generate", "x"), &output), ==, 1);
    CHECK_HAS(buf_text(&output), "does not answer");
}

/* Starts gardenctl on a job that the test draws by hand. */
static pid_t start_by_hand(const char *log)
{
    pid_t pid =
        process_start(WORDS("generate", "x", "--width", "64", "--height", "64"), env, log);

    CHECK(painter_next(&painter, SOON_MS));
    painter_tell(&painter, (struct generation_event){.type = GENERATION_STARTED,
                                                     .attempt = 1,
                                                     .note = "long prompt"});
    painter_tell(&painter,
                 (struct generation_event){.type = GENERATION_STEP, .step = 3, .steps = 50});
    return pid;
}

static void await_text(const char *log, const char *text)
{
    int64_t until_ms = clock_mono_ms() + SOON_MS;
    OWNED_VALUE(buf) output = {0};

    while (!strstr(buf_text(&output), text)) {
        if (clock_mono_ms() > until_ms)
            TEST_FAIL("never \"%s\": %s", text, buf_text(&output));
        buf_clear(&output);
        file_load(log, &output);
    }
}

TEST(ctrl_c_cancels_the_job)
{
    OWNED_VALUE(buf) output = {0};
    char log[300], path[200];
    pid_t pid;

    start();
    (void)snprintf(log, sizeof log, "%s/ctl.log", door.data);
    pid = start_by_hand(log);
    await_text(log, "long prompt");
    CHECK_INT(process_end(pid, SIGINT, SOON_MS), ==, 1);
    await_text(log, "the job is cancelled");
    (void)snprintf(path, sizeof path, "/v1/generations/%s", painter.job.job_id);
    CHECK_INT(door_ask(&door, &(struct door_request){.path = path, .key = door.operator_key}),
              ==, 200);
    CHECK_HAS(door_body(&door), "\"state\":\"cancelled\"");
    stop();
}

TEST(a_gateway_that_goes_away_and_comes_back_is_followed_on)
{
    char log[300];
    pid_t pid;

    start();
    (void)snprintf(log, sizeof log, "%s/ctl.log", door.data);
    pid = start_by_hand(log);
    await_text(log, "long prompt");
    door_restart(&door, (const char *const[]){painter.setting, NULL});
    painter_draw(&painter);
    CHECK_INT(process_end(pid, 0, SOON_MS), ==, 0);
    await_text(log, "1 picture in ");
    stop();
}

TEST(a_failure_of_the_generator_is_the_commands)
{
    char log[300];
    pid_t pid;

    start();
    (void)snprintf(log, sizeof log, "%s/ctl.log", door.data);
    pid = start_by_hand(log);
    painter_tell(&painter, (struct generation_event){.type = GENERATION_FAILED,
                                                     .reason = "NaN in down.1"});
    CHECK_INT(process_end(pid, 0, SOON_MS), ==, 1);
    await_text(log, "the job failed: NaN in down.1");
    stop();
}

static int ask_status(const char *path)
{
    return door_ask(&door, &(struct door_request){.path = path, .key = door.operator_key});
}

TEST(a_picture_is_drawn_again_and_compared)
{
    OWNED_VALUE(buf) output = {0};
    char out[300], key[KEY_BYTES];

    start();
    start_drawing();
    (void)snprintf(out, sizeof out, "%s/kept.jpeg", folder_new());
    CHECK_INT(ctl(WORDS("generate", "a lake", "-o", out, "--width", "128", "--height", "64",
                        "--seed", "42", "--emotion", "happy", "--steps", "8"),
                  &output),
              ==, 0);
    (void)snprintf(key, sizeof key, "%.*s", (int)strcspn(buf_text(&output), " "),
                   buf_text(&output));
    CHECK(text_starts_with(key, "imgPool/happy/"));

    CHECK_INT(ctl(WORDS("regenerate", key), &output), ==, 0);
    CHECK_HAS(buf_text(&output), "128x64, 8 steps, seed 42, ddim: a lake");
    CHECK_HAS(buf_text(&output), "identical: every value of every pixel, and the files");
    CHECK_INT(ctl(WORDS("regenerate", out), &output), ==, 0); /* by file */
    stop_drawing();
    CHECK(painter.job.fresh);
    (void)snprintf(key, sizeof key, "/%s", painter.job.outputs[0].key);
    CHECK(text_starts_with(key, "/text2image/"));
    CHECK_INT(ask_status(key), ==, 404); /* nothing is left behind */

    painter.flaw = 2;
    start_drawing();
    CHECK_INT(ctl(WORDS("regenerate", out), &output), ==, 1);
    CHECK_HAS(buf_text(&output), "different: ");
    CHECK_HAS(buf_text(&output), " dB");
    stop_drawing();
    (void)snprintf(key, sizeof key, "/%s", painter.job.outputs[0].key);
    CHECK_INT(ask_status(key), ==, 404);
    stop();
}
