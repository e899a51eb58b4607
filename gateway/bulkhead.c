/* bulkhead.c - see bulkhead.h. */
#include "gateway/bulkhead.h"

#include <pthread.h>
#include <stdlib.h>

struct bulkhead {
    size_t most_calls, most_inside;
    pthread_mutex_t lock; /* of all below */
    size_t inside, calls, waiting;
    struct bulkhead_call *first, *last; /* that wait, in the order in which they came */
};

struct bulkhead *bulkhead_new(size_t calls, size_t waiting, struct err *err)
{
    struct bulkhead *bulkhead = calloc(1, sizeof *bulkhead);

    if (!bulkhead) {
        (void)err_set_nomem(err, "a bulkhead");
        return NULL;
    }
    bulkhead->most_calls = calls;
    bulkhead->most_inside = calls + waiting;
    (void)pthread_mutex_init(&bulkhead->lock, NULL);
    return bulkhead;
}

void bulkhead_free(struct bulkhead *bulkhead)
{
    if (!bulkhead)
        return;
    (void)pthread_mutex_destroy(&bulkhead->lock);
    free(bulkhead);
}

bool bulkhead_admit(struct bulkhead *bulkhead)
{
    bool admitted;

    (void)pthread_mutex_lock(&bulkhead->lock);
    admitted = bulkhead->inside < bulkhead->most_inside;
    bulkhead->inside += admitted;
    (void)pthread_mutex_unlock(&bulkhead->lock);
    return admitted;
}

void bulkhead_leave(struct bulkhead *bulkhead)
{
    (void)pthread_mutex_lock(&bulkhead->lock);
    bulkhead->inside--;
    (void)pthread_mutex_unlock(&bulkhead->lock);
}

static void append(struct bulkhead *bulkhead, struct bulkhead_call *call)
{
    call->waits = true;
    call->next = NULL;
    call->prev = bulkhead->last;
    if (call->prev)
        call->prev->next = call;
    else
        bulkhead->first = call;
    bulkhead->last = call;
    bulkhead->waiting++;
}

static void take_out(struct bulkhead *bulkhead, struct bulkhead_call *call)
{
    call->waits = false;
    if (call->prev)
        call->prev->next = call->next;
    else
        bulkhead->first = call->next;
    if (call->next)
        call->next->prev = call->prev;
    else
        bulkhead->last = call->prev;
    bulkhead->waiting--;
}

bool bulkhead_begin(struct bulkhead *bulkhead, struct bulkhead_call *call)
{
    bool now;

    (void)pthread_mutex_lock(&bulkhead->lock);
    now = bulkhead->calls < bulkhead->most_calls;
    if (now)
        bulkhead->calls++;
    else
        append(bulkhead, call);
    (void)pthread_mutex_unlock(&bulkhead->lock);
    return now;
}

void bulkhead_end(struct bulkhead *bulkhead)
{
    struct bulkhead_call *next;

    (void)pthread_mutex_lock(&bulkhead->lock);
    next = bulkhead->first;
    if (next)
        take_out(bulkhead, next); /* and has the place of the one that ended */
    else
        bulkhead->calls--;
    (void)pthread_mutex_unlock(&bulkhead->lock);
    if (next)
        next->enter(next->ctx);
}

bool bulkhead_forget(struct bulkhead *bulkhead, struct bulkhead_call *call)
{
    bool waited;

    (void)pthread_mutex_lock(&bulkhead->lock);
    waited = call->waits;
    if (waited)
        take_out(bulkhead, call);
    (void)pthread_mutex_unlock(&bulkhead->lock);
    return waited;
}

void bulkhead_count(struct bulkhead *bulkhead, size_t *ret_calls, size_t *ret_waiting)
{
    (void)pthread_mutex_lock(&bulkhead->lock);
    *ret_calls = bulkhead->calls;
    *ret_waiting = bulkhead->waiting;
    (void)pthread_mutex_unlock(&bulkhead->lock);
}
