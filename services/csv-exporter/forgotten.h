/* forgotten.h - visitors who asked to be forgotten: what they did up to then is in no file.
 *
 * Rows are known as they are in the file, so visitors are, too: by their id as a CSV field.
 * Memory is that of the forgotten ids. */
#ifndef SERVICES_CSV_EXPORTER_FORGOTTEN_H
#define SERVICES_CSV_EXPORTER_FORGOTTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct forgotten;

struct forgotten *forgotten_new(struct err *err);
void forgotten_free(struct forgotten *forgotten);
DEFINE_OWNED(forgotten)

/* Not NUL-terminated. ERR_NOMEM. */
int forgotten_add(struct forgotten *forgotten, const char *user_id, size_t size, int64_t time_s,
                  struct err *err);

/* Whether a row of interactions.csv, done at that time, is of a visitor who was forgotten
 * since. */
bool forgotten_is(const struct forgotten *forgotten, const char *row, size_t size,
                  int64_t time_s);

#endif
