/* privacy_test.c - a visitor's picture is kept nowhere: a whole garden gets pictures with
 * markers in them, and after the answer no process of it, no file and no record has one. */
#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#define TEST_SECONDS 300

#include "lib/base/clock.h"
#include "tests/support/faces.h"
#include "tests/support/garden.h"
#include "tests/support/marked.h"
#include "tests/support/process.h"
#include "tests/unit/http_raw.h"

enum {
    GONE_MS = 15000,
    ASK_MS = 30000,
    AT_ONCE = 12,
    PROCESSES = 8,
    MANY_FACES = 2,
};

struct watched {
    struct garden garden;
    struct marked marked;
    struct bus *bus;
    const char *temp; /* the garden's TMPDIR */
    char temp_setting[300];
    pid_t pids[PROCESSES];
    size_t pid_count;
    struct http_client_response last;
};

/* -- where to look -- */

static const char *const programs[] = {"gateway", "emotion", "item-ingest", "generator-gpu"};

static void find_processes(struct watched *w)
{
    w->pid_count = 0;
    w->pids[w->pid_count++] = w->garden.up;
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        pid_t pid = process_child(w->garden.up, programs[i]);

        if (pid > 0)
            w->pids[w->pid_count++] = pid;
    }
}

static long in_process(const struct watched *w, pid_t pid, bool say)
{
    long count = 0;

    for (int i = 0; i < MARKED_FORMS; i++) {
        long here = marker_in_process(pid, &w->marked.forms[i], say);

        if (here < 0)
            SKIP("only root can read the memory of processes that have closed themselves off");
        count += here;
    }
    return count;
}

static long in_processes(struct watched *w, bool say)
{
    long count = 0;

    find_processes(w);
    for (size_t i = 0; i < w->pid_count; i++)
        count += in_process(w, w->pids[i], say);
    return count;
}

static long in_files(const struct watched *w)
{
    long count = 0;

    for (int i = 0; i < MARKED_FORMS; i++)
        count += marker_in_folder(w->garden.data, &w->marked.forms[i]) +
                 marker_in_folder(w->temp, &w->marked.forms[i]);
    return count;
}

static void check_written_nowhere(const struct watched *w)
{
    CHECK_INT(in_files(w), ==, 0);
    CHECK_INT(marked_in_topics(&w->marked, w->bus, NULL), ==, 0);
}

/* After an answer: nothing is left already now. */
static void check_gone(struct watched *w)
{
    CHECK_INT(in_processes(w, true), ==, 0);
    check_written_nowhere(w);
}

/* Where a program has yet to see that the client or the other side is gone. */
static void check_soon_gone(struct watched *w)
{
    int64_t until_ms = clock_mono_ms() + GONE_MS;

    while (in_processes(w, false) > 0) {
        if (clock_mono_ms() > until_ms)
            TEST_FAIL("%ld pieces of a picture are left", in_processes(w, true));
        (void)poll(NULL, 0, 20);
    }
    check_written_nowhere(w);
}

/* -- the garden -- */

static void start(struct watched *w)
{
    struct garden *garden = &w->garden;
    struct err err = {0};
    size_t n = 0;

#ifdef __SANITIZE_ADDRESS__
    SKIP("the sanitizer keeps what was freed");
#endif
    *w = (struct watched){.marked = marked_new()};
    CHECK_INT(setenv("EMOTION_MODELS", "models/face", 0), ==, 0);
    garden_prepare(garden, NULL, NULL, NULL);
    w->temp = folder_new();
    (void)snprintf(w->temp_setting, sizeof w->temp_setting, "TMPDIR=%s", w->temp);
    while (garden->env_list[n])
        n++;
    garden->env_list[n] = w->temp_setting;
    garden_start(garden);
    w->bus = garden_open_bus(&garden->conf, "test", &err);
    if (!w->bus)
        TEST_FAIL("%s", err.text);
    if (process_child(garden->up, "emotion") < 0)
        TEST_FAIL("gardenctl up has not started the emotion service");
    CHECK_INT(in_processes(w, true), ==, 0);
}

static void stop(struct watched *w)
{
    http_client_response_done(&w->last);
    bus_free(w->bus);
    garden_stop(&w->garden);
    CHECK_INT(in_files(w), ==, 0); /* also what was written at the end */
}

static int port_of(const struct watched *w)
{
    return (int)strtol(strrchr(w->garden.url, ':') + 1, NULL, 10);
}

