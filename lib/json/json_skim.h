/* json_skim.h - reading a few members of a large document.
 *
 * jansson takes 15 to 20 ns for each byte. Where a topic's records are mostly members that
 * nobody reads, leaving these out first makes reading two to three times as fast. */
#ifndef LIB_JSON_JSON_SKIM_H
#define LIB_JSON_JSON_SKIM_H

#include "lib/json/json.h"

/* As json_parse, but an object's member is there only where wanted says so of its name (which
 * is not NUL-terminated; one that is written with an escape is always there). Of what is left
 * out, strings have to end and brackets to balance; it is not looked at otherwise. */
json_t *json_skim(const void *text, size_t size, bool (*wanted)(const char *name, size_t size),
                  struct err *err);

#endif
