/* lru.c - see lru.h. A hash map beside a ring of entries in the order of their last use. */
#include "gateway/lru.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/map.h"

struct entry {
    struct entry *newer, *older; /* a ring around lru.ring */
    struct blob *blob;
    size_t cost;
    size_t key_size;
    char key[];
};

struct lru {
    pthread_mutex_t lock;
    struct map *map;
    struct entry ring; /* older: the newest; newer: the oldest */
    size_t bytes, max_bytes;
};

struct lru *lru_new(size_t max_bytes, struct err *err)
{
    struct lru *lru = calloc(1, sizeof *lru);

    if (lru)
        lru->map = map_new();
    if (!lru || !lru->map) {
        err_set_nomem(err, "a cache");
        free(lru);
        return NULL;
    }
    (void)pthread_mutex_init(&lru->lock, NULL);
    lru->ring.newer = lru->ring.older = &lru->ring;
    lru->max_bytes = max_bytes;
    return lru;
}

static void unlink_entry(struct entry *entry)
{
    entry->newer->older = entry->older;
    entry->older->newer = entry->newer;
}

static void link_newest(struct lru *lru, struct entry *entry)
{
    entry->newer = &lru->ring;
    entry->older = lru->ring.older;
    lru->ring.older->newer = entry;
    lru->ring.older = entry;
}

static void drop(struct lru *lru, struct entry *entry)
{
    (void)map_remove(lru->map, entry->key, entry->key_size);
    unlink_entry(entry);
    lru->bytes -= entry->cost;
    blob_free(entry->blob);
    free(entry);
}

void lru_free(struct lru *lru)
{
    if (!lru)
        return;
    while (lru->ring.newer != &lru->ring)
        drop(lru, lru->ring.newer);
    map_free(lru->map);
    (void)pthread_mutex_destroy(&lru->lock);
    free(lru);
}

struct blob *lru_get(struct lru *lru, const char *key, size_t key_size)
{
    struct blob *blob = NULL;
    struct entry *entry;

    (void)pthread_mutex_lock(&lru->lock);
    entry = map_get(lru->map, key, key_size);
    if (entry) {
        unlink_entry(entry);
        link_newest(lru, entry);
        blob = blob_ref(entry->blob);
    }
    (void)pthread_mutex_unlock(&lru->lock);
    return blob;
}

static struct entry *entry_new(const char *key, size_t key_size, struct blob *blob)
{
    struct entry *entry = malloc(sizeof *entry + key_size);

    if (!entry)
        return NULL;
    memset(entry, 0, sizeof *entry);
    memcpy(entry->key, key, key_size);
    entry->key_size = key_size;
    entry->cost = sizeof *entry + key_size + sizeof *blob + blob->size;
    entry->blob = blob_ref(blob);
    return entry;
}

static void add(struct lru *lru, struct entry *entry)
{
    struct entry *old = map_get(lru->map, entry->key, entry->key_size);

    if (old)
        drop(lru, old);
    if (map_put(lru->map, entry->key, entry->key_size, entry) < 0) {
        blob_free(entry->blob);
        free(entry);
        return;
    }
    link_newest(lru, entry);
    lru->bytes += entry->cost;
    while (lru->bytes > lru->max_bytes)
        drop(lru, lru->ring.newer);
}

void lru_put(struct lru *lru, const char *key, size_t key_size, struct blob *blob)
{
    struct entry *entry;

    if (blob->size > lru->max_bytes / 8)
        return;
    entry = entry_new(key, key_size, blob);
    if (!entry)
        return; /* not kept: it is a cache */
    (void)pthread_mutex_lock(&lru->lock);
    add(lru, entry);
    (void)pthread_mutex_unlock(&lru->lock);
}

void lru_remove(struct lru *lru, const char *key, size_t key_size)
{
    struct entry *entry;

    (void)pthread_mutex_lock(&lru->lock);
    entry = map_get(lru->map, key, key_size);
    if (entry)
        drop(lru, entry);
    (void)pthread_mutex_unlock(&lru->lock);
}

size_t lru_bytes(struct lru *lru)
{
    size_t bytes;

    (void)pthread_mutex_lock(&lru->lock);
    bytes = lru->bytes;
    (void)pthread_mutex_unlock(&lru->lock);
    return bytes;
}
