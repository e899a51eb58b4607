/* site.c - see site.h. */
#include "gateway/site.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

enum { MAX_HOST = 255 };

static bool host_is_good(const char *host)
{
    size_t size = strlen(host);

    if (size == 0 || size > MAX_HOST)
        return false;
    for (; *host; host++)
        if (!isalnum((unsigned char)*host) && !strchr(".-_:[]", *host))
            return false;
    return true;
}

/* A proxy's word on the request, or NULL where none is to be believed. */
static const char *forwarded(const struct settings *settings,
                             const struct http_request *request, const char *name)
{
    const char *value = settings->trust_proxy ? http_header(request, name) : NULL;

    return value && *value ? value : NULL;
}

bool site_is_https(const struct settings *settings, const struct http_request *request)
{
    const char *proto;

    if (*settings->public_url)
        return strncasecmp(settings->public_url, "https:", 6) == 0;
    proto = forwarded(settings, request, "X-Forwarded-Proto");
    return proto && strcasecmp(proto, "https") == 0;
}

int site_base(const struct settings *settings, const struct http_request *request,
              struct buf *out, struct err *err)
{
    const char *host;

    if (*settings->public_url) {
        size_t size = strlen(settings->public_url);

        while (size > 0 && settings->public_url[size - 1] == '/')
            size--;
        buf_append(out, settings->public_url, size);
        return 0;
    }
    host = forwarded(settings, request, "X-Forwarded-Host");
    if (!host)
        host = http_header(request, "Host");
    if (!host || !host_is_good(host))
        return err_set(err, ERR_INVALID,
                       "the Host header is missing or is no host name: send the name that the "
                       "garden is reached by");
    buf_append_str(out, site_is_https(settings, request) ? "https://" : "http://");
    buf_append_str(out, host);
    return 0;
}

void site_address(const struct settings *settings, const struct http_request *request,
                  char ret_address[SITE_ADDRESS])
{
    const char *list = forwarded(settings, request, "X-Forwarded-For"), *last;

    if (list) {
        last = strrchr(list, ',');
        last = last ? last + 1 : list;
        last += strspn(last, " \t");
        if (*last && text_copy(ret_address, SITE_ADDRESS, last) == 0)
            return;
    }
    if (text_copy(ret_address, SITE_ADDRESS, http_peer(request)) < 0)
        (void)text_copy(ret_address, SITE_ADDRESS, "?");
}

void site_object_url(struct buf *out, const char *base, const char *key)
{
    buf_append_str(out, base);
    buf_append_char(out, '/');
    text_url_encode(out, key, strlen(key), true);
}
