/* fs_names.c - see fs_names.h. */
#include "lib/store/fs_names.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/store/store_internal.h"

enum { TEXT_BYTES = 4 << 20 }; /* of names that are kept in a pass */

size_t fs_names_count(const struct fs_names *names)
{
    return names->place.size / sizeof(size_t);
}

static size_t *places(const struct fs_names *names)
{
    return (size_t *)(void *)names->place.data;
}

const char *fs_names_at(const struct fs_names *names, size_t i)
{
    return names->text.data + places(names)[i];
}

void fs_names_done(struct fs_names *names)
{
    buf_done(&names->text);
    buf_done(&names->place);
}

static int by_name(const void *a, const void *b, void *text)
{
    return strcmp((const char *)text + *(const size_t *)a,
                  (const char *)text + *(const size_t *)b);
}

static void sort(struct fs_names *names)
{
    if (names->place.size > 0)
        qsort_r(places(names), fs_names_count(names), sizeof(size_t), by_name,
                names->text.data);
}

static bool have_memory(const struct fs_names *names)
{
    return buf_ok(&names->text) && buf_ok(&names->place);
}

static void add(struct fs_names *names, const char *name)
{
    const size_t start = names->text.size;

    buf_append(&names->text, name, strlen(name) + 1);
    buf_append(&names->place, &start, sizeof start);
}

/* Keeps the smaller half, and says up to where. */
static void cut(struct fs_names *names, char ret_ceiling[FS_NAME])
{
    struct fs_names kept = {.most = names->most, .more = true};
    size_t half = fs_names_count(names) / 2;

    sort(names);
    for (size_t i = 0; i < half; i++)
        add(&kept, fs_names_at(names, i));
    if (have_memory(&kept))
        (void)snprintf(ret_ceiling, FS_NAME, "%s", fs_names_at(&kept, half - 1));
    fs_names_done(names);
    *names = kept;
}

/* Files and folders are kept apart from the rest (links, sockets), which are no objects. */
static bool name_of(DIR *dir, const struct dirent *entry, char name[FS_NAME])
{
    size_t size = strlen(entry->d_name);
    unsigned char type = entry->d_type;
    struct stat st;

    if (size > FS_NAME - 3 || store_part_fault(entry->d_name, size))
        return false;
    if (type == DT_UNKNOWN) {
        if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            return false;
        type = S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
    }
    memcpy(name, entry->d_name, size + 1);
    if (type == DT_DIR)
        memcpy(name + size, "/", 2);
    return type == DT_DIR || type == DT_REG;
}

int fs_names_read(struct fs_names *names, DIR *dir, const char *floor,
                  bool (*wanted)(void *ctx, const char *name), void *ctx)
{
    char name[FS_NAME], ceiling[FS_NAME] = "";
    const struct dirent *entry;

    buf_clear(&names->text);
    buf_clear(&names->place);
    names->more = false;
    rewinddir(dir);
    while (errno = 0, (entry = readdir(dir)) != NULL) {
        if (!name_of(dir, entry, name) || strcmp(name, floor) <= 0 || !wanted(ctx, name))
            continue;
        if (names->more && strcmp(name, ceiling) > 0)
            continue;
        add(names, name);
        if (fs_names_count(names) > names->most || names->text.size > TEXT_BYTES)
            cut(names, ceiling);
        if (!have_memory(names)) {
            errno = ENOMEM;
            return -1;
        }
    }
    if (errno)
        return -1;
    sort(names);
    return 0;
}