static int post(struct watched *w, const char *path, const char *header, const struct buf *body)
{
    char url[160];
    const char *const headers[] = {header ? header : "Accept: */*"};
    const struct http_client_request request = {.method = "POST",
                                                .url = url,
                                                .headers = headers,
                                                .header_count = 1,
                                                .body = body->data,
                                                .body_size = body->size,
                                                .deadline_ms = ASK_MS};
    struct err err = {0};

    (void)snprintf(url, sizeof url, "%s%s", w->garden.url, path);
    http_client_response_done(&w->last);
    memset(&w->last, 0, sizeof w->last);
    CHECK_OK(http_client_fetch(w->garden.http, &request, &w->last, &err), err);
    return w->last.status;
}

/* -- pictures -- */

static struct buf noise_png(const struct watched *w, uint32_t side)
{
    struct image noise = marked_noise(side, side);
    struct buf png = marked_png(&w->marked, &noise);

    image_done(&noise);
    return png;
}

static struct buf noise_jpeg(const struct watched *w)
{
    struct image noise = marked_noise(640, 480);
    struct buf jpeg = faces_jpeg(&noise, 90), marked = marked_jpeg(&w->marked, &jpeg);

    image_done(&noise);
    buf_done(&jpeg);
    return marked;
}

static struct buf face_png(const struct watched *w)
{
    struct image face = faces_picture("astronaut.png");
    struct buf png = marked_png(&w->marked, &face);

    image_done(&face);
    return png;
}

static struct buf face_jpeg(const struct watched *w)
{
    struct buf jpeg = faces_file("grace_hopper_512x512.jpg");
    struct buf marked = marked_jpeg(&w->marked, &jpeg);

    buf_done(&jpeg);
    return marked;
}

/* -- tests -- */

TEST(pictures_with_faces_are_gone_when_their_answers_come)
{
    static const char *const paths[] = {"/emotion", "/v1/faces"};
    struct watched w;
    size_t records;

    if (!faces_folder())
        SKIP("TEST_FACES is not set: tests/engines/faces.sh");
    start(&w);
    for (int i = 0; i < 2; i++) {
        OWNED_VALUE(buf) png = face_png(&w), jpeg = face_jpeg(&w);

        for (int round = 0; round < MANY_FACES; round++) {
            CHECK_INT(post(&w, paths[i], NULL, &png), ==, 200);
            check_gone(&w);
            CHECK_INT(post(&w, paths[i], NULL, &jpeg), ==, 200);
            check_gone(&w);
        }
        CHECK_INT(post(&w, paths[i], i ? "Idempotency-Key: a" : "Idempotency-Key: b", &png), ==,
                  200);
        check_gone(&w);
        CHECK_INT(post(&w, paths[i], "Transfer-Encoding: chunked", &png), ==, 200);
        check_gone(&w);
    }
    CHECK_INT(marked_in_topics(&w.marked, w.bus, &records), ==, 0);
    CHECK_INT(records, >=, 2 * MANY_FACES);
    stop(&w);
}

TEST(pictures_without_a_face_are_gone)
{
    struct watched w;

    start(&w);
    {
        OWNED_VALUE(buf) png = noise_png(&w, 700), jpeg = noise_jpeg(&w);

        CHECK_INT(post(&w, "/emotion", NULL, &png), ==, 404);
        check_gone(&w);
        CHECK_INT(post(&w, "/emotion", NULL, &jpeg), ==, 404);
        check_gone(&w);
        CHECK_INT(post(&w, "/v1/faces", NULL, &png), ==, 200);
        check_gone(&w);
    }
    stop(&w);
}

TEST(pictures_that_are_refused_are_gone)
{
    struct watched w;

    start(&w);
    {
        OWNED_VALUE(buf) png = noise_png(&w, 700), jpeg = noise_jpeg(&w);
        OWNED_VALUE(buf) huge = noise_png(&w, 2200);

        png.size /= 2;
        CHECK_INT(post(&w, "/emotion", NULL, &png), ==, 400);
        check_gone(&w);
        CHECK_INT(post(&w, "/v1/faces", NULL, &png), ==, 400);
        check_gone(&w);
        jpeg.size /= 2;
        CHECK_INT(post(&w, "/emotion", NULL, &jpeg), ==, 400);
        check_gone(&w);
        CHECK_INT(post(&w, "/emotion", NULL, &huge), ==, 413);
        check_soon_gone(&w);
        CHECK_INT(post(&w, "/emotion", "Transfer-Encoding: chunked", &huge), ==, 413);
        check_soon_gone(&w);
        CHECK_INT(post(&w, "/emotion", "Authorization: Bearer wrong", &png), ==, 401);
        check_soon_gone(&w);
        CHECK_INT(post(&w, "/emotion?x=%zz", NULL, &png), ==, 400);
        check_soon_gone(&w);
    }
    stop(&w);
}

