/* backup_objects.h - the store's objects, copied to DIR/objects. */
#ifndef GARDENCTL_BACKUP_OBJECTS_H
#define GARDENCTL_BACKUP_OBJECTS_H

#include "gardenctl/manifest.h"
#include "lib/store/store.h"

struct backup_count {
    uint64_t objects, bytes;
    uint64_t copied; /* the others were in DIR already */
};

struct backup_lists {
    FILE *old;     /* of the last whole backup; may be NULL */
    FILE *resumed; /* of one that was interrupted; may be NULL */
    FILE *list;    /* of this one, to be written */
};

/* Copies what the old and the interrupted backup do not have with the same size and ETag, and
 * writes the list of all objects. */
int backup_objects(struct store *store, const char *dir, const struct backup_lists *lists,
                   struct backup_count *ret_count, struct err *err);

/* Removes the files of objects that are in the old list and not in the new one. */
void backup_prune(const char *dir, FILE *old, FILE *list);

/* DIR/objects/key. */
int backup_object_path(const char *dir, const char *key, char *path, size_t size,
                       struct err *err);

#endif
