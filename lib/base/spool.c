/* spool.c - see spool.h. */
#include "lib/base/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"

#define PREFIX "spool."

enum { MODE = 0600, PAGE = 4096 };

/* Where the file system knows no files without a name. */
static int open_and_unlink(const char *dir)
{
    char path[PATH_MAX];
    int fd;

    if (snprintf(path, sizeof path, "%s/" PREFIX "XXXXXX", dir) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        (void)unlink(path);
    return fd;
}

int spool_open(const char *dir, struct err *err)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, MODE);

    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
        fd = open_and_unlink(dir);
    return fd < 0 ? err_set_errno(err, "a temporary file in %.150s", dir) : fd;
}

int spool_write(int fd, uint64_t offset, const void *bytes, size_t size, struct err *err)
{
    const char *from = bytes;

    while (size > 0) {
        ssize_t n = pwrite(fd, from, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, "writing a temporary file (free some space where "
                                      "GARDEN_DATA is)");
        from += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

int spool_read(int fd, uint64_t offset, void *bytes, size_t size, struct err *err)
{
    char *to = bytes;

    while (size > 0) {
        ssize_t n = pread(fd, to, size, (off_t)offset);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set_errno(err, "reading a temporary file");
        if (n == 0)
            return err_set(err, ERR_IO, "a temporary file is shorter than what was written");
        to += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

/* Where the file system cannot, it is given back with the file. */
void spool_drop(int fd, uint64_t from, uint64_t to)
{
    from = (from + PAGE - 1) / PAGE * PAGE;
    to = to / PAGE * PAGE;
    if (from < to)
        (void)fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                        (off_t)(to - from));
}

void spool_clean(const char *dir)
{
    DIR *folder = opendir(dir);
    const struct dirent *entry;

    if (!folder)
        return;
    while ((entry = readdir(folder)))
        if (text_starts_with(entry->d_name, PREFIX))
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    (void)closedir(folder);
}
