/* login.c - see login.h. */
#include "gateway/login.h"

#include <stdio.h>
#include <string.h>

#include "gateway/access.h"
#include "gateway/pages.h"
#include "lib/base/text.h"

/* In login.html; shows the message about a wrong key when it says yes. */
#define MARK "data-failed=\"no\""
#define MARKED "data-failed=\"yes\""

static void show_page(struct gateway *gateway, int status, struct reply *reply)
{
    size_t size = 0;
    const char *page = pages_text(gateway->pages, "/login.html", &size), *mark;

    if (!page)
        return; /* a 500 */
    mark = memmem(page, size, MARK, strlen(MARK));
    reply->status = status;
    reply->type = "text/html; charset=utf-8";
    if (mark && status != 200) {
        size_t before = (size_t)(mark - page);

        buf_append(&reply->body, page, before);
        buf_append_str(&reply->body, MARKED);
        buf_append(&reply->body, mark + strlen(MARK), size - before - strlen(MARK));
    } else {
        buf_append(&reply->body, page, size);
    }
    pages_headers(reply);
    reply_header(reply, "Cache-Control", "no-store");
}

static void go_home(const char *cookie, struct reply *reply)
{
    reply->status = 303;
    reply_header(reply, "Location", "/");
    reply_header(reply, "Set-Cookie", cookie);
    reply_header(reply, "Referrer-Policy", "no-referrer");
    reply_header(reply, "Cache-Control", "no-store");
}

static void try_key(struct gateway *gateway, struct http_request *request, const char *key,
                    struct reply *reply)
{
    char cookie[ACCESS_COOKIE], seconds[32];
    int wait_s = 0, r = access_login(gateway->access, request, key, cookie, &wait_s);

    if (r == 0) {
        go_home(cookie, reply);
        return;
    }
    show_page(gateway, r == ERR_DENIED ? 401 : 429, reply);
    if (r != ERR_DENIED) {
        (void)snprintf(seconds, sizeof seconds, "%d", wait_s);
        reply_header(reply, "Retry-After", seconds);
    }
}

void login_get(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    const char *key = http_query(request, "key");

    if (key)
        try_key(gateway, request, key, reply);
    else
        show_page(gateway, 200, reply);
}

/* Appends the value of key= in an urlencoded form. */
static int read_form(const struct http_request *request, struct buf *out, struct err *err)
{
    size_t size;
    const char *body = http_body(request, &size), *end = body + size;

    for (const char *p = body; p && p < end;) {
        const char *part_end = memchr(p, '&', (size_t)(end - p));

        part_end = part_end ? part_end : end;
        if (part_end - p > 4 && memcmp(p, "key=", 4) == 0)
            return text_url_decode(out, p + 4, (size_t)(part_end - p) - 4, true, err);
        p = part_end + 1;
    }
    return err_set(err, ERR_INVALID, "the form has no key");
}

void login_post(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    OWNED_VALUE(buf) key = {0};
    struct err err = {0};

    if (read_form(request, &key, &err) < 0) {
        show_page(gateway, 400, reply);
        return;
    }
    while (key.size > 0 && strchr(" \t\r\n", key.data[key.size - 1])) /* pasted with it */
        key.data[--key.size] = '\0';
    try_key(gateway, request, buf_text(&key), reply);
}

void logout_post(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    char cookie[ACCESS_COOKIE];

    access_logout(gateway->access, request, cookie);
    go_home(cookie, reply);
}
