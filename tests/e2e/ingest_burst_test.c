/* A burst of events that are doubled, late and out of order, with item-ingest killed in the
 * middle: what is catalogued and told at the end is what a model in memory says, and replaying
 * all of it changes nothing.
 *
 * INGEST_ROUNDS (default 4) kills; INGEST_SEED repeats a run; TEST_KAFKA and TEST_POSTGRES run
 * it on those engines, too. */
#define TEST_SECONDS 300
#include <poll.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "proto/item_event.h"
#include "tests/support/engine.h"
#include "tests/support/ingest.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum {
    OBJECTS = 1500,
    EVENTS = 12000,
    BURST_ROUNDS = 4,
    SETTLE_MS = 30000,
    FIRST_TIME = 1777885687, /* seconds */
};

/* What the events of one object come to. */
struct expected {
    char key[128];
    struct object_event last; /* the newest */
    bool any;
    bool created_ever; /* so garden.items has heard of it, perhaps */
};

static struct expected model[OBJECTS];
static struct object_event events[EVENTS];
static unsigned seed;

static int below(int n)
{
    return (int)((unsigned)rand_r(&seed) % (unsigned)n);
}

static void name_objects(const char *run)
{
    for (int i = 0; i < OBJECTS; i++)
        (void)snprintf(model[i].key, sizeof model[i].key, "%s/%s%s/%s_%05d%c.jpeg",
                       i % 5 == 0 ? "imgPool" : "emotions", emotion_names[i % EMOTION_COUNT],
                       i % 3 == 0 ? "/spring,sunny,day" : "", run, i, i % 2 ? 'v' : 'h');
}

/* An event that is newer than all before it; sometimes one of before again. */
static void make_event(int number)
{
    struct expected *object = &model[below(OBJECTS)];
    struct object_event *event = &events[number];
    int kind = below(10);

    if (number && kind == 0) {
        *event = events[below(number)];
        return;
    }
    memset(event, 0, sizeof *event);
    event->change = OBJECT_CREATED;
    if (object->any && kind < 4)
        event->change = kind == 1 ? OBJECT_CLEARED : OBJECT_REMOVED;
    (void)snprintf(event->key, sizeof event->key, "%s", object->key);
    (void)snprintf(event->sequencer, sizeof event->sequencer, "18AC%012XF", number);
    event->event_time_ms = (int64_t)FIRST_TIME * 1000 + number;
    if (event->change == OBJECT_CREATED) {
        event->size_bytes = 1000 + (uint64_t)number;
        event->width = 1280;
        event->height = 800;
        (void)snprintf(event->sha256, sizeof event->sha256, "%064x", number);
        object->created_ever = true;
    }
    object->any = true;
    object->last = *event;
}

/* Later by up to some hundred events. */
static void shuffle(void)
{
    for (int i = 0; i < EVENTS; i++) {
        int j = i + below(EVENTS - i < 400 ? EVENTS - i : 400);
        struct object_event swap = events[i];

        events[i] = events[j];
        events[j] = swap;
    }
}

static void make_events(const char *run)
{
    const char *given = getenv("INGEST_SEED");

    seed = given ? (unsigned)strtoul(given, NULL, 10) : (unsigned)clock_wall_ms();
    printf("# INGEST_SEED=%u\n", seed);
    memset(model, 0, sizeof model);
    name_objects(run);
    for (int i = 0; i < EVENTS; i++)
        make_event(i);
    shuffle();
}

static void tell(struct ingest *in, int from, int to)
{
    ingest_tell(in, events + from, (size_t)(to - from));
}

/* The last word of garden.items on each key, and that no word was said twice. */
struct told {
    struct map *last, *ids;
    const char *run;
    int64_t records;
};

static int note_told(void *ctx, const struct bus_record *record, struct err *err)
{
    struct told *told = ctx;
    OWNED_VALUE(buf) storage = {0};
    struct item_event event;
    char *sha256;
    size_t size = 0;
    const char *id = bus_record_header(record, "ce_id", &size);

    if (!memmem(record->key, record->key_size, told->run, strlen(told->run)))
        return 0; /* of another test on the same broker */
    CHECK(id != NULL);
    if (map_get(told->ids, id, size))
        TEST_FAIL("garden.items has %.*s twice", (int)size, id);
    CHECK_INT(map_put(told->ids, id, size, told), ==, 0);
    told->records++;
    if (record->value)
        CHECK_OK(item_event_decode(record->value, record->value_size, &event, &storage, err),
                 *err);
    sha256 = strdup(record->value ? event.sha256 : "");
    CHECK(sha256 != NULL);
    free(map_get(told->last, record->key, record->key_size));
    CHECK_INT(map_put(told->last, record->key, record->key_size, sha256), ==, 0);
    return 0;
}

static void free_told(void *ctx, const void *key, size_t key_size, void *value)
{
    (void)ctx;
    (void)key;
    (void)key_size;
    free(value);
}

