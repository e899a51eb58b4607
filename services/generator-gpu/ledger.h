/* ledger.h - which records of a partition were read and which of them are finished, so that the
 * offset that is committed never leaves an unfinished one behind, whatever the order in which
 * they are finished. Not thread-safe. */
#ifndef SERVICES_GENERATOR_GPU_LEDGER_H
#define SERVICES_GENERATOR_GPU_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ledger_entry {
    struct ledger_entry *next;
    int64_t offset;
    bool finished;
};

struct ledger { /* zeroed: empty */
    struct ledger_entry *first, *last;
    size_t count;  /* of the entries */
    int64_t next;  /* what may be committed; 0: nothing */
    int64_t saved; /* what was */
};

/* A record was read; offsets only grow. NULL: no memory. The entry lives until it and all
 * before it are finished. */
struct ledger_entry *ledger_add(struct ledger *ledger, int64_t offset);

/* The entry may be gone after it. */
void ledger_finish(struct ledger *ledger, struct ledger_entry *entry);

/* True where there is something new to commit. */
bool ledger_due(const struct ledger *ledger, int64_t *ret_next);

/* Forgets everything. */
void ledger_clear(struct ledger *ledger);

#endif
