/* lru.c - see lru.h. A hash map beside a list of entries in the order of their last use. */
#include "gateway/lru.h"

#include <pthread.h>
#include <string.h>

#include "lib/base/map.h"

struct entry {
    struct entry *newer, *older; /* NULL at the ends */
    struct blob *blob;
    size_t cost;
    size_t key_size;
    char key[];
};

struct lru {
    pthread_mutex_t lock;
    struct map *map;
    struct entry *newest, *oldest;
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
    lru->max_bytes = max_bytes;
    return lru;
}

static void unlink_entry(struct lru *lru, struct entry *entry)
{
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        lru->newest = entry->older;
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        lru->oldest = entry->newer;
}

static void link_newest(struct lru *lru, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = lru->newest;
    if (lru->newest)
        lru->newest->newer = entry;
    else
        lru->oldest = entry;
    lru->newest = entry;
}

/* Frees an entry that is out of the list. */
static void discard(struct lru *lru, struct entry *entry)
{
    (void)map_remove(lru->map, entry->key, entry->key_size);
    lru->bytes -= entry->cost;
    blob_free(entry->blob);
    free(entry);
}

static void discard_oldest(struct lru *lru)
{
    struct entry *entry = lru->oldest;

    lru->oldest = entry->newer;
    if (lru->oldest)
        lru->oldest->older = NULL;
    else
        lru->newest = NULL;
    discard(lru, entry);
}

void lru_free(struct lru *lru)
{
    if (!lru)
        return;
    while (lru->oldest)
        discard_oldest(lru);
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
        unlink_entry(lru, entry);
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

    if (old) {
        unlink_entry(lru, old);
        discard(lru, old);
    }
    if (map_put(lru->map, entry->key, entry->key_size, entry) < 0) {
        blob_free(entry->blob);
        free(entry);
        return;
    }
    link_newest(lru, entry);
    lru->bytes += entry->cost;
    while (lru->bytes > lru->max_bytes && lru->oldest)
        discard_oldest(lru);
}

void lru_put(struct lru *lru, const char *key, size_t key_size, struct blob *blob)
{
    struct entry *entry;

    if (blob->size > lru->max_bytes / 4)
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
    if (entry) {
        unlink_entry(lru, entry);
        discard(lru, entry);
    }
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
