/* bulkhead.h - how many requests one service may have at a time: so many calls under way, so
 * many that wait for one to end. What comes on top is turned away at once, so that a service
 * that stalls takes a known share of the gateway's memory and connections and no more.
 * Thread-safe. */
#ifndef GATEWAY_BULKHEAD_H
#define GATEWAY_BULKHEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct bulkhead;

struct bulkhead *bulkhead_new(size_t calls, size_t waiting, struct err *err);
void bulkhead_free(struct bulkhead *bulkhead);
DEFINE_OWNED(bulkhead)

/* A request comes in, before its body does. False: there are too many; else bulkhead_leave it
 * once it was answered. */
bool bulkhead_admit(struct bulkhead *bulkhead);
void bulkhead_leave(struct bulkhead *bulkhead);

/* The caller's, for as long as it waits. */
struct bulkhead_call {
    void (*enter)(void *ctx);
    void *ctx;
    struct bulkhead_call *prev, *next;
    bool waits;
};

/* Begins a call. True: now; false: it waits, and enter(ctx) is called once it may begin, by the
 * thread that ended another. bulkhead_end it either way. */
bool bulkhead_begin(struct bulkhead *bulkhead, struct bulkhead_call *call);
void bulkhead_end(struct bulkhead *bulkhead);

/* Waits no more. False: it does not wait: enter was called, or is about to be. */
bool bulkhead_forget(struct bulkhead *bulkhead, struct bulkhead_call *call);

void bulkhead_count(struct bulkhead *bulkhead, size_t *ret_calls, size_t *ret_waiting);

#endif
