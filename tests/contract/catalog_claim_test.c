/* Idempotency-Key: one of many does the work, all get its answer, and claims age.
 *
 * Time is this program's own: clock_gettime is defined here and adds what a test wants. */
#include "tests/contract/catalog_backends.h"

#include <sys/syscall.h>
#include <time.h>

#include "lib/base/buf.h"

static time_t time_shift;

int clock_gettime(clockid_t clock_id, struct timespec *tp)
{
    int r = (int)syscall(SYS_clock_gettime, clock_id, tp);

    if (clock_id == CLOCK_REALTIME)
        tp->tv_sec += time_shift;
    return r;
}

/* What begin says, and the stored answer behind it. */
static const char *begin(struct catalog *catalog, const char *key, const char *fingerprint)
{
    static const char *const names[] = {"new", "done", "running", "mismatch"};
    static char text[128];
    OWNED_VALUE(buf) answer = {0};
    enum catalog_claim claim = CATALOG_CLAIM_NEW;
    int status = 0;
    struct err err = {0};

    CHECK_OK(catalog_claim_begin(catalog, key, fingerprint, &claim, &status, &answer, &err),
             err);
    (void)snprintf(text, sizeof text, "%s %d %s", names[claim], status, buf_text(&answer));
    return text;
}

ON_BOTH(a_claim_is_new_once_then_running_then_done)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct err err = {0};

    CHECK_STR(begin(catalog, "k", "f"), "new 0 ");
    CHECK_STR(begin(catalog, "k", "f"), "running 0 ");
    CHECK_STR(begin(catalog, "k", "other"), "mismatch 0 ");
    CHECK_STR(begin(catalog, "k2", "f"), "new 0 ");
    CHECK_OK(catalog_claim_finish(catalog, "k", 202, "{\"a\":1}", 7, &err), err);
    CHECK_STR(begin(catalog, "k", "f"), "done 202 {\"a\":1}");
    CHECK_STR(begin(catalog, "k", "other"), "mismatch 0 ");
    CHECK_INT(catalog_claim_finish(catalog, "k", 500, "x", 1, &err), ==, ERR_NOT_FOUND);
    CHECK_STR(begin(catalog, "k", "f"), "done 202 {\"a\":1}");
}

ON_BOTH(an_answer_may_be_empty_and_a_claim_dropped)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct err err = {0};

    CHECK_STR(begin(catalog, "k", "f"), "new 0 ");
    CHECK_OK(catalog_claim_drop(catalog, "k", &err), err);
    CHECK_STR(begin(catalog, "k", "g"), "new 0 ");
    CHECK_OK(catalog_claim_finish(catalog, "k", 204, NULL, 0, &err), err);
    CHECK_OK(catalog_claim_drop(catalog, "k", &err), err); /* an answer is not dropped */
    CHECK_STR(begin(catalog, "k", "g"), "done 204 ");
}

ON_BOTH(a_claim_is_taken_over_after_two_minutes_by_the_same_request_only)
{
    OWNED(catalog) catalog = backend_open(backend);

    CHECK_STR(begin(catalog, "k", "f"), "new 0 ");
    time_shift = 119;
    CHECK_STR(begin(catalog, "k", "f"), "running 0 ");
    time_shift = 122;
    CHECK_STR(begin(catalog, "k", "other"), "mismatch 0 ");
    CHECK_STR(begin(catalog, "k", "f"), "new 0 ");
    CHECK_STR(begin(catalog, "k", "f"), "running 0 "); /* its own two minutes began */
}

ON_BOTH(claims_live_a_day)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct err err = {0};

    CHECK_STR(begin(catalog, "k", "f"), "new 0 ");
    CHECK_OK(catalog_claim_finish(catalog, "k", 200, "a", 1, &err), err);
    time_shift = 23L * 3600;
    CHECK_STR(begin(catalog, "k", "f"), "done 200 a");
    CHECK_INT(catalog_claim_expire(catalog, &err), ==, 0);
    time_shift = 24L * 3600 + 1;
    CHECK_STR(begin(catalog, "k", "other"), "new 0 "); /* even before it was expired */
    time_shift = 49L * 3600;
    CHECK_INT(catalog_claim_expire(catalog, &err), ==, 1);
    CHECK_INT(catalog_claim_expire(catalog, &err), ==, 0);
}

static const char keys[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
enum { RIVALS = 4, KEYS = sizeof keys - 1 };

/* Begins every key and tells which of them were new. */
static void begin_all(const struct backend *backend, int out)
{
    OWNED(catalog) catalog = backend_open(backend);

    for (const char *key = keys; *key; key++)
        if (strcmp(begin(catalog, (const char[]){*key, '\0'}, "f"), "new 0 ") == 0)
            CHECK_INT(write(out, key, 1), ==, 1);
}

ON_BOTH(of_many_who_begin_at_once_exactly_one_does_the_work)
{
    catalog_free(backend_open(backend)); /* the schema is there */
    int ends[2], won[KEYS] = {0};
    char key;

    CHECK_INT(pipe(ends), ==, 0);
    for (int i = 0; i < RIVALS; i++)
        if (fork() == 0) {
            begin_all(backend, ends[1]);
            _exit(0);
        }
    (void)close(ends[1]);
    while (read(ends[0], &key, 1) == 1)
        won[key - 'A']++;
    for (int i = 0; i < KEYS; i++)
        CHECK_INT(won[i], ==, 1);
    (void)close(ends[0]);
    while (wait(NULL) > 0)
        ;
}
