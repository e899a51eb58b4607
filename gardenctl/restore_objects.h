/* restore_objects.h - a backup's objects, put into the store again, with their events. */
#ifndef GARDENCTL_RESTORE_OBJECTS_H
#define GARDENCTL_RESTORE_OBJECTS_H

#include "gardenctl/manifest.h"
#include "services/common/object_writer.h"

struct restore_count {
    uint64_t restored;
    uint64_t same;    /* there already, byte for byte */
    uint64_t differs; /* there with other bytes, and left alone */
    uint64_t failed;
};

/* Pictures of the pool and the garden go through writer, which tells garden.objects; the rest
 * is only stored. What cannot be restored is told and counted, the rest goes on. */
int restore_objects(const struct object_writer_conf *writer, const char *dir,
                    const struct manifest *manifest, bool overwrite,
                    struct restore_count *ret_count, struct err *err);

#endif
