/* map.h - a hash map from byte strings to pointers.
 *
 * A thin face over uthash, so that its macros are met in one file. Keys are copied; values are
 * borrowed and never freed by the map. Not thread-safe. */
#ifndef LIB_BASE_MAP_H
#define LIB_BASE_MAP_H

#include <stddef.h>

#include "lib/base/owned.h"

struct map;

struct map *map_new(void);
void map_free(struct map *map);
DEFINE_OWNED(map)

/* The value, or NULL where the key is not in the map. */
void *map_get(const struct map *map, const void *key, size_t key_size);

/* Adds or replaces. value is not NULL. Returns 0, or -1 when there is no memory. */
int map_put(struct map *map, const void *key, size_t key_size, void *value);

/* Takes the key out and returns what it had, or NULL. */
void *map_remove(struct map *map, const void *key, size_t key_size);

size_t map_count(const struct map *map);

/* Calls fn for each entry in the order of insertion; fn may remove the entry it is given, and
 * no other. */
void map_each(struct map *map,
              void (*fn)(void *ctx, const void *key, size_t key_size, void *value), void *ctx);

#endif
