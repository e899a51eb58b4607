/* emotion.c - see emotion.h. */
#include "tests/support/emotion.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/topics.h"
#include "tests/support/fake_eyes.h"
#include "tests/support/process.h"

enum { WAIT_MS = 30000, STEP_MS = 10, RECORDS = 100000 };

static void must(int r, const struct err *err, const char *what)
{
    if (r < 0)
        test_fail("%s: %s", what, err->text);
}

static void wait_step(int64_t deadline_ms, const char *what)
{
    if (clock_mono_ms() > deadline_ms)
        test_fail("waited in vain for %s", what);
    (void)poll(NULL, 0, STEP_MS);
}

static int partitions(struct eyes *eyes, struct bus_partition_info infos[EYES_PARTITIONS])
{
    struct err err = {0};
    int count = bus_topic_info(eyes->bus, TOPIC_USERS, infos, EYES_PARTITIONS, WAIT_MS, &err);

    must(count, &err, TOPIC_USERS);
    return count;
}

void eyes_prepare(struct eyes *eyes, const char *bus)
{
    struct bus_partition_info infos[EYES_PARTITIONS];
    struct err err = {0};

    memset(eyes, 0, sizeof *eyes);
    eyes->conf = (struct garden_conf){
        .data = folder_new(), .bus = bus ? bus : "local", .store = "fs", .catalog = "sqlite"};
    (void)snprintf(eyes->prefix, sizeof eyes->prefix, "%d-%lld-", (int)getpid(),
                   (long long)clock_wall_ms());
    (void)snprintf(eyes->log, sizeof eyes->log, "%s/emotion.log", eyes->conf.data);
    (void)snprintf(eyes->settings[0], sizeof *eyes->settings, "GARDEN_DATA=%s",
                   eyes->conf.data);
    (void)snprintf(eyes->settings[1], sizeof *eyes->settings, "GARDEN_BUS=%s", eyes->conf.bus);
    for (int i = 0; i < 2; i++)
        eyes->env[i] = eyes->settings[i];
    eyes->bus = garden_open_bus(&eyes->conf, "test", &err);
    eyes->http = eyes->bus ? http_client_new(&err) : NULL;
    must(err.code, &err, "opening the engines");
    must(bus_create_topics(eyes->bus, garden_topics, garden_topic_count, &err), &err, "topics");
    for (int n = partitions(eyes, infos); n-- > 0;)
        eyes->users_start[infos[n].partition] = infos[n].high;
}

void eyes_set(struct eyes *eyes, const char *setting)
{
    size_t i = 0;

    while (eyes->env[i])
        i++;
    if (i + 3 > sizeof eyes->env / sizeof *eyes->env)
        test_fail("too many settings");
    eyes->env[i] = setting;
}

/* -- processes -- */

void eyes_start(struct eyes *eyes, int i, const char *program)
{
    const char *argv[] = {program ? program_path(program) : "/proc/self/exe", NULL};
    const char *env[20];
    char ready[96];
    int port = port_free(), n = 0;

    (void)snprintf(eyes->listen[i], sizeof *eyes->listen, "EMOTION_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(eyes->url[i], sizeof *eyes->url, "http://127.0.0.1:%d", port);
    for (; eyes->env[n]; n++)
        env[n] = eyes->env[n];
    env[n++] = eyes->listen[i];
    env[n++] = program ? "FAKE_EYES=" : fake_eyes_setting();
    env[n] = NULL;
    eyes->pid[i] = process_start(argv, env, eyes->log);
    (void)snprintf(ready, sizeof ready, "%s/readyz", eyes->url[i]);
    http_wait(ready, 200, WAIT_MS);
}

void eyes_stop(struct eyes *eyes, int i)
{
    int status = process_end(eyes->pid[i], SIGTERM, WAIT_MS);

    eyes->pid[i] = 0;
    if (status != 0)
        test_fail("the service ended with status %d; see %s", status, eyes->log);
}

void eyes_kill(struct eyes *eyes, int i)
{
    if (eyes->pid[i])
        (void)process_end(eyes->pid[i], SIGKILL, WAIT_MS);
    eyes->pid[i] = 0;
}

void eyes_done(struct eyes *eyes)
{
    for (int i = 0; i < EYES_PROCESSES; i++)
        eyes_kill(eyes, i);
    http_client_response_done(&eyes->last);
    http_client_free(eyes->http);
    bus_free(eyes->bus);
}

/* -- asking -- */

const char *eyes_user(const struct eyes *eyes, const char *name)
{
    static char id[128];

    (void)snprintf(id, sizeof id, "%s%s", eyes->prefix, name);
    return id;
}

/* Sends the request, of which all but the rest of its URL is there. */
static int ask(struct eyes *eyes, int i, const char *path, struct http_client_request *request)
{
    char url[512];
    struct err err = {0};

    (void)snprintf(url, sizeof url, "%s%s", eyes->url[i], path);
    request->url = url;
    request->deadline_ms = WAIT_MS;
    http_client_response_done(&eyes->last);
    memset(&eyes->last, 0, sizeof eyes->last);
    (void)http_client_fetch(eyes->http, request, &eyes->last, &err);
    return eyes->last.status;
}

int eyes_get(struct eyes *eyes, int i, const char *path)
{
    return ask(eyes, i, path, &(struct http_client_request){.method = "GET"});
}

int eyes_post(struct eyes *eyes, int i, const char *path, const char *user, const void *body,
              size_t size)
{
    char header[160];
    const char *headers[] = {header};
    struct http_client_request request = {.method = "POST",
                                          .headers = headers,
                                          .header_count = user != NULL,
                                          .body = body,
                                          .body_size = size};

    (void)snprintf(header, sizeof header, "X-user-id: %s", user ? eyes_user(eyes, user) : "");
    return ask(eyes, i, path, &request);
}

int eyes_look(struct eyes *eyes, int i, const char *path, const char *user, const char *words)
{
    return eyes_post(eyes, i, path, user, words, strlen(words));
}

int eyes_mood(struct eyes *eyes, int i, const char *method, const char *user, const char *body)
{
    struct http_client_request request = {
        .method = method, .body = body, .body_size = body ? strlen(body) : 0};
    char path[256];

    (void)snprintf(path, sizeof path, "/v1/users/%s/mood", eyes_user(eyes, user));
    return ask(eyes, i, path, &request);
}

int eyes_mood_meanwhile(const struct eyes *eyes, int i, const char *method, const char *user,
                        const char *body)
{
    struct eyes other = *eyes;
    struct err err = {0};
    int status;

    memset(&other.last, 0, sizeof other.last);
    other.http = http_client_new(&err);
    must(err.code, &err, "another client");
    status = eyes_mood(&other, i, method, user, body);
    http_client_response_done(&other.last);
    http_client_free(other.http);
    return status;
}

const char *eyes_body(const struct eyes *eyes)
{
    return buf_text(&eyes->last.body);
}

const char *eyes_header(struct eyes *eyes, const char *name)
{
    const char *value =
        http_client_header(&eyes->last, name, eyes->header, sizeof eyes->header);

    return value ? value : "";
}

static void on_done(void *ctx, struct http_client_response *response, const struct err *err)
{
    int *status = ctx;

    *status = err->code ? err->code : response->status;
}

void eyes_look_later(struct eyes *eyes, int i, const char *user, const char *words, int *status)
{
    char url[512], header[160];
    const char *headers[] = {header};
    const struct http_client_request request = {.method = "POST",
                                                .url = url,
                                                .headers = headers,
                                                .header_count = 1,
                                                .body = words,
                                                .body_size = strlen(words),
                                                .deadline_ms = WAIT_MS};

    (void)snprintf(url, sizeof url, "%s/emotion", eyes->url[i]);
    (void)snprintf(header, sizeof header, "X-user-id: %s", eyes_user(eyes, user));
    *status = 0;
    (void)http_client_send(eyes->http, &request, on_done, status);
    (void)http_client_run(eyes->http, STEP_MS);
}

void eyes_wait(struct eyes *eyes, const int *status)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (*status == 0) {
        (void)http_client_run(eyes->http, STEP_MS);
        if (clock_mono_ms() > deadline_ms)
            test_fail("waited in vain for an answer");
    }
}

