/* gateway.c - see gateway.h. */
#include "tests/support/gateway.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/key.h"
#include "proto/object_event.h"
#include "tests/support/process.h"

enum { MAX_SETTINGS = 16, START_MS = 20000, STOP_MS = 20000, ASK_MS = 30000 };

static void read_key(const struct door *door, const char *name, char *ret_key, size_t size)
{
    char path[512];
    OWNED_VALUE(buf) data = {0};

    (void)snprintf(path, sizeof path, "%s/%s", door->data, name);
    if (access(path, R_OK) < 0)
        return; /* the environment gives it */
    file_load(path, &data);
    (void)snprintf(ret_key, size, "%s", buf_text(&data));
}

static const char *setting(const char *const *settings, const char *name, const char *fallback)
{
    for (; settings && *settings; settings++)
        if (text_starts_with(*settings, name) && (*settings)[strlen(name)] == '=')
            return *settings + strlen(name) + 1;
    return fallback;
}

static void start_at(struct door *door, const char *const *settings, int port)
{
    const char *argv[] = {program_path("gateway"), NULL};
    char listen[64], data[512], log[512], healthy[128], share[] = "GARDEN_SHARE=.";
    const char *env[MAX_SETTINGS] = {listen, data, share};
    struct err err = {0};

    if (!door->data)
        door->data = folder_new();
    (void)snprintf(door->url, sizeof door->url, "http://127.0.0.1:%d", port);
    (void)snprintf(listen, sizeof listen, "GARDEN_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(data, sizeof data, "GARDEN_DATA=%s", door->data);
    (void)snprintf(log, sizeof log, "%s/gateway.log", door->data);
    for (int i = 3; settings && *settings && i < MAX_SETTINGS - 1; i++, settings++)
        env[i] = *settings;
    door->conf = (struct garden_conf){.data = door->data,
                                      .bus = setting(env, "GARDEN_BUS", "local"),
                                      .store = setting(env, "GARDEN_STORE", "fs"),
                                      .catalog = setting(env, "GARDEN_CATALOG", "sqlite")};
    door->pid = process_start(argv, env, log);
    (void)snprintf(healthy, sizeof healthy, "%s/healthz", door->url);
    http_wait(healthy, 200, START_MS);
    read_key(door, "operator.key", door->operator_key, sizeof door->operator_key);
    read_key(door, "kiosk.key", door->kiosk_key, sizeof door->kiosk_key);
    read_key(door, "display.key", door->display_key, sizeof door->display_key);
    if (!door->http)
        door->http = http_client_new(&err);
    if (!door->http)
        test_fail("http client: %s", err.text);
}

void door_start(struct door *door, const char *const *settings)
{
    start_at(door, settings, port_free());
}

void door_restart(struct door *door, const char *const *settings)
{
    int port = (int)strtol(strrchr(door->url, ':') + 1, NULL, 10);

    door_stop(door);
    start_at(door, settings, port);
}

void door_stop(struct door *door)
{
    int status;

    http_client_response_done(&door->last);
    memset(&door->last, 0, sizeof door->last);
    http_client_free(door->http);
    door->http = NULL;
    status = process_end(door->pid, SIGTERM, STOP_MS);
    if (status != 0)
        test_fail("the gateway ended with %d", status);
}

int door_ask(struct door *door, const struct door_request *request)
{
    char url[2048], bearer[160];
    const char *headers[3];
    struct err err = {0};
    struct http_client_request sent = {
        .method = request->method ? request->method : "GET",
        .url = url,
        .headers = headers,
        .body = request->body,
        .body_size = request->size,
        .deadline_ms = ASK_MS,
    };

    if (request->body && request->size == 0)
        sent.body_size = strlen(request->body);
    sent.want_head = strcmp(sent.method, "HEAD") == 0;
    (void)snprintf(url, sizeof url, "%s%s", door->url, request->path);
    (void)snprintf(bearer, sizeof bearer, "Authorization: Bearer %s",
                   request->key ? request->key : "");
    if (request->key)
        headers[sent.header_count++] = bearer;
    if (request->header)
        headers[sent.header_count++] = request->header;
    if (request->header_2)
        headers[sent.header_count++] = request->header_2;
    http_client_response_done(&door->last);
    memset(&door->last, 0, sizeof door->last);
    if (http_client_fetch(door->http, &sent, &door->last, &err) < 0)
        test_fail("%s: %s", request->path, err.text);
    return door->last.status;
}

const char *door_body(const struct door *door)
{
    return buf_text(&door->last.body);
}

const char *door_header(struct door *door, const char *name)
{
    if (!http_client_header(&door->last, name, door->headers, sizeof door->headers))
        return "";
    return door->headers;
}

void door_wait_metric(struct door *door, struct http_client *client, const char *text)
{
    int64_t until_ms = clock_mono_ms() + START_MS;

    while (door_ask(door, &(struct door_request){.path = "/metrics"}) != 200 ||
           !strstr(door_body(door), text)) {
        if (clock_mono_ms() > until_ms)
            test_fail("/metrics never had %s", text);
        if (client)
            (void)http_client_run(client, 2);
        else
            (void)poll(NULL, 0, 2);
    }
}

void door_catalogue(struct door *door, const char *key)
{
    struct catalog_item item = {.orientation = 'h', .width = 256, .height = 160};
    struct catalog_batch batch = {.items = &item, .item_count = 1};
    struct err err = {0};
    struct key parsed;
    OWNED(catalog) catalog = garden_open_catalog(&door->conf, false, &err);

    if (!catalog || key_parse(key, strlen(key), &parsed, &err) < 0)
        test_fail("%s: %s", key, err.text);
    item.ref.area = parsed.area == KEY_POOL ? CATALOG_POOL : CATALOG_GARDEN;
    item.ref.search_key = parsed.search_key;
    item.ref.name = parsed.name;
    item.orientation = parsed.orientation;
    item.size_bytes = 1;
    item.event_time_ms = clock_wall_ms();
    object_sequencer_now(item.sequencer);
    if (catalog_apply(catalog, &batch, &err) < 0)
        test_fail("%s: %s", key, err.text);
}
