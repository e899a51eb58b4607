/* kill -9 of the gateway, of item-ingest and of the broker at random moments, while pictures
 * are written in two ways: through the gateway and beside it, as a generator does. Whatever was
 * accepted is catalogued, once, and has told garden.items, once; replaying garden.objects from
 * its start changes nothing.
 *
 * CHAOS_ROUNDS (default 6) kills; CHAOS_SEED repeats a run. The Kafka case has a broker of its
 * own. */
#define TEST_SECONDS 600
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/crypto/crypto.h"
#include "proto/key.h"
#include "proto/topics.h"
#include "services/common/object_writer.h"
#include "tests/support/engine.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { WRITE_BATCH = 40, SETTLE_MS = 30000, PARTITIONS_MAX = 64 };

/* A picture that every writer uses; only the keys differ. */
static struct buf picture;
static char picture_sha256[SHA256_HEX];

static void load_picture(void)
{
    FILE *f = fopen("tests/golden/pictures/img_20260504-090800_0h.jpeg", "rbe");
    char part[4096];
    size_t n;

    CHECK(f != NULL);
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_append(&picture, part, n);
    (void)fclose(f);
    sha256_hex(picture.data, picture.size, picture_sha256);
}

/* One writer: writes keys 0, 1, 2, ... until told to stop; none is left half-accepted. */
struct writer {
    struct garden *garden;
    const char *label;
    atomic_bool stop;
    int accepted; /* valid after the thread has ended */
    pthread_t thread;
};

static void key_of(const struct writer *w, int i, char key[KEY_BYTES])
{
    (void)snprintf(key, KEY_BYTES, "emotions/%s/%s_%07dh.jpeg",
                   emotion_names[i % EMOTION_COUNT], w->label, i);
}

/* Repeats one batch until it is accepted, as any client has to. */
static void write_beside(struct writer *w, const struct object_writer_conf *to)
{
    char keys[WRITE_BATCH][KEY_BYTES];
    struct object_change_request requests[WRITE_BATCH];
    struct object_change_result results[WRITE_BATCH];
    const struct store_meta meta = {.sha256 = picture_sha256, .width = 256, .height = 160};
    struct err err = {0};

    for (int i = 0; i < WRITE_BATCH; i++) {
        key_of(w, w->accepted + i, keys[i]);
        requests[i] = (struct object_change_request){.what = OBJECT_PUT,
                                                     .key = keys[i],
                                                     .data = picture.data,
                                                     .size = picture.size,
                                                     .meta = &meta};
    }
    while (object_writer_apply(to, requests, WRITE_BATCH, NULL, results, &err) != WRITE_BATCH)
        err_clear(&err);
    w->accepted += WRITE_BATCH;
}

static void *run_beside(void *arg)
{
    struct writer *w = arg;
    struct err err = {0};
    OWNED(bus) bus = garden_open_bus(&w->garden->conf, "chaos", &err);
    OWNED(store) store = garden_open_store(&w->garden->conf, &err);
    const struct object_writer_conf to = {
        .store = store, .bus = bus, .source = "/chaos", .timeout_ms = 5000};

    CHECK_OK(err.code, err);
    while (!atomic_load(&w->stop))
        write_beside(w, &to);
    return NULL;
}

static void *run_through_gateway(void *arg)
{
    struct writer *w = arg;
    struct garden here = *w->garden; /* for an http client of this thread's own */
    struct err err = {0};

    here.http = http_client_new(&err);
    CHECK_OK(err.code, err);
    while (!atomic_load(&w->stop)) {
        char key[KEY_BYTES], path[KEY_BYTES + 16];
        int status;

        key_of(w, w->accepted, key);
        (void)snprintf(path, sizeof path, "/v1/objects/%s", key);
        do {
            status = garden_ask(&here, "PUT", path, picture.data, picture.size, NULL);
        } while (status < 200 || status > 299);
        w->accepted++;
    }
    http_client_free(here.http);
    return NULL;
}

static unsigned random_state;

static int random_below(int n)
{
    return (int)((unsigned)rand_r(&random_state) % (unsigned)n);
}

/* Kills a child of the supervisor and waits until the garden is well again. */
static void kill_service(struct garden *garden, const char *name)
{
    pid_t victim = process_child(garden->up, name);

    CHECK(victim > 0);
    CHECK_INT(kill(victim, SIGKILL), ==, 0);
    while (process_child(garden->up, name) == victim || process_child(garden->up, name) < 0)
        (void)poll(NULL, 0, 5);
    garden_wait_ready(garden, SETTLE_MS);
}

