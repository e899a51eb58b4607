/* secret_file.c - see secret_file.h. */
#include "gateway/secret_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { MAX_SECRET_FILE = 1 << 20 };

static int path_of(const char *dir, const char *name, const char *ending, char path[PATH_MAX],
                   struct err *err)
{
    int n = snprintf(path, PATH_MAX, "%s/%s%s", dir, name, ending);

    if (n < 0 || n >= PATH_MAX)
        return err_set(err, ERR_INVALID,
                       "the path of %s is too long: use a shorter GARDEN_DATA", name);
    return 0;
}

static int read_all(int fd, const char *path, struct buf *out, struct err *err)
{
    for (;;) {
        char *room = buf_reserve(out, 4096);
        ssize_t n = room ? read(fd, room, 4096) : 0;

        if (!room)
            return err_set_nomem(err, path);
        if (n < 0)
            return err_set_errno(err, "reading %s", path);
        if (n == 0)
            return 0;
        out->size += (size_t)n;
        out->data[out->size] = '\0';
        if (out->size > MAX_SECRET_FILE)
            return err_set(err, ERR_TOO_LARGE, "%s is over 1 MiB: not a file of the gateway",
                           path);
    }
}

int secret_file_read(const char *dir, const char *name, struct buf *out, struct err *err)
{
    char path[PATH_MAX];
    int fd, r;

    if (path_of(dir, name, "", path, err) < 0)
        return err->code;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "there is no %s", path);
    if (fd < 0)
        return err_set_errno(err, "opening %s", path);
    r = read_all(fd, path, out, err);
    (void)close(fd);
    return r;
}

static int write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return fsync(fd);
}

int secret_file_write(const char *dir, const char *name, const void *data, size_t size,
                      struct err *err)
{
    char path[PATH_MAX], temporary[PATH_MAX], ending[32];
    int fd;

    (void)snprintf(ending, sizeof ending, ".tmp-%ld", (long)getpid());
    if (path_of(dir, name, "", path, err) < 0 || path_of(dir, name, ending, temporary, err) < 0)
        return err->code;
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, "making %s", temporary);
    if (write_all(fd, data, size) < 0) {
        (void)err_set_errno(err, "writing %s", temporary);
        (void)close(fd);
        (void)unlink(temporary);
        return err->code;
    }
    (void)close(fd);
    if (rename(temporary, path) < 0) {
        (void)err_set_errno(err, "renaming %s to %s", temporary, path);
        (void)unlink(temporary);
        return err->code;
    }
    return 0;
}
