/* exports.c - see exports.h. */
#include "tests/support/exports.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "proto/envelope.h"
#include "proto/item_event.h"
#include "proto/topics.h"
#include "proto/user_event.h"
#include "tests/support/process.h"

enum { WAIT_MS = 60000, STEP_MS = 5, AT_ONCE = 500 };

static void must(int r, const struct err *err, const char *what)
{
    if (r < 0)
        test_fail("%s: %s", what, err->text);
}

/* -- records -- */

static void publish(struct bus *bus, const char *topic, const char *key,
                    const struct buf *value)
{
    struct envelope envelope;
    struct bus_record record = {.topic = topic,
                                .key = key,
                                .key_size = strlen(key),
                                .value = value ? buf_text(value) : NULL,
                                .value_size = value ? value->size : 0,
                                .headers = envelope.headers,
                                .header_count = ENVELOPE_HEADERS};
    struct err err = {0};

    envelope_fill(&envelope, "test", "/test", NULL, clock_wall_ms(), NULL);
    must(bus_publish(bus, &record, 1, WAIT_MS, &err), &err, topic);
}

void tell_user(struct bus *bus, const char *user_id, const char *generation, const char *gender,
               const char *emotion)
{
    const struct user_event event = {.user_id = user_id,
                                     .generation = generation,
                                     .gender = gender,
                                     .emotion = emotion,
                                     .source = "",
                                     .timestamp_ms = clock_wall_ms()};
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};

    if (emotion)
        must(user_event_encode(&value, &event, &err), &err, "a user");
    publish(bus, TOPIC_USERS, user_id, emotion ? &value : NULL);
}

void tell_item(struct bus *bus, const char *item_id, int64_t timestamp_ms,
               const char *search_key)
{
    const struct item_event event = {.item_id = item_id,
                                     .timestamp_ms = timestamp_ms,
                                     .emotion = search_key,
                                     .orientation = 'h',
                                     .sha256 = ""};
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};

    if (search_key)
        must(item_event_encode(&value, &event, &err), &err, "an item");
    publish(bus, TOPIC_ITEMS, item_id, search_key ? &value : NULL);
}

void tell_act(struct bus *bus, const struct interaction_event *event)
{
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};

    must(interaction_event_encode(&value, event, &err), &err, "an interaction");
    publish(bus, TOPIC_INTERACTIONS, event->user_id, &value);
}

void tell_acts(struct bus *bus, int count)
{
    static struct buf values[AT_ONCE];
    struct bus_record records[AT_ONCE];
    struct err err = {0};

    for (int i = 0; i < count; i++) {
        const int at = i % AT_ONCE;
        char id[32], user[32];
        const struct interaction_event event = {.user_id = user,
                                                .item_id = "emotions/happy/a_1h.jpeg",
                                                .type = INTERACTION_LIKE,
                                                .timestamp_ms = (1000000 + i) * INT64_C(1000),
                                                .event_id = id};

        (void)snprintf(id, sizeof id, "act-%d", i);
        (void)snprintf(user, sizeof user, "user-%d", i % 1000);
        buf_clear(&values[at]);
        must(interaction_event_encode(&values[at], &event, &err), &err, "an interaction");
        records[at] = (struct bus_record){.topic = TOPIC_INTERACTIONS,
                                          .value = values[at].data,
                                          .value_size = values[at].size};
        if (at == AT_ONCE - 1 || i == count - 1)
            must(bus_publish(bus, records, (size_t)at + 1, WAIT_MS, &err), &err,
                 "interactions");
    }
}

void tell_bytes(struct bus *bus, const char *topic, const char *key, const char *value)
{
    OWNED_VALUE(buf) bytes = {0};

    buf_append_str(&bytes, value);
    publish(bus, topic, key, &bytes);
}

void tell_export(struct bus *bus, const char *id, enum export_type type)
{
    const struct export_event event = {
        .export_id = id, .type = type, .timestamp_ms = clock_wall_ms()};
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};

    must(export_event_encode(&value, &event, &err), &err, "an export");
    publish(bus, TOPIC_EXPORTS, id, &value);
}

/* -- processes -- */

