/* pages.h - the pages of web/, and openapi.yaml: read once at start, served from memory, with a
 * policy that lets nothing run but our own modules. */
#ifndef GATEWAY_PAGES_H
#define GATEWAY_PAGES_H

#include "gateway/routes.h"

struct pages;

/* ERR_NOT_FOUND where GARDEN_SHARE has no web/index.html. */
struct pages *pages_new(const struct settings *settings, struct err *err);
void pages_free(struct pages *pages);

/* GET of a path: "/" is index.html. 404 where there is no such page. */
route_handler pages_get;

/* GET /html/...: a page of web/html, else an object of the store. */
route_handler pages_or_object;
route_attempt pages_or_object_attempt;

/* A page's text for somebody who fills it in, with its size; NULL where there is none. */
const char *pages_text(const struct pages *pages, const char *path, size_t *ret_size);

/* The headers that every page carries. */
void pages_headers(struct reply *reply);

#endif
