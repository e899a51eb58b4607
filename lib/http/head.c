/* head.c - reads and checks the head of a request.
 *
 * Strict where leniency would let two programs see two different requests (RFC 9112, sections
 * 3, 5 and 6): how long the body is, which host is meant, what a line of the head is. */
#include <strings.h>

#include "lib/base/text.h"
#include "lib/http/server_local.h"

#if MHD_VERSION < 0x00097701
#define CHECK_LAYOUT true
#else
#define CHECK_LAYOUT false /* libmicrohttpd is told to be strict (loop.c) */
#endif

struct reading {
    struct http_request *request;
    struct http_layout layout;
    int status; /* 0, or what to refuse with */
    int hosts, lengths, codings;
    const char *coding;
    struct err *err;
};

static int refuse(struct reading *r, int status, const char *why)
{
    if (r->status == 0) {
        r->status = status;
        (void)err_set(r->err, ERR_INVALID, "%s", why);
    }
    return status;
}

static bool is_token(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c))
            return false;
    }
    return size > 0;
}

/* No control character but the tab: no bare CR, and nothing that a log line could break on. */
static bool is_field_value(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Appends a string with its NUL and returns where it is. Room was made before. */
static const char *keep(struct buf *text, const char *bytes, size_t size)
{
    size_t at = text->size;

    buf_append(text, bytes, size);
    buf_append_char(text, '\0');
    return buf_ok(text) ? text->data + at : "";
}

static void read_length(struct reading *r, const char *value)
{
    uint64_t length = 0;

    if (r->lengths++ > 0) {
        (void)refuse(r, 400, "more than one Content-Length; send exactly one");
        return;
    }
    if (!*value || strlen(value) > 18) {
        (void)refuse(r, *value ? 413 : 400, "Content-Length is no usable number of bytes");
        return;
    }
    for (; *value; value++) {
        if (*value < '0' || *value > '9') {
            (void)refuse(r, 400, "Content-Length is not a decimal number");
            return;
        }
        length = length * 10 + (uint64_t)(*value - '0');
    }
    r->request->content_length = length;
}

static void read_known(struct reading *r, const char *name, const char *value)
{
    if (strcasecmp(name, "content-length") == 0) {
        read_length(r, value);
    } else if (strcasecmp(name, "transfer-encoding") == 0) {
        r->codings++;
        r->coding = value;
    } else if (strcasecmp(name, "host") == 0) {
        r->hosts++;
    } else if (strcasecmp(name, "expect") == 0) {
        r->request->expects_continue = strcasecmp(value, "100-continue") == 0;
    }
}

/* enum MHD_Result (*)(...): one header line. */
static enum MHD_Result on_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                 size_t name_size, const char *value, size_t value_size)
{
    struct reading *r = ctx;
    struct http_request *request = r->request;
    struct http_pair *pair = &request->headers[request->header_count];

    (void)kind;
    http_layout_add(&r->layout, name, name_size, value, value_size);
    if (!is_token(name, name_size)) {
        (void)refuse(r, 400, "a header's name has a character that is not allowed there");
        return MHD_NO;
    }
    if (!value || !is_field_value(value, value_size)) {
        (void)refuse(r, 400, "a header's value has a control character");
        return MHD_NO;
    }
    if (request->header_count >= HTTP_MAX_HEADERS) {
        (void)refuse(r, 431, "too many headers; send at most 96");
        return MHD_NO;
    }
    while (value_size > 0 && strchr(" \t", value[value_size - 1]))
        value_size--;
    pair->name = keep(&request->text, name, name_size);
    pair->value = keep(&request->text, value, value_size);
    request->header_count++;
    read_known(r, pair->name, pair->value);
    return r->status ? MHD_NO : MHD_YES;
}

/* How the body is framed, and for whom the request is. */
static int check_framing(struct reading *r, const char *version)
{
    struct http_request *request = r->request;
    bool is_1_0 = strcmp(version, "HTTP/1.0") == 0;

    if (r->hosts > 1 || (r->hosts == 0 && !is_1_0))
        return refuse(r, 400, "HTTP/1.1 asks for exactly one Host header");
    if (r->codings > 0 && r->lengths > 0)
        return refuse(r, 400, "Content-Length and Transfer-Encoding together; send one");
    if (r->codings > 1 || (r->codings == 1 && is_1_0))
        return refuse(r, 400, "Transfer-Encoding is not possible here or given twice");
    if (r->codings == 1 && strcasecmp(r->coding, "chunked") != 0)
        return refuse(r, 501, "the only Transfer-Encoding that is understood is chunked");
    request->chunked = r->codings == 1;
    request->has_body = request->chunked || request->content_length > 0;
    return 0;
}