static void check_object(struct ingest *in, const struct told *told,
                         const struct expected *object)
{
    bool live = object->any && object->last.change == OBJECT_CREATED;
    const char *last = map_get(told->last, object->key, strlen(object->key));
    struct catalog_item row = {0};
    bool found = ingest_row(in, object->key, &row);

    if ((found && row.state == CATALOG_LIVE) != live)
        TEST_FAIL("%s is %slive", object->key, live ? "not " : "");
    if (live)
        CHECK_STR(row.sha256, object->last.sha256);
    if (strncmp(object->key, "imgPool/", 8) == 0) {
        CHECK(last == NULL); /* garden.items is about what is served */
        return;
    }
    if (live && (!last || strcmp(last, object->last.sha256) != 0))
        TEST_FAIL("garden.items says '%s' of %s, not %s", last ? last : "nothing", object->key,
                  object->last.sha256);
    if (!live && last && *last)
        TEST_FAIL("garden.items still has %s", object->key);
}

/* Checks everything; returns how many records garden.items has. */
static int64_t check_all(struct ingest *in, const char *run)
{
    OWNED(map) last = map_new();
    OWNED(map) ids = map_new();
    struct told told = {.last = last, .ids = ids, .run = run};

    ingest_each(in, TOPIC_ITEMS, note_told, &told);
    for (int i = 0; i < OBJECTS; i++)
        check_object(in, &told, &model[i]);
    map_each(last, free_told, NULL);
    return told.records;
}

/* A stop publishes what is in the outbox still. */
static int64_t settle_and_check(struct ingest *in, const char *run)
{
    ingest_settle(in);
    ingest_stop(in);
    return check_all(in, run);
}

static void run_burst(const char *bus, const char *catalog, const char *run)
{
    const char *rounds = getenv("INGEST_ROUNDS");
    int kills = rounds ? (int)strtol(rounds, NULL, 10) : BURST_ROUNDS;
    struct ingest in;
    int64_t records;
    uint64_t versions;

    make_events(run);
    ingest_prepare(&in, bus, catalog);
    ingest_set(&in, "ITEM_INGEST_BATCH=100"); /* so that a kill finds batches under way */
    for (int i = 0; i < kills; i++) {
        ingest_start(&in);
        tell(&in, i * EVENTS / (kills + 1), (i + 1) * EVENTS / (kills + 1));
        (void)poll(NULL, 0, below(60)); /* a random moment */
        ingest_kill(&in);
    }
    tell(&in, kills * EVENTS / (kills + 1), EVENTS);
    ingest_start(&in);
    records = settle_and_check(&in, run);
    versions = ingest_versions(&in);
    printf("# %lld records on garden.items\n", (long long)records);

    ingest_rewind(&in);
    ingest_start(&in);
    CHECK_INT(settle_and_check(&in, run), ==, records);
    CHECK_INT(ingest_versions(&in), ==, versions);
    ingest_done(&in);
}

TEST(a_burst_with_kills_comes_to_what_the_model_says)
{
    run_burst(NULL, NULL, "local");
}

TEST(a_burst_with_kills_on_kafka)
{
    char bus[160];

    if (!getenv("TEST_KAFKA"))
        SKIP("TEST_KAFKA is not set");
    (void)engine_start("kafka", NULL); /* its topics hold what this test tells, and no more */
    (void)snprintf(bus, sizeof bus, "kafka://%s", getenv("TEST_KAFKA"));
    run_burst(bus, NULL, "kafka");
}

/* A schema that no run before had. */
static const char *schema_name(void)
{
    static char name[40];

    (void)snprintf(name, sizeof name, "r%llx", (unsigned long long)clock_wall_ns());
    return name;
}

/* Runs a statement on TEST_POSTGRES. */
static void run_sql(const char *verb, const char *schema, const char *more)
{
    char sql[160];
    const char *const argv[] = {"psql", "-qX", getenv("TEST_POSTGRES"), "-c", sql, NULL};
    OWNED_VALUE(buf) output = {0};

    (void)snprintf(sql, sizeof sql, "%s SCHEMA %s %s", verb, schema, more);
    if (process_run(argv, NULL, &output, 20000) != 0)
        TEST_FAIL("%s: %s", sql, buf_text(&output));
}

TEST(a_burst_with_kills_on_postgresql)
{
    const char *server = getenv("TEST_POSTGRES"), *schema = schema_name();
    char catalog[512];

    if (!server)
        SKIP("TEST_POSTGRES is not set");
    (void)snprintf(catalog, sizeof catalog, "%s%coptions=-csearch_path%%3D%s", server,
                   strchr(server, '?') ? '&' : '?', schema);
    run_sql("CREATE", schema, "");
    run_burst(NULL, catalog, schema);
    run_sql("DROP", schema, "CASCADE");
}
