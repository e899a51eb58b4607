/* fs_error.h - what the system refused, in words that say how to mend it.
 *
 * Each takes errno, the store's folder, what was being done ("write") and with which key, and
 * returns the code that it set. */
#ifndef LIB_STORE_FS_ERROR_H
#define LIB_STORE_FS_ERROR_H

#include "lib/base/err.h"

int fs_fail(const char *dir, const char *doing, const char *key, struct err *err);

/* For reading: what is not there, and a folder, is no object (ERR_NOT_FOUND). */
int fs_fail_read(const char *dir, const char *doing, const char *key, struct err *err);

/* For writing: a file stands where a folder is needed, or the other way round (ERR_CONFLICT).
 */
int fs_fail_write(const char *dir, const char *doing, const char *key, struct err *err);

#endif
