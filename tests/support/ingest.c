/* ingest.c - see ingest.h. */
#include "tests/support/ingest.h"

#include <poll.h>
#include <signal.h>

#include "lib/base/clock.h"
#include "proto/envelope.h"
#include "tests/support/process.h"

#define GROUP "item-ingest"

static const char *const topics[3] = {TOPIC_OBJECTS, TOPIC_ITEMS, TOPIC_DEAD_LETTERS};

enum { WAIT_MS = 60000, STEP_MS = 5, PARTITIONS = 64, TOGETHER = 50 };

static void must(int r, const struct err *err, const char *doing)
{
    if (r < 0)
        test_fail("%s: %s", doing, err->text);
}

/* A topic that was made a moment ago may not have a leader yet. */
static int partitions_of(struct ingest *in, const char *topic, struct bus_partition_info *infos)
{
    int64_t deadline = clock_mono_ms() + WAIT_MS;

    for (;;) {
        struct err err = {0};
        int count = bus_topic_info(in->bus, topic, infos, PARTITIONS, 10000, &err);

        if (count >= 0)
            return count;
        if (clock_mono_ms() > deadline)
            must(count, &err, "asking for a topic");
        (void)poll(NULL, 0, STEP_MS);
    }
}

/* Sets every offset to where the test starts. */
static void set_offsets(struct ingest *in)
{
    struct bus_partition_info infos[PARTITIONS];
    int count = partitions_of(in, TOPIC_OBJECTS, infos);

    for (int i = 0; i < count; i++) {
        struct catalog_offset offset = {.group = GROUP,
                                        .topic = TOPIC_OBJECTS,
                                        .partition = infos[i].partition,
                                        .next = in->start[0][infos[i].partition]};
        struct err err = {0};

        must(catalog_offset_get(in->catalog, GROUP, TOPIC_OBJECTS, offset.partition,
                                &offset.expected, &err),
             &err, "asking for an offset");
        if (offset.expected == offset.next || (offset.expected < 0 && !infos[i].high))
            continue;
        must(catalog_apply(in->catalog, &(struct catalog_batch){.offset = &offset}, &err), &err,
             "setting an offset");
    }
}

static void note_start(struct ingest *in)
{
    for (int topic = 0; topic < 3; topic++) {
        struct bus_partition_info infos[PARTITIONS];
        int count = partitions_of(in, topics[topic], infos);

        for (int i = 0; i < count; i++)
            in->start[topic][infos[i].partition] = infos[i].high;
    }
}

void ingest_prepare(struct ingest *in, const char *bus, const char *catalog)
{
    int port = port_free();
    struct err err = {0};

    memset(in, 0, sizeof *in);
    in->conf = (struct garden_conf){.data = folder_new(),
                                    .bus = bus ? bus : "local",
                                    .store = "fs",
                                    .catalog = catalog ? catalog : "sqlite"};
    (void)snprintf(in->url, sizeof in->url, "http://127.0.0.1:%d", port);
    (void)snprintf(in->log, sizeof in->log, "%s/item-ingest.log", in->conf.data);
    (void)snprintf(in->settings[0], sizeof *in->settings, "GARDEN_DATA=%s", in->conf.data);
    (void)snprintf(in->settings[1], sizeof *in->settings, "GARDEN_BUS=%s", in->conf.bus);
    (void)snprintf(in->settings[2], sizeof *in->settings, "GARDEN_CATALOG=%s",
                   in->conf.catalog);
    (void)snprintf(in->settings[3], sizeof *in->settings, "ITEM_INGEST_LISTEN=127.0.0.1:%d",
                   port);
    (void)snprintf(in->settings[4], sizeof *in->settings, "ITEM_INGEST_RECONCILE=0");
    for (int i = 0; i < 5; i++)
        in->env[i] = in->settings[i];
    in->bus = garden_open_bus(&in->conf, "test", &err);
    in->store = in->bus ? garden_open_store(&in->conf, &err) : NULL;
    in->catalog = in->store ? garden_open_catalog(&in->conf, false, &err) : NULL;
    in->http = in->catalog ? http_client_new(&err) : NULL;
    must(err.code, &err, "opening the engines");
    must(bus_create_topics(in->bus, garden_topics, garden_topic_count, &err), &err, "topics");
    note_start(in);
    set_offsets(in);
}

