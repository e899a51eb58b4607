/* gardenctl up as an operator meets it: quick to start, hard to hurt, clean to stop; and what
 * doctor says of a garden that is well and of ones that are not. */
#define TEST_SECONDS 120
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

#ifdef __SANITIZE_ADDRESS__
enum { SECOND_START_MS = 8000 };
#else
enum { SECOND_START_MS = 2000 };
#endif

enum { SOON_MS = 20000 };

static pid_t child_of(const struct garden *garden, const char *name)
{
    pid_t pid = process_child(garden->up, name);

    CHECK_INT(pid, >, 0);
    return pid;
}

/* Waits until a child of that name other than old runs. */
static void wait_for_child(const struct garden *garden, const char *name, pid_t old)
{
    int64_t deadline = clock_mono_ms() + SOON_MS;
    pid_t pid;

    while ((pid = process_child(garden->up, name)) <= 0 || pid == old) {
        if (clock_mono_ms() > deadline)
            TEST_FAIL("%s was not started again", name);
        (void)poll(NULL, 0, 10);
    }
}

static void wait_until_gone(pid_t pid)
{
    int64_t deadline = clock_mono_ms() + SOON_MS;

    while (kill(pid, 0) == 0 || errno != ESRCH) {
        if (clock_mono_ms() > deadline)
            TEST_FAIL("process %d still runs", (int)pid);
        (void)poll(NULL, 0, 10);
    }
}

static void check_ctl(struct garden *garden, const char *const *words, int status,
                      const char *text)
{
    OWNED_VALUE(buf) output = {0};

    CHECK_INT(garden_ctl(garden, words, &output), ==, status);
    CHECK_HAS(buf_text(&output), text);
}

TEST(it_says_what_is_ready_and_gives_a_link_that_works)
{
    struct garden garden;
    OWNED_VALUE(buf) log = {0};
    char link[200], *start;

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    garden_wait_log(&garden, "Ctrl-C stops it");
    garden_read_log(&garden, &log);
    CHECK_HAS(buf_text(&log), "item-ingest    ready");
    CHECK_HAS(buf_text(&log), "gateway        ready     127.0.0.1:");
    start = strstr(log.data, "/login?key=");
    CHECK(start != NULL);
    (void)snprintf(link, sizeof link, "%.*s", (int)strcspn(start, "\n"), start);
    CHECK_INT(garden_ask(&garden, "GET", link, NULL, 0, NULL), ==, 303);
    garden_stop(&garden);
}

TEST(where_no_model_is_named_the_one_that_ships_draws)
{
    struct garden garden;

    CHECK_INT(setenv("GENERATOR_MODEL", "", 1), ==, 0);
    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    garden_wait_log(&garden, "generator-gpu  ready");
    garden_wait_answer(&garden, "GET", "/v1/status", NULL, "\"generator\":{\"state\":\"up\"",
                       SOON_MS);
    check_ctl(&garden, WORDS("doctor"), 0, "models/garden-tiny");
    check_ctl(&garden,
              WORDS("generate", "a calm flower garden", "--emotion", "calm", "--width", "640",
                    "--height", "400", "--steps", "4"),
              0, "1 picture in");
    garden_wait_answer(&garden, "GET", "/v1/generations", NULL, "\"drawn_width\":512", SOON_MS);
    garden_stop(&garden);
}

TEST(where_there_are_nets_there_is_an_emotion_service)
{
    struct garden garden;

    CHECK_INT(setenv("EMOTION_MODELS", "models/face", 1), ==, 0);
    CHECK_INT(setenv("EMOTION_THREADS", "1", 1), ==, 0);
    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    garden_wait_log(&garden, "emotion        ready");
    garden_stop(&garden);
}

TEST(ctrl_c_stops_all_and_a_second_start_is_quick)
{
    struct garden garden;
    pid_t gateway, ingest;
    int64_t start_ms;

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    gateway = child_of(&garden, "gateway");
    ingest = child_of(&garden, "item-ingest");
    CHECK_INT(process_end(garden.up, SIGINT, SOON_MS), ==, 0);
    wait_until_gone(gateway);
    wait_until_gone(ingest);

    start_ms = clock_mono_ms();
    garden_start(&garden);
    printf("# second start: %lld ms\n", (long long)(clock_mono_ms() - start_ms));
    CHECK_INT(clock_mono_ms() - start_ms, <, SECOND_START_MS);
    garden_stop(&garden);
}

TEST(a_service_that_is_killed_comes_back_and_no_request_is_refused)
{
    static const char *const names[] = {"gateway", "item-ingest"};
    struct garden garden;

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    for (size_t i = 0; i < 2; i++) {
        pid_t victim = child_of(&garden, names[i]);
        char said[64];

        CHECK_INT(kill(victim, SIGKILL), ==, 0);
        wait_until_gone(victim);
        CHECK_INT(garden_ask(&garden, "GET", "/healthz", NULL, 0, NULL), ==, 200);
        wait_for_child(&garden, names[i], victim);
        garden_wait_answer(&garden, "GET", "/readyz", NULL, "\"ready\":true", SOON_MS);
        (void)snprintf(said, sizeof said, "%-14s died      killed by signal 9", names[i]);
        garden_wait_log(&garden, said);
    }
    garden_stop(&garden);
}

