/* page_fill.h - a page of web/ that is filled in, so that it can be read before any script runs
 * and by programs that run none.
 *
 *   {{name}}                the value, escaped for HTML's text and quoted attributes
 *   {{?name}}...{{/name}}   only where the value is not empty; not one within the same name
 *
 * A name that nobody gave a value is empty. */
#ifndef GATEWAY_PAGE_FILL_H
#define GATEWAY_PAGE_FILL_H

#include <stddef.h>

#include "lib/base/buf.h"

struct page_value {
    const char *name;
    const char *value; /* UTF-8; NULL: empty */
};

/* Appends the page; what is no mark stays as it is. */
void page_fill(struct buf *out, const char *page, size_t size, const struct page_value *values,
               size_t count);

#endif