static void kill_something(struct garden *garden, const char *broker_dir)
{
    int choice = random_below(broker_dir ? 3 : 2);

    (void)poll(NULL, 0, 50 + random_below(400)); /* a random moment under load */
    if (choice == 2)
        engine_do("kafka", "restart", broker_dir); /* which kills it first */
    else
        kill_service(garden, choice ? "gateway" : "item-ingest");
}

/* True when the catalogue has seen all of garden.objects. */
static bool all_consumed(struct bus *bus, struct catalog *catalog)
{
    struct bus_partition_info infos[PARTITIONS_MAX];
    struct err err = {0};
    int n = bus_topic_info(bus, TOPIC_OBJECTS, infos, PARTITIONS_MAX, 5000, &err);
    int64_t next;

    CHECK_OK(n, err);
    for (int i = 0; i < n; i++) {
        CHECK_OK(catalog_offset_get(catalog, "item-ingest", TOPIC_OBJECTS, infos[i].partition,
                                    &next, &err),
                 err);
        if (next < infos[i].high && infos[i].high > infos[i].low)
            return false;
    }
    return true;
}

static void wait_consumed(struct bus *bus, struct catalog *catalog)
{
    int64_t deadline = clock_mono_ms() + SETTLE_MS;

    while (!all_consumed(bus, catalog)) {
        CHECK(clock_mono_ms() < deadline);
        (void)poll(NULL, 0, 20);
    }
}

static int64_t live_count(struct catalog *catalog)
{
    struct err err = {0};
    int64_t live = 0;

    for (int i = 0; i < EMOTION_COUNT; i++) {
        struct catalog_head head;

        CHECK_OK(catalog_head(catalog, CATALOG_GARDEN, emotion_names[i], &head, &err), err);
        live += (int64_t)head.live;
    }
    return live;
}

static uint64_t version_sum(struct catalog *catalog)
{
    struct err err = {0};
    uint64_t sum = 0;

    for (int i = 0; i < EMOTION_COUNT; i++) {
        struct catalog_head head;

        CHECK_OK(catalog_head(catalog, CATALOG_GARDEN, emotion_names[i], &head, &err), err);
        sum += head.version;
    }
    return sum;
}

static void check_catalogued(struct catalog *catalog, const struct writer *w)
{
    for (int i = 0; i < w->accepted; i++) {
        char text[KEY_BYTES];
        struct key key;
        struct err err = {0};
        struct catalog_item item;
        bool found;

        key_of(w, i, text);
        CHECK_OK(key_parse(text, strlen(text), &key, &err), err);
        const struct catalog_ref ref = {CATALOG_GARDEN, key.search_key, key.name};
        CHECK_OK(catalog_get(catalog, &ref, 1, &item, &found, &err), err);
        if (!found || item.state != CATALOG_LIVE)
            TEST_FAIL("%s was accepted and is not in the catalogue", text);
        CHECK_STR(item.sha256, picture_sha256);
    }
}

struct told {
    struct map *keys, *ids;
    int records;
};

static int note_told(void *ctx, const struct bus_record *record, struct err *err)
{
    struct told *told = ctx;
    size_t size;
    const char *id = bus_record_header(record, "ce_id", &size);

    (void)err;
    CHECK(id != NULL);
    if (map_get(told->ids, id, size))
        TEST_FAIL("garden.items has %.*s twice", (int)size, id);
    CHECK_INT(map_put(told->ids, id, size, told), ==, 0);
    CHECK_INT(map_put(told->keys, record->key, record->key_size, told), ==, 0);
    told->records++;
    return 0;
}

/* Reads all of garden.items: every id once. Returns how many records. */
static int read_items(struct bus *bus, const struct writer *writers, int writer_count)
{
    OWNED(map) keys = map_new();
    OWNED(map) ids = map_new();
    struct told told = {.keys = keys, .ids = ids};
    struct bus_partition_info infos[PARTITIONS_MAX];
    struct err err = {0};
    int n = bus_topic_info(bus, TOPIC_ITEMS, infos, PARTITIONS_MAX, 5000, &err);

    CHECK_OK(n, err);
    for (int i = 0; i < n; i++)
        CHECK_OK(bus_read(bus, TOPIC_ITEMS, infos[i].partition, infos[i].low, SIZE_MAX,
                          note_told, &told, &err),
                 err);
    for (int w = 0; w < writer_count; w++) {
        for (int i = 0; i < writers[w].accepted; i++) {
            char key[KEY_BYTES];

            key_of(&writers[w], i, key);
            if (!map_get(keys, key, strlen(key)))
                TEST_FAIL("garden.items was never told of %s", key);
        }
    }
    return told.records;
}

