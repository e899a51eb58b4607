/* ring.h - a bounded queue of pointers between threads.
 *
 * A full ring makes the pusher wait, which is what bounds the memory of the whole pipeline.
 * Any number of threads may push and pop. */
#ifndef SERVICES_ITEM_INGEST_RING_H
#define SERVICES_ITEM_INGEST_RING_H

#include <stddef.h>

#include "lib/base/owned.h"

struct ring;

/* NULL where there is no memory. */
struct ring *ring_new(size_t capacity);
void ring_free(struct ring *ring); /* what is still in it is the caller's to free first */
DEFINE_OWNED(ring)

/* Waits while the ring is full. Returns 0, or -1 once it is closed: item stays the caller's. */
int ring_push(struct ring *ring, void *item);

/* The oldest item; waits at most timeout_ms (-1: for ever) for one. NULL when there was none
 * in time, and at once when the ring is closed and empty. */
void *ring_pop(struct ring *ring, int timeout_ms);

/* Nothing more is pushed; what is in it can still be popped. */
void ring_close(struct ring *ring);

size_t ring_count(struct ring *ring);
int ring_closed(struct ring *ring); /* and empty */

#endif
