/* store_fs.c - the store in a folder: an object is a file whose path is its key.
 *
 * A put writes a temporary file, syncs it, renames it to its name and syncs the folder, so a
 * reader has the old bytes or the new and a crash loses nothing that was acknowledged. A file
 * that has its name is never written again, which is what makes a hard link a copy. */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/store/fs_bytes.h"
#include "lib/store/fs_error.h"
#include "lib/store/fs_list.h"
#include "lib/store/fs_path.h"
#include "lib/store/fs_temp.h"
#include "lib/store/store_internal.h"

enum {
    FOLDER_MODE = 0755,
    TRIES = 1000,
    TRIES_AT_ONCE = 16,
    STALE_S = 3600 /* nobody writes that long */
};

struct fs {
    struct store base;
    char *dir; /* as it was given, for errors */
    int root;
    _Atomic int64_t stamp_ns; /* the last mtime that was given out */
};

static struct fs *fs_of(struct store *store)
{
    return (struct fs *)store;
}

static int fs_open_fd(struct store *store, const char *key, struct store_info *ret_info,
                      struct err *err)
{
    const struct fs *fs = fs_of(store);
    struct stat st;
    int fd = fs_open_file(fs->root, key), rc;

    if (fd < 0)
        return fs_fail_read(fs->dir, "read", key, err);
    if (fstat(fd, &st) < 0) {
        rc = fs_fail(fs->dir, "read", key, err);
        (void)close(fd);
        return rc;
    }
    if (!S_ISREG(st.st_mode)) {
        (void)close(fd);
        errno = EISDIR;
        return fs_fail_read(fs->dir, "read", key, err);
    }
    if (ret_info)
        fs_info_of(&st, ret_info);
    return fd;
}

static int fs_head(struct store *store, const char *key, struct store_info *ret_info,
                   struct err *err)
{
    int fd = fs_open_fd(store, key, ret_info, err);

    if (fd < 0)
        return fd;
    (void)close(fd);
    return 0;
}

static int fs_get(struct store *store, const char *key, struct store_range range,
                  struct buf *ret_data, struct store_info *ret_info, struct err *err)
{
    struct store_info info = {0};
    int fd = fs_open_fd(store, key, &info, err), rc = 0;
    uint64_t left, size;
    ssize_t got;
    char *room;

    if (fd < 0)
        return fd;
    left = range.offset < info.size ? info.size - range.offset : 0;
    size = range.size < left ? range.size : left;
    room = buf_reserve(ret_data, size);
    if (!room) {
        rc = err_set_nomem(err, "the object");
    } else {
        got = fs_read_at(fd, room, size, range.offset);
        if (got < 0)
            rc = fs_fail(fs_of(store)->dir, "read", key, err);
        else
            ret_data->size += (size_t)got;
        if (got >= 0)
            ret_data->data[ret_data->size] = '\0';
    }
    (void)close(fd);
    if (rc == 0 && ret_info)
        *ret_info = info;
    return rc;
}

/* A time for the file that no other put of this process had: the kernel's own stamps are a few
 * milliseconds coarse, and an inode that was just freed is soon used again. */
static int stamp(struct fs *fs, int fd)
{
    int64_t now = clock_wall_ns(), last = atomic_load(&fs->stamp_ns), next;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};

    do {
        next = now > last ? now : last + 1;
    } while (!atomic_compare_exchange_weak(&fs->stamp_ns, &last, next));
    times[1].tv_sec = next / 1000000000;
    times[1].tv_nsec = next % 1000000000;
    return futimens(fd, times);
}