/* Decodes a part of the target; NULL, with the reason set, where it cannot be. */
static const char *decode(struct reading *r, const char *part, size_t size, bool is_query)
{
    struct buf *text = &r->request->text;
    size_t at = text->size;
    struct err why = {0};

    if (!memchr(part, '%', size) && !(is_query && memchr(part, '+', size)))
        buf_append(text, part, size);
    else if (text_url_decode(text, part, size, is_query, &why) < 0)
        (void)refuse(r, 400,
                     "the target has a '%' that is not followed by the two hex digits "
                     "of a byte from 01 to FF");
    if (r->status == 0 && !text_is_utf8(text->data + at, text->size - at))
        (void)refuse(r, 400, "the target is not UTF-8 once it is percent-decoded");
    buf_append_char(text, '\0');
    return r->status == 0 ? text->data + at : NULL;
}

static int read_query(struct reading *r, const char *query)
{
    struct http_request *request = r->request;

    while (*query) {
        size_t size = strcspn(query, "&"), name_size = strcspn(query, "=&");
        struct http_pair *pair = &request->query[request->query_count];

        if (request->query_count >= HTTP_MAX_QUERY)
            return refuse(r, 400, "too many query parameters; send at most 64");
        pair->name = decode(r, query, name_size, true);
        if (!pair->name)
            return r->status;
        pair->value = name_size == size
                          ? ""
                          : decode(r, query + name_size + 1, size - name_size - 1, true);
        if (!pair->value)
            return r->status;
        request->query_count++;
        query += size + (query[size] == '&');
    }
    return 0;
}

/* "/path?query", "http://host/path?query" or "*". */
static int read_target(struct reading *r)
{
    struct http_request *request = r->request;
    const char *at = request->target, *path;
    size_t size;

    for (const char *p = at; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7f)
            return refuse(r, 400, "the target has a space or a control character; encode it");
    if (strncasecmp(at, "http://", 7) == 0 || strncasecmp(at, "https://", 8) == 0) {
        at = strchr(at, ':') + 3;
        at += strcspn(at, "/?");
    }
    size = strcspn(at, "?");
    if (size == 0 && at != request->target)
        request->raw_path = "/"; /* http://host or http://host?query */
    else
        request->raw_path = keep(&request->text, at, size);
    if (request->raw_path[0] != '/' && strcmp(request->raw_path, "*") != 0)
        return refuse(r, 400, "the target is not a path; it starts with '/'");
    path = decode(r, request->raw_path, strlen(request->raw_path), false);
    if (!path)
        return r->status;
    request->path = path;
    return at[size] == '?' ? read_query(r, at + size + 1) : 0;
}

/* Room for every string, so that none moves: the target as sent, its path, its path decoded and
 * its query decoded; and the head, whose ": " and line ends become NULs. Returns the strings
 * that exist already to their places. */
static bool make_room(struct http_request *request, size_t head_size)
{
    size_t target_size = strlen(request->target);

    if (!buf_reserve(&request->text, 3 * target_size + head_size + 64))
        return false;
    request->target = request->text.data;
    return true;
}

static size_t head_size(struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return info ? info->header_size : HTTP_POOL_BYTES;
}

int http_head_read(struct http_request *request, struct MHD_Connection *mhd, const char *method,
                   const char *version, struct err *err)
{
    struct reading r = {.request = request, .err = err};
    size_t size = head_size(mhd);

    if (!make_room(request, size))
        return refuse(&r, 503, "no memory for the request; try again later");
    request->method = keep(&request->text, method, strlen(method));
    request->is_head = strcmp(method, "HEAD") == 0;
    http_layout_start(&r.layout, method, request->in_place, strlen(request->target), version);
    (void)MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, on_header, &r);
    if (r.status == 0 && CHECK_LAYOUT && !http_layout_ok(&r.layout, method, size))
        (void)refuse(&r, 400, "a line of the head is folded over two or holds a NUL");
    if (r.status == 0 && !is_token(method, strlen(method)))
        (void)refuse(&r, 400, "the method has a character that is not allowed there");
    if (r.status == 0 && check_framing(&r, version) == 0)
        (void)read_target(&r);
    if (r.status == 0 && !buf_ok(&request->text))
        (void)refuse(&r, 503, "no memory for the request; try again later");
    return r.status;
}
