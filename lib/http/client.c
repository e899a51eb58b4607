/* client.c - see client.h: libcurl's multi interface on an epoll set of its own.
 *
 * libcurl says which sockets to watch and when to call it next; the epoll set's descriptor is
 * what the owner of a larger loop waits for. Nothing is done behind a caller's back: transfers
 * end, and on_done is called, only in http_client_step, http_client_cancel and
 * http_client_free. */
#include "lib/http/client.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/http/client_local.h"

enum {
    EVENTS = 32, /* a step */
    IDLE_CONNECTIONS = 64,
};

struct http_client {
    CURLM *multi;
    int epoll_fd;
    int64_t last_id;
    int64_t curl_at_ms; /* when libcurl wants to be called; -1: it does not */
    struct transfer *transfers;
    int active;
    int secrets; /* of those, how many have a body that nobody may keep */
    int waiting; /* of those, how many are to be started or tried again */
    bool closing;
};

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* CURLMOPT_SOCKETFUNCTION */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *known)
{
    struct http_client *client = ctx;
    struct epoll_event event = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        (void)epoll_ctl(client->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    if (epoll_ctl(client->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
        return -1;
    (void)curl_multi_assign(client->multi, fd, client); /* known from now on */
    return 0;
}

/* CURLMOPT_TIMERFUNCTION */
static int on_timer(CURLM *multi, long timeout_ms, void *ctx)
{
    struct http_client *client = ctx;

    (void)multi;
    client->curl_at_ms = timeout_ms < 0 ? -1 : clock_mono_ms() + timeout_ms;
    return 0;
}

struct http_client *http_client_new(struct err *err)
{
    struct http_client *client;

    (void)pthread_once(&curl_once, init_curl);
    client = calloc(1, sizeof *client);
    if (!client) {
        (void)err_set_nomem(err, "an HTTP client");
        return NULL;
    }
    client->curl_at_ms = -1;
    client->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    client->multi = curl_multi_init();
    if (client->epoll_fd < 0 || !client->multi) {
        (void)err_set_errno(err, "make an HTTP client");
        http_client_free(client);
        return NULL;
    }
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
    curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)IDLE_CONNECTIONS);
    return client;
}

static void start_later(struct transfer *t, int64_t at_ms)
{
    t->retry_at_ms = at_ms;
    t->client->waiting++;
}

static void stop_waiting(struct transfer *t)
{
    if (t->retry_at_ms > 0)
        t->client->waiting--;
    t->retry_at_ms = 0;
}

static void stop_try(struct transfer *t)
{
    if (t->running)
        (void)curl_multi_remove_handle(t->client->multi, t->easy);
    t->running = false;
}

/* Takes it out, tells its owner and frees it. The owner may send and cancel others. */
static void finish(struct transfer *t, const struct err *err)
{
    struct http_client *client = t->client;

    stop_waiting(t);
    stop_try(t);
    if (t->prev)
        t->prev->next = t->next;
    else
        client->transfers = t->next;
    if (t->next)
        t->next->prev = t->prev;
    client->active--;
    client->secrets -= t->secret;
    t->on_done(t->ctx, &t->response, err);
    transfer_free(t);
}

static void fail(struct transfer *t, int code, const char *why)
{
    struct err err = {0};

    t->response.status = 0;
    (void)err_set(&err, code, "%s %.100s: %s", t->method ? t->method : "", t->url ? t->url : "",
                  why);
    finish(t, &err);
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    client->closing = true;
    while (client->transfers)
        fail(client->transfers, ERR_UNAVAILABLE, "the client is being closed");
    if (client->multi)
        (void)curl_multi_cleanup(client->multi);
    if (client->epoll_fd >= 0)
        (void)close(client->epoll_fd);
    free(client);
}

static void refuse(http_client_done *on_done, void *ctx, int code, const char *why)
{
    struct http_client_response none = {0};
    struct err err = {0};

    (void)err_set(&err, code, "%s", why);
    on_done(ctx, &none, &err);
    http_client_response_done(&none);
}

int64_t http_client_send(struct http_client *client, const struct http_client_request *request,
                         http_client_done *on_done, void *ctx)
{
    int64_t now_ms = clock_mono_ms(), id = ++client->last_id;
    struct transfer *t = client->closing ? NULL : transfer_new(request, now_ms);

    if (!t) {
        refuse(on_done, ctx, client->closing ? ERR_UNAVAILABLE : ERR_NOMEM,
               client->closing ? "the client is being closed" : "no memory for a request");
        return id;
    }
    t->client = client;
    t->id = id;
    t->on_done = on_done;
    t->ctx = ctx;
    start_later(t, now_ms); /* the next step starts it */
    t->next = client->transfers;
    if (t->next)
        t->next->prev = t;
    client->transfers = t;
    client->active++;
    client->secrets += t->secret;
    return id;
}

void http_client_cancel(struct http_client *client, int64_t id)
{
    for (struct transfer *t = client->transfers; t; t = t->next) {
        if (t->id == id) {
            fail(t, ERR_TIMEOUT, "cancelled");
            return;
        }
    }
}

static void start_try(struct transfer *t, int64_t now_ms)
{
    stop_waiting(t);
    if (transfer_prepare(t, now_ms) < 0) {
        struct err err = t->failure;

        finish(t, &err);
        return;
    }
    if (curl_multi_add_handle(t->client->multi, t->easy) != CURLM_OK) {
        fail(t, ERR_NOMEM, "no memory for a request");
        return;
    }
    t->running = true;
}

/* A try ended: goes on later, or is done. */
static void end_try(struct transfer *t, CURLcode code, int64_t now_ms)
{
    struct err err = {0};
    int64_t again_ms;
    long status = 0;

    if (code == CURLE_OK)
        (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    t->response.status = (int)status;
    again_ms = retry_time(t, code, now_ms);
    if (again_ms > 0) {
        stop_try(t);
        start_later(t, again_ms);
        return;
    }
    if (code != CURLE_OK)
        transfer_explain(t, code, &err);
    finish(t, &err);
}

static void read_messages(struct http_client *client, int64_t now_ms)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        struct transfer *t = NULL;
        CURLcode code = message->data.result; /* message dies with the handle */

        if (message->msg != CURLMSG_DONE)
            continue;
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
        end_try(t, code, now_ms);
    }
}