/* Gives the temporary file its name; durable after. Returns 0, or -1 with errno. */
static int publish(const struct fs *fs, const struct fs_temp *temp, const char *key)
{
    bool made = false;

    for (int i = 0; i < TRIES; i++) {
        int folder, rc;

        if (i >= TRIES_AT_ONCE) /* not in step with who removes folders */
            (void)nanosleep(&(struct timespec){.tv_nsec = 100000L * (1 + i % 32)}, NULL);
        folder = fs_make_parent(fs->root, key, &made);

        if (folder < 0 && errno != ENOENT)
            return -1;
        if (folder < 0)
            continue; /* another process removed a folder that had become empty */
        rc = renameat(temp->folder, temp->name, folder, fs_name(key));
        if (rc == 0) /* only now, so that new folders are empty for as short as can be */
            rc = fsync(folder) < 0 || (made && fs_sync_above(fs->root, key) < 0) ? -1 : 0;
        else if (errno == EISDIR && unlinkat(folder, fs_name(key), AT_REMOVEDIR) == 0)
            errno = ENOENT; /* an empty folder that a crash left: once more */
        int number = errno;
        (void)close(folder);
        errno = number;
        if (rc == 0 || errno != ENOENT)
            return rc;
    }
    errno = EBUSY;
    return -1;
}

/* What the file that is written gets its bytes from. */
struct filling {
    struct store_bytes bytes;
    struct store_file file;
    bool is_file;
};

static int fill(struct fs_temp *temp, const struct filling *filling)
{
    if (filling->is_file && filling->file.nameless &&
        fs_temp_adopt(temp, filling->file.fd) == 0)
        return 0;
    if (temp->fd > 0 || fs_temp_create(temp) < 0)
        return -1;
    return filling->is_file ? fs_write_file(temp->fd, filling->file)
                            : fs_write_all(temp->fd, filling->bytes.data, filling->bytes.size);
}

static int put(struct fs *fs, const char *key, const struct filling *filling,
               struct store_info *ret_info, struct err *err)
{
    OWNED_VALUE(fs_temp) temp = {0};
    struct stat st;

    if (strlen(fs_name(key)) > 255)
        errno = ENAMETOOLONG;
    else if (fs_temp_begin(&temp, fs->root) == 0 && fill(&temp, filling) == 0 &&
             stamp(fs, temp.fd) == 0 && fsync(temp.fd) == 0 && fstat(temp.fd, &st) == 0 &&
             publish(fs, &temp, key) == 0) {
        if (ret_info)
            fs_info_of(&st, ret_info);
        return 0;
    }
    return fs_fail_write(fs->dir, "write", key, err);
}

static int fs_put(struct store *store, const char *key, struct store_bytes bytes,
                  const struct store_meta *meta, struct store_info *ret_info, struct err *err)
{
    (void)meta;
    return put(fs_of(store), key, &(struct filling){.bytes = bytes}, ret_info, err);
}

static int fs_put_file(struct store *store, const char *key, struct store_file file,
                       const struct store_meta *meta, struct store_info *ret_info,
                       struct err *err)
{
    (void)meta;
    return put(fs_of(store), key, &(struct filling){.file = file, .is_file = true}, ret_info,
               err);
}

/* Reads and writes the bytes, where they cannot be shared. */
static int copy_bytes(struct store *store, const char *from, const char *to,
                      struct store_info *ret_info, struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    int rc = fs_get(store, from, (struct store_range){0, UINT64_MAX}, &data, NULL, err);
    const struct store_bytes bytes = {data.data, data.size};

    return rc < 0 ? rc : fs_put(store, to, bytes, NULL, ret_info, err);
}

/* Links the object to a temporary name. Its bytes were synced when they were put. */
static int link_temp(const struct fs *fs, const char *from, struct fs_temp *temp,
                     struct stat *st)
{
    int folder = fs_open_parent(fs->root, from), rc;

    if (folder < 0)
        return -1;
    rc = linkat(folder, fs_name(from), temp->folder, temp->name, 0);
    if (rc == 0)
        rc = fstatat(temp->folder, temp->name, st, AT_SYMLINK_NOFOLLOW);
    int number = errno;
    (void)close(folder);
    errno = number;
    return rc;
}

static int fs_copy(struct store *store, const char *from, const char *to,
                   struct store_info *ret_info, struct err *err)
{
    struct fs *fs = fs_of(store);
    OWNED_VALUE(fs_temp) temp = {0};
    struct stat st = {0};