/* Sets the consumer back to the start, as an operator would to rebuild the catalogue. */
static void rewind_consumer(struct garden *garden, struct bus *bus)
{
    struct bus_partition_info infos[PARTITIONS_MAX];
    struct err err = {0};
    OWNED(catalog) catalog = garden_open_catalog(&garden->conf, false, &err);
    int n = bus_topic_info(bus, TOPIC_OBJECTS, infos, PARTITIONS_MAX, 5000, &err);

    CHECK_OK(n, err);
    for (int i = 0; i < n; i++) {
        struct catalog_offset offset = {.group = "item-ingest",
                                        .topic = TOPIC_OBJECTS,
                                        .partition = infos[i].partition,
                                        .next = 0};

        CHECK_OK(catalog_offset_get(catalog, offset.group, offset.topic, offset.partition,
                                    &offset.expected, &err),
                 err);
        if (offset.expected > 0)
            CHECK_OK(catalog_apply(catalog, &(struct catalog_batch){.offset = &offset}, &err),
                     err);
    }
}

static void check_all(struct garden *garden, struct writer *writers, int writer_count)
{
    struct err err = {0};
    OWNED(bus) bus = garden_open_bus(&garden->conf, "chaos-check", &err);
    OWNED(catalog) catalog = garden_open_catalog(&garden->conf, true, &err);
    int64_t accepted = 0;
    int told;
    uint64_t versions;

    CHECK_OK(err.code, err);
    wait_consumed(bus, catalog);
    for (int i = 0; i < writer_count; i++) {
        check_catalogued(catalog, &writers[i]);
        accepted += writers[i].accepted;
    }
    CHECK_INT(live_count(catalog), ==, accepted);
    garden_stop(garden);
    told = read_items(bus, writers, writer_count);
    versions = version_sum(catalog);
    printf("# %lld pictures, %d records on garden.items\n", (long long)accepted, told);

    rewind_consumer(garden, bus);
    garden->http = http_client_new(&err);
    garden_start(garden);
    wait_consumed(bus, catalog);
    garden_stop(garden);
    CHECK_INT(live_count(catalog), ==, accepted);
    CHECK_INT(version_sum(catalog), ==, versions);
    CHECK_INT(read_items(bus, writers, writer_count), ==, told);
}

static void run_chaos(struct garden *garden, const char *broker_dir)
{
    struct writer writers[2] = {{.garden = garden, .label = "beside"},
                                {.garden = garden, .label = "gateway"}};
    const char *rounds = getenv("CHAOS_ROUNDS"), *seed = getenv("CHAOS_SEED");

    random_state = seed ? (unsigned)strtoul(seed, NULL, 10) : (unsigned)clock_wall_ms();
    printf("# CHAOS_SEED=%u\n", random_state);
    load_picture();
    garden_start(garden);
    CHECK_INT(pthread_create(&writers[0].thread, NULL, run_beside, &writers[0]), ==, 0);
    CHECK_INT(pthread_create(&writers[1].thread, NULL, run_through_gateway, &writers[1]), ==,
              0);
    for (long left = rounds ? strtol(rounds, NULL, 10) : 6; left > 0; left--)
        kill_something(garden, broker_dir);
    for (int i = 0; i < 2; i++) {
        atomic_store(&writers[i].stop, true);
        CHECK_INT(pthread_join(writers[i].thread, NULL), ==, 0);
    }
    check_all(garden, writers, 2);
    buf_done(&picture);
}

TEST(kills_lose_and_double_nothing_on_the_embedded_engines)
{
    struct garden garden;

    garden_prepare(&garden, NULL, NULL, NULL);
    run_chaos(&garden, NULL);
}

TEST(kills_lose_and_double_nothing_on_kafka)
{
    const char *folder;
    char bus[160];
    struct garden garden;

    if (!getenv("TEST_KAFKA"))
        SKIP("TEST_KAFKA is not set");
    folder = engine_start("kafka", NULL);
    (void)snprintf(bus, sizeof bus, "kafka://%s", getenv("TEST_KAFKA"));
    garden_prepare(&garden, bus, NULL, NULL);
    run_chaos(&garden, folder);
}
