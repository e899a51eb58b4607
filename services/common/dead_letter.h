/* dead_letter.h - garden.dead-letters: records that could not be handled, kept as they came.
 *
 * A dead letter has the key and the bytes of the original, and headers that say what happened:
 * the envelope of the dead letter itself (it goes on with the original's trace), then `topic`,
 * `partition`, `offset` of the original, `reason` and `service`, then the original's own
 * headers. Those of them that an envelope has too are named original_ce_id and so on. */
#ifndef SERVICES_COMMON_DEAD_LETTER_H
#define SERVICES_COMMON_DEAD_LETTER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/bus/bus.h"

#define DEAD_LETTER_TYPE "garden.dead-letter"

enum {
    DEAD_LETTER_HEADERS = 64, /* that a dead letter carries at most, its envelope included;
                                 further ones of the original are left out */
    DEAD_LETTER_REASON = 256,
};

/* All headers but the envelope's. */
struct dead_letter {
    struct bus_header headers[DEAD_LETTER_HEADERS];
    size_t header_count;
    char partition[16], offset[24], reason[DEAD_LETTER_REASON];
    struct buf names; /* owned: the changed names */
};

/* Fills letter, whose headers borrow from the original. service is borrowed. End it with
 * dead_letter_done, also after a failure. */
int dead_letter_fill(struct dead_letter *letter, const struct bus_record *original,
                     const char *reason, const char *service, struct err *err);
void dead_letter_done(struct dead_letter *letter);

/* The way back: what the original was, borrowed from the dead letter but for storage, which the
 * caller ends with buf_done. headers has room for DEAD_LETTER_HEADERS. ERR_INVALID where the
 * record is no dead letter. */
int dead_letter_original(const struct bus_record *letter, struct bus_record *ret_original,
                         struct bus_header *headers, struct buf *storage, struct err *err);

#endif
