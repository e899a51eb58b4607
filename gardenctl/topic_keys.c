/* topic_keys.c - see topic_keys.h. */
#include "gardenctl/topic_keys.h"

#include "lib/base/map.h"

enum { PARTITIONS = 256, ASK_MS = 10000 };

struct topic_keys {
    struct map *map; /* to live or gone */
};

static char live, gone;

static int note(void *ctx, const struct bus_record *record, struct err *err)
{
    struct topic_keys *keys = ctx;

    if (!record->key)
        return 0;
    return map_put(keys->map, record->key, record->key_size, record->value ? &live : &gone) < 0
               ? err_set_nomem(err, "a topic's keys")
               : 0;
}

static int read_topic(struct topic_keys *keys, struct bus *bus, const char *topic,
                      struct err *err)
{
    struct bus_partition_info infos[PARTITIONS];
    int count = bus_topic_info(bus, topic, infos, PARTITIONS, ASK_MS, err);

    for (int i = 0; i < count && i < PARTITIONS; i++)
        if (bus_read(bus, topic, infos[i].partition, infos[i].low,
                     (size_t)(infos[i].high - infos[i].low), note, keys, err) < 0)
            return err_wrap(err, "reading %s", topic);
    return count < 0 ? count : 0;
}

struct topic_keys *topic_keys_read(struct bus *bus, const char *topic, struct err *err)
{
    struct topic_keys *keys = calloc(1, sizeof *keys);

    if (keys)
        keys->map = map_new();
    if (!keys || !keys->map)
        (void)err_set_nomem(err, "a topic's keys");
    else if (read_topic(keys, bus, topic, err) == 0)
        return keys;
    topic_keys_free(keys);
    return NULL;
}

void topic_keys_free(struct topic_keys *keys)
{
    if (!keys)
        return;
    map_free(keys->map);
    free(keys);
}

enum topic_key topic_keys_find(const struct topic_keys *keys, const char *key, size_t size)
{
    const void *found = map_get(keys->map, key, size);

    if (!found)
        return TOPIC_KEY_UNKNOWN;
    return found == &live ? TOPIC_KEY_LIVE : TOPIC_KEY_GONE;
}

int topic_keys_add(struct topic_keys *keys, const char *key, size_t size, struct err *err)
{
    return map_put(keys->map, key, size, &live) < 0 ? err_set_nomem(err, "a topic's keys") : 0;
}
