/* spool.h - files without a name, for what does not fit into memory.
 *
 * Such a file has no name from the start, or for an instant only, so that it is gone with the
 * process that wrote it, however that ends. Where a crash falls into that instant an empty file
 * is left, which spool_clean removes. */
#ifndef LIB_BASE_SPOOL_H
#define LIB_BASE_SPOOL_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"

/* A descriptor, open for reading and writing; the folder has to be there. */
int spool_open(const char *dir, struct err *err);

/* Writes or reads all of it at this place. A file that ends before is ERR_IO; so is a full
 * disk, and says so. */
int spool_write(int fd, uint64_t offset, const void *bytes, size_t size, struct err *err);
int spool_read(int fd, uint64_t offset, void *bytes, size_t size, struct err *err);

/* Gives back what holds the bytes from there on, on disk and in memory; read again they are
 * zeros. Whole pages are meant: what is none of the range stays. */
void spool_drop(int fd, uint64_t from, uint64_t to);

/* Removes what crashes left in the folder; it may be missing. */
void spool_clean(const char *dir);

#endif
