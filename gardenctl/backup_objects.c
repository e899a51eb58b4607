/* backup_objects.c - see backup_objects.h.
 *
 * Listings come in the order of the keys, a page at a time, and so are the lists of earlier
 * backups: they are read along, and memory does not grow with the number of objects. */
#include "gardenctl/backup_objects.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gardenctl/parallel.h"
#include "lib/base/file.h"
#include "lib/base/text.h"

enum { PAGE = 4096 };

/* What is backed up, in order; the trash and the cache are not. */
static const char *const prefixes[] = {"dataset/", "display/", "emotions/", "html/",
                                       "imgPool/"};
enum { PREFIX_COUNT = 5 };

struct item {
    struct manifest_object object;
    bool known;    /* object.sha256 is from a list */
    bool unsynced; /* from that of an interrupted backup: the file is looked at */
    bool copied, gone;
    struct err err;
};

struct page {
    struct store *store;
    const char *dir;
    struct item *items; /* owned */
    size_t count;
};

int backup_object_path(const char *dir, const char *key, char *path, size_t size,
                       struct err *err)
{
    int n = snprintf(path, size, "%s/objects/%s", dir, key);

    if (n < 0 || (size_t)n >= size)
        return err_set(err, ERR_INVALID, "%.60s... is too long for a path", dir);
    return key_check(key, strlen(key), err);
}

static int add_item(void *ctx, const char *key, const struct store_info *info, struct err *err)
{
    struct page *page = ctx;
    struct item *item = &page->items[page->count++];

    *item = (struct item){.object.size = info->size};
    if (text_copy(item->object.key, sizeof item->object.key, key) < 0)
        return err_set(err, ERR_INVALID, "the key %.60s... is too long", key);
    (void)text_copy(item->object.etag, sizeof item->object.etag, info->etag);
    return 0;
}

/* True where the copy in DIR can be used as it is. */
static bool is_there(const struct item *item, const char *path)
{
    OWNED_VALUE(buf) bytes = {0};
    char seen[SHA256_HEX];
    struct err ignored = {0};
    struct stat info;

    if (!item->known || stat(path, &info) < 0 || (uint64_t)info.st_size != item->object.size)
        return false;
    if (!item->unsynced)
        return true;
    if (file_read(path, item->object.size, &bytes, &ignored) < 0)
        return false;
    sha256_hex(bytes.data, bytes.size, seen);
    return strcmp(seen, item->object.sha256) == 0;
}

static void copy_item(void *ctx, size_t i)
{
    const struct page *page = ctx;
    struct item *item = &page->items[i];
    OWNED_VALUE(buf) bytes = {0};
    struct store_info info;
    char path[PATH_MAX];

    if (backup_object_path(page->dir, item->object.key, path, sizeof path, &item->err) < 0 ||
        is_there(item, path))
        return;
    if (store_get(page->store, item->object.key, &bytes, &info, &item->err) < 0) {
        item->gone = item->err.code == ERR_NOT_FOUND; /* removed since it was listed */
        return;
    }
    item->object.size = bytes.size;
    (void)text_copy(item->object.etag, sizeof item->object.etag, info.etag);
    sha256_hex(bytes.data ? bytes.data : "", bytes.size, item->object.sha256);
    if (file_make_folders(path, &item->err) == 0 &&
        file_write(path, buf_text(&bytes), bytes.size, &item->err) == 0)
        item->copied = true;
}

static bool look_up(FILE *list, struct manifest_object *cursor, struct item *item)
{
    if (!manifest_seek(list, cursor, item->object.key) || cursor->size != item->object.size ||
        strcmp(cursor->etag, item->object.etag) != 0)
        return false;
    memcpy(item->object.sha256, cursor->sha256, sizeof item->object.sha256);
    item->known = true;
    return true;
}

/* Writes the page's lines and counts. */
static int finish_page(const struct page *page, FILE *list, struct backup_count *count,
                       struct err *err)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct item *item = &page->items[i];

        if (item->gone)
            continue;
        if (item->err.code)
            return err_set(err, item->err.code, "%.80s: %.160s", item->object.key,
                           item->err.text);
        if (manifest_object_write(list, &item->object, err) < 0)
            return err->code;
        count->objects++;
        count->bytes += item->object.size;
        count->copied += item->copied;
    }
    if (fflush(list) != 0)
        return err_set_errno(err, "writing the list of objects");
    return 0;
}

/* How far the lists of earlier backups were read. */
struct cursors {
    const struct backup_lists *lists;
    struct manifest_object old_at, resumed_at;
};

static int backup_prefix(struct page *page, const char *prefix, struct cursors *cursors,
                         struct progress *progress, struct backup_count *count, struct err *err)
{
    char after[KEY_BYTES] = "";

    for (;;) {
        int r;

        page->count = 0;
        r = store_list(page->store, prefix, *after ? after : NULL, PAGE, add_item, page, err);
        if (r < 0 || page->count == 0)
            return r < 0 ? r : 0;
        for (size_t i = 0; i < page->count; i++) {
            struct item *item = &page->items[i];

            if (!look_up(cursors->lists->old, &cursors->old_at, item))
                item->unsynced = look_up(cursors->lists->resumed, &cursors->resumed_at, item);
        }
        parallel_each(page->count, copy_item, page, progress, count->objects);
        (void)text_copy(after, sizeof after, page->items[page->count - 1].object.key);
        r = finish_page(page, cursors->lists->list, count, err);
        if (r < 0)
            return r;
    }
}

int backup_objects(struct store *store, const char *dir, const struct backup_lists *lists,
                   struct backup_count *ret_count, struct err *err)
{
    struct page page = {.store = store, .dir = dir};
    struct cursors cursors = {.lists = lists};
    struct progress progress;
    struct backup_count count = {0};
    int r = 0;

    page.items = calloc(PAGE, sizeof *page.items);
    if (!page.items)
        return err_set_nomem(err, "a page of objects");
    progress_start(&progress, "copying", "objects", 0);
    for (size_t i = 0; i < PREFIX_COUNT && r == 0; i++)
        r = backup_prefix(&page, prefixes[i], &cursors, &progress, &count, err);
    progress_end(&progress);
    free(page.items);
    *ret_count = count;
    return r;
}

void backup_prune(const char *dir, FILE *old, FILE *list)
{
    struct manifest_object was = {0}, now = {0};
    struct err ignored = {0};
    char path[PATH_MAX];

    while (manifest_object_read(old, &was, &ignored) > 0)
        if (!manifest_seek(list, &now, was.key) &&
            backup_object_path(dir, was.key, path, sizeof path, &ignored) == 0)
            (void)unlink(path);
}
