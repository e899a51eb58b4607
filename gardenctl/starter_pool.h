/* starter_pool.h - which pictures a new garden has drawn for its curator to look through: each
 * emotion in each season, a landscape and a portrait of each, as jobs of POST /bulk. */
#ifndef GARDENCTL_STARTER_POOL_H
#define GARDENCTL_STARTER_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "gardenctl/prompts.h"

enum { STARTER_POOL_JOBS = 32, STARTER_POOL_PICTURES = 2 * STARTER_POOL_JOBS };

/* Appends the body of job i. since_ms, when the garden was first started, goes into the
 * pictures' names: the same job of the same garden always draws the same pictures. */
int starter_pool_body(const struct prompts *prompts, int64_t since_ms, size_t i,
                      struct buf *body, struct err *err);

#endif
