/* hashset.h - a set of texts by their 64-bit hashes.
 *
 * 16 bytes for each of a million keys at most, where the keys themselves would take a hundred.
 * Two texts that share a hash are taken for the same: with a million of them that happens once
 * in 30 million runs, and the users here then do no more than look once too little. */
#ifndef SERVICES_ITEM_INGEST_HASHSET_H
#define SERVICES_ITEM_INGEST_HASHSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

struct hashset {     /* zeroed: empty */
    uint64_t *slots; /* owned */
    size_t capacity, count;
};

uint64_t hash_text(const void *bytes, size_t size);

int hashset_add(struct hashset *set, uint64_t hash, struct err *err);
bool hashset_has(const struct hashset *set, uint64_t hash);
void hashset_done(struct hashset *set);

#endif