    if (fs_temp_begin(&temp, fs->root) < 0)
        return fs_fail(fs->dir, "write", to, err);
    if (link_temp(fs, from, &temp, &st) < 0) {
        if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)
            return fs_fail_read(fs->dir, "copy", from, err);
        /* EMLINK, EXDEV, EPERM, EOPNOTSUPP: no (more) links here; if it is something else,
         * reading or writing fails by it too. */
        return copy_bytes(store, from, to, ret_info, err);
    }
    if (!S_ISREG(st.st_mode))
        return err_set(err, ERR_NOT_FOUND, "there is no object %.100s", from);
    if (publish(fs, &temp, to) < 0)
        return fs_fail_write(fs->dir, "write", to, err);
    if (ret_info)
        fs_info_of(&st, ret_info);
    return 0;
}

static int fs_remove(struct store *store, const char *key, bool *ret_existed, struct err *err)
{
    const struct fs *fs = fs_of(store);
    int folder = fs_open_parent(fs->root, key), rc;
    bool existed = false;

    if (folder >= 0) {
        rc = unlinkat(folder, fs_name(key), 0);
        if (rc == 0) {
            existed = true;
            rc = fs_prune(fs->root, key, folder);
        } else {
            int number = errno;

            (void)close(folder);
            errno = number;
        }
    } else {
        rc = -1;
    }
    if (rc < 0 && errno != ENOENT && errno != ENOTDIR && errno != EISDIR)
        return fs_fail(fs->dir, "remove", key, err);
    if (ret_existed)
        *ret_existed = existed;
    return 0;
}

static int fs_list_op(struct store *store, const struct store_listing *listing, struct err *err)
{
    const struct fs *fs = fs_of(store);

    return fs_list(fs->root, fs->dir, listing, err);
}

static int fs_ping(struct store *store, struct err *err)
{
    const struct fs *fs = fs_of(store);
    OWNED_VALUE(fs_temp) temp = {0};
    struct statvfs room;

    if (fs_temp_begin(&temp, fs->root) < 0 || fs_temp_create(&temp) < 0 ||
        fstatvfs(fs->root, &room) < 0)
        return fs_fail(fs->dir, "write", "a test file", err);
    if (room.f_bavail == 0 && room.f_blocks > 0) {
        errno = ENOSPC;
        return fs_fail(fs->dir, "write", "a test file", err);
    }
    return 0;
}

static void fs_free(struct store *store)
{
    struct fs *fs = fs_of(store);

    if (fs->root >= 0)
        (void)close(fs->root);
    free(fs->dir);
    free(fs);
}

/* Makes the folder and those above it. */
static int make_dir(const char *dir)
{
    char path[4096];

    if (strlen(dir) >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    (void)snprintf(path, sizeof path, "%s", dir);
    for (char *slash = path; (slash = strchr(slash + 1, '/')) != NULL; *slash = '/') {
        *slash = '\0';
        if (mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST)
            return -1;
    }
    return mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST ? -1 : 0;
}

static const struct store_ops fs_ops = {
    .free = fs_free,
    .put = fs_put,
    .put_file = fs_put_file,
    .get = fs_get,
    .open_fd = fs_open_fd,
    .head = fs_head,
    .copy = fs_copy,
    .remove = fs_remove,
    .list = fs_list_op,
    .ping = fs_ping,
};

struct store *store_fs_open(const struct store_conf *conf, struct err *err)
{
    struct fs *fs;

    if (!conf->dir || !*conf->dir) {
        (void)err_set(err, ERR_INVALID, "the fs store needs a folder");
        return NULL;
    }
    fs = calloc(1, sizeof *fs);
    if (!fs || !(fs->dir = strdup(conf->dir))) {
        free(fs);
        (void)err_set_nomem(err, "the store");
        return NULL;
    }
    fs->base.ops = &fs_ops;
    fs->root = -1;
    if (access(fs->dir, F_OK) == 0 || make_dir(fs->dir) == 0)
        fs->root = open(fs->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fs->root < 0) {
        (void)fs_fail(fs->dir, "open", "the store", err);
        fs_free(&fs->base);
        return NULL;
    }
    fs_temp_clean(fs->root, STALE_S);
    return &fs->base;
}
