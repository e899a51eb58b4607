/* displays.c - see displays.h. */
#include "tests/support/displays.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "proto/key.h"
#include "proto/object_event.h"
#include "proto/topics.h"
#include "tests/support/process.h"

enum { WAIT_MS = 30000 };

static void must(int r, const struct err *err, const char *what)
{
    if (r < 0)
        test_fail("%s: %s", what, err->text);
}

void displays_prepare(struct displays *displays)
{
    displays_prepare_on(displays, "local");
}

void displays_prepare_on(struct displays *displays, const char *bus_url)
{
    struct err err = {0};

    memset(displays, 0, sizeof *displays);
    displays->data = folder_new();
    displays->port = port_free();
    (void)snprintf(displays->url, sizeof displays->url, "http://127.0.0.1:%d", displays->port);
    (void)snprintf(displays->log, sizeof displays->log, "%s/display-feed.log", displays->data);
    (void)snprintf(displays->bus_url, sizeof displays->bus_url, "%s", bus_url);
    displays->conf = (struct garden_conf){
        .data = displays->data, .bus = displays->bus_url, .store = "fs", .catalog = "sqlite"};
    displays->bus = garden_open_bus(&displays->conf, "test", &err);
    displays->store = displays->bus ? garden_open_store(&displays->conf, &err) : NULL;
    displays->http = displays->store ? http_client_new(&err) : NULL;
    must(displays->http ? 0 : -1, &err, "opening the engines");
    must(bus_create_topics(displays->bus, garden_topics, garden_topic_count, &err), &err,
         "making the topics");
}

void displays_start(struct displays *displays)
{
    const char *argv[] = {program_path("display-feed"), NULL};
    char data[512], bus[192], listen[64], ready[96];
    const char *env[] = {data, bus, listen, NULL};

    (void)snprintf(data, sizeof data, "GARDEN_DATA=%s", displays->data);
    (void)snprintf(bus, sizeof bus, "GARDEN_BUS=%s", displays->bus_url);
    (void)snprintf(listen, sizeof listen, "DISPLAY_FEED_LISTEN=127.0.0.1:%d", displays->port);
    (void)snprintf(ready, sizeof ready, "%s/readyz", displays->url);
    displays->pid = process_start(argv, env, displays->log);
    http_wait(ready, 200, WAIT_MS);
}

void displays_kill(struct displays *displays)
{
    (void)process_end(displays->pid, SIGKILL, WAIT_MS);
    displays->pid = 0;
}

void displays_stop(struct displays *displays)
{
    const int status = process_end(displays->pid, SIGTERM, WAIT_MS);

    displays->pid = 0;
    if (status != 0)
        test_fail("display-feed ended with status %d; see %s", status, displays->log);
}

void displays_done(struct displays *displays)
{
    if (displays->pid)
        displays_stop(displays);
    http_client_free(displays->http);
    store_free(displays->store);
    bus_free(displays->bus);
}

/* -- the garden -- */

void displays_key(int i, char orientation, char ret_key[DISPLAYS_KEY])
{
    (void)snprintf(ret_key, DISPLAYS_KEY, "emotions/happy/p%d%c.jpeg", i, orientation);
}

int displays_number(const char *key)
{
    static const char before[] = "emotions/happy/p";
    const char *digits = key + sizeof before - 1;
    char *end;
    long number;

    if (strncmp(key, before, sizeof before - 1) != 0)
        return -1;
    number = strtol(digits, &end, 10);
    return end == digits ? -1 : (int)number;
}

static void catalogue(struct catalog *catalog, const char *key, enum catalog_state state)
{
    struct catalog_item item = {.width = 256, .height = 160, .state = state};
    struct catalog_batch batch = {.items = &item, .item_count = 1};
    struct err err = {0};
    struct key parsed;

    must(key_parse(key, strlen(key), &parsed, &err), &err, key);
    item.ref = (struct catalog_ref){CATALOG_GARDEN, parsed.search_key, parsed.name};
    item.orientation = parsed.orientation;
    item.size_bytes = strlen(key);
    item.event_time_ms = clock_wall_ms();
    sha256_hex(key, strlen(key), item.sha256);
    object_sequencer_now(item.sequencer);
    must(catalog_apply(catalog, &batch, &err), &err, key);
}

