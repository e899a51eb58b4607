/* export.c - export [INTERACTIONS]: how long csv-exporter takes for an export of ten million
 * interactions, and what memory.
 *
 * The local bus is filled before the program starts: a million visitors, 100,000 pictures, and
 * the interactions, one in a thousand of them sent twice. The clock runs from the request to
 * the event that ends it. That each act is in the file once is checked. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lib/base/clock.h"
#include "lib/json/json.h"
#include "proto/envelope.h"
#include "proto/interaction_event.h"
#include "proto/item_event.h"
#include "proto/key.h"
#include "proto/topics.h"
#include "proto/user_event.h"
#include "services/common/garden_conf.h"
#include "tests/support/figure.h"
#include "tests/support/process.h"

enum {
    MILLION = 1000000,
    INTERACTIONS = 10 * MILLION,
    ITEMS = 100000,
    CHUNK = 20000,
    SHOWN = 3,
    REPEATED_OF = 1000,
    VALUE_BYTES = 1024,
    WAIT_MS = 600000,
};

struct bench {
    struct garden_conf conf;
    struct bus *bus;
    char data[256], listen[48], url[64], log[300];
    int64_t users, acts;
};

static void fail(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "export: %s: %s\n", what, err->text);
    exit(EXIT_FAILURE);
}

/* Pseudo-random by number, so that an act that is sent twice is the same. */
static uint32_t mixed(uint64_t number, uint32_t what)
{
    uint64_t x = (number + 1) * 0x9e3779b97f4a7c15U + what * 0xbf58476d1ce4e5b9U;

    x ^= x >> 29;
    x *= 0x94d049bb133111ebU;
    return (uint32_t)(x >> 32);
}

static void item_id(uint32_t item, char id[96])
{
    static const char *const favorites[] = {"spring,sunny,day", "summer,rainy,sunset",
                                            "autumn,cloudy,the-early-dawn"};

    (void)snprintf(id, 96, "emotions/%s/%s/img_20260504-%06u_%uh.jpeg",
                   emotion_names[item % EMOTION_COUNT], favorites[item % 3], item / 10,
                   item % 10);
}

/* A batch of records, each with its value, key and envelope. */
struct chunk {
    struct buf values[CHUNK];
    char keys[CHUNK][96];
    struct envelope envelopes[CHUNK];
    struct bus_record records[CHUNK];
    int count;
};

static struct chunk chunk;

static void flush(const struct bench *bench)
{
    struct err err = {0};

    if (bus_publish(bench->bus, chunk.records, (size_t)chunk.count, 120000, &err) < 0)
        fail("publishing", &err);
    chunk.count = 0;
}

/* The buffer for the next record's value. */
static struct buf *next_value(void)
{
    buf_clear(&chunk.values[chunk.count]);
    return &chunk.values[chunk.count];
}

static void add(const struct bench *bench, const char *topic, const char *type, const char *key,
                int64_t time_ms)
{
    const int i = chunk.count;

    (void)snprintf(chunk.keys[i], sizeof chunk.keys[i], "%s", key);
    envelope_fill(&chunk.envelopes[i], type, "/export", NULL, time_ms, NULL);
    chunk.records[i] = (struct bus_record){.topic = topic,
                                           .timestamp_ms = time_ms,
                                           .key = chunk.keys[i],
                                           .key_size = strlen(chunk.keys[i]),
                                           .value = chunk.values[i].data,
                                           .value_size = chunk.values[i].size,
                                           .headers = chunk.envelopes[i].headers,
                                           .header_count = ENVELOPE_HEADERS};
    if (++chunk.count == CHUNK)
        flush(bench);
}

static void fill_users(const struct bench *bench)
{
    for (int64_t i = 0; i < bench->users; i++) {
        char id[96];
        const struct user_event event = {.user_id = id,
                                         .generation = user_generations[i % 7],
                                         .gender = user_genders[i % 2],
                                         .emotion = emotion_names[i % EMOTION_COUNT],
                                         .source = USER_SOURCE_ANALYSIS,
                                         .timestamp_ms = 1770000000000 + i};
        struct err err = {0};

        (void)snprintf(id, sizeof id, "%08x-5a2c-4d6c-8c0d-%012llx", mixed((uint64_t)i, 1),
                       (long long)i);
        (void)user_event_encode(next_value(), &event, &err);
        add(bench, TOPIC_USERS, EVENT_USER_CHANGED, id, event.timestamp_ms);
    }
    flush(bench);
}

