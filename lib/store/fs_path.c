/* fs_path.c - see fs_path.h. */
#include "lib/store/fs_path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/store/store_internal.h"

enum { FOLDER = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, FOLDER_MODE = 0755 };

const char *fs_name(const char *key)
{
    const char *slash = strrchr(key, '/');

    return slash ? slash + 1 : key;
}

/* Closes fd and keeps errno. */
static void close_quietly(int fd)
{
    int number = errno;

    (void)close(fd);
    errno = number;
}

/* Opens the folder name in fd; makes it where it is missing and made is not NULL. */
static int step(int fd, const char *name, bool *made)
{
    int next = openat(fd, name, FOLDER);

    if (next >= 0 || errno != ENOENT || !made)
        return next;
    if (mkdirat(fd, name, FOLDER_MODE) < 0 && errno != EEXIST)
        return -1;
    *made = true;
    return openat(fd, name, FOLDER);
}

/* Opens the folder path one part at a time. */
static int walk(int root, const char *path, bool *made)
{
    char copy[STORE_KEY_MAX + 1], *rest = copy, *part;
    int fd = openat(root, ".", FOLDER);

    (void)snprintf(copy, sizeof copy, "%s", path);
    while (fd >= 0 && (part = strsep(&rest, "/")) != NULL && *part) {
        int next = step(fd, part, made);

        close_quietly(fd);
        fd = next;
    }
    return fd;
}

static int open_beneath(int root, const char *path, int flags)
{
    const struct open_how how = {
        /* O_NOFOLLOW with O_DIRECTORY would say ENOTDIR of a link, where ELOOP tells more. */
        .flags = (unsigned int)flags & ~(unsigned int)O_NOFOLLOW,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };

    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* Kernels before 5.6 do not have openat2, and some sandboxes refuse what they do not know. */
static bool has_no_openat2(void)
{
    return errno == ENOSYS || errno == EPERM;
}

static void parent_of(const char *path, char parent[STORE_KEY_MAX + 1])
{
    const char *name = fs_name(path);

    (void)snprintf(parent, STORE_KEY_MAX + 1, "%.*s", name == path ? 0 : (int)(name - path) - 1,
                   path);
}

int fs_open_folder(int root, const char *path)
{
    int fd = open_beneath(root, *path ? path : ".", FOLDER);

    return fd >= 0 || !has_no_openat2() ? fd : walk(root, path, NULL);
}

int fs_open_parent(int root, const char *key)
{
    char parent[STORE_KEY_MAX + 1];

    parent_of(key, parent);
    return fs_open_folder(root, parent);
}

int fs_open_file(int root, const char *key)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = open_beneath(root, key, flags), parent;

    if (fd >= 0 || !has_no_openat2())
        return fd;
    parent = fs_open_parent(root, key);
    if (parent < 0)
        return -1;
    fd = openat(parent, fs_name(key), flags);
    close_quietly(parent);
    return fd;
}

int fs_make_parent(int root, const char *key, bool *made)
{
    char parent[STORE_KEY_MAX + 1];
    int fd;

    parent_of(key, parent);
    fd = fs_open_folder(root, parent);
    return fd >= 0 || errno != ENOENT ? fd : walk(root, parent, made);
}

int fs_sync_above(int root, const char *key)
{
    char folder[STORE_KEY_MAX + 1], above[STORE_KEY_MAX + 1];
    int rc = 0;

    for (parent_of(key, folder); rc == 0 && *folder; memcpy(folder, above, sizeof folder)) {
        int fd;

        parent_of(folder, above);
        fd = fs_open_folder(root, above);
        if (fd < 0)
            return -1;
        rc = fsync(fd);
        close_quietly(fd);
    }
    return rc;
}

int fs_prune(int root, const char *key, int parent)
{
    char folder[STORE_KEY_MAX + 1], above[STORE_KEY_MAX + 1];
    int rc;

    /* Another process may be about to put into the folder: it finds it gone and makes it
     * again. One that is not empty is left alone by the kernel. */
    for (parent_of(key, folder); *folder; memcpy(folder, above, sizeof folder)) {
        int fd;

        parent_of(folder, above);
        fd = fs_open_folder(root, above);
        if (fd < 0)
            break;
        if (unlinkat(fd, fs_name(folder), AT_REMOVEDIR) < 0) {
            (void)close(fd);
            break;
        }
        (void)close(parent);
        parent = fd;
    }
    rc = fsync(parent);
    close_quietly(parent);
    return rc;
}
