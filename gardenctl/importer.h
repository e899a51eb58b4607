/* importer.h - a folder of pictures into the running garden.
 *
 * What the garden has already, byte for byte and under the same search key, is skipped, so that
 * an import can be repeated, also one that was killed in the middle. */
#ifndef GARDENCTL_IMPORTER_H
#define GARDENCTL_IMPORTER_H

#include <stdbool.h>
#include <stddef.h>

#include "gardenctl/remote.h"
#include "proto/key.h"

struct importer_conf {
    const char *dir; /* see import_scan.h */
    enum key_area area;
    const char *emotion, *favorite; /* of all of it; or NULL */
    bool quiet;                     /* how far it is is not shown */
};

struct importer_count {
    size_t imported, already, refused;
};

/* Names on stdout what is refused, with the reason, and goes on. *ret_count is filled also
 * where it has to stop in the middle. */
int importer_run(struct remote *remote, const struct importer_conf *conf,
                 struct importer_count *ret_count, struct err *err);

#endif
