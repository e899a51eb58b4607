/* remote_job.c - see remote_job.h. */
#include "gardenctl/remote_job.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"
#include "lib/http/sse.h"
#include "proto/envelope.h"

enum {
    ASK_MS = 60000,
    FETCH_RETRIES = 4,
    TURN_MS = 100,       /* how soon Ctrl-C is seen */
    BACK_AFTER_MS = 500, /* before a broken connection is made again */
    GIVE_UP_MS = 60000,  /* with nothing heard of the garden */
    MAX_PICTURE = 64 << 20,
};

/* -- asking -- */

/* POSTs the body; key_line is one more header, or NULL. */
static int post(struct remote *remote, const char *path, const char *key_line,
                const struct buf *body, struct http_client_response *ret_response,
                struct err *err)
{
    const char *const headers[] = {remote->authorization, "Content-Type: application/json",
                                   key_line};
    OWNED_VALUE(buf) url = {0};
    struct err failure = {0};
    struct http_client_request request = {
        .method = "POST",
        .headers = headers,
        .header_count = key_line ? 3 : 2,
        .body = body->data,
        .body_size = body->size,
        .deadline_ms = ASK_MS,
        .retries = 1, /* it is the same job: its key or its name says so */
    };

    buf_printf(&url, "%s%s", remote->url, path);
    request.url = buf_text(&url);
    (void)http_client_fetch(remote->client, &request, ret_response, &failure);
    return remote_check(remote, ret_response, &failure, err);
}

static int take_id(const char *id, char ret_id[REMOTE_JOB_ID], struct err *err)
{
    if (!*id || text_copy(ret_id, REMOTE_JOB_ID, id) < 0)
        return err_set(err, ERR_REMOTE, "the garden's job has a strange id");
    return 0;
}

int remote_job_ask(struct remote *remote, const struct buf *body, char ret_id[REMOTE_JOB_ID],
                   struct err *err)
{
    OWNED_VALUE(http_client_response) response = {0};
    OWNED_JSON job = NULL;
    char key[37], key_line[64];
    const char *id;

    envelope_uuid(key);
    (void)snprintf(key_line, sizeof key_line, "Idempotency-Key: %s", key);
    if (post(remote, "/v1/generations", key_line, body, &response, err) < 0)
        return err->code;
    job = json_parse(buf_text(&response.body), response.body.size, err);
    if (!job || json_get_str(job, "id", &id, err) < 0)
        return err_wrap(err, "the answer of the garden");
    return take_id(id, ret_id, err);
}

int remote_job_bulk(struct remote *remote, const struct buf *body, char ret_id[REMOTE_JOB_ID],
                    struct err *err)
{
    OWNED_VALUE(http_client_response) response = {0};
    char location[REMOTE_URL];
    const char *slash;

    if (post(remote, "/bulk", NULL, body, &response, err) < 0)
        return err->code;
    slash = http_client_header(&response, "location", location, sizeof location);
    slash = slash ? strrchr(slash, '/') : NULL;
    return take_id(slash ? slash + 1 : "", ret_id, err);
}

/* -- following -- */

struct following {
    const struct remote_job_events *events;
    struct sse_reader reader;
    char last_id[32];
    bool ended;    /* the job's last event was there */
    bool finished; /* this connection is */
    int64_t heard_ms;
    struct http_client_response response;
    struct err failure; /* of the connection */
    struct err end;     /* why the job is no success, or the callback's failure */
};

static int take_step(struct following *f, const json_t *data, struct err *err)
{
    int64_t output = 0, step = 0, steps = 0;

    if (json_opt_int(data, "output", &output, err) < 0 ||
        json_get_int(data, "step", &step, err) < 0 ||
        json_get_int(data, "steps", &steps, err) < 0)
        return err->code;
    if (f->events->on_step)
        f->events->on_step(f->events->ctx, (uint32_t)output, (uint32_t)step, (uint32_t)steps);
    return 0;
}

static int take_picture(struct following *f, const json_t *data, struct err *err)
{
    int64_t output = 0, width, height;
    struct remote_picture picture = {0};

    if (json_get_str(data, "key", &picture.key, err) < 0 ||
        json_opt_int(data, "output", &output, err) < 0 ||
        json_get_int(data, "width", &width, err) < 0 ||
        json_get_int(data, "height", &height, err) < 0 ||
        json_opt_int(data, "seed", &picture.seed, err) < 0 ||
        json_opt_bool(data, "stored", &picture.stored, err) < 0)
        return err->code;
    picture.output = (uint32_t)output;
    picture.width = (uint32_t)width;
    picture.height = (uint32_t)height;
    return f->events->on_picture ? f->events->on_picture(f->events->ctx, &picture, err) : 0;
}

static int take_started(struct following *f, const json_t *data, struct err *err)
{
    const char *note = "";

    if (json_opt_str(data, "note", &note, err) < 0)
        return err->code;
    if (*note && f->events->on_note)
        f->events->on_note(f->events->ctx, note);
    return 0;
}

static int take_failed(struct following *f, const json_t *data, struct err *err)
{
    const char *reason = "the generator does not say why";

    if (json_opt_str(data, "reason", &reason, err) < 0)
        return err->code;
    f->ended = true;
    return err_set(err, ERR_REMOTE, "the job failed: %.200s", reason);
}

