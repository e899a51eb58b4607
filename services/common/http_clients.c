/* http_clients.c - see http_clients.h. The one used last is taken first, so that of many
 * connections those stay open that are needed. */
#include "services/common/http_clients.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/clock.h"

struct http_clients {
    pthread_mutex_t lock;
    size_t idle, count; /* count: locked */
    struct http_client **clients;
};

struct http_clients *http_clients_new(size_t idle, struct err *err)
{
    struct http_clients *clients = calloc(1, sizeof *clients);

    if (clients)
        clients->clients = calloc(idle, sizeof(void *));
    if (!clients || !clients->clients) {
        err_set_nomem(err, "HTTP clients");
        free(clients);
        return NULL;
    }
    clients->idle = idle;
    (void)pthread_mutex_init(&clients->lock, NULL);
    return clients;
}

void http_clients_free(struct http_clients *clients)
{
    if (!clients)
        return;
    while (clients->count > 0)
        http_client_free(clients->clients[--clients->count]);
    (void)pthread_mutex_destroy(&clients->lock);
    free(clients->clients);
    free(clients);
}

struct http_client *http_clients_take(struct http_clients *clients, struct err *err)
{
    struct http_client *client = NULL;

    (void)pthread_mutex_lock(&clients->lock);
    if (clients->count > 0)
        client = clients->clients[--clients->count];
    (void)pthread_mutex_unlock(&clients->lock);
    return client ? client : http_client_new(err);
}

void http_clients_give(struct http_clients *clients, struct http_client *client)
{
    (void)pthread_mutex_lock(&clients->lock);
    if (clients->count < clients->idle) {
        clients->clients[clients->count++] = client;
        client = NULL;
    }
    (void)pthread_mutex_unlock(&clients->lock);
    http_client_free(client);
}

int http_clients_fetch(struct http_clients *clients, const struct http_client_request *request,
                       int64_t deadline_ms, struct http_client_response *ret_response,
                       struct err *err)
{
    const int64_t left_ms = deadline_ms - clock_mono_ms();
    struct http_client_request timed = *request;
    struct http_client *client;
    int r;

    if (left_ms <= 0)
        return err_set(err, ERR_TIMEOUT, "%s %.100s: no time is left for it", request->method,
                       request->url);
    client = http_clients_take(clients, err);
    if (!client)
        return err->code;
    timed.deadline_ms = left_ms < INT32_MAX ? (int)left_ms : INT32_MAX;
    r = http_client_fetch(client, &timed, ret_response, err);
    http_clients_give(clients, client);
    return r;
}
