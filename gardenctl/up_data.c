/* up_data.c - see up_data.h. */
#include "gardenctl/up_data.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int up_data_make(const char *path, struct err *err)
{
    char part[PATH_MAX];
    size_t size = strlen(path);

    if (size >= sizeof part)
        return err_set(err, ERR_INVALID, "GARDEN_DATA is longer than %d bytes", PATH_MAX - 1);
    memcpy(part, path, size + 1);
    for (size_t i = 1; i <= size; i++) {
        bool last = part[i] == '\0';

        if (!last && part[i] != '/')
            continue;
        part[i] = '\0';
        if (mkdir(part, last ? 0700 : 0755) < 0 && errno != EEXIST)
            return err_set_errno(err, "making the folder %s (GARDEN_DATA chooses another)",
                                 part);
        part[i] = last ? '\0' : '/';
    }
    return 0;
}

static int say_who(int fd, const char *path, struct err *err)
{
    char pid[32] = "";
    ssize_t n = pread(fd, pid, sizeof pid - 1, 0);

    pid[n > 0 ? n : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
    return err_set(err, ERR_CONFLICT,
                   "a garden runs on %.80s already (gardenctl up, process %s): stop it with "
                   "'kill %s', or choose another folder by GARDEN_DATA and another port by "
                   "GARDEN_LISTEN",
                   path, pid, pid);
}

int up_data_lock(const char *path, struct err *err)
{
    char file[PATH_MAX], pid[32];
    int n = snprintf(file, sizeof file, "%s/up.lock", path), fd;

    if (n < 0 || n >= PATH_MAX)
        return err_set(err, ERR_INVALID, "GARDEN_DATA is longer than %d bytes", PATH_MAX - 16);
    fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, "opening %.150s; is GARDEN_DATA a folder of yours?", file);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno == EWOULDBLOCK)
            (void)say_who(fd, path, err);
        else
            (void)err_set_errno(err, "locking %.150s", file);
        (void)close(fd);
        return err->code;
    }
    n = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, pid, (size_t)n, 0) < 0) {
        (void)err_set_errno(err, "writing %.150s", file);
        (void)close(fd);
        return err->code;
    }
    return fd;
}