void exporters_prepare(struct exporters *exporters, const char *bus)
{
    struct err err = {0};

    memset(exporters, 0, sizeof *exporters);
    exporters->conf = (struct garden_conf){
        .data = folder_new(), .bus = bus ? bus : "local", .store = "fs", .catalog = "sqlite"};
    (void)snprintf(exporters->settings[0], sizeof *exporters->settings, "GARDEN_DATA=%s",
                   exporters->conf.data);
    (void)snprintf(exporters->settings[1], sizeof *exporters->settings, "GARDEN_BUS=%s",
                   exporters->conf.bus);
    exporters->bus = garden_open_bus(&exporters->conf, "test", &err);
    exporters->http = exporters->bus ? http_client_new(&err) : NULL;
    must(err.code, &err, "opening the engines");
    must(bus_create_topics(exporters->bus, garden_topics, garden_topic_count, &err), &err,
         "topics");
}

void exporters_start(struct exporters *exporters, int i, const char *setting)
{
    const char *argv[] = {program_path("csv-exporter"), NULL};
    const char *env[] = {exporters->settings[0], exporters->settings[1], exporters->listen[i],
                         setting, NULL};
    char ready[96];
    const int port = port_free();

    (void)snprintf(exporters->listen[i], sizeof *exporters->listen,
                   "CSV_EXPORTER_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(exporters->url[i], sizeof *exporters->url, "http://127.0.0.1:%d", port);
    (void)snprintf(exporters->log[i], sizeof *exporters->log, "%s/exporter-%d.log",
                   exporters->conf.data, i);
    exporters->pid[i] = process_start(argv, env, exporters->log[i]);
    (void)snprintf(ready, sizeof ready, "%s/readyz", exporters->url[i]);
    http_wait(ready, 200, WAIT_MS);
}

void exporters_end(struct exporters *exporters, int i, int sig)
{
    const int status = process_end(exporters->pid[i], sig, WAIT_MS);

    exporters->pid[i] = 0;
    if (sig == SIGTERM && status != 0)
        test_fail("the exporter ended with status %d; see %s", status, exporters->log[i]);
}

void exporters_done(struct exporters *exporters)
{
    for (int i = 0; i < EXPORTERS; i++)
        if (exporters->pid[i])
            exporters_end(exporters, i, SIGTERM);
    http_client_free(exporters->http);
    bus_free(exporters->bus);
    buf_done(&exporters->body);
}

int exporters_ask(struct exporters *exporters, int i, const char *method, const char *path)
{
    char url[512];
    const struct http_client_request request = {
        .method = method, .url = url, .deadline_ms = WAIT_MS};

    (void)snprintf(url, sizeof url, "%s%s", exporters->url[i], path);
    return http_ask(exporters->http, &request, &exporters->body);
}

void exporters_wait(struct exporters *exporters, int i, const char *path, const char *text)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    for (;;) {
        (void)exporters_ask(exporters, i, "GET", path);
        if (strstr(buf_text(&exporters->body), text))
            return;
        if (clock_mono_ms() > deadline_ms)
            test_fail("%s never said %s: %s", path, text, buf_text(&exporters->body));
        (void)poll(NULL, 0, STEP_MS);
    }
}

void exporters_object(const struct exporters *exporters, const char *key, struct buf *out)
{
    struct err err = {0};
    OWNED(store) store = garden_open_store(&exporters->conf, &err);

    must(err.code, &err, "the store");
    must(store_get(store, key, out, NULL, &err), &err, key);
}

int exporters_count_said(const struct exporters *exporters, int i, const char *text)
{
    OWNED_VALUE(buf) log = {0};
    int count = 0;

    file_load(exporters->log[i], &log);
    for (const char *at = buf_text(&log); (at = strstr(at, text)); at++)
        count++;
    return count;
}

void exporters_check_log(const struct exporters *exporters, int i, const char *text)
{
    OWNED_VALUE(buf) log = {0};

    file_load(exporters->log[i], &log);
    if (!strstr(buf_text(&log), text))
        test_fail("exporter %d never said %s: %s", i, text, buf_text(&log));
}
