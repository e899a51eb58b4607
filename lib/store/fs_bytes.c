/* fs_bytes.c - see fs_bytes.h. */
#include "lib/store/fs_bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

ssize_t fs_read_at(int fd, char *room, size_t size, uint64_t offset)
{
    size_t done = 0;

    while (done < size) {
        ssize_t n = pread(fd, room + done, size - done, (off_t)(offset + done));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

int fs_write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, data, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

int fs_write_file(int fd, struct store_file file)
{
    loff_t at = 0;
    ssize_t n = 1;

    while (n > 0 && (uint64_t)at < file.size)
        n = copy_file_range(file.fd, &at, fd, NULL, (size_t)(file.size - (uint64_t)at), 0);
    while ((uint64_t)at < file.size) { /* across file systems, on some kernels */
        char part[64 << 10];

        n = pread(file.fd, part, sizeof part, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n == 0)
            errno = EIO; /* it has become shorter */
        if (n <= 0 || fs_write_all(fd, part, (size_t)n) < 0)
            return -1;
        at += n;
    }
    return 0;
}
