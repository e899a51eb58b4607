/* recommender.c - see recommender.h. */
#include "tests/support/recommender.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "proto/envelope.h"
#include "proto/user_event.h"
#include "tests/support/fake_eyes.h"
#include "tests/support/process.h"

enum { WAIT_MS = 30000, STEP_MS = 10, AT_ONCE = 16, PARTITIONS = 64, RECORDS = 100000 };

static void must(int r, const struct err *err, const char *what)
{
    if (r < 0)
        test_fail("%s: %s", what, err->text);
}

static void wait_ready(const char *url)
{
    char ready[96];

    (void)snprintf(ready, sizeof ready, "%s/readyz", url);
    http_wait(ready, 200, WAIT_MS);
}

void hall_start_recommender(struct hall *hall, int i)
{
    const char *argv[] = {program_path("recommender-proxy"), NULL};
    const char *env[] = {
        hall->ingest.settings[0],      hall->ingest.settings[1], hall->listen[i],
        "RECOMMENDER_FACTORS=16",      "RECOMMENDER_SWEEPS=4",   "RECOMMENDER_TRAIN_S=1",
        "RECOMMENDER_TRAIN_THREADS=1", "RECOMMENDER_LOOKS=0",    NULL};

    hall->recommender[i] = process_start(argv, env, hall->log[i]);
    wait_ready(hall->url[i]);
}

void hall_kill_recommender(struct hall *hall, int i)
{
    if (hall->recommender[i])
        (void)process_end(hall->recommender[i], SIGKILL, WAIT_MS);
    hall->recommender[i] = 0;
}

static void start_emotion(struct hall *hall, char ret_setting[512])
{
    const char *argv[] = {"/proc/self/exe", NULL};
    const char *env[] = {hall->ingest.settings[0], hall->ingest.settings[1],
                         hall->emotion_listen, fake_eyes_setting(), NULL};
    const int port = port_free();
    char url[64], log[300];

    (void)snprintf(hall->emotion_listen, sizeof hall->emotion_listen,
                   "EMOTION_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    (void)snprintf(log, sizeof log, "%s/emotion.log", hall->ingest.conf.data);
    (void)snprintf(ret_setting, 512, "GARDEN_EMOTION_URL=%s", url);
    hall->emotion = process_start(argv, env, log);
    wait_ready(url);
}

static void start_door(struct hall *hall)
{
    const char *settings[] = {hall->settings[0],           hall->settings[1],
                              hall->settings[2],           hall->ingest.settings[1],
                              "GARDEN_RATE_PER_ADDRESS=0", NULL};

    (void)snprintf(hall->settings[1], sizeof *hall->settings, "GARDEN_RECOMMENDER_URL=%s",
                   hall->url[0]);
    (void)snprintf(hall->settings[2], sizeof *hall->settings, "GARDEN_INGEST_URL=%s",
                   hall->ingest.url);
    hall->door.data = hall->ingest.conf.data;
    door_start(&hall->door, settings);
}

static int partitions(struct hall *hall, struct bus_partition_info infos[PARTITIONS])
{
    struct err err = {0};
    int count =
        bus_topic_info(hall->ingest.bus, TOPIC_INTERACTIONS, infos, PARTITIONS, WAIT_MS, &err);

    must(count, &err, TOPIC_INTERACTIONS);
    return count;
}

void hall_start(struct hall *hall, const char *bus)
{
    struct bus_partition_info infos[PARTITIONS];

    memset(hall, 0, sizeof *hall);
    ingest_prepare(&hall->ingest, bus, NULL);
    for (int n = partitions(hall, infos); n-- > 0;)
        hall->start[infos[n].partition] = infos[n].high;
    for (int i = 0; i < HALL_RECOMMENDERS; i++) {
        const int port = port_free();

        (void)snprintf(hall->url[i], sizeof *hall->url, "http://127.0.0.1:%d", port);
        (void)snprintf(hall->listen[i], sizeof *hall->listen, "RECOMMENDER_LISTEN=127.0.0.1:%d",
                       port);
        (void)snprintf(hall->log[i], sizeof *hall->log, "%s/recommender-%d.log",
                       hall->ingest.conf.data, i);
    }
    ingest_start(&hall->ingest);
    hall_start_recommender(hall, 0);
    start_emotion(hall, hall->settings[0]);
    start_door(hall);
}

void hall_stop(struct hall *hall)
{
    door_stop(&hall->door);
    for (int i = 0; i < HALL_RECOMMENDERS; i++) {
        const int status =
            hall->recommender[i] ? process_end(hall->recommender[i], SIGTERM, WAIT_MS) : 0;

        if (status != 0)
            test_fail("recommender %d ended with status %d; see %s", i, status, hall->log[i]);
    }
    if (process_end(hall->emotion, SIGTERM, WAIT_MS) != 0)
        test_fail("the emotion service failed");
    ingest_done(&hall->ingest);
}

void hall_snapshot(const struct hall *hall, char ret_path[300])
{
    (void)snprintf(ret_path, 300, "%s/recommender/snapshot", hall->ingest.conf.data);
}

/* -- what is there -- */

void hall_put(struct hall *hall, const char *favorite, const char *name, int count)
{
    for (int i = 0; i < count; i++) {
        struct object_event event = {.change = OBJECT_CREATED,
                                     .event_time_ms = clock_wall_ms(),
                                     .size_bytes = 1000,
                                     .width = 256,
                                     .height = 160};

        (void)snprintf(event.key, sizeof event.key, "emotions/happy/%s%s%s%d%c.jpeg", favorite,
                       *favorite ? "/" : "", name, i, i % 2 ? 'v' : 'h');
        sha256_hex(event.key, strlen(event.key), event.sha256);
        object_sequencer_now(event.sequencer);
        ingest_tell(&hall->ingest, &event, 1);
    }
    ingest_settle(&hall->ingest);
}

void hall_user(struct hall *hall, const char *user, const char *generation, const char *gender)
{
    const struct user_event event = {.user_id = user,
                                     .generation = generation,
                                     .gender = gender,
                                     .emotion = "happy",
                                     .source = USER_SOURCE_VISITOR,
                                     .timestamp_ms = clock_wall_ms()};
    OWNED_VALUE(buf) value = {0};
    struct bus_record record = {.topic = TOPIC_USERS, .key = user, .key_size = strlen(user)};
    struct err err = {0};

    must(user_event_encode(&value, &event, &err), &err, "a visitor");
    record.value = value.data;
    record.value_size = value.size;
    must(bus_publish(hall->ingest.bus, &record, 1, WAIT_MS, &err), &err, "a visitor");
}

/* -- asking -- */

int hall_post(struct hall *hall, const char *path, const char *body)
{
    return door_ask(&hall->door,
                    &(struct door_request){.method = "POST", .path = path, .body = body});
}

int hall_get(struct hall *hall, const char *path)
{
    return door_ask(&hall->door, &(struct door_request){.path = path});
}

json_t *hall_answer(struct hall *hall)
{
    struct err err = {0};
    json_t *answer = json_parse(door_body(&hall->door), strlen(door_body(&hall->door)), &err);

    if (!answer)
        test_fail("%s: %s", err.text, door_body(&hall->door));
    return answer;
}

static double figure(struct hall *hall, int i, const char *name)
{
    OWNED_VALUE(buf) body = {0}, line = {0};
    const char *found;
    char url[96];
    const struct http_client_request request = {
        .method = "GET", .url = url, .deadline_ms = WAIT_MS};

    (void)snprintf(url, sizeof url, "%s/metrics", hall->url[i]);
    if (http_ask(hall->ingest.http, &request, &body) != 200)
        test_fail("%s does not answer", url);
    buf_printf(&line, "\n%s ", name);
    found = strstr(buf_text(&body), buf_text(&line));
    return found ? strtod(found + line.size, NULL) : -1;
}

void hall_wait_figure(struct hall *hall, int i, const char *name, double least)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (figure(hall, i, name) < least) {
        if (clock_mono_ms() > deadline_ms)
            test_fail("%s of recommender %d stays at %g, below %g", name, i,
                      figure(hall, i, name), least);
        (void)poll(NULL, 0, STEP_MS);
    }
}

