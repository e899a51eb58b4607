/* fs_bytes.h - all of the bytes in and out of files. */
#ifndef LIB_STORE_FS_BYTES_H
#define LIB_STORE_FS_BYTES_H

#include <sys/types.h>

#include "lib/store/store_internal.h"

/* Reads what there is of size bytes into room; returns how many, or -1 with errno. */
ssize_t fs_read_at(int fd, char *room, size_t size, uint64_t offset);

/* These return 0, or -1 with errno. Another file's bytes are copied inside the kernel where
 * that can be done. */
int fs_write_all(int fd, const char *data, size_t size);
int fs_write_file(int fd, struct store_file file);

#endif
