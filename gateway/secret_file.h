/* secret_file.h - small files that only the garden's own user may read (mode 0600). */
#ifndef GATEWAY_SECRET_FILE_H
#define GATEWAY_SECRET_FILE_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

/* Appends the file dir/name. ERR_NOT_FOUND where there is none. */
int secret_file_read(const char *dir, const char *name, struct buf *out, struct err *err);

/* Replaces dir/name in one step, durably. */
int secret_file_write(const char *dir, const char *name, const void *data, size_t size,
                      struct err *err);

#endif
