/* http_clients.h - HTTP clients for threads that wait for another service: one for each thread
 * that is inside, kept with its connections for the next. Thread-safe. */
#ifndef SERVICES_COMMON_HTTP_CLIENTS_H
#define SERVICES_COMMON_HTTP_CLIENTS_H

#include "lib/http/client.h"

struct http_clients;

/* Keeps at most idle of them that nobody uses; idle is at least 1. */
struct http_clients *http_clients_new(size_t idle, struct err *err);

/* Those that were taken have to be given back before. */
void http_clients_free(struct http_clients *clients);
DEFINE_OWNED(http_clients)

/* One that is the caller's alone until it gives it back. NULL where none can be made. */
struct http_client *http_clients_take(struct http_clients *clients, struct err *err);
void http_clients_give(struct http_clients *clients, struct http_client *client);

/* Takes one, sends the request and waits (http_client_fetch). deadline_ms: clock_mono_ms, in
 * place of request->deadline_ms; connecting is included. ERR_TIMEOUT: it has passed. */
int http_clients_fetch(struct http_clients *clients, const struct http_client_request *request,
                       int64_t deadline_ms, struct http_client_response *ret_response,
                       struct err *err);

#endif