/* A step may end any transfer, so the search starts over after each that was started. */
static struct transfer *due(const struct http_client *client, int64_t now_ms)
{
    for (struct transfer *t = client->waiting ? client->transfers : NULL; t; t = t->next)
        if (t->retry_at_ms > 0 && t->retry_at_ms <= now_ms)
            return t;
    return NULL;
}

void http_client_step(struct http_client *client)
{
    struct epoll_event events[EVENTS];
    int64_t now_ms = clock_mono_ms();
    bool secret = client->secrets > 0;
    struct transfer *t;
    int count, running;

    while ((t = due(client, now_ms)))
        start_try(t, now_ms);
    count = epoll_wait(client->epoll_fd, events, EVENTS, 0);
    for (int i = 0; i < count; i++) {
        int what = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

        (void)curl_multi_socket_action(client->multi, events[i].data.fd, what, &running);
    }
    if (client->curl_at_ms >= 0 && client->curl_at_ms <= now_ms) {
        client->curl_at_ms = -1;
        (void)curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    read_messages(client, now_ms);
    if (secret)
        secret_scrub();
}

int http_client_fd(const struct http_client *client)
{
    return client->epoll_fd;
}

int http_client_timeout_ms(const struct http_client *client)
{
    int64_t at_ms = client->curl_at_ms, left_ms;

    for (const struct transfer *t = client->waiting ? client->transfers : NULL; t; t = t->next)
        if (t->retry_at_ms > 0 && (at_ms < 0 || t->retry_at_ms < at_ms))
            at_ms = t->retry_at_ms;
    if (at_ms < 0)
        return -1;
    left_ms = at_ms - clock_mono_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

int http_client_active(const struct http_client *client)
{
    return client->active;
}

/* One round of a loop of its own. */
static void wait_and_step(struct http_client *client, int most_ms)
{
    struct epoll_event event;
    int pause_ms = http_client_timeout_ms(client);

    if (pause_ms < 0 || (most_ms >= 0 && most_ms < pause_ms))
        pause_ms = most_ms;
    (void)epoll_wait(client->epoll_fd, &event, 1, pause_ms);
    http_client_step(client);
}

int http_client_run(struct http_client *client, int timeout_ms)
{
    int64_t end_ms = clock_mono_ms() + timeout_ms;
    int64_t left_ms = timeout_ms;

    while (client->active > 0 && (timeout_ms < 0 || left_ms >= 0)) {
        wait_and_step(client, timeout_ms < 0 ? -1 : (int)left_ms);
        left_ms = end_ms - clock_mono_ms();
    }
    return client->active;
}

struct fetch {
    struct http_client_response *response;
    struct err *err;
    bool done;
};

static void on_fetched(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct fetch *fetch = ctx;

    fetch->done = true;
    if (err->code) {
        (void)err_set(fetch->err, err->code, "%s", err->text);
        return;
    }
    *fetch->response = *response;
    *response = (struct http_client_response){0};
}

int http_client_fetch(struct http_client *client, const struct http_client_request *request,
                      struct http_client_response *ret_response, struct err *err)
{
    struct fetch fetch = {.response = ret_response, .err = err};

    (void)http_client_send(client, request, on_fetched, &fetch);
    while (!fetch.done)
        wait_and_step(client, -1);
    return err->code;
}

void http_client_response_done(struct http_client_response *response)
{
    buf_done(&response->body);
    buf_done(&response->head);
    response->status = 0;
}

const char *http_client_header(const struct http_client_response *response, const char *name,
                               char *out, size_t out_size)
{
    size_t name_size = strlen(name);
    const char *line = buf_text(&response->head);

    while (*line) {
        size_t size = strcspn(line, "\n");

        if (size > name_size && memcmp(line, name, name_size) == 0 && line[name_size] == ':') {
            const char *value = line + name_size + 1;

            value += strspn(value, " \t");
            size = (size_t)(line + size - value);
            (void)snprintf(out, out_size, "%.*s", (int)size, value);
            return out;
        }
        line += size + (line[size] == '\n');
    }
    return NULL;
}
