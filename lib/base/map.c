/* map.c - see map.h. */
#include "lib/base/map.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct entry {
    void *value;
    size_t key_size;
    UT_hash_handle hh;
    char key[];
};

struct map {
    struct entry *entries;
};

struct map *map_new(void)
{
    return calloc(1, sizeof(struct map));
}

/* The macros of uthash expand to more than the linter's limits allow in a function of ours. */
/* NOLINTBEGIN(readability-function-size,clang-analyzer-unix.Malloc) */
void map_free(struct map *map)
{
    struct entry *e, *next;

    if (!map)
        return;
    HASH_ITER(hh, map->entries, e, next)
    {
        HASH_DEL(map->entries, e);
        free(e);
    }
    free(map);
}

static struct entry *find(const struct map *map, const void *key, size_t key_size)
{
    struct entry *e;

    HASH_FIND(hh, map->entries, key, key_size, e);
    return e;
}

void *map_get(const struct map *map, const void *key, size_t key_size)
{
    const struct entry *e = find(map, key, key_size);

    return e ? e->value : NULL;
}

int map_put(struct map *map, const void *key, size_t key_size, void *value)
{
    struct entry *e = find(map, key, key_size);

    if (e) {
        e->value = value;
        return 0;
    }
    e = calloc(1, sizeof *e + key_size);
    if (!e)
        return -1;
    e->value = value;
    e->key_size = key_size;
    memcpy(e->key, key, key_size);
    HASH_ADD_KEYPTR(hh, map->entries, e->key, key_size, e);
    if (!e->hh.tbl) { /* uthash had no memory and left it out */
        free(e);
        return -1;
    }
    return 0;
}

void *map_remove(struct map *map, const void *key, size_t key_size)
{
    struct entry *e = find(map, key, key_size);
    void *value;

    if (!e)
        return NULL;
    value = e->value;
    HASH_DEL(map->entries, e);
    free(e);
    return value;
}

/* NOLINTEND(readability-function-size,clang-analyzer-unix.Malloc) */

size_t map_count(const struct map *map)
{
    return HASH_COUNT(map->entries);
}

void map_each(struct map *map,
              void (*fn)(void *ctx, const void *key, size_t key_size, void *value), void *ctx)
{
    struct entry *e, *next;

    HASH_ITER(hh, map->entries, e, next)
    fn(ctx, e->key, e->key_size, e->value);
}
