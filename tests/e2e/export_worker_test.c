/* export_worker_test.c - who makes an export: one replica at a time, the next where one dies,
 * and by the schedule once for each period. */
#include <dirent.h>
#include <signal.h>

#define TEST_SECONDS 240

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/dataset.h"
#include "proto/topics.h"
#include "tests/support/engine.h"
#include "tests/support/exports.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { MANY = 40000 };

/* Each on the embedded bus and on a broker of its own, where nobody else's acts are. */
#define ON_BOTH_BUSES(name_)                                                 \
    static void name_(struct exporters *exporters);                          \
    TEST(local_##name_)                                                      \
    {                                                                        \
        struct exporters exporters;                                          \
                                                                             \
        exporters_prepare(&exporters, NULL);                                 \
        name_(&exporters);                                                   \
        exporters_done(&exporters);                                          \
    }                                                                        \
    TEST(kafka_##name_)                                                      \
    {                                                                        \
        struct exporters exporters;                                          \
        char url[128];                                                       \
                                                                             \
        if (!getenv("TEST_KAFKA"))                                           \
            SKIP("TEST_KAFKA is not set");                                   \
        (void)engine_start("kafka", NULL);                                   \
        (void)snprintf(url, sizeof url, "kafka://%s", getenv("TEST_KAFKA")); \
        exporters_prepare(&exporters, url);                                  \
        name_(&exporters);                                                   \
        exporters_done(&exporters);                                          \
    }                                                                        \
    static void name_(struct exporters *exporters)

static void export_path(const struct exporters *exporters, char path[200])
{
    const char *id = strstr(buf_text(&exporters->body), "\"id\":\"");

    CHECK(id != NULL);
    id += 6;
    (void)snprintf(path, 200, "/v1/exports/%.*s", (int)strcspn(id, "\""), id);
}

static void check_acts(const struct exporters *exporters, int count)
{
    OWNED_VALUE(buf) found = {0};
    OWNED_VALUE(buf) wanted = {0};

    dataset_write_header(&wanted, DATASET_INTERACTIONS);
    for (int i = 0; i < count; i++)
        buf_printf(&wanted, "user-%d,emotions/happy/a_1h.jpeg,%d,click,\n", i % 1000,
                   1000000 + i);
    exporters_object(exporters, dataset_key(DATASET_INTERACTIONS), &found);
    CHECK_INT(found.size, ==, wanted.size);
    CHECK(memcmp(found.data, wanted.data, wanted.size) == 0);
}

static void check_nothing_is_left(const struct exporters *exporters)
{
    char path[300];
    const struct dirent *entry;
    DIR *dir;

    (void)snprintf(path, sizeof path, "%s/tmp", exporters->conf.data);
    dir = opendir(path);
    CHECK(dir != NULL);
    while ((entry = readdir(dir)))
        CHECK(entry->d_name[0] == '.');
    (void)closedir(dir);
}

/* Which of the two makes that export now. Asked of themselves: what is told by topic comes
 * later, on Kafka when it is over. */
static int find_busy(struct exporters *exporters, const char *path)
{
    const int64_t deadline_ms = clock_mono_ms() + 20000;
    char busy[200];

    (void)snprintf(busy, sizeof busy, "\"export\":\"%s\"", strrchr(path, '/') + 1);
    for (int i = 0;; i = 1 - i) {
        (void)exporters_ask(exporters, i, "GET", "/readyz");
        if (strstr(buf_text(&exporters->body), busy))
            return i;
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
}

/* The one that works is ended in the middle, and the other finishes. */
static void end_in_the_middle(struct exporters *exporters, int sig)
{
    char path[200];
    int first;

    tell_acts(exporters->bus, MANY);
    exporters_start(exporters, 0, NULL);
    exporters_start(exporters, 1, NULL);
    CHECK_INT(exporters_ask(exporters, 0, "POST", "/v1/exports"), ==, 202);
    export_path(exporters, path);
    first = find_busy(exporters, path);
    exporters_end(exporters, first, sig);
    exporters_wait(exporters, !first, path, "\"state\":\"done\"");
    exporters_check_log(exporters, !first, "is done");
    check_acts(exporters, MANY);
    check_nothing_is_left(exporters);
}

ON_BOTH_BUSES(what_a_worker_died_at_the_next_one_makes)
{
    end_in_the_middle(exporters, SIGKILL);
}

ON_BOTH_BUSES(what_a_worker_was_stopped_at_the_next_one_makes)
{
    end_in_the_middle(exporters, SIGTERM);
}

struct count {
    const char *id;
    enum export_type type;
    int found;
};

static int count_one(void *ctx, const struct bus_record *record, struct err *err)
{
    struct count *count = ctx;
    OWNED_VALUE(buf) storage = {0};
    struct export_event event;

    if (export_event_decode(record->value, record->value_size, &event, &storage, err) < 0)
        return err->code;
    count->found += event.type == count->type && strcmp(event.export_id, count->id) == 0;
    return 0;
}

static int events(const struct exporters *exporters, const char *id, enum export_type type)
{
    struct count count = {id, type, 0};
    struct err err = {0};

    CHECK_OK(bus_read(exporters->bus, TOPIC_EXPORTS, 0, 0, 100000, count_one, &count, &err),
             err);
    return count.found;
}

/* How often an export that was being made when its partition was taken away was requested
 * again. */
static int given_back(const struct exporters *exporters, const char *id)
{
    char text[EXPORT_ID_MAX + 32];
    int count = 0;

    (void)snprintf(text, sizeof text, "export %s is given back", id);
    for (int i = 0; i < EXPORTERS; i++)
        count += exporters_count_said(exporters, i, text);
    return count;
}

/* The second comes while the first makes an export, which on Kafka is given back then. */
ON_BOTH_BUSES(a_schedule_is_kept_once_however_many_there_are)
{
    const char *at;
    int count = 0, done = 0;

    tell_acts(exporters->bus, 4 * MANY);
    exporters_start(exporters, 0, "CSV_EXPORTER_SCHEDULE_S=1");
    exporters_start(exporters, 1, "CSV_EXPORTER_SCHEDULE_S=1");
    for (int i = 0; i < 2; i++) { /* the first may have been asked for before the other came */
        char path[200];

        exporters_wait(exporters, 1, "/v1/exports?limit=1", "\"scheduled-");
        export_path(exporters, path);
        exporters_wait(exporters, 1, path, "\"state\":\"done\"");
        while (exporters_ask(exporters, 1, "GET", "/v1/exports?limit=1") == 200 &&
               strstr(buf_text(&exporters->body), strrchr(path, '/') + 1))
            ;
    }
    exporters_end(exporters, 0, SIGKILL); /* the schedule goes on without it */
    exporters_wait(exporters, 1, "/v1/exports?limit=2", "\"scheduled-");
    (void)exporters_ask(exporters, 1, "GET", "/v1/exports");
    at = buf_text(&exporters->body);
    while ((at = strstr(at, "\"scheduled-"))) {
        char id[EXPORT_ID_MAX];
        int ends;

        (void)snprintf(id, sizeof id, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
        ends = events(exporters, id, EXPORT_DONE);
        CHECK_INT(events(exporters, id, EXPORT_REQUESTED), ==, 1 + given_back(exporters, id));
        CHECK_INT(ends, <=, 1);
        done += ends;
        count++;
        at++;
    }
    CHECK_INT(done, >=, 2);
    CHECK_INT(count - done, <=, 1); /* none is asked for while another waits */
}

TEST(an_export_that_everybody_dies_at_has_failed)
{
    struct exporters exporters;

    exporters_prepare(&exporters, NULL);
    tell_export(exporters.bus, "poison", EXPORT_REQUESTED);
    for (int i = 0; i < 3; i++)
        tell_export(exporters.bus, "poison", EXPORT_STARTED);
    tell_export(exporters.bus, "good", EXPORT_REQUESTED);
    exporters_start(&exporters, 0, NULL);
    exporters_wait(&exporters, 0, "/v1/exports/poison", "\"state\":\"failed\"");
    CHECK_HAS(buf_text(&exporters.body), "died at it");
    exporters_wait(&exporters, 0, "/v1/exports/good", "\"state\":\"done\"");
    exporters_done(&exporters);
}

TEST(the_same_request_twice_is_one_export)
{
    struct exporters exporters;

    exporters_prepare(&exporters, NULL);
    tell_export(exporters.bus, "once", EXPORT_REQUESTED);
    tell_export(exporters.bus, "once", EXPORT_REQUESTED);
    tell_export(exporters.bus, "last", EXPORT_REQUESTED);
    exporters_start(&exporters, 0, NULL);
    exporters_wait(&exporters, 0, "/v1/exports/last", "\"state\":\"done\"");
    CHECK_INT(events(&exporters, "once", EXPORT_DONE), ==, 1);
    CHECK_INT(events(&exporters, "once", EXPORT_STARTED), ==, 1);
    exporters_done(&exporters);
}

static int note_reason(void *ctx, const struct bus_record *record, struct err *err)
{
    struct buf *out = ctx;
    size_t size;
    const char *reason = bus_record_header(record, "reason", &size);

    (void)err;
    if (reason)
        buf_append(out, reason, size);
    return 0;
}

TEST(a_request_that_cannot_be_read_is_a_dead_letter_and_no_obstacle)
{
    OWNED_VALUE(buf) reasons = {0};
    struct exporters exporters;
    struct err err = {0};

    exporters_prepare(&exporters, NULL);
    tell_bytes(exporters.bus, TOPIC_EXPORTS, "x", "{\"export_id\":\"x\",\"type\":\"begun\"}");
    tell_export(exporters.bus, "good", EXPORT_REQUESTED);
    exporters_start(&exporters, 0, NULL);
    exporters_wait(&exporters, 0, "/v1/exports/good", "\"state\":\"done\"");
    CHECK_OK(bus_read(exporters.bus, TOPIC_DEAD_LETTERS, 0, 0, 10, note_reason, &reasons, &err),
             err);
    CHECK_HAS(buf_text(&reasons), "type is 'begun'");
    exporters_done(&exporters);
}

TEST(what_is_asked_wrongly_is_refused)
{
    struct exporters exporters;

    exporters_prepare(&exporters, NULL);
    exporters_start(&exporters, 0, NULL);
    CHECK_INT(exporters_ask(&exporters, 0, "GET", "/v1/exports/nobody"), ==, 404);
    CHECK_HAS(buf_text(&exporters.body), "there is no such export");
    CHECK_INT(exporters_ask(&exporters, 0, "GET", "/v1/exports?limit=0"), ==, 400);
    CHECK_INT(exporters_ask(&exporters, 0, "DELETE", "/v1/exports/nobody"), ==, 405);
    CHECK_INT(exporters_ask(&exporters, 0, "PUT", "/v1/exports"), ==, 405);
    CHECK_INT(exporters_ask(&exporters, 0, "GET", "/v1/exports/"), ==, 404);
    CHECK_INT(exporters_ask(&exporters, 0, "GET", "/v1/exports"), ==, 200);
    CHECK_STR(buf_text(&exporters.body), "{\"exports\":[]}");
    exporters_done(&exporters);
}
