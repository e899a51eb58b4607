/* sequencer.h - which of two events of one object came later.
 *
 * S3 gives each event a sequencer, a hex number that grows with every change of one key.
 * Foreign stores do not always give one, and the clock decides then. */
#ifndef PROTO_SEQUENCER_H
#define PROTO_SEQUENCER_H

#include <stdint.h>

#include "lib/base/err.h"

enum { OBJECT_SEQUENCER = 64 };

/* Writes the normal form of a sequencer: upper-case hex without trailing zeros, so that plain
 * strcmp orders as AWS says ("right pad the shorter value with zeros, then compare
 * lexicographically"). ERR_INVALID for no hex or for more than 63 digits. */
int object_sequencer(const char *text, char ret_sequencer[OBJECT_SEQUENCER], struct err *err);

/* A sequencer of our own: the time in nanoseconds as 16 hex digits, normalised; within this
 * process each is larger than the one before. */
void object_sequencer_now(char ret_sequencer[OBJECT_SEQUENCER]);

/* < 0: a is older than b; > 0: newer; 0: cannot be told (or the same event). By sequencer where
 * both have one, else by event time. */
int object_event_order(const char *sequencer_a, int64_t time_ms_a, const char *sequencer_b,
                       int64_t time_ms_b);

#endif