static void fill_items(const struct bench *bench)
{
    for (uint32_t i = 0; i < ITEMS; i++) {
        char id[96], search_key[64];
        struct item_event event = {.item_id = id,
                                   .emotion = search_key,
                                   .orientation = 'h',
                                   .width = 1280,
                                   .height = 800,
                                   .sha256 = "",
                                   .timestamp_ms = 1760000000000 + i};
        struct err err = {0};

        item_id(i, id);
        (void)snprintf(search_key, sizeof search_key, "%.*s", (int)(strrchr(id, '/') - id - 9),
                       id + 9);
        if (item_event_encode(next_value(), &event, &err) < 0)
            fail("an item", &err);
        add(bench, TOPIC_ITEMS, EVENT_ITEM_CHANGED, id, event.timestamp_ms);
    }
    flush(bench);
}

static void add_act(const struct bench *bench, uint64_t number)
{
    const int64_t user = mixed(number, 2) % bench->users;
    char id[48], user_id[96], shown_ids[SHOWN][96];
    const char *shown[SHOWN];
    const struct interaction_event event = {.user_id = user_id,
                                            .item_id = shown_ids[0],
                                            .type = (enum interaction_type)(number % 4),
                                            .impression = shown,
                                            .impression_count = SHOWN,
                                            .timestamp_ms =
                                                1770000000000 + (int64_t)number * 20,
                                            .event_id = id};
    struct err err = {0};

    (void)snprintf(id, sizeof id, "%08x-%04x-4d6c-8c0d-%012llx", mixed(number, 3),
                   (unsigned int)(number & 0xffff), (long long)number);
    (void)snprintf(user_id, sizeof user_id, "%08x-5a2c-4d6c-8c0d-%012llx",
                   mixed((uint64_t)user, 1), (long long)user);
    for (uint32_t i = 0; i < SHOWN; i++) {
        item_id(mixed(number, 4 + i) % ITEMS, shown_ids[i]);
        shown[i] = shown_ids[i];
    }
    if (interaction_event_encode(next_value(), &event, &err) < 0)
        fail("an interaction", &err);
    add(bench, TOPIC_INTERACTIONS, EVENT_INTERACTION_RECORDED, user_id, event.timestamp_ms);
}

static void fill_acts(const struct bench *bench)
{
    for (int64_t i = 0; i < bench->acts; i++) {
        add_act(bench, (uint64_t)i);
        if (i % REPEATED_OF == 0)
            add_act(bench, (uint64_t)i);
    }
    flush(bench);
}

static void prepare(struct bench *bench)
{
    const int port = port_free();
    struct err err = {0};

    bench->conf = (struct garden_conf){
        .data = folder_new(), .bus = "local", .store = "fs", .catalog = "sqlite"};
    (void)snprintf(bench->data, sizeof bench->data, "GARDEN_DATA=%s", bench->conf.data);
    (void)snprintf(bench->listen, sizeof bench->listen, "CSV_EXPORTER_LISTEN=127.0.0.1:%d",
                   port);
    (void)snprintf(bench->url, sizeof bench->url, "http://127.0.0.1:%d", port);
    (void)snprintf(bench->log, sizeof bench->log, "%s/csv-exporter.log", bench->conf.data);
    bench->bus = garden_open_bus(&bench->conf, "export", &err);
    if (!bench->bus ||
        bus_create_topics(bench->bus, garden_topics, garden_topic_count, &err) < 0)
        fail("opening the bus", &err);
}

static void ask(const struct bench *bench, const char *method, const char *path,
                struct buf *ret_body)
{
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {.method = method, .deadline_ms = 10000};

