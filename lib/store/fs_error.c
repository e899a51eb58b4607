/* fs_error.c - see fs_error.h. */
#include "lib/store/fs_error.h"

#include <errno.h>
#include <unistd.h>

int fs_fail(const char *dir, const char *doing, const char *key, struct err *err)
{
    switch (errno) {
    case ENOSPC:
    case EDQUOT:
        return err_set(err, ERR_IO, "%s %.80s: no space left in %.80s: free some", doing, key,
                       dir);
    case EFBIG:
        return err_set(
            err, ERR_IO,
            "%s %.80s: no space left: it is larger than files may be here (ulimit -f)", doing,
            key);
    case EROFS:
        return err_set(err, ERR_DENIED, "%s %.80s: %.80s is read-only: mount it for writing",
                       doing, key, dir);
    case EACCES:
    case EPERM:
        return err_set(err, ERR_DENIED,
                       "%s %.80s: user %d may not: give it the folder, e.g. chown -R %d %.60s",
                       doing, key, (int)geteuid(), (int)geteuid(), dir);
    case ELOOP:
        return err_set(err, ERR_DENIED,
                       "%s %.80s: a symbolic link is in its way, and links are not followed: "
                       "mount the folder instead",
                       doing, key);
    case ENAMETOOLONG:
        return err_set(err, ERR_INVALID, "%s %.80s: a part of the key is over 255 bytes", doing,
                       key);
    case EXDEV:
        return err_set(err, ERR_IO,
                       "%s %.80s: its folder is on another disk than %.60s: mount the whole "
                       "folder there",
                       doing, key, dir);
    case EMFILE:
    case ENFILE:
        return err_set(err, ERR_UNAVAILABLE, "%s %.80s: too many open files (ulimit -n)", doing,
                       key);
    default:
        return err_set_errno(err, "%s %.80s in %.80s", doing, key, dir);
    }
}

int fs_fail_read(const char *dir, const char *doing, const char *key, struct err *err)
{
    if (errno == ENOENT || errno == ENOTDIR || errno == EISDIR || errno == ENXIO)
        return err_set(err, ERR_NOT_FOUND, "there is no object %.100s", key);
    return fs_fail(dir, doing, key, err);
}

int fs_fail_write(const char *dir, const char *doing, const char *key, struct err *err)
{
    if (errno == ENOTDIR)
        return err_set(err, ERR_CONFLICT,
                       "%s %.80s: a part of its path is an object already, and cannot be a "
                       "folder too: use another key",
                       doing, key);
    if (errno == EISDIR || errno == ENOTEMPTY || errno == EEXIST)
        return err_set(err, ERR_CONFLICT,
                       "%s %.80s: there are objects below %.80s/, so it cannot be an object "
                       "too: use another key",
                       doing, key, key);
    return fs_fail(dir, doing, key, err);
}
