/* file.c - see file.h. */
#include "lib/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, const char *path, size_t max_bytes, struct buf *out,
                    struct err *err)
{
    const size_t before = out->size;
    struct stat info;
    ssize_t n;

    if (fstat(fd, &info) < 0)
        return err_set_errno(err, "%.200s", path);
    if (S_ISDIR(info.st_mode))
        return err_set(err, ERR_INVALID, "%.200s is a folder", path);
    if ((uint64_t)info.st_size > max_bytes)
        return err_set(err, ERR_TOO_LARGE, "%.150s has over %zu bytes", path, max_bytes);
    do {
        size_t room = 64 << 10;
        char *end = buf_reserve(out, room);

        if (!end)
            return err_set_nomem(err, path);
        n = read(fd, end, room);
        if (n < 0)
            return err_set_errno(err, "reading %.200s", path);
        out->size += (size_t)n;
        end[n] = '\0';
        if (out->size - before > max_bytes)
            return err_set(err, ERR_TOO_LARGE, "%.150s has over %zu bytes", path, max_bytes);
    } while (n > 0);
    return 0;
}

int file_read(const char *path, size_t max_bytes, struct buf *out, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), r;

    if (fd < 0)
        return err_set_errno(err, "opening %.200s", path);
    r = read_all(fd, path, max_bytes, out, err);
    (void)close(fd);
    return r;
}

int file_make_folders(const char *path, struct err *err)
{
    char part[PATH_MAX];
    size_t size = strlen(path);

    if (size >= sizeof part)
        return err_set(err, ERR_INVALID, "%.60s... is too long for a path", path);
    memcpy(part, path, size + 1);
    for (size_t i = 1; i < size; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return err_set_errno(err, "making the folder %.200s", part);
        part[i] = '/';
    }
    return 0;
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
    return 0;
}

/* A new name in a folder is kept through a power cut only once the folder is synced. */
static int sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    int fd, r;

    if (slash == path)
        slash++;
    (void)snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path) : 1,
                   slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    r = fsync(fd);
    (void)close(fd);
    return r;
}

static int fill(const char *path, const void *data, size_t size, bool secret, struct err *err)
{
    int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    int fd = open(path, flags, secret ? 0600 : 0644), r = 0;

    if (fd < 0)
        return err_set_errno(err, "making %.200s", path);
    if (write_all(fd, data, size) < 0 || (secret && fsync(fd) < 0))
        r = err_set_errno(err, "writing %.200s", path);
    (void)close(fd);
    return r;
}

static int replace(const char *path, const void *data, size_t size, bool secret,
                   struct err *err)
{
    char temporary[PATH_MAX];
    int n = snprintf(temporary, sizeof temporary, "%s.tmp-%ld", path, (long)getpid());
    int r;

    if (n < 0 || (size_t)n >= sizeof temporary)
        return err_set(err, ERR_INVALID, "%.60s... is too long for a path", path);
    r = fill(temporary, data, size, secret, err);
    if (r == 0 && rename(temporary, path) < 0)
        r = err_set_errno(err, "renaming %.150s to %.150s", temporary, path);
    if (r < 0)
        (void)unlink(temporary);
    else if (secret && sync_folder_of(path) < 0)
        r = err_set_errno(err, "syncing the folder of %.200s", path);
    return r;
}

int file_write(const char *path, const void *data, size_t size, struct err *err)
{
    return replace(path, data, size, false, err);
}

int file_write_secret(const char *path, const void *data, size_t size, struct err *err)
{
    return replace(path, data, size, true, err);
}
