/* backup_topics.h - the topics that hold what the store does not, written to files. */
#ifndef GARDENCTL_BACKUP_TOPICS_H
#define GARDENCTL_BACKUP_TOPICS_H

#include "gardenctl/manifest.h"
#include "gardenctl/progress.h"
#include "lib/bus/bus.h"

/* Writes DIR/folder/<topic>.jsonl for each, with what was in the topic at the start, and adds
 * them to the manifest. */
int backup_topics(struct bus *bus, const char *dir, const char *folder,
                  struct manifest *manifest, struct err *err);

#endif
