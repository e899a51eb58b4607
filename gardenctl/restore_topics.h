/* restore_topics.h - a backup's records, published again where they are not there. */
#ifndef GARDENCTL_RESTORE_TOPICS_H
#define GARDENCTL_RESTORE_TOPICS_H

#include "gardenctl/manifest.h"
#include "lib/bus/bus.h"

/* Users and displays are states: the last record of a key is published where the topic has no
 * record of that key. Interactions are a history: each is published unless one with the same
 * id is there. Other topics of the manifest are left alone. Returns how many were published. */
int restore_topic(struct bus *bus, const char *dir, const struct manifest_file *file,
                  struct err *err);

#endif
