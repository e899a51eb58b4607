/* prompt_weights.h - a prompt's brackets: which part of the text has which weight. */
#ifndef SERVICES_GENERATOR_GPU_PROMPT_WEIGHTS_H
#define SERVICES_GENERATOR_GPU_PROMPT_WEIGHTS_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { PROMPT_NESTING_MAX = 256 };

struct prompt_part {
    size_t from, size; /* in the plain text */
    double weight;
};

struct prompt_parts {
    struct buf plain;
    struct prompt_part *parts; /* one after the other; neighbours weigh differently; owned */
    size_t count, capacity;
};

/* Fills *ret_parts, which is zeroed before. */
int prompt_parts_read(struct prompt_parts *ret_parts, const char *text, struct err *err);
void prompt_parts_done(struct prompt_parts *parts);

#endif
