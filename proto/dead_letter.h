/* dead_letter.h - garden.dead-letters: a record that could not be read, as it was: key, value
 * and headers, and five more headers that say where it was and what was wrong with it.
 *
 *   topic partition offset   where it was
 *   service                  which could not read it
 *   reason                   for a person
 *
 * Headers of these names that the record had before (a dead letter that was sent back and died
 * again) are replaced. */
#ifndef PROTO_DEAD_LETTER_H
#define PROTO_DEAD_LETTER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/bus/bus.h"

/* What a built record points into. A zeroed one is empty. */
struct dead_letter {
    char partition[12], offset[21];
    struct bus_header *headers; /* owned */
};

void dead_letter_done(struct dead_letter *letter);

/* Builds the record to publish. It borrows from letter (which is emptied first), original,
 * service and reason. Only memory can fail. */
int dead_letter_fill(struct dead_letter *letter, const struct bus_record *original,
                     const char *service, const char *reason, struct bus_record *ret_record,
                     struct err *err);

/* Where a dead letter came from and why. Not NUL-terminated, but borrowed from the record. */
struct dead_letter_origin {
    const char *topic, *service, *reason;
    size_t topic_size, service_size, reason_size;
    int32_t partition;
    int64_t offset;
};

/* ERR_INVALID names the header that is missing or wrong. */
int dead_letter_read(const struct bus_record *record, struct dead_letter_origin *ret_origin,
                     struct err *err);

/* The record as it was before, for sending it back. It borrows from letter (which is emptied
 * first) and record; topic is where it goes, since a header is not NUL-terminated. */
int dead_letter_restore(struct dead_letter *letter, const struct bus_record *record,
                        const char *topic, struct bus_record *ret_record, struct err *err);

#endif
