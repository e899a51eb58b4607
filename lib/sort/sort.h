/* sort.h - sorts more records than memory holds.
 *
 * A record is bytes, and the order is that of the bytes (memcmp; what is a part of another
 * comes before it): who wants another order puts a key in front that sorts so. Records that are
 * equal stay as many as they are.
 *
 * What memory does not hold is written to a file without a name (lib/base/spool.h) in sorted
 * runs, which are merged while they are read back. A sorter belongs to one thread. */
#ifndef LIB_SORT_SORT_H
#define LIB_SORT_SORT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

enum { SORT_RECORD_MAX = 1 << 20 }; /* bytes of a record */

struct sorter_conf {
    const char *dir;     /* for the file; borrowed, has to be there */
    size_t memory_bytes; /* 0: 16 MiB; at least 2 MiB */
};

struct sorter;

struct sorter *sorter_new(const struct sorter_conf *conf, struct err *err);
void sorter_free(struct sorter *sorter);
DEFINE_OWNED(sorter)

/* Copied. ERR_TOO_LARGE over SORT_RECORD_MAX; ERR_IO where the disk is full. */
int sorter_add(struct sorter *sorter, const void *record, size_t size, struct err *err);

/* The next in order: 1, with a record that is borrowed until the next call; 0 after the last.
 * From the first call on nothing may be added. */
int sorter_next(struct sorter *sorter, const void **ret_record, size_t *ret_size,
                struct err *err);

/* The order of two records: below, at or above 0. For who takes from several sorters in turn.
 */
int sorter_compare(const void *a, size_t a_size, const void *b, size_t b_size);

uint64_t sorter_count(const struct sorter *sorter); /* of those added */

#endif
