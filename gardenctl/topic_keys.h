/* topic_keys.h - which keys a compacted topic has, and which of them had a tombstone last. */
#ifndef GARDENCTL_TOPIC_KEYS_H
#define GARDENCTL_TOPIC_KEYS_H

#include "lib/base/owned.h"
#include "lib/bus/bus.h"

enum topic_key { TOPIC_KEY_UNKNOWN, TOPIC_KEY_LIVE, TOPIC_KEY_GONE };

struct topic_keys;

/* Reads the topic to its end. All keys are in memory. */
struct topic_keys *topic_keys_read(struct bus *bus, const char *topic, struct err *err);
void topic_keys_free(struct topic_keys *keys);
DEFINE_OWNED(topic_keys)

enum topic_key topic_keys_find(const struct topic_keys *keys, const char *key, size_t size);

/* Counts as live from here on. */
int topic_keys_add(struct topic_keys *keys, const char *key, size_t size, struct err *err);

#endif
