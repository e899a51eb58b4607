/* burst.c - burst BUS CATALOG: how fast item-ingest catalogues a burst that is waiting for it,
 * on an empty garden and on one of a million items, and what memory it takes.
 *
 * The events are on garden.objects before item-ingest is started. The clock runs from the first
 * to the last movement of its offsets in the catalogue, so starting up is no part of it. That
 * everything was catalogued once is checked, not assumed.
 *
 * The processor time beside the rate does not depend on what else the machine does: on two
 * cores, 50 us for an object are 40,000 a second. BURST_MILLION=0 leaves the million out. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/base/clock.h"
#include "proto/envelope.h"
#include "proto/key.h"
#include "proto/object_event.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"
#include "tests/support/process.h"

#define GROUP "item-ingest"

enum { BURST = 100000, MILLION = 1000000, CHUNK = 1000, PARTITIONS = 64, GARDENS = 512 };

struct bench {
    struct garden_conf conf;
    struct bus *bus;
    struct catalog *catalog;
    const char *label; /* "local", "kafka", "postgres" */
    char listen[48], data[256], bus_url[256], catalog_url[512], ready[80], log[300];
    const char *env[8];
    pid_t pid;
    int sent; /* objects so far: the next key's number */
    long peak_kib;
};

static void give_up(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "burst: %s: %s\n", what, err->text);
    exit(EXIT_FAILURE);
}

/* Names in the order of time, ten to a second, as those that draw pictures give them. */
static void key_of(int i, char *key)
{
    (void)snprintf(key, KEY_BYTES, "emotions/%s/f%02d/img_20260504-%06d_%dh.jpeg",
                   emotion_names[i % EMOTION_COUNT], i % GARDENS / EMOTION_COUNT, i / 10,
                   i % 10);
}

struct result {
    double rate;   /* objects per second */
    double cpu_us; /* processor time for each, starting up included */
};

struct chunk {
    struct buf values[CHUNK];
    char keys[CHUNK][KEY_BYTES];
    struct envelope envelopes[CHUNK];
    struct bus_record records[CHUNK];
};

static void fill(struct chunk *chunk, int from, struct err *err)
{
    for (int i = 0; i < CHUNK && err->code == 0; i++) {
        struct object_event event = {.change = OBJECT_CREATED,
                                     .bucket = "garden",
                                     .event_time_ms = clock_wall_ms(),
                                     .size_bytes = 250000,
                                     .etag = "9b2cf535f27731c974343645a3985328",
                                     .width = 1280,
                                     .height = 800};

        (void)snprintf(event.sha256, sizeof event.sha256, "%064x", from + i);
        key_of(from + i, event.key);
        key_of(from + i, chunk->keys[i]);
        object_sequencer_now(event.sequencer);
        buf_clear(&chunk->values[i]);
        (void)object_event_encode(&chunk->values[i], &event, err);
        envelope_fill(&chunk->envelopes[i], EVENT_OBJECT_CHANGED, "/burst", NULL,
                      event.event_time_ms, NULL);
        chunk->records[i] = (struct bus_record){.topic = TOPIC_OBJECTS,
                                                .key = chunk->keys[i],
                                                .key_size = strlen(chunk->keys[i]),
                                                .value = chunk->values[i].data,
                                                .value_size = chunk->values[i].size,
                                                .headers = chunk->envelopes[i].headers,
                                                .header_count = ENVELOPE_HEADERS};
    }
}

static void publish(struct bench *bench, int count)
{
    static struct chunk chunk;
    struct err err = {0};

    for (int end = bench->sent + count; bench->sent < end; bench->sent += CHUNK) {
        fill(&chunk, bench->sent, &err);
        if (err.code || bus_publish(bench->bus, chunk.records, CHUNK, 60000, &err) < 0)
            give_up("publishing", &err);
    }
}

/* A topic that was made a moment ago may not have a leader yet. */
static int partitions_of(struct bench *bench, struct bus_partition_info *infos)
{
    int64_t deadline = clock_mono_ms() + 30000;

    for (;;) {
        struct err err = {0};
        int count = bus_topic_info(bench->bus, TOPIC_OBJECTS, infos, PARTITIONS, 10000, &err);

        if (count >= 0)
            return count;
        if (clock_mono_ms() > deadline)
            give_up("asking for the topic's size", &err);
        (void)poll(NULL, 0, 20);
    }
}

static int64_t offset_of(struct bench *bench, int32_t partition)
{
    struct err err = {0};
    int64_t next = -1;

    if (catalog_offset_get(bench->catalog, GROUP, TOPIC_OBJECTS, partition, &next, &err) < 0)
        give_up("asking for an offset", &err);
    return next;
}

/* Everything that other runs left on the topic counts as handled. */
static void skip_the_past(struct bench *bench)
{
    struct bus_partition_info infos[PARTITIONS];
    int count = partitions_of(bench, infos);

    for (int i = 0; i < count; i++) {
        const struct catalog_offset offset = {.group = GROUP,
                                              .topic = TOPIC_OBJECTS,
                                              .partition = infos[i].partition,
                                              .expected = offset_of(bench, infos[i].partition),
                                              .next = infos[i].high};
        struct err err = {0};

        if (offset.expected == offset.next)
            continue;
        if (catalog_apply(bench->catalog, &(struct catalog_batch){.offset = &offset}, &err) < 0)
            give_up("setting an offset", &err);
    }
}

/* What is still to be handled of a topic that does not grow. */
static int64_t left(struct bench *bench, const struct bus_partition_info *infos, int count)
{
    int64_t sum = 0;

    for (int i = 0; i < count; i++)
        sum += infos[i].high - offset_of(bench, infos[i].partition);
    return sum;
}