/* -- hashing -- */

struct hashed {
    int *left;
    char hash[SHA256_HEX];
};

static void on_answer(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct hashed *hashed = ctx;
    struct err wrong = {0};
    OWNED_VALUE(buf) text = {0};
    OWNED_JSON answer = NULL;
    json_t *result;
    size_t i;

    if (err->code || response->status != 200)
        test_fail("an answer was %d, %s: %s", response->status, err->text,
                  buf_text(&response->body));
    answer = json_parse(response->body.data, response->body.size, &wrong);
    if (!answer || json_array_size(json_object_get(answer, "results")) == 0)
        test_fail("an answer has no results: %s", buf_text(&response->body));
    json_array_foreach(json_object_get(answer, "results"), i, result)
    {
        (void)json_object_del(result, "url"); /* has the port */
        json_write_tree(&text, result);
    }
    sha256_hex(text.data, text.size, hashed->hash);
    --*hashed->left;
}

void hall_hash(struct hall *hall, int i, const char *prefix, int count,
               char ret_hash[SHA256_HEX])
{
    struct hashed *hashed = calloc((size_t)count, sizeof *hashed);
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(buf) all = {0};
    int left = 0;

    if (!hashed || !client)
        test_fail("no memory");
    for (int n = 0; n < count; n++) {
        char url[256];
        const struct http_client_request request = {
            .method = "GET", .url = url, .deadline_ms = WAIT_MS};

        (void)snprintf(url, sizeof url, "%s/v1/users/%s%d/recommendations?emotion=happy&n=5",
                       hall->url[i], prefix, n);
        hashed[n].left = &left;
        left++;
        (void)http_client_send(client, &request, on_answer, &hashed[n]);
        while (left >= (n + 1 < count ? AT_ONCE : 1))
            (void)http_client_run(client, STEP_MS);
    }
    for (int n = 0; n < count; n++)
        buf_append_str(&all, hashed[n].hash);
    sha256_hex(all.data, all.size, ret_hash);
    free(hashed);
}

/* -- what was published -- */

struct search {
    const char *user;
    struct buf *out;
};

static int note(void *ctx, const struct bus_record *record, struct err *err)
{
    const struct search *search = ctx;

    (void)err;
    if (record->key_size != strlen(search->user) ||
        memcmp(record->key, search->user, record->key_size) != 0)
        return 0;
    for (size_t i = 0; i < record->header_count; i++)
        buf_printf(search->out, "%s=%.*s;", record->headers[i].name,
                   (int)record->headers[i].value_size, record->headers[i].value);
    buf_append(search->out, record->value, record->value_size);
    buf_append_char(search->out, '\n');
    return 0;
}

void hall_records(struct hall *hall, const char *user, struct buf *out)
{
    struct bus_partition_info infos[PARTITIONS];
    struct search search = {user, out};
    struct err err = {0};

    for (int n = partitions(hall, infos); n-- > 0;)
        if (infos[n].high > hall->start[infos[n].partition])
            must(bus_read(hall->ingest.bus, TOPIC_INTERACTIONS, infos[n].partition,
                          hall->start[infos[n].partition], RECORDS, note, &search, &err),
                 &err, "reading " TOPIC_INTERACTIONS);
}
