/* fs_names.h - the names in one folder, sorted, in bounded memory.
 *
 * A folder may hold a million names. They are read in passes: each keeps the smallest names
 * that are above a floor, as many as the bounds allow, and says whether there are more; the
 * next pass starts above the last of them. A usual folder takes one pass.
 *
 * A folder's name ends in '/' here, so that the order of the names is the order of the whole
 * keys ("a.x" before "a/b"). */
#ifndef LIB_STORE_FS_NAMES_H
#define LIB_STORE_FS_NAMES_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/base/buf.h"

enum { FS_NAME = 258 }; /* a buffer for one name: 255 bytes, '/' and NUL */

struct fs_names {
    size_t most; /* names to keep in a pass, at least 2 */

    /* The rest is set by fs_names_read. */
    struct buf text;  /* the names, each with its NUL */
    struct buf place; /* where each starts in text, as size_t, in the order of the names */
    bool more;        /* some were left out */
};

/* Reads a pass: names > floor that wanted() accepts. Returns 0, or -1 with errno (ENOMEM, or
 * that of the folder). */
int fs_names_read(struct fs_names *names, DIR *dir, const char *floor,
                  bool (*wanted)(void *ctx, const char *name), void *ctx);

size_t fs_names_count(const struct fs_names *names);
const char *fs_names_at(const struct fs_names *names, size_t i);
void fs_names_done(struct fs_names *names);

#endif
