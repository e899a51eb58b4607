/* backend_plain.h - the generator's operations in the plainest C, to hold other backends to.
 *
 * f32, one thread, loops as the formulas are written, sums in f64. Too slow for real models. It
 * counts what it is asked for, so that tests can see that a step allocates nothing and that its
 * addresses stay. */
#ifndef TESTS_SUPPORT_BACKEND_PLAIN_H
#define TESTS_SUPPORT_BACKEND_PLAIN_H

#include "services/generator-gpu/backend.h"

struct backend *backend_plain_new(struct err *err);

struct plain_counts {
    size_t allocs;      /* calls of alloc so far */
    size_t plans, ops;  /* operations that were planned, and computed */
    uint64_t addresses; /* a hash over where the computed operations wrote, in order */
};

/* Since the last call. */
struct plain_counts backend_plain_counts(struct backend *backend);

#endif