void ingest_set(struct ingest *in, const char *setting)
{
    int i = 0;

    while (in->env[i])
        i++;
    if (i == 7)
        test_fail("too many settings");
    in->env[i] = setting;
}

void ingest_start(struct ingest *in)
{
    const char *argv[] = {program_path("item-ingest"), NULL};
    char ready[96];

    in->pid = process_start(argv, in->env, in->log);
    (void)snprintf(ready, sizeof ready, "%s/readyz", in->url);
    http_wait(ready, 200, WAIT_MS);
}

void ingest_stop(struct ingest *in)
{
    int status = process_end(in->pid, SIGTERM, WAIT_MS);

    in->pid = 0;
    if (status != 0)
        test_fail("item-ingest ended with status %d; see %s", status, in->log);
}

void ingest_kill(struct ingest *in)
{
    if (in->pid)
        (void)process_end(in->pid, SIGKILL, WAIT_MS);
    in->pid = 0;
}

void ingest_done(struct ingest *in)
{
    if (in->pid)
        ingest_stop(in);
    http_client_free(in->http);
    catalog_free(in->catalog);
    store_free(in->store);
    bus_free(in->bus);
}

void ingest_tell_raw(struct ingest *in, const char *key, const void *value, size_t size,
                     const struct bus_header *headers, size_t header_count)
{
    const struct bus_record record = {.topic = TOPIC_OBJECTS,
                                      .key = key,
                                      .key_size = key ? strlen(key) : 0,
                                      .value = value,
                                      .value_size = size,
                                      .headers = headers,
                                      .header_count = header_count};
    struct err err = {0};

    must(bus_publish(in->bus, &record, 1, WAIT_MS, &err), &err, "publishing");
}

struct told {
    struct object_event event;
    struct buf value;
    struct envelope envelope;
};

static struct bus_record record_of(struct told *told, const struct object_event *event)
{
    struct err err = {0};

    told->event = *event;
    if (!*event->bucket)
        (void)snprintf(told->event.bucket, sizeof told->event.bucket, "garden");
    buf_clear(&told->value);
    must(object_event_encode(&told->value, &told->event, &err), &err, "encoding an event");
    envelope_fill(&told->envelope, "garden.object.created", "/test", NULL, event->event_time_ms,
                  NULL);
    return (struct bus_record){.topic = TOPIC_OBJECTS,
                               .key = told->event.key,
                               .key_size = strlen(told->event.key),
                               .value = told->value.data,
                               .value_size = told->value.size,
                               .headers = told->envelope.headers,
                               .header_count = ENVELOPE_HEADERS};
}

void ingest_tell(struct ingest *in, const struct object_event *events, size_t count)
{
    static struct told told[TOGETHER];
    struct bus_record records[TOGETHER];

    for (size_t i = 0; i < count; i++) {
        size_t at = i % TOGETHER;
        struct err err = {0};

        records[at] = record_of(&told[at], &events[i]);
        if (at + 1 == TOGETHER || i + 1 == count)
            must(bus_publish(in->bus, records, at + 1, WAIT_MS, &err), &err, "publishing");
    }
    for (size_t i = 0; i < TOGETHER; i++)
        buf_done(&told[i].value);
}

static bool is_settled(struct ingest *in)
{
    struct bus_partition_info infos[PARTITIONS];
    int count = partitions_of(in, TOPIC_OBJECTS, infos);

    for (int i = 0; i < count; i++) {
        struct err err = {0};
        int64_t next = -1;

        must(catalog_offset_get(in->catalog, GROUP, TOPIC_OBJECTS, infos[i].partition, &next,
                                &err),
             &err, "asking for an offset");
        if (next < infos[i].high && infos[i].high > 0)
            return false;
    }
    return true;
}

