/* client_local.h - what client.c (the loop), transfer.c (one try with libcurl) and retry.c
 * (when to try again) share. */
#ifndef LIB_HTTP_CLIENT_LOCAL_H
#define LIB_HTTP_CLIENT_LOCAL_H

#include <curl/curl.h>

#include "lib/http/client.h"

struct transfer {
    struct transfer *prev, *next;
    struct http_client *client;
    int64_t id;
    CURL *easy;
    struct curl_slist *headers;
    char *url, *method;
    const void *body; /* borrowed */
    size_t body_size;
    int body_fd; /* borrowed; > 0: the body is this file */
    size_t body_at;
    int64_t deadline_ms, retry_at_ms; /* clock_mono_ms; retry_at_ms 0: is under way */
    int connect_ms, retries, tries;
    size_t max_body_bytes;
    bool want_head, running; /* running: libcurl's multi handle has it */
    bool too_large, head_done;
    bool secret;
    bool (*on_body)(void *ctx, const char *bytes, size_t size);
    void *on_body_ctx;
    bool endless, streamed, refused; /* streamed: on_body was called; refused: it said no */
    char reason[CURL_ERROR_SIZE];
    struct http_client_response response;
    struct err failure; /* found before it could start */
    http_client_done *on_done;
    void *ctx;
};

/* -- transfer.c -- */
struct transfer *transfer_new(const struct http_client_request *request, int64_t now_ms);
void transfer_free(struct transfer *t);
/* Makes the easy handle ready for a try. */
int transfer_prepare(struct transfer *t, int64_t now_ms);
/* Whether the last try had a connection. */
bool transfer_was_connected(const struct transfer *t);
/* What a try that failed means. */
void transfer_explain(const struct transfer *t, CURLcode code, struct err *err);

/* -- retry.c -- */
/* When to try again, or 0: not at all. code: CURLE_OK where there was an answer. */
int64_t retry_time(const struct transfer *t, CURLcode code, int64_t now_ms);

#endif
