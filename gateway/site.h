/* site.h - where this garden is, as the client sees it. */
#ifndef GATEWAY_SITE_H
#define GATEWAY_SITE_H

#include <stdbool.h>

#include "gateway/settings.h"
#include "lib/base/buf.h"
#include "lib/http/server.h"

/* Appends "https://host[:port]" without a slash at the end: GARDEN_PUBLIC_URL, else the
 * request's Host (or what a trusted proxy says). ERR_INVALID for a Host that is no host. */
int site_base(const struct settings *settings, const struct http_request *request,
              struct buf *out, struct err *err);

/* True where the client came by https. */
bool site_is_https(const struct settings *settings, const struct http_request *request);

/* Writes who asks: the peer's address, or what a trusted proxy says (the last entry of
 * X-Forwarded-For). */
enum { SITE_ADDRESS = 64 };
void site_address(const struct settings *settings, const struct http_request *request,
                  char ret_address[SITE_ADDRESS]);

/* Appends the URL of an object. */
void site_object_url(struct buf *out, const char *base, const char *key);

#endif
