/* transfer.c - one request as libcurl's easy handle. */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/http/client_local.h"

enum {
    DEADLINE_MS = 10000,
    CONNECT_MS = 2000,
    SILENCE_S = 60,
    ENDLESS_BYTES = 4096, /* at a time, of an answer that goes on: there may be thousands */
    HEAD_BYTES = 65536,   /* of an answer's head; libcurl itself allows more */
};

#define MAX_BODY_BYTES ((size_t)64 << 20)

static bool goes_to_owner(const struct transfer *t)
{
    long status = 0;

    if (!t->on_body)
        return false;
    (void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

static size_t on_body(char *bytes, size_t one, size_t size, void *ctx)
{
    struct transfer *t = ctx;

    (void)one; /* is 1 */
    if (goes_to_owner(t)) {
        t->streamed = true;
        t->refused = !t->on_body(t->on_body_ctx, bytes, size);
        return t->refused ? 0 : size;
    }
    if (size > t->max_body_bytes - t->response.body.size) {
        t->too_large = true;
        return 0; /* ends the transfer */
    }
    buf_append(&t->response.body, bytes, size);
    return buf_ok(&t->response.body) ? size : 0;
}

/* The next part of a body that is a file. A file that has become shorter ends the transfer. */
static size_t read_body(char *room, size_t one, size_t size, void *ctx)
{
    struct transfer *t = ctx;
    size_t left = t->body_size - t->body_at;
    ssize_t n;

    size *= one;
    n = pread(t->body_fd, room, size < left ? size : left, (off_t)t->body_at);
    if (n < 0 || (n == 0 && left > 0))
        return CURL_READFUNC_ABORT;
    t->body_at += (size_t)n;
    return (size_t)n;
}

/* libcurl goes back where a kept connection turns out to be closed. */
static int seek_body(void *ctx, curl_off_t offset, int origin)
{
    struct transfer *t = ctx;

    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->body_size)
        return CURL_SEEKFUNC_FAIL;
    t->body_at = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static void set_file_body(struct transfer *t)
{
    t->body_at = 0;
    curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, read_body);
    curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
    curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, seek_body);
    curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
}

/* Keeps "Name: value" as "name: value\n". A status line starts over: what was before it
 * belonged to a 1xx answer. Trailers are left out. */
static size_t on_header(char *line, size_t one, size_t size, void *ctx)
{
    struct transfer *t = ctx;
    struct buf *head = &t->response.head;
    bool in_name = true;
    size_t end = size;

    (void)one;
    while (end > 0 && isspace((unsigned char)line[end - 1]))
        end--;
    if (end >= 5 && memcmp(line, "HTTP/", 5) == 0) {
        buf_clear(head);
        t->head_done = false;
        return size;
    }
    t->head_done = t->head_done || end == 0;
    if (t->head_done)
        return size;
    if (head->size + end > HEAD_BYTES)
        return 0;
    for (size_t i = 0; i < end; i++) {
        in_name = in_name && line[i] != ':';
        buf_append_char(head, (char)(in_name ? tolower((unsigned char)line[i]) : line[i]));
    }
    buf_append_char(head, '\n');
    return buf_ok(head) ? size : 0;
}

static int add_header(struct transfer *t, const char *line)
{
    struct curl_slist *longer = curl_slist_append(t->headers, line);

    if (!longer)
        return err_set_nomem(&t->failure, "a request's headers");
    t->headers = longer;
    return 0;
}

static bool has_header(const struct http_client_request *request, const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < request->header_count; i++)
        if (strncasecmp(request->headers[i], name, size) == 0 &&
            request->headers[i][size] == ':')
            return true;
    return false;
}

/* "Name:" alone makes libcurl leave a header out and "Name;" sends it empty. */
static int copy_headers(struct transfer *t, const struct http_client_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        const char *line = request->headers[i], *colon = strchr(line, ':');

        if (!colon || colon == line || strpbrk(line, "\r\n"))
            return err_set(&t->failure, ERR_INVALID,
                           "'%.60s' is not a header; write 'Name: value' on one line", line);
        if (add_header(t, line) < 0)
            return t->failure.code;
    }
    if (!has_header(request, "Expect") && add_header(t, "Expect:") < 0)
        return t->failure.code;
    if (!has_header(request, "Content-Type") && add_header(t, "Content-Type:") < 0)
        return t->failure.code;
    return 0;
}

static int copy_request(struct transfer *t, const struct http_client_request *request)
{
    if (!request->method || !*request->method || !request->url || !*request->url)
        return err_set(&t->failure, ERR_INVALID, "a request needs a method and a URL");
    t->url = strdup(request->url);
    t->method = strdup(request->method);
    t->easy = curl_easy_init();
    if (!t->url || !t->method || !t->easy)
        return err_set_nomem(&t->failure, "a request");
    return copy_headers(t, request);
}

