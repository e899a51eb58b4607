/* file.h - whole files, read and written in one step. */
#ifndef LIB_BASE_FILE_H
#define LIB_BASE_FILE_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/* Appends the file. ERR_NOT_FOUND where there is none, ERR_TOO_LARGE over max_bytes. */
int file_read(const char *path, size_t max_bytes, struct buf *out, struct err *err);

/* Writes path by way of a temporary file beside it: a reader sees all of it or nothing. Not
 * synced. */
int file_write(const char *path, const void *data, size_t size, struct err *err);

/* As file_write, but only this user may read the file (mode 0600), and it is durable when this
 * returns. */
int file_write_secret(const char *path, const void *data, size_t size, struct err *err);

/* Makes the folders that lead to path (but not path itself). */
int file_make_folders(const char *path, struct err *err);

#endif