/* The same search that finds nothing afterwards finds the picture while it is there. */
TEST(a_picture_whose_client_leaves_half_way_is_gone)
{
    struct watched w;
    char head[128];

    start(&w);
    {
        OWNED_VALUE(buf) png = noise_png(&w, 700);
        int fd = raw_connect(port_of(&w));
        pid_t gateway = process_child(w.garden.up, "gateway");
        int64_t until_ms = clock_mono_ms() + GONE_MS;

        (void)snprintf(head, sizeof head,
                       "POST /emotion HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n",
                       png.size + 1);
        raw_send_text(fd, head);
        raw_send(fd, png.data, png.size);
        while (in_process(&w, gateway, false) == 0)
            if (clock_mono_ms() > until_ms)
                TEST_FAIL("a picture on its way is not found: nothing would be");
        check_written_nowhere(&w);
        (void)close(fd);
        check_soon_gone(&w);
    }
    stop(&w);
}

struct crowd {
    int ended;
};

static void on_ended(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct crowd *crowd = ctx;

    (void)response;
    (void)err;
    crowd->ended++;
}

static void send_crowd(struct watched *w, struct crowd *crowd, const struct buf *body)
{
    char url[160];
    const struct http_client_request request = {.method = "POST",
                                                .url = url,
                                                .body = body->data,
                                                .body_size = body->size,
                                                .deadline_ms = ASK_MS};

    (void)snprintf(url, sizeof url, "%s/emotion", w->garden.url);
    for (int i = 0; i < AT_ONCE; i++)
        (void)http_client_send(w->garden.http, &request, on_ended, crowd);
}

/* Steps the crowd until the emotion service has a picture. It is stopped then. */
static pid_t stop_over_a_picture(struct watched *w, const struct crowd *crowd)
{
    pid_t emotion = process_child(w->garden.up, "emotion");

    for (;;) {
        (void)http_client_run(w->garden.http, 1);
        CHECK_INT(kill(emotion, SIGSTOP), ==, 0);
        if (in_process(w, emotion, false) > 0)
            return emotion;
        CHECK_INT(kill(emotion, SIGCONT), ==, 0);
        if (crowd->ended == AT_ONCE)
            TEST_FAIL("a picture at work is not found: nothing would be");
    }
}

TEST(many_pictures_at_once_are_gone)
{
    struct crowd crowd = {0};
    struct watched w;

    start(&w);
    {
        OWNED_VALUE(buf) png = noise_png(&w, 1200);

        send_crowd(&w, &crowd, &png);
        CHECK_INT(kill(stop_over_a_picture(&w, &crowd), SIGCONT), ==, 0);
        CHECK_INT(http_client_run(w.garden.http, 2 * ASK_MS), ==, 0);
        check_gone(&w);
    }
    stop(&w);
}

TEST(a_service_that_is_killed_over_its_work_leaves_nothing)
{
    struct crowd crowd = {0};
    struct watched w;

    start(&w);
    {
        OWNED_VALUE(buf) png = noise_png(&w, 1200);

        send_crowd(&w, &crowd, &png);
        CHECK_INT(kill(stop_over_a_picture(&w, &crowd), SIGKILL), ==, 0);
        CHECK_INT(http_client_run(w.garden.http, 2 * ASK_MS), ==, 0);
        check_soon_gone(&w);
        garden_wait_ready(&w.garden, ASK_MS);
        CHECK_INT(post(&w, "/emotion", NULL, &png), ==, 404);
        check_gone(&w);
    }
    stop(&w);
}

/* Neither may be read out by a core dump. */
TEST(programs_that_see_pictures_leave_no_core_dump)
{
    static const char *const seeing[] = {"gateway", "emotion"};
    struct watched w;

    start(&w);
    for (int i = 0; i < 2; i++) {
        OWNED_VALUE(buf) limits = {0};
        char path[64];

        (void)snprintf(path, sizeof path, "/proc/%d/limits",
                       (int)process_child(w.garden.up, seeing[i]));
        file_load(path, &limits);
        CHECK_HAS(buf_text(&limits), "Max core file size        0                    0 ");
    }
    stop(&w);
}
