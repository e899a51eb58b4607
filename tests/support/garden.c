/* garden.c - see garden.h. */
#include "tests/support/garden.h"

#include <poll.h>
#include <signal.h>

#include "lib/base/clock.h"
#include "tests/support/process.h"

enum { READY_MS = 60000, STOP_MS = 20000, SAID_MS = 60000, WORDS_MAX = 16 };

static const char *or_default(const char *value, const char *fallback)
{
    return value ? value : fallback;
}

void garden_prepare(struct garden *garden, const char *bus, const char *store,
                    const char *catalog)
{
    struct err err = {0};
    int port = port_free();

    memset(garden, 0, sizeof *garden);
    garden->data = folder_new();
    (void)snprintf(garden->url, sizeof garden->url, "http://127.0.0.1:%d", port);
    garden->conf = (struct garden_conf){.data = garden->data,
                                        .bus = or_default(bus, "local"),
                                        .store = or_default(store, "fs"),
                                        .catalog = or_default(catalog, "sqlite")};
    (void)snprintf(garden->env[0], sizeof garden->env[0], "GARDEN_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(garden->env[1], sizeof garden->env[1], "GARDEN_DATA=%s", garden->data);
    (void)snprintf(garden->env[2], sizeof garden->env[2], "GARDEN_BUS=%s", garden->conf.bus);
    (void)snprintf(garden->env[3], sizeof garden->env[3], "GARDEN_STORE=%s",
                   garden->conf.store);
    (void)snprintf(garden->env[4], sizeof garden->env[4], "GARDEN_CATALOG=%s",
                   garden->conf.catalog);
    (void)snprintf(garden->env[5], sizeof garden->env[5], "GARDEN_URL=%s", garden->url);
    (void)snprintf(garden->env[6], sizeof garden->env[6], "GARDEN_STARTER=0");
    (void)snprintf(garden->env[7], sizeof garden->env[7], "GENERATOR_MODEL=%s",
                   or_default(getenv("GENERATOR_MODEL"), "none"));
    (void)snprintf(garden->env[8], sizeof garden->env[8], "EMOTION_MODELS=%s",
                   or_default(getenv("EMOTION_MODELS"), "none"));
    for (int i = 0; i < 9; i++)
        garden->env_list[i] = garden->env[i];
    garden->http = http_client_new(&err);
    if (!garden->http)
        test_fail("http client: %s", err.text);
}

static void read_key(struct garden *garden)
{
    char path[256];
    OWNED_VALUE(buf) key = {0};

    (void)snprintf(path, sizeof path, "%s/operator.key", garden->data);
    file_load(path, &key);
    (void)snprintf(garden->bearer, sizeof garden->bearer, "Authorization: Bearer %.*s",
                   (int)strcspn(buf_text(&key), "\r\n"), buf_text(&key));
}

void garden_start(struct garden *garden)
{
    const char *argv[] = {program_path("gardenctl"), "up", NULL};
    char log[256], ready[96];

    (void)snprintf(log, sizeof log, "%s/up.log", garden->data);
    garden->up = process_start(argv, garden->env_list, log);
    (void)snprintf(ready, sizeof ready, "%s/readyz", garden->url);
    http_wait(ready, 200, READY_MS);
    read_key(garden);
}

void garden_wait_ready(struct garden *garden, int timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    OWNED_VALUE(buf) answer = {0};

    while (garden_ask(garden, "GET", "/readyz", NULL, 0, &answer) != 200) {
        if (clock_mono_ms() > deadline)
            test_fail("the garden is not ready: %s", buf_text(&answer));
        (void)poll(NULL, 0, 5);
    }
}

void garden_stop(struct garden *garden)
{
    int status = process_end(garden->up, SIGINT, STOP_MS);

    http_client_free(garden->http);
    garden->http = NULL;
    if (status != 0)
        test_fail("gardenctl up ended with status %d", status);
}

int garden_ask(struct garden *garden, const char *method, const char *path, const void *body,
               size_t body_size, struct buf *ret_body)
{
    char url[1400];
    const char *headers[] = {garden->bearer};
    const struct http_client_request request = {.method = method,
                                                .url = url,
                                                .headers = headers,
                                                .header_count = 1,
                                                .body = body,
                                                .body_size = body_size,
                                                .deadline_ms = 20000};

    (void)snprintf(url, sizeof url, "%s%s", garden->url, path);
    return http_ask(garden->http, &request, ret_body);
}

int garden_ctl(struct garden *garden, const char *const *words, struct buf *ret_output)
{
    const char *argv[WORDS_MAX] = {program_path("gardenctl")};
    int n = 1;

    while (*words && n < WORDS_MAX - 1)
        argv[n++] = *words++;
    argv[n] = NULL;
    return process_run(argv, garden->env_list, ret_output, READY_MS);
}

void garden_wait_answer(struct garden *garden, const char *method, const char *path,
                        const char *body, const char *text, int timeout_ms)
{
    int64_t deadline = clock_mono_ms() + timeout_ms;
    OWNED_VALUE(buf) answer = {0};

    for (;;) {
        (void)garden_ask(garden, method, path, body, body ? strlen(body) : 0, &answer);
        if (strstr(buf_text(&answer), text))
            return;
        if (clock_mono_ms() > deadline)
            test_fail("the answer never had what was waited for: %s", buf_text(&answer));
        (void)poll(NULL, 0, 5);
    }
}

void garden_read_log(const struct garden *garden, struct buf *out)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/up.log", garden->data);
    file_load(path, out);
}

void garden_wait_log(const struct garden *garden, const char *text)
{
    int64_t deadline = clock_mono_ms() + SAID_MS;
    OWNED_VALUE(buf) log = {0};

    for (;;) {
        buf_clear(&log);
        garden_read_log(garden, &log);
        if (strstr(buf_text(&log), text))
            return;
        if (clock_mono_ms() > deadline)
            test_fail("gardenctl up never said '%s': %s", text, buf_text(&log));
        (void)poll(NULL, 0, 10);
    }
}
