/* cursor.h - where a page of a listing ended, as text that clients hand back unread. */
#ifndef GATEWAY_CURSOR_H
#define GATEWAY_CURSOR_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/http/server.h"
#include "proto/key.h"

struct cursor {
    char search_key[KEY_BYTES];
    char name[KEY_BYTES];
};

enum { CURSOR_TEXT = 3000 };

void cursor_write(const char *search_key, const char *name, char ret_text[CURSOR_TEXT]);

/* ERR_INVALID for what no cursor_write wrote. */
int cursor_read(const char *text, struct cursor *ret_cursor, struct err *err);

/* The limit of the query: 1..max, fallback where it has none. */
int limit_read(const struct http_request *request, size_t fallback, size_t max,
               size_t *ret_limit, struct err *err);

#endif
