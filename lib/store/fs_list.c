/* fs_list.c - see fs_list.h. */
#include "lib/store/fs_list.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/store/fs_names.h"
#include "lib/store/fs_path.h"

enum { PASS_NAMES = 65536, PASS_NAMES_LEAST = 256, LISTED_ENOUGH = 1 };

struct walk {
    const struct store_listing *listing;
    const char *dir;
    size_t seen;
    char key[STORE_KEY_MAX + FS_NAME]; /* of the folder, and then of what is in it */
};

struct folder {
    struct walk *walk;
    size_t depth; /* how much of walk->key is the folder's */
};

void fs_info_of(const struct stat *st, struct store_info *ret_info)
{
    /* The time alone may repeat where the clock is set back, the inode where one is freed. */
    ret_info->size = (uint64_t)st->st_size;
    ret_info->mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    (void)snprintf(ret_info->etag, sizeof ret_info->etag, "%" PRIx64 "-%" PRIx64 "-%" PRIx64,
                   (uint64_t)st->st_ino, (uint64_t)ret_info->mtime_ns, ret_info->size);
}

/* Whether the entry is, or may hold, what is asked for. */
static bool wanted(void *ctx, const char *name)
{
    const struct folder *folder = ctx;
    const struct store_listing *listing = folder->walk->listing;
    char *key = folder->walk->key;
    size_t size = strlen(name), prefix = strlen(listing->prefix);
    bool is_folder = name[size - 1] == '/';

    memcpy(key + folder->depth, name, size + 1);
    size += folder->depth;
    if (size > STORE_KEY_MAX || (!is_folder && size < prefix))
        return false;
    if (memcmp(key, listing->prefix, size < prefix ? size : prefix) != 0)
        return false;
    return strcmp(key, listing->after) > 0 ||
           (is_folder && strncmp(key, listing->after, size) == 0);
}

static int list_folder(struct walk *walk, DIR *dir, size_t depth, struct err *err);

static int list_file(struct walk *walk, int folder, const char *name, struct err *err)
{
    const struct store_listing *listing = walk->listing;
    struct store_info info;
    struct stat st;
    int rc;

    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
        return 0; /* went meanwhile */
    fs_info_of(&st, &info);
    rc = listing->fn(listing->ctx, walk->key, &info, err);
    if (rc < 0)
        return rc;
    return ++walk->seen == listing->limit ? LISTED_ENOUGH : 0;
}

/* fd is taken over; < 0 with errno is a folder that could not be opened. */
static int list_opened(struct walk *walk, int fd, size_t depth, struct err *err)
{
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    int rc;

    if (!dir && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
        return 0; /* went meanwhile, or never was */
    if (!dir) {
        rc = err_set_errno(err, "list the folder %.60s/%.60s", walk->dir, walk->key);
        if (fd >= 0)
            (void)close(fd);
        return rc;
    }
    rc = list_folder(walk, dir, depth, err);
    (void)closedir(dir);
    return rc;
}

static int list_entry(struct walk *walk, DIR *dir, size_t depth, const char *name,
                      struct err *err)
{
    size_t size = strlen(name);
    char plain[FS_NAME];

    (void)snprintf(walk->key + depth, FS_NAME, "%s", name);
    if (name[size - 1] != '/')
        return list_file(walk, dirfd(dir), name, err);
    (void)snprintf(plain, sizeof plain, "%.*s", (int)size - 1, name);
    return list_opened(
        walk, openat(dirfd(dir), plain, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
        depth + size, err);
}

static int list_folder(struct walk *walk, DIR *dir, size_t depth, struct err *err)
{
    const size_t limit = walk->listing->limit;
    struct folder folder = {walk, depth};
    OWNED_VALUE(fs_names) names = {.most = PASS_NAMES};
    char floor[FS_NAME] = "";
    int rc = 0;

    if (limit > 0 && limit < PASS_NAMES / 2)
        names.most = limit * 2 > PASS_NAMES_LEAST ? limit * 2 : PASS_NAMES_LEAST;
    do {
        if (fs_names_read(&names, dir, floor, wanted, &folder) < 0) {
            walk->key[depth] = '\0';
            return err_set_errno(err, "list the folder %.60s/%.60s", walk->dir, walk->key);
        }
        for (size_t i = 0; rc == 0 && i < fs_names_count(&names); i++) {
            (void)snprintf(floor, sizeof floor, "%s", fs_names_at(&names, i));
            rc = list_entry(walk, dir, depth, floor, err);
        }
    } while (rc == 0 && names.more);
    return rc;
}

int fs_list(int root, const char *dir, const struct store_listing *listing, struct err *err)
{
    struct walk walk = {.listing = listing, .dir = dir};
    const char *slash = strrchr(listing->prefix, '/');
    size_t depth = slash ? (size_t)(slash - listing->prefix) : 0;
    int rc;

    /* Start in the folder that the prefix names, not at the top. */
    (void)snprintf(walk.key, sizeof walk.key, "%.*s", (int)depth, listing->prefix);
    int fd = fs_open_folder(root, walk.key);
    if (slash) {
        walk.key[depth++] = '/';
        walk.key[depth] = '\0';
    }
    rc = list_opened(&walk, fd, depth, err);
    return rc < 0 ? rc : 0;
}
