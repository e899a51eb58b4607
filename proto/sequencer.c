/* sequencer.c - see sequencer.h. */
#include "proto/sequencer.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

int object_sequencer(const char *text, char ret_sequencer[OBJECT_SEQUENCER], struct err *err)
{
    char normal[OBJECT_SEQUENCER];
    size_t size = strlen(text);

    if (size == 0 || size >= OBJECT_SEQUENCER)
        return err_set(err, ERR_INVALID, "'%.70s' is no sequencer: 1 to %d hex digits", text,
                       OBJECT_SEQUENCER - 1);
    for (size_t i = 0; i < size; i++) {
        int digit = text_hex_digit(text[i]);

        if (digit < 0)
            return err_set(err, ERR_INVALID, "'%.70s' is no sequencer: not hex at byte %zu",
                           text, i);
        normal[i] = "0123456789ABCDEF"[digit];
    }
    while (size && normal[size - 1] == '0')
        size--;
    memcpy(ret_sequencer, normal, size);
    ret_sequencer[size] = '\0';
    return 0;
}

/* The one global here: what makes sequencers of one process grow even where its clock does
 * not. */
static _Atomic int64_t last_ns;

void object_sequencer_now(char ret_sequencer[OBJECT_SEQUENCER])
{
    int64_t now = clock_wall_ns(), last = atomic_load(&last_ns), next;
    struct err err = {0};
    char digits[17];

    do
        next = now > last ? now : last + 1;
    while (!atomic_compare_exchange_weak(&last_ns, &last, next));
    (void)snprintf(digits, sizeof digits, "%016llX", (unsigned long long)next);
    (void)object_sequencer(digits, ret_sequencer, &err);
}

int object_event_order(const char *sequencer_a, int64_t time_ms_a, const char *sequencer_b,
                       int64_t time_ms_b)
{
    if (*sequencer_a && *sequencer_b)
        return strcmp(sequencer_a, sequencer_b);
    return (time_ms_a > time_ms_b) - (time_ms_a < time_ms_b);
}
