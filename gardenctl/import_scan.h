/* import_scan.h - which files of a folder are to become pictures of which garden.
 *
 *   DIR/<emotion>/<file>, DIR/<emotion>/<favorite>/<file>
 *   with an emotion given: DIR/<file>, DIR/<favorite>/<file>
 *   with a favorite given too: DIR/<file> */
#ifndef GARDENCTL_IMPORT_SCAN_H
#define GARDENCTL_IMPORT_SCAN_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct import_file {
    char *path;       /* owned */
    char *search_key; /* owned */
    const char *name; /* the last part of path */
};

struct import_list {
    struct import_file *files; /* owned; those of a search key lie side by side */
    size_t count, capacity;
    /* Called for what cannot belong to any garden. */
    void (*on_odd)(void *ctx, const char *path, const char *why);
    void *ctx;
};

/* Adds what is in dir. emotion and favorite may be NULL; they are checked by the caller. Names
 * that start with a dot are passed over. */
int import_scan(struct import_list *list, const char *dir, const char *emotion,
                const char *favorite, struct err *err);

void import_list_done(struct import_list *list);

#endif