void ingest_settle(struct ingest *in)
{
    int64_t deadline = clock_mono_ms() + WAIT_MS;

    while (!is_settled(in)) {
        if (clock_mono_ms() > deadline)
            test_fail("item-ingest did not catch up; see %s", in->log);
        (void)poll(NULL, 0, STEP_MS);
    }
}

void ingest_rewind(struct ingest *in)
{
    set_offsets(in);
}

bool ingest_row(struct ingest *in, const char *key, struct catalog_item *ret_item)
{
    struct err err = {0};
    struct key parts;
    bool found = false;

    must(key_parse(key, strlen(key), &parts, &err), &err, key);
    const struct catalog_ref ref = {parts.area == KEY_POOL ? CATALOG_POOL : CATALOG_GARDEN,
                                    parts.search_key, parts.name};
    must(catalog_get(in->catalog, &ref, 1, ret_item, &found, &err), &err, "reading a row");
    return found;
}

void ingest_each(struct ingest *in, const char *topic,
                 int (*fn)(void *ctx, const struct bus_record *record, struct err *err),
                 void *ctx)
{
    struct bus_partition_info infos[PARTITIONS] = {0};
    int count = partitions_of(in, topic, infos), known = 0;

    while (known < 2 && strcmp(topics[known], topic) != 0)
        known++;
    for (int i = 0; i < count; i++) {
        int32_t partition = infos[i].partition;
        int64_t from = in->start[known][partition];
        struct err err = {0};

        if (from < infos[i].high)
            must(bus_read(in->bus, topic, partition, from, SIZE_MAX, fn, ctx, &err), &err,
                 "reading a topic");
    }
}

static int count_record(void *ctx, const struct bus_record *record, struct err *err)
{
    (void)record;
    (void)err;
    ++*(int64_t *)ctx;
    return 0;
}

int64_t ingest_count(struct ingest *in, const char *topic)
{
    int64_t count = 0;

    ingest_each(in, topic, count_record, &count);
    return count;
}

static int add_version(void *ctx, enum catalog_area area, const char *search_key,
                       const struct catalog_head *head, struct err *err)
{
    (void)area;
    (void)search_key;
    (void)err;
    *(uint64_t *)ctx += head->version;
    return 0;
}

uint64_t ingest_versions(struct ingest *in)
{
    struct err err = {0};
    uint64_t sum = 0;

    must(catalog_heads(in->catalog, add_version, &sum, &err), &err, "reading the heads");
    return sum;
}

int ingest_ask(struct ingest *in, const char *method, const char *path, struct buf *ret_body)
{
    char url[200];
    const struct http_client_request request = {.method = method, .url = url};

    (void)snprintf(url, sizeof url, "%s%s", in->url, path);
    return http_ask(in->http, &request, ret_body);
}

void ingest_wait_answer(struct ingest *in, const char *path, const char *text)
{
    OWNED_VALUE(buf) body = {0};
    int64_t deadline = clock_mono_ms() + WAIT_MS;

    while (ingest_ask(in, "GET", path, &body) == 0 || !strstr(buf_text(&body), text)) {
        if (clock_mono_ms() > deadline)
            test_fail("%s never said \"%s\", but: %s", path, text, buf_text(&body));
        (void)poll(NULL, 0, STEP_MS);
    }
}

double ingest_figure(struct ingest *in, const char *name)
{
    OWNED_VALUE(buf) body = {0};
    size_t size = strlen(name);

    if (ingest_ask(in, "GET", "/metrics", &body) != 200)
        test_fail("/metrics does not answer");
    for (const char *line = buf_text(&body); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, size) == 0 && line[size] == ' ')
            return strtod(line + size, NULL);
    }
    test_fail("/metrics has no %s", name);
}