TEST(services_end_with_the_supervisor)
{
    struct garden garden;
    pid_t gateway, ingest;

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    gateway = child_of(&garden, "gateway");
    ingest = child_of(&garden, "item-ingest");
    CHECK_INT(process_end(garden.up, SIGKILL, SOON_MS), ==, 128 + SIGKILL);
    wait_until_gone(gateway);
    wait_until_gone(ingest);
    garden_start(&garden); /* nothing is left in the way */
    garden_stop(&garden);
}

TEST(one_garden_for_one_folder_and_one_port)
{
    struct garden garden, other;
    char who[64];

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    (void)snprintf(who, sizeof who, "gardenctl up, process %d)", (int)garden.up);
    check_ctl(&garden, WORDS("up"), 1, who);

    garden_prepare(&other, NULL, NULL, NULL);
    (void)text_copy(other.env[0], sizeof other.env[0], garden.env[0]);
    check_ctl(&other, WORDS("up"), 1, "GARDEN_LISTEN, for gateway");
    http_client_free(other.http);
    garden_stop(&garden);
}

TEST(a_service_that_cannot_start_is_given_up_with_its_reason)
{
    struct garden garden;

    garden_prepare(&garden, NULL, NULL, NULL);
    CHECK_INT(setenv("GARDEN_RATE_PER_KEY", "many", 1), ==, 0);
    check_ctl(&garden, WORDS("up"), 1, "GARDEN_RATE_PER_KEY is 'many'");
    check_ctl(&garden, WORDS("up"), 1, "gateway does not start");
    http_client_free(garden.http);
}

TEST(doctor_finds_nothing_in_a_healthy_garden)
{
    struct garden garden;
    OWNED_VALUE(buf) output = {0};

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    CHECK_INT(garden_ctl(&garden, WORDS("doctor"), &output), ==, 0);
    CHECK(!strstr(buf_text(&output), "MEND"));
    CHECK_HAS(buf_text(&output), "ok    store (fs) reads and writes");
    CHECK_HAS(buf_text(&output), "ok    the gateway reaches item-ingest");
    garden_stop(&garden);
}

TEST(doctor_says_how_to_mend)
{
    struct garden garden;
    char path[256];

    garden_prepare(&garden, NULL, NULL, NULL);
    check_ctl(&garden, WORDS("doctor"), 1, "gardenctl up makes the topics");
    garden_start(&garden);
    CHECK_INT(chmod(garden.data, 0755), ==, 0);
    check_ctl(&garden, WORDS("doctor"), 1, "MEND  data folder");
    CHECK_INT(chmod(garden.data, 0700), ==, 0);
    (void)snprintf(path, sizeof path, "%s/operator.key", garden.data);
    CHECK_INT(chmod(path, 0644), ==, 0);
    check_ctl(&garden, WORDS("doctor"), 1, "can be read by others: chmod 600");
    CHECK_INT(chmod(path, 0600), ==, 0);
    check_ctl(&garden, WORDS("doctor"), 0, "ok ");
    CHECK_INT(process_end(garden.up, SIGTERM, SOON_MS), ==, 0);
    check_ctl(&garden, WORDS("doctor"), 1, "start it with gardenctl up");
    (void)snprintf(garden.env[1], sizeof garden.env[1], "GARDEN_DATA=/nonexistent/garden");
    check_ctl(&garden, WORDS("doctor"), 1, "MEND  data folder /nonexistent/garden");
    (void)snprintf(garden.env[1], sizeof garden.env[1], "GARDEN_DATA=%s", garden.data);
    (void)snprintf(garden.env[2], sizeof garden.env[2], "GARDEN_BUS=kafka://127.0.0.1:1");
    check_ctl(&garden, WORDS("doctor"), 1, "MEND  bus:");
    (void)snprintf(garden.env[2], sizeof garden.env[2], "GARDEN_BUS=rabbit");
    check_ctl(&garden, WORDS("doctor"), 1, "MEND  settings: GARDEN_BUS is 'rabbit'");
    http_client_free(garden.http);
}

TEST(wrong_use_is_told_from_failure)
{
    struct garden garden;

    garden_prepare(&garden, NULL, NULL, NULL);
    check_ctl(&garden, WORDS("--help"), 0, "dead-letters");
    check_ctl(&garden, WORDS("import", "--help"), 0, "Example: gardenctl import");
    check_ctl(&garden, WORDS("fly"), 2, "there is no command 'fly'");
    check_ctl(&garden, WORDS("import"), 2, "gardenctl import --help");
    check_ctl(&garden, WORDS("import", "/nonexistent"), 2, "is no folder");
    check_ctl(&garden, WORDS("promote"), 2, "--all");
    check_ctl(&garden, WORDS("promote", "--emotion", "joy"), 2, "joy");
    check_ctl(&garden, WORDS("remove", "emotions/happy/x.jpeg"), 1, "no operator key");
    http_client_free(garden.http);
}
