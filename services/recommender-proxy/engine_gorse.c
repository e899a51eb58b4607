/* engine_gorse.c - Gorse, by its REST API. See engine_remote.h.
 *
 * Who asks by a favourite, too, is answered with what Gorse recommends of that favourite, and
 * then with the rest of the mood: two questions that are under way at the same time. Removed
 * items are hidden, not deleted: an act that comes late would make them anew. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/json/json_write.h"
#include "services/common/http_clients.h"
#include "services/recommender-proxy/engine_remote.h"
#include "services/recommender-proxy/gorse_body.h"
#include "services/recommender-proxy/gorse_id.h"
#include "services/recommender-proxy/remote_answer.h"
#include "services/recommender-proxy/remote_batch.h"

enum {
    THREADS = 32, /* that may wait for an answer */
    DONE_BYTES = 64 << 10,
};

struct gorse {
    struct rec_engine engine; /* the first: what others see of it */
    char *url;                /* without a '/' at the end */
    char *key;                /* the header's line, or "" */
    struct http_clients *clients;
};

static struct gorse *of(struct rec_engine *engine)
{
    return (struct gorse *)engine;
}

/* 0: the status says that it was done. */
static int check_status(int status, struct err *err)
{
    if (status == 200)
        return 0;
    if (status == 401 || status == 403)
        return err_set(err, ERR_DENIED, "Gorse answered %d: check RECOMMENDER_GORSE_KEY",
                       status);
    if (status == 400)
        return err_set(err, ERR_INVALID, "Gorse refuses it as malformed (400)");
    return err_set(err, status >= 500 || status == 429 ? ERR_UNAVAILABLE : ERR_REMOTE,
                   "Gorse answered %d: check RECOMMENDER_GORSE_URL and its log", status);
}

/* The headers of a request without a body. Returns how many. */
static size_t set_key(const struct gorse *gorse, const char *headers[])
{
    headers[0] = gorse->key;
    return *gorse->key ? 1 : 0;
}

/* -- recommendations -- */

struct question {
    struct buf url;
    struct http_client_response response;
    struct err err;
};

static void question_done(struct question *question)
{
    buf_done(&question->url);
    http_client_response_done(&question->response);
}

static void on_answer(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct question *question = ctx;

    question->err = *err;
    question->response = *response;
    *response = (struct http_client_response){0};
}

static int ask(const struct gorse *gorse, struct http_client *client,
               const struct rec_query *query, bool favourite, int left_ms,
               struct question *question)
{
    const char *headers[2];
    struct http_client_request request = {.method = "GET",
                                          .headers = headers,
                                          .header_count = set_key(gorse, headers),
                                          .deadline_ms = left_ms,
                                          .max_body_bytes = REMOTE_ANSWER_BYTES};

    buf_append_str(&question->url, gorse->url);
    if (gorse_write_query(&question->url, query, favourite, &question->err) < 0)
        return question->err.code;
    headers[request.header_count++] = "X-API-Version: 2"; /* which has scores */
    request.url = buf_text(&question->url);
    (void)http_client_send(client, &request, on_answer, question);
    return 0;
}

static int read_question(struct question *question, const struct rec_query *query,
                         struct rec_answer *answer, struct err *err)
{
    if (question->err.code)
        return err_set(err, question->err.code, "%s", question->err.text);
    if (check_status(question->response.status, err) < 0)
        return err->code;
    return remote_answer_gorse(buf_text(&question->response.body), question->response.body.size,
                               query, answer, err);
}

/* By the favourite where there is one, and by the mood. */
static int ask_both(const struct gorse *gorse, struct http_client *client,
                    const struct rec_query *query, int left_ms, struct rec_answer *answer,
                    struct err *err)
{
    const bool has_favourite = query->emotion[remote_mood_size(query->emotion)] == '/';
    OWNED_VALUE(question) favourite = {0};
    OWNED_VALUE(question) mood = {0};
    struct err not_needed = {0};

    if (has_favourite)
        (void)ask(gorse, client, query, true, left_ms, &favourite);
    (void)ask(gorse, client, query, false, left_ms, &mood);
    (void)http_client_run(client, -1); /* each ends with its deadline */
    if (has_favourite)
        (void)read_question(&favourite, query, answer, &not_needed);
    if (read_question(&mood, query, answer, err) == 0 || answer->count == 0)
        return err->code;
    err_clear(err); /* what there is of the favourite is an answer, too */
    return 0;
}