static void start(struct bench *bench)
{
    const char *argv[] = {program_path("item-ingest"), NULL};

    bench->pid = process_start(argv, bench->env, bench->log);
}

static void stop(struct bench *bench)
{
    long kib = process_resident_kib(bench->pid, true);

    if (kib > bench->peak_kib)
        bench->peak_kib = kib;
    if (process_end(bench->pid, SIGTERM, 30000) != 0)
        (void)fprintf(stderr, "burst: item-ingest did not end well\n");
}

/* Processor time of the item-ingests that have ended. */
static double cpu_seconds(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

/* Runs item-ingest over what waits. */
static struct result measure(struct bench *bench, int64_t waiting)
{
    int64_t begin_ns = 0, end_ns, begin_left = waiting, now;
    double cpu = cpu_seconds(), rate = 0;
    struct bus_partition_info infos[PARTITIONS];
    int count = partitions_of(bench, infos);

    start(bench);
    while ((now = left(bench, infos, count)) > 0) {
        if (!begin_ns && now < waiting) {
            begin_ns = clock_mono_ns();
            begin_left = now;
        }
        (void)poll(NULL, 0, begin_ns ? 5 : 1);
    }
    end_ns = clock_mono_ns();
    stop(bench);
    if (begin_ns)
        rate = (double)begin_left / ((double)(end_ns - begin_ns) / 1e9);
    return (struct result){rate, (cpu_seconds() - cpu) * 1e6 / (double)waiting};
}

static int on_head(void *ctx, enum catalog_area area, const char *search_key,
                   const struct catalog_head *head, struct err *err)
{
    (void)area;
    (void)search_key;
    (void)err;
    *(int64_t *)ctx += (int64_t)head->live;
    return 0;
}

static void check_live(struct bench *bench, int64_t expected)
{
    struct err err = {0};
    int64_t live = 0;

    if (catalog_heads(bench->catalog, on_head, &live, &err) < 0)
        give_up("counting", &err);
    if (live != expected) {
        (void)fprintf(stderr, "burst: %lld catalogued, not %lld\n", (long long)live,
                      (long long)expected);
        exit(EXIT_FAILURE);
    }
}

static void report(const struct bench *bench, const char *what, double value, const char *unit,
                   const char *sign, double target)
{
    int ok = sign[0] == '>' ? value >= target : value <= target;

    printf("burst-%s-%s\t%.*f\t%s\t%s %g\t%s\n", bench->label, what, value < 10 ? 2 : 0, value,
           unit, sign, target, ok ? "ok" : "short");
    (void)fflush(stdout);
}

static void prepare(struct bench *bench, const char *bus, const char *catalog)
{
    int port = port_free();
    struct err err = {0};

    bench->conf = (struct garden_conf){
        .data = folder_new(), .bus = bus, .store = "fs", .catalog = catalog};
    bench->label = strcmp(bus, "local") == 0 ? "local" : "kafka";
    if (strcmp(catalog, "sqlite") != 0)
        bench->label = "postgres";
    (void)snprintf(bench->data, sizeof bench->data, "GARDEN_DATA=%s", bench->conf.data);
    (void)snprintf(bench->bus_url, sizeof bench->bus_url, "GARDEN_BUS=%s", bus);
    (void)snprintf(bench->catalog_url, sizeof bench->catalog_url, "GARDEN_CATALOG=%s", catalog);
    (void)snprintf(bench->listen, sizeof bench->listen, "ITEM_INGEST_LISTEN=127.0.0.1:%d",
                   port);
    (void)snprintf(bench->log, sizeof bench->log, "%s/item-ingest.log", bench->conf.data);
    bench->env[0] = bench->data;
    bench->env[1] = bench->bus_url;
    bench->env[2] = bench->catalog_url;
    bench->env[3] = bench->listen;
    bench->env[4] = "ITEM_INGEST_RECONCILE=0"; /* there are events here without objects */
    bench->bus = garden_open_bus(&bench->conf, "burst", &err);
    if (bench->bus &&
        bus_create_topics(bench->bus, garden_topics, garden_topic_count, &err) == 0)
        bench->catalog = garden_open_catalog(&bench->conf, false, &err);
    if (!bench->catalog)
        give_up("opening the engines", &err);
    skip_the_past(bench);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    const char *million = getenv("BURST_MILLION");
    struct result first, later;
    double target;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: burst local|kafka://host:port sqlite|postgresql://...\n");
        return 2;
    }
    prepare(&bench, argv[1], argv[2]);
    target = strcmp(bench.label, "local") == 0 ? 40000 : 25000;
    if (strcmp(bench.label, "postgres") == 0)
        target = 10000;
    publish(&bench, BURST);
    first = measure(&bench, BURST);
    check_live(&bench, BURST);
    report(&bench, "rate", first.rate, "objects/s", ">=", target);
    report(&bench, "cpu", first.cpu_us, "us/object", "<=", 2e6 / target);
    if (!million || strcmp(million, "0") != 0) {
        publish(&bench, MILLION);
        (void)measure(&bench, MILLION);
        publish(&bench, BURST);
        later = measure(&bench, BURST);
        check_live(&bench, MILLION + 2 * BURST);
        report(&bench, "rate-after-a-million", later.rate, "objects/s", ">=", 0.8 * target);
        report(&bench, "cpu-after-a-million", later.cpu_us, "us/object",
               "<=", 2e6 / (0.8 * target));
        report(&bench, "rate-after-a-million-ratio", later.rate / first.rate, "x", ">=", 0.8);
    }
    report(&bench, "resident", (double)bench.peak_kib / 1024, "MiB", "<=", 100);
    catalog_free(bench.catalog);
    bus_free(bench.bus);
    return EXIT_SUCCESS;
}