/* -- what was published -- */

struct search {
    const char *user;
    struct buf *text;
};

static int note(void *ctx, const struct bus_record *record, struct err *err)
{
    struct search *search = ctx;
    OWNED_VALUE(buf) storage = {0};
    struct user_event event;

    if (record->key_size != strlen(search->user) ||
        memcmp(record->key, search->user, record->key_size) != 0)
        return 0;
    if (search->text->size > 0)
        buf_append_str(search->text, ", ");
    if (!record->value) {
        buf_append_char(search->text, '-');
        return 0;
    }
    if (user_event_decode(record->value, record->value_size, &event, &storage, err) < 0)
        return err->code;
    buf_printf(search->text, "%s %s %s %s", event.source, event.emotion, event.generation,
               event.gender);
    return 0;
}

void eyes_records(struct eyes *eyes, const char *user, struct buf *ret_text)
{
    struct bus_partition_info infos[EYES_PARTITIONS];
    struct search search = {eyes_user(eyes, user), ret_text};
    struct err err = {0};

    buf_clear(ret_text);
    for (int n = partitions(eyes, infos); n-- > 0;)
        if (infos[n].high > eyes->users_start[infos[n].partition])
            must(bus_read(eyes->bus, TOPIC_USERS, infos[n].partition,
                          eyes->users_start[infos[n].partition], RECORDS, note, &search, &err),
                 &err, "reading " TOPIC_USERS);
}

void eyes_wait_record(struct eyes *eyes, const char *user, const char *last)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    OWNED_VALUE(buf) text = {0};

    for (;;) {
        eyes_records(eyes, user, &text);
        if (text_ends_with(buf_text(&text), last))
            return;
        if (clock_mono_ms() > deadline_ms)
            test_fail("the records of %s are \"%s\", not ending in \"%s\"", user,
                      buf_text(&text), last);
        (void)poll(NULL, 0, STEP_MS);
    }
}

/* -- figures -- */

double eyes_figure(struct eyes *eyes, int i, const char *name)
{
    OWNED_VALUE(buf) line = {0};
    OWNED_VALUE(buf) body = {0};
    const char *found;
    char url[96];
    const struct http_client_request request = {
        .method = "GET", .url = url, .deadline_ms = WAIT_MS};
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);

    (void)snprintf(url, sizeof url, "%s/metrics", eyes->url[i]);
    if (http_ask(client, &request, &body) != 200)
        test_fail("%s does not answer", url);
    buf_printf(&line, "\n%s ", name);
    found = strstr(buf_text(&body), buf_text(&line));
    return found ? strtod(found + line.size, NULL) : -1;
}

void eyes_wait_figure(struct eyes *eyes, int i, const char *name, double least)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (eyes_figure(eyes, i, name) < least)
        wait_step(deadline_ms, name);
}
