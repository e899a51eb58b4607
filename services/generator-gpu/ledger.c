/* ledger.c - see ledger.h. */
#include "services/generator-gpu/ledger.h"

#include <stdlib.h>

struct ledger_entry *ledger_add(struct ledger *ledger, int64_t offset)
{
    struct ledger_entry *entry = calloc(1, sizeof *entry);

    if (!entry)
        return NULL;
    entry->offset = offset;
    if (ledger->last)
        ledger->last->next = entry;
    else
        ledger->first = entry;
    ledger->last = entry;
    ledger->count++;
    return entry;
}

static void drop_first(struct ledger *ledger)
{
    struct ledger_entry *first = ledger->first;

    ledger->first = first->next;
    if (!ledger->first)
        ledger->last = NULL;
    ledger->count--;
    free(first);
}

void ledger_finish(struct ledger *ledger, struct ledger_entry *entry)
{
    entry->finished = true;
    while (ledger->first && ledger->first->finished) {
        ledger->next = ledger->first->offset + 1;
        drop_first(ledger);
    }
}

bool ledger_due(const struct ledger *ledger, int64_t *ret_next)
{
    if (ledger->next <= ledger->saved)
        return false;
    *ret_next = ledger->next;
    return true;
}

void ledger_clear(struct ledger *ledger)
{
    while (ledger->first)
        drop_first(ledger);
    *ledger = (struct ledger){0};
}
