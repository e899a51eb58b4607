/* dataset_fetch.h - the files of an export, from the running garden into a folder. */
#ifndef GARDENCTL_DATASET_FETCH_H
#define GARDENCTL_DATASET_FETCH_H

#include "gardenctl/remote.h"

/* Fetches the object in parts, checks that it hashes to sha256, and only then gives the file
 * its name: a reader sees the old file or the whole new one. ERR_CONFLICT: the garden has
 * another one by now. */
int dataset_fetch(struct remote *remote, const char *key, const char *sha256, const char *path,
                  struct err *err);

#endif