void displays_fill(struct displays *displays, int count)
{
    struct err err = {0};
    OWNED(catalog) catalog = garden_open_catalog(&displays->conf, false, &err);

    must(catalog ? 0 : -1, &err, "the catalogue");
    for (int i = 0; i < 2 * count; i++) {
        char key[DISPLAYS_KEY];

        displays_key(i / 2, i % 2 ? 'v' : 'h', key);
        must(store_put(displays->store, key, key, strlen(key), NULL, NULL, &err), &err, key);
        catalogue(catalog, key, CATALOG_LIVE);
    }
}

void displays_remove(struct displays *displays, const char *key)
{
    struct err err = {0};
    OWNED(catalog) catalog = garden_open_catalog(&displays->conf, false, &err);

    must(catalog ? 0 : -1, &err, "the catalogue");
    catalogue(catalog, key, CATALOG_REMOVED);
}

void displays_copy_is(struct displays *displays, const char *name, const char *key)
{
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};
    char path[96];

    (void)snprintf(path, sizeof path, "display/%s", name);
    must(store_get(displays->store, path, &data, NULL, &err), &err, path);
    if (strcmp(buf_text(&data), key) != 0)
        test_fail("%s is %s, not %s", path, buf_text(&data), key);
}

bool displays_has_copy(struct displays *displays, const char *name)
{
    struct store_info info;
    struct err err = {0};
    char path[96];

    (void)snprintf(path, sizeof path, "display/%s", name);
    return store_head(displays->store, path, &info, &err) == 0;
}

/* -- asking -- */

int displays_ask(struct displays *displays, const char *method, const char *path,
                 const char *body, struct buf *ret_body)
{
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {
        .method = method, .deadline_ms = WAIT_MS, .body = body};

    request.body_size = body ? strlen(body) : 0;
    buf_printf(&url, "%s%s", displays->url, path);
    request.url = buf_text(&url);
    return http_ask(displays->http, &request, ret_body);
}

static void write_list(struct buf *out, const char *name, int first, int count,
                       char orientation)
{
    json_write_name(out, name);
    json_write_open(out, '[');
    for (int i = first; i < first + count; i++) {
        char key[DISPLAYS_KEY];

        displays_key(i, orientation, key);
        json_write_str(out, key);
    }
    json_write_close(out, ']');
}

void displays_body(int first, int landscape, int portrait, const char *extra,
                   struct buf *ret_body)
{
    buf_clear(ret_body);
    json_write_open(ret_body, '{');
    write_list(ret_body, "landscape", first, landscape, 'h');
    write_list(ret_body, "portrait", first, portrait, 'v');
    buf_append_str(ret_body, extra);
    json_write_close(ret_body, '}');
}

json_t *displays_json(struct displays *displays, const char *method, const char *path,
                      const char *body, int status)
{
    OWNED_VALUE(buf) answer = {0};
    struct err err = {0};
    const int got = displays_ask(displays, method, path, body, &answer);
    json_t *root;

    if (got != status)
        test_fail("%s %s is %d, not %d: %s", method, path, got, status, buf_text(&answer));
    root = json_parse(buf_text(&answer), answer.size, &err);
    if (!root)
        test_fail("%s %s: %s", method, path, err.text);
    return root;
}

int64_t displays_put(struct displays *displays, const char *zone, int first, int landscape,
                     int portrait, const char *extra)
{
    OWNED_VALUE(buf) body = {0};
    OWNED_JSON answer = NULL;
    char path[128];

    (void)snprintf(path, sizeof path, "/v1/zones/%s", zone);
    displays_body(first, landscape, portrait, extra, &body);
    answer = displays_json(displays, "PUT", path, buf_text(&body), 200);
    return json_integer_value(json_object_get(answer, "version"));
}

int64_t displays_int(const json_t *object, const char *name)
{
    return json_integer_value(json_object_get(object, name));
}

const char *displays_text(const json_t *object, const char *name)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : "";
}