struct transfer *transfer_new(const struct http_client_request *request, int64_t now_ms)
{
    struct transfer *t = calloc(1, sizeof *t);

    if (!t)
        return NULL;
    t->endless = request->deadline_ms < 0;
    t->deadline_ms =
        t->endless ? INT64_MAX
                   : now_ms + (request->deadline_ms > 0 ? request->deadline_ms : DEADLINE_MS);
    t->on_body = request->on_body;
    t->on_body_ctx = request->on_body_ctx;
    t->connect_ms = request->connect_ms > 0 ? request->connect_ms : CONNECT_MS;
    t->retries = request->retries;
    t->max_body_bytes = request->max_body_bytes ? request->max_body_bytes : MAX_BODY_BYTES;
    t->want_head =
        request->want_head || (request->method && strcmp(request->method, "HEAD") == 0);
    t->secret = request->secret;
    t->body = request->body;
    t->body_fd = request->body_fd;
    t->body_size = request->body || request->body_fd > 0 ? request->body_size : 0;
    (void)copy_request(t, request);
    return t;
}

void transfer_free(struct transfer *t)
{
    if (!t)
        return;
    curl_easy_cleanup(t->easy);
    curl_slist_free_all(t->headers);
    http_client_response_done(&t->response);
    free(t->url);
    free(t->method);
    free(t);
}

/* libcurl's setters say no only without memory, or for an option that it was built without. */
static void set_what(struct transfer *t)
{
    CURL *easy = t->easy;
    bool may_have_body = strcmp(t->method, "POST") == 0 || strcmp(t->method, "PUT") == 0 ||
                         strcmp(t->method, "PATCH") == 0;

    curl_easy_setopt(easy, CURLOPT_URL, t->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    if (t->want_head) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    } else if (t->body_fd > 0) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_size);
        set_file_body(t);
    } else if (t->body || may_have_body) { /* an empty one is sent as Content-Length: 0 */
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_size);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->body ? t->body : "");
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, t->method);
}

static void set_how(struct transfer *t, long left_ms)
{
    CURL *easy = t->easy;

    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without it a request whose time is over waits for the thread that still asks a name
     * server, for as long as that takes. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    if (t->endless) {
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L); /* bytes a second */
        curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, (long)ENDLESS_BYTES);
        curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    } else {
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms);
    }
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->connect_ms);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->reason);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
}

int transfer_prepare(struct transfer *t, int64_t now_ms)
{
    int64_t left_ms = t->deadline_ms - now_ms;

    if (t->failure.code)
        return t->failure.code;
    t->tries++;
    t->too_large = t->head_done = false;
    t->reason[0] = '\0';
    t->response.status = 0;
    buf_clear(&t->response.body);
    buf_clear(&t->response.head);
    curl_easy_reset(t->easy);
    set_what(t);
    set_how(t, left_ms > 0 ? (long)(left_ms < INT32_MAX ? left_ms : INT32_MAX) : 1);
    return 0;
}

/* libcurl has one code for a URL that is not http and an answer that is not. */
bool transfer_was_connected(const struct transfer *t)
{
    curl_off_t connect_us = 0;

    (void)curl_easy_getinfo(t->easy, CURLINFO_CONNECT_TIME_T, &connect_us);
    return connect_us > 0;
}

static int err_code_of(const struct transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
        return transfer_was_connected(t) ? ERR_REMOTE : ERR_INVALID;
    case CURLE_URL_MALFORMAT:
        return ERR_INVALID;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        return ERR_UNAVAILABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_ABORTED_BY_CALLBACK: /* read_body */
        return ERR_IO;
    case CURLE_OUT_OF_MEMORY:
        return ERR_NOMEM;
    case CURLE_WRITE_ERROR:
        if (t->refused)
            return ERR_TIMEOUT;
        return t->too_large ? ERR_TOO_LARGE : ERR_NOMEM;
    default:
        return ERR_REMOTE;
    }
}

void transfer_explain(const struct transfer *t, CURLcode code, struct err *err)
{
    const char *reason = *t->reason ? t->reason : curl_easy_strerror(code);

    if (t->refused)
        reason = "ended";

    if (t->too_large)
        (void)err_set(err, ERR_TOO_LARGE, "%s %.100s: the answer has more than %zu bytes",
                      t->method, t->url, t->max_body_bytes);
    else
        (void)err_set(err, err_code_of(t, code), "%s %.100s: %s", t->method, t->url, reason);
}
