/* lru.h - blobs by name, as many as fit in a number of bytes; the least recently used goes
 * first. Thread-safe. */
#ifndef GATEWAY_LRU_H
#define GATEWAY_LRU_H

#include "gateway/blob.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

struct lru;

struct lru *lru_new(size_t max_bytes, struct err *err);
void lru_free(struct lru *lru);
DEFINE_OWNED(lru)

/* A reference for the caller, or NULL. */
struct blob *lru_get(struct lru *lru, const char *key, size_t key_size);

/* Adds or replaces, with a reference of its own. What is larger than a quarter of the whole is
 * not kept: it would push out everything else. */
void lru_put(struct lru *lru, const char *key, size_t key_size, struct blob *blob);

void lru_remove(struct lru *lru, const char *key, size_t key_size);

size_t lru_bytes(struct lru *lru);

#endif