static int recommend(struct rec_engine *engine, const struct rec_query *query,
                     int64_t deadline_ms, struct rec_answer *ret_answer, struct err *err)
{
    const int64_t left_ms = deadline_ms - clock_mono_ms();
    struct gorse *gorse = of(engine);
    struct http_client *client;
    int r;

    remote_answer_clear(ret_answer);
    if (left_ms <= 0)
        return err_set(err, ERR_TIMEOUT, "no time is left to ask Gorse");
    client = http_clients_take(gorse->clients, err);
    if (!client)
        return err->code;
    r = ask_both(gorse, client, query, left_ms < INT32_MAX ? (int)left_ms : INT32_MAX,
                 ret_answer, err);
    http_clients_give(gorse->clients, client);
    return r < 0 ? err_wrap(err, "recommendations of Gorse") : 0;
}

/* -- telling it -- */

struct call {
    const char *method, *path;
    const struct buf *body; /* NULL: none */
    int64_t deadline_ms;
};

/* Returns the status, or an error. */
static int send_call(const struct gorse *gorse, const struct call *call, struct err *err)
{
    OWNED_VALUE(buf) url = {0};
    const char *headers[2];
    struct http_client_response response = {0};
    struct http_client_request request = {.method = call->method,
                                          .headers = headers,
                                          .header_count = set_key(gorse, headers),
                                          .max_body_bytes = DONE_BYTES};
    int r;

    buf_printf(&url, "%s%s", gorse->url, call->path);
    if (!buf_ok(&url) || (call->body && !buf_ok(call->body)))
        return err_set_nomem(err, "events for Gorse");
    request.url = url.data;
    if (call->body) {
        headers[request.header_count++] = "Content-Type: application/json";
        request.body = call->body->data;
        request.body_size = call->body->size;
    }
    r = http_clients_fetch(gorse->clients, &request, call->deadline_ms, &response, err);
    if (r == 0)
        r = response.status;
    http_client_response_done(&response);
    return r;
}

static int put(const struct gorse *gorse, const char *method, const char *path,
               const struct buf *list, struct err *err)
{
    const struct call call = {method, path, list, clock_mono_ms() + REMOTE_PUT_MS};
    const int status = send_call(gorse, &call, err);

    return status < 0 ? status : check_status(status, err);
}

static int put_items(struct rec_engine *engine, const struct item_event *events, size_t count,
                     struct err *err)
{
    OWNED_VALUE(remote_batch) batch = {0};
    OWNED_VALUE(buf) list = {0};
    struct err why = {0};
    int r;

    if (remote_batch_init(&batch, count, err) < 0)
        return err->code;
    for (size_t i = 0; i < count; i++)
        batch.ids[i] = events[i].item_id;
    remote_batch_check(&batch, gorse_id_check, &why);
    r = remote_batch_latest(&batch, err);
    json_write_open(&list, '[');
    for (size_t i = 0; i < batch.count; i++)
        if (batch.keep[i])
            gorse_write_item(&list, &events[i]);
    json_write_close(&list, ']');
    if (r == 0 && batch.count > 0)
        r = put(of(engine), "POST", "/api/items", &list, err);
    return remote_batch_end(&batch, r, &why, err);
}

static bool is_forgotten(const struct user_event *event)
{
    return event->timestamp_ms == 0 && !*event->emotion;
}

static int forget_user(const struct gorse *gorse, const char *user_id, struct err *err)
{
    OWNED_VALUE(buf) path = {0};
    OWNED_VALUE(buf) id = {0};
    struct call call = {.method = "DELETE", .deadline_ms = clock_mono_ms() + REMOTE_PUT_MS};
    int status;

    if (gorse_id_write(&id, user_id, err) < 0)
        return err->code;
    buf_append_str(&path, "/api/user/");
    text_url_encode(&path, id.data, id.size, false);
    call.path = buf_text(&path);
    status = send_call(gorse, &call, err);
    if (status < 0 || status == 404) /* nobody of that id is as good */
        return status < 0 ? status : 0;
    return check_status(status, err);
}