/* sse_on_event. < 0 ends the connection. */
static int on_event(void *ctx, const struct sse_event *event, struct err *err)
{
    struct following *f = ctx;
    OWNED_JSON data = json_parse(event->data, event->size, err);

    if (!data)
        return err_wrap(err, "an event of the garden");
    (void)text_copy(f->last_id, sizeof f->last_id, event->id);
    if (strcmp(event->type, "started") == 0)
        return take_started(f, data, err);
    if (strcmp(event->type, "step") == 0)
        return take_step(f, data, err);
    if (strcmp(event->type, "image") == 0)
        return take_picture(f, data, err);
    if (strcmp(event->type, "failed") == 0)
        return take_failed(f, data, err);
    f->ended = strcmp(event->type, "done") == 0 || strcmp(event->type, "cancelled") == 0;
    if (strcmp(event->type, "cancelled") == 0)
        return err_set(err, ERR_CONFLICT, "the job was cancelled");
    return 0;
}

static bool on_bytes(void *ctx, const char *bytes, size_t size)
{
    struct following *f = ctx;

    f->heard_ms = clock_mono_ms();
    return sse_read(&f->reader, bytes, size, on_event, f, &f->end) == 0;
}

static void on_finished(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct following *f = ctx;

    f->finished = true;
    f->response = *response;
    *response = (struct http_client_response){0};
    f->failure = *err;
}

/* One connection: until it ends, or Ctrl-C. */
static void listen_once(struct remote *remote, const char *url, struct following *f)
{
    char last_line[64];
    const char *const headers[] = {remote->authorization, last_line};
    const struct http_client_request request = {
        .method = "GET",
        .url = url,
        .headers = headers,
        .header_count = *f->last_id ? 2 : 1,
        .deadline_ms = -1,
        .on_body = on_bytes,
        .on_body_ctx = f,
    };
    int64_t id;

    (void)snprintf(last_line, sizeof last_line, "Last-Event-ID: %s", f->last_id);
    sse_reader_done(&f->reader);
    f->reader = (struct sse_reader){0};
    f->finished = false;
    err_clear(&f->failure);
    http_client_response_done(&f->response);
    id = http_client_send(remote->client, &request, on_finished, f);
    while (!f->finished && !stopping())
        (void)http_client_run(remote->client, TURN_MS);
    if (!f->finished)
        http_client_cancel(remote->client, id);
}

static int cancel(struct remote *remote, const char *id, struct err *err)
{
    struct err failure = {0};
    OWNED_VALUE(buf) path = {0};

    buf_append_str(&path, "/v1/generations/");
    text_url_encode(&path, id, strlen(id), false);
    if (remote_call(remote, "DELETE", buf_text(&path), NULL, NULL, &failure) < 0)
        return err_set(err, ERR_TIMEOUT, "stopped, but the job could not be cancelled: %s",
                       failure.text);
    return err_set(err, ERR_TIMEOUT, "stopped; the job is cancelled");
}

/* The connection ended before the job did: 0 to go on. A refusal is final; a break is not,
 * unless nothing was heard for long. */
static int may_go_on(struct remote *remote, const struct following *f, struct err *err)
{
    bool broken = f->response.status == 0 || f->response.status >= 500;

    if (f->response.status == 204)
        return err_set(err, ERR_REMOTE, "the job has ended, and its last event was not there");
    if (!broken && f->response.status >= 400)
        return remote_check(remote, &f->response, &f->failure, err);
    if (broken && clock_mono_ms() - f->heard_ms > GIVE_UP_MS) {
        (void)remote_check(remote, &f->response, &f->failure, err);
        return err->code ? err->code : err_set(err, ERR_UNAVAILABLE, "the garden is away");
    }
    (void)stop_wait(BACK_AFTER_MS);
    return 0;
}

static int follow(struct remote *remote, const char *id, struct following *f, struct err *err)
{
    OWNED_VALUE(buf) url = {0};

    buf_append_str(&url, remote->url);
    buf_append_str(&url, "/v1/generations/");
    text_url_encode(&url, id, strlen(id), false);
    buf_append_str(&url, "/events");
    while (!f->ended) {
        listen_once(remote, buf_text(&url), f);
        if (f->end.code)
            return err_set(err, f->end.code, "%s", f->end.text);
        if (!f->ended && stopping())
            return cancel(remote, id, err);
        if (!f->ended && may_go_on(remote, f, err) < 0)
            return err->code;
    }
    return 0;
}

int remote_job_follow(struct remote *remote, const char *id,
                      const struct remote_job_events *events, struct err *err)
{
    struct following f = {.events = events, .heard_ms = clock_mono_ms()};

    (void)follow(remote, id, &f, err);
    sse_reader_done(&f.reader);
    http_client_response_done(&f.response);
    return err->code;
}

/* -- pictures -- */

int remote_fetch(struct remote *remote, const char *key, struct buf *out, struct err *err)
{
    const char *const headers[] = {remote->authorization};
    OWNED_VALUE(http_client_response) response = {0};
    OWNED_VALUE(buf) url = {0};
    struct err failure = {0};
    struct http_client_request request = {
        .method = "GET",
        .headers = headers,
        .header_count = 1,
        .deadline_ms = ASK_MS,
        .retries = FETCH_RETRIES,
        .max_body_bytes = MAX_PICTURE,
    };

    buf_printf(&url, "%s/", remote->url);
    text_url_encode(&url, key, strlen(key), true);
    request.url = buf_text(&url);
    (void)http_client_fetch(remote->client, &request, &response, &failure);
    if (remote_check(remote, &response, &failure, err) < 0)
        return err_wrap(err, "fetching %.100s", key);
    buf_append(out, response.body.data, response.body.size);
    return buf_ok(out) ? 0 : err_set_nomem(err, "a picture");
}
