/* repeats.h - which of many acts were sent before, by their event ids: exactly, and however
 * many there are.
 *
 * The ids are spread over buckets on disk by a hash with a random seed. At the end each bucket
 * is read by itself, and its ids are compared as they are. What stays in memory is a bit for
 * each act, and while a bucket is read its distinct ids: about 64,000 of them, up to 64 million
 * acts. A repeats belongs to one thread. */
#ifndef SERVICES_CSV_EXPORTER_REPEATS_H
#define SERVICES_CSV_EXPORTER_REPEATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct repeats;

/* expected: about how many acts. dir is borrowed. */
struct repeats *repeats_new(const char *dir, uint64_t expected, struct err *err);
void repeats_free(struct repeats *repeats);
DEFINE_OWNED(repeats)

/* An act of this number, which no other has; the id has at most 8000 bytes. There is a bit for
 * each number up to the largest. */
int repeats_add(struct repeats *repeats, uint64_t number, const char *id, size_t size,
                struct err *err);

/* Finds them. Nothing may be added after. */
int repeats_find(struct repeats *repeats, struct err *err);

/* True where an act with a lower number has the same id. */
bool repeats_is(const struct repeats *repeats, uint64_t number);

uint64_t repeats_count(const struct repeats *repeats);

#endif