static int tell_users(const struct gorse *gorse, const struct remote_batch *batch,
                      const struct user_event *events, struct err *err)
{
    OWNED_VALUE(buf) list = {0};
    size_t known = 0;

    json_write_open(&list, '[');
    for (size_t i = 0; i < batch->count; i++) {
        if (!batch->keep[i])
            continue;
        if (!is_forgotten(&events[i])) {
            gorse_write_user(&list, &events[i]);
            known++;
        } else if (forget_user(gorse, events[i].user_id, err) < 0) {
            return err->code;
        }
    }
    json_write_close(&list, ']');
    return known ? put(gorse, "POST", "/api/users", &list, err) : 0;
}

static int put_users(struct rec_engine *engine, const struct user_event *events, size_t count,
                     struct err *err)
{
    OWNED_VALUE(remote_batch) batch = {0};
    struct err why = {0};
    int r;

    if (remote_batch_init(&batch, count, err) < 0)
        return err->code;
    for (size_t i = 0; i < count; i++)
        batch.ids[i] = events[i].user_id;
    remote_batch_check(&batch, gorse_id_check, &why);
    r = remote_batch_latest(&batch, err);
    if (r == 0)
        r = tell_users(of(engine), &batch, events, err);
    return remote_batch_end(&batch, r, &why, err);
}

/* PUT: where the same act is told again it stays one. POST would add its value up. */
static int put_interactions(struct rec_engine *engine, const struct interaction_event *events,
                            size_t count, struct err *err)
{
    OWNED_VALUE(remote_batch) batch = {0};
    OWNED_VALUE(buf) list = {0};
    struct err why = {0};
    int r = 0;

    if (remote_batch_init(&batch, count, err) < 0)
        return err->code;
    for (size_t i = 0; i < count; i++)
        batch.ids[i] = events[i].item_id;
    remote_batch_check(&batch, gorse_id_check, &why);
    for (size_t i = 0; i < batch.count; i++)
        batch.ids[i] = events[i].user_id;
    remote_batch_check(&batch, gorse_id_check, &why);
    json_write_open(&list, '[');
    for (size_t i = 0; i < batch.count; i++)
        gorse_write_feedback(&list, &events[i]);
    json_write_close(&list, ']');
    if (batch.count > 0)
        r = put(of(engine), "PUT", "/api/feedback", &list, err);
    return remote_batch_end(&batch, r, &why, err);
}

/* -- a new one -- */

static void gorse_free(struct rec_engine *engine)
{
    struct gorse *gorse = of(engine);

    http_clients_free(gorse->clients);
    free(gorse->url);
    free(gorse->key);
    free(gorse);
}

static int set_url(struct gorse *gorse, const char *url, struct err *err)
{
    size_t size = strlen(url);
    const char *host = strstr(url, "://");

    while (size > 0 && url[size - 1] == '/')
        size--;
    if ((!text_starts_with(url, "http://") && !text_starts_with(url, "https://")) ||
        host + 3 >= url + size || strpbrk(url, "?# "))
        return err_set(err, ERR_INVALID,
                       "'%.80s' is no address of Gorse: it is like http://gorse:8087", url);
    gorse->url = strndup(url, size);
    return gorse->url ? 0 : err_set_nomem(err, "the engine");
}

static int set_key_line(struct gorse *gorse, const char *key, struct err *err)
{
    OWNED_VALUE(buf) line = {0};

    if (strpbrk(key, "\r\n"))
        return err_set(err, ERR_INVALID, "RECOMMENDER_GORSE_KEY has a line's end in it");
    if (*key)
        buf_printf(&line, "X-API-Key: %s", key);
    gorse->key = buf_ok(&line) ? strdup(buf_text(&line)) : NULL;
    return gorse->key ? 0 : err_set_nomem(err, "the engine");
}

struct rec_engine *engine_gorse_new(const struct engine_gorse_conf *conf, struct err *err)
{
    struct gorse *gorse = calloc(1, sizeof *gorse);

    if (!gorse) {
        err_set_nomem(err, "the engine");
        return NULL;
    }
    gorse->engine = (struct rec_engine){.name = "gorse",
                                        .recommend = recommend,
                                        .put_items = put_items,
                                        .put_users = put_users,
                                        .put_interactions = put_interactions,
                                        .free = gorse_free};
    if (set_url(gorse, conf->url, err) == 0 && set_key_line(gorse, conf->key, err) == 0) {
        gorse->clients = http_clients_new(THREADS, err);
        if (gorse->clients)
            return &gorse->engine;
    }
    gorse_free(&gorse->engine);
    return NULL;
}
