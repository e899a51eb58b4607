/* hashset.c - see hashset.h. Open addressing, linear probing, at most half full. */
#include "services/item-ingest/hashset.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 1024 };

/* FNV-1a, with the finish of MurmurHash3 so that the low bits, which pick the slot, depend on
 * all of it. Never 0: that is what an empty slot holds. */
uint64_t hash_text(const void *bytes, size_t size)
{
    const unsigned char *p = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    hash = (hash ^ hash >> 33) * UINT64_C(0xff51afd7ed558ccd);
    hash = (hash ^ hash >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    hash ^= hash >> 33;
    return hash ? hash : 1;
}

/* The slot that holds the hash, or the empty one where it would go. */
static uint64_t *slot_of(const struct hashset *set, uint64_t hash)
{
    size_t i = hash & (set->capacity - 1);

    while (set->slots[i] && set->slots[i] != hash)
        i = (i + 1) & (set->capacity - 1);
    return &set->slots[i];
}

static int grow(struct hashset *set, struct err *err)
{
    struct hashset bigger = {.capacity = set->capacity ? 2 * set->capacity : FIRST_CAPACITY,
                             .count = set->count};

    bigger.slots = calloc(bigger.capacity, sizeof *bigger.slots);
    if (!bigger.slots)
        return err_set_nomem(err, "a set of hashes");
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i])
            *slot_of(&bigger, set->slots[i]) = set->slots[i];
    free(set->slots);
    *set = bigger;
    return 0;
}

int hashset_add(struct hashset *set, uint64_t hash, struct err *err)
{
    uint64_t *slot;

    if (2 * (set->count + 1) > set->capacity && grow(set, err) < 0)
        return err->code;
    slot = slot_of(set, hash);
    set->count += *slot == 0;
    *slot = hash;
    return 0;
}

bool hashset_has(const struct hashset *set, uint64_t hash)
{
    return set->count && *slot_of(set, hash) == hash;
}

void hashset_done(struct hashset *set)
{
    free(set->slots);
    memset(set, 0, sizeof *set);
}