    buf_printf(&url, "%s%s", bench->url, path);
    request.url = buf_text(&url);
    if (!client || http_ask(client, &request, ret_body) / 100 != 2) {
        (void)fprintf(stderr, "export: %s %s: %s\n", method, path, buf_text(ret_body));
        exit(EXIT_FAILURE);
    }
}

/* Waits for the export's end and returns its answer. */
static json_t *wait_for_end(const struct bench *bench, const char *path)
{
    const int64_t until_ms = clock_mono_ms() + WAIT_MS;
    OWNED_VALUE(buf) body = {0};
    struct err err = {0};

    for (;;) {
        const char *state = "";
        json_t *answer;

        ask(bench, "GET", path, &body);
        answer = json_parse(body.data, body.size, &err);
        if (!answer || json_get_str(answer, "state", &state, &err) < 0)
            fail("the answer", &err);
        if (strcmp(state, "done") == 0)
            return answer;
        if (strcmp(state, "failed") == 0 || clock_mono_ms() > until_ms) {
            (void)fprintf(stderr, "export: %s\n", buf_text(&body));
            exit(EXIT_FAILURE);
        }
        json_decref(answer);
        (void)poll(NULL, 0, 100);
    }
}

static void check_rows(const struct bench *bench, const json_t *answer)
{
    const int64_t wanted[] = {bench->users, ITEMS, bench->acts};
    struct err err = {0};
    json_t *files;

    if (json_get_array(answer, "files", &files, &err) < 0)
        fail("the answer", &err);
    for (size_t i = 0; i < 3; i++) {
        int64_t rows = -1;

        if (json_get_int(json_array_get(files, i), "rows", &rows, &err) < 0 ||
            rows != wanted[i]) {
            (void)fprintf(stderr, "export: file %zu has %lld rows, not %lld\n", i,
                          (long long)rows, (long long)wanted[i]);
            exit(EXIT_FAILURE);
        }
    }
}

static double cpu_seconds(void)
{
    struct rusage used;

    (void)getrusage(RUSAGE_CHILDREN, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void measure(const struct bench *bench)
{
    const char *argv[] = {program_path("csv-exporter"), NULL};
    const char *env[] = {bench->data, bench->listen, NULL};
    const pid_t pid = process_start(argv, env, bench->log);
    OWNED_VALUE(buf) body = {0};
    char path[128], ready[96];
    const char *id = "";
    struct err err = {0};
    OWNED_JSON asked = NULL;
    OWNED_JSON answer = NULL;
    int64_t start_ms;
    double seconds, share = (double)bench->acts / INTERACTIONS;

    (void)snprintf(ready, sizeof ready, "%s/readyz", bench->url);
    http_wait(ready, 200, 60000);
    start_ms = clock_mono_ms();
    ask(bench, "POST", "/v1/exports", &body);
    asked = json_parse(body.data, body.size, &err);
    if (!asked || json_get_str(asked, "id", &id, &err) < 0)
        fail("the answer", &err);
    (void)snprintf(path, sizeof path, "/v1/exports/%s", id);
    answer = wait_for_end(bench, path);
    seconds = (double)(clock_mono_ms() - start_ms) / 1000;
    check_rows(bench, answer);
    figure("export-seconds", seconds, "s", AT_MOST, 60 * share);
    figure("export-resident", (double)process_resident_kib(pid, true) / 1024, "MiB", AT_MOST,
           64);
    if (process_end(pid, SIGTERM, 30000) != 0)
        (void)fprintf(stderr, "export: csv-exporter did not end well; see %s\n", bench->log);
    figure_seen("export-processor", cpu_seconds(), "s");
}

int main(int argc, char **argv)
{
    struct bench bench = {.acts = argc > 1 ? strtoll(argv[1], NULL, 10) : INTERACTIONS};
    const int64_t start_ms = clock_mono_ms();

    bench.users = bench.acts < MILLION ? bench.acts : MILLION;
    prepare(&bench);
    fill_users(&bench);
    fill_items(&bench);
    fill_acts(&bench);
    (void)fprintf(stderr, "filled in %.1f s\n", (double)(clock_mono_ms() - start_ms) / 1000);
    bus_free(bench.bus);
    measure(&bench);
    return EXIT_SUCCESS;
}
