/* secret_file.c - see secret_file.h. */
#include "gateway/secret_file.h"

#include <limits.h>
#include <stdio.h>

#include "lib/base/file.h"

enum { MAX_SECRET_FILE = 1 << 20 };

static int path_of(const char *dir, const char *name, char path[PATH_MAX], struct err *err)
{
    int n = snprintf(path, PATH_MAX, "%s/%s", dir, name);

    if (n < 0 || n >= PATH_MAX)
        return err_set(err, ERR_INVALID,
                       "the path of %s is too long: use a shorter GARDEN_DATA", name);
    return 0;
}

int secret_file_read(const char *dir, const char *name, struct buf *out, struct err *err)
{
    char path[PATH_MAX];

    return path_of(dir, name, path, err) < 0 ? err->code
                                             : file_read(path, MAX_SECRET_FILE, out, err);
}

int secret_file_write(const char *dir, const char *name, const void *data, size_t size,
                      struct err *err)
{
    char path[PATH_MAX];

    return path_of(dir, name, path, err) < 0 ? err->code
                                             : file_write_secret(path, data, size, err);
}
