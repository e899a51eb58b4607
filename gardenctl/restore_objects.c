/* restore_objects.c - see restore_objects.h.
 *
 * The list is read in parts, and a part is cut into batches that threads work on: each reads
 * its files, compares them with the manifest and with the store, and applies what is missing
 * with one publish. */
#include "gardenctl/restore_objects.h"

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "gardenctl/backup_objects.h"
#include "gardenctl/parallel.h"
#include "lib/base/file.h"
#include "lib/base/stop.h"
#include "lib/image/image.h"
#include "proto/key.h"

enum {
    BATCH = 16,
    BATCH_BYTES = 16 << 20, /* of files held by one thread, unless one alone is larger */
    BATCHES = 16,           /* in a part of the list */
    TRIES = 4,
    PAUSE_MS = 1000,
};

enum outcome { RESTORED, SAME, DIFFERS, FAILED };

struct item {
    struct manifest_object object;
    struct buf bytes; /* owned; empty unless it is to be restored */
    struct store_meta meta;
    enum outcome outcome;
    char reason[256];
};

struct batch {
    struct item items[BATCH];
    size_t count;
    uint64_t bytes;
};

struct job {
    const struct object_writer_conf *writer;
    const char *dir;
    bool overwrite;
    struct batch *batches; /* owned */
    size_t batch_count;
};

static void set_failed(struct item *item, const struct err *err)
{
    item->outcome = FAILED;
    (void)snprintf(item->reason, sizeof item->reason, "%s", err->text);
}

/* Reads the file and sees that it is what the list says. */
static int read_item(const struct job *job, struct item *item, struct err *err)
{
    char path[PATH_MAX], seen[SHA256_HEX];

    if (backup_object_path(job->dir, item->object.key, path, sizeof path, err) < 0 ||
        file_read(path, item->object.size, &item->bytes, err) < 0)
        return err->code;
    sha256_hex(buf_text(&item->bytes), item->bytes.size, seen);
    if (item->bytes.size != item->object.size || strcmp(seen, item->object.sha256) != 0)
        return err_set(err, ERR_INVALID, "the backup's copy is damaged (SHA-256 differs)");
    return 0;
}

/* Whether the store has it: RESTORED means that it has to be put there. */
static int compare_item(const struct job *job, const struct item *item, enum outcome *ret,
                        struct err *err)
{
    OWNED_VALUE(buf) there = {0};
    struct store_info info;
    bool same = false;
    int r = store_head(job->writer->store, item->object.key, &info, err);

    if (r == ERR_NOT_FOUND) {
        err_clear(err);
        *ret = RESTORED;
        return 0;
    }
    if (r == 0 && info.size == item->object.size) {
        r = store_get(job->writer->store, item->object.key, &there, &info, err);
        same = r == 0 && there.size == item->bytes.size &&
               memcmp(buf_text(&there), buf_text(&item->bytes), there.size) == 0;
    }
    if (r < 0)
        return r;
    if (same)
        *ret = SAME;
    else
        *ret = job->overwrite ? RESTORED : DIFFERS;
    return 0;
}

static void prepare_item(const struct job *job, struct item *item)
{
    struct image_info info = {0};
    struct err err = {0}, ignored = {0};

    if (read_item(job, item, &err) < 0 || compare_item(job, item, &item->outcome, &err) < 0)
        set_failed(item, &err);
    if (item->outcome != RESTORED) {
        buf_done(&item->bytes);
        return;
    }
    item->meta.sha256 = item->object.sha256;
    if (image_probe(item->bytes.data, item->bytes.size, NULL, &info, &ignored) == 0) {
        item->meta.width = info.width;
        item->meta.height = info.height;
        item->meta.content_type = image_content_type(info.format);
    }
}

/* Applies the pictures with one publish; where only that failed, all of it is done again. */
static void apply(const struct job *job, const struct object_change_request *requests,
                  struct item *const *items, size_t count)
{
    struct object_change_result results[BATCH] = {0};
    struct trace trace;
    struct err err = {0};

    trace_start(&trace);
    for (int i = 0; i < TRIES; i++) {
        err_clear(&err);
        if (object_writer_apply(job->writer, requests, count, &trace, results, &err) >= 0)
            break;
        if (stop_wait(PAUSE_MS))
            break;
    }
    for (size_t i = 0; i < count; i++) {
        if (err.code == 0 && results[i].code < 0)
            (void)snprintf(items[i]->reason, sizeof items[i]->reason, "%s", results[i].reason);
        if (err.code)
            set_failed(items[i], &err);
        else if (results[i].code < 0)
            items[i]->outcome = FAILED;
    }
}

static void store_only(const struct job *job, struct item *item)
{
    struct err err = {0};

    if (store_put(job->writer->store, item->object.key, buf_text(&item->bytes),
                  item->bytes.size, &item->meta, NULL, &err) < 0)
        set_failed(item, &err);
}

static void do_batch(void *ctx, size_t index)
{
    const struct job *job = ctx;
    struct batch *batch = &job->batches[index];
    struct object_change_request requests[BATCH];
    struct item *items[BATCH];
    size_t count = 0;

    for (size_t i = 0; i < batch->count; i++) {
        struct item *item = &batch->items[i];

        prepare_item(job, item);
        if (item->outcome != RESTORED)
            continue;
        if (!key_is_picture(item->object.key)) {
            store_only(job, item);
            continue;
        }
        items[count] = item;
        requests[count++] = (struct object_change_request){.what = OBJECT_PUT,
                                                           .key = item->object.key,
                                                           .data = buf_text(&item->bytes),
                                                           .size = item->bytes.size,
                                                           .meta = &item->meta};
    }
    if (count)
        apply(job, requests, items, count);
    for (size_t i = 0; i < batch->count; i++)
        buf_done(&batch->items[i].bytes);
}

/* Fills the batches from the list; 0 at its end. */
static int read_part(struct job *job, FILE *list, struct err *err)
{
    struct manifest_object object;
    int r = 1;

    job->batch_count = 0;
    while (job->batch_count < BATCHES) {
        struct batch *batch = job->batch_count ? &job->batches[job->batch_count - 1] : NULL;

        if (!batch || batch->count == BATCH || batch->bytes > BATCH_BYTES) {
            batch = &job->batches[job->batch_count++];
            batch->count = 0;
            batch->bytes = 0;
        }
        r = manifest_object_read(list, &object, err);
        if (r <= 0)
            break;
        batch->items[batch->count++] = (struct item){.object = object};
        batch->bytes += object.size;
    }
    return r;
}

static void count_part(const struct job *job, struct progress *progress,
                       struct restore_count *count)
{
    for (size_t b = 0; b < job->batch_count; b++) {
        for (size_t i = 0; i < job->batches[b].count; i++) {
            const struct item *item = &job->batches[b].items[i];

            count->restored += item->outcome == RESTORED;
            count->same += item->outcome == SAME;
            count->differs += item->outcome == DIFFERS;
            count->failed += item->outcome == FAILED;
            if (item->outcome == FAILED)
                progress_say(progress, "FAILED %s: %s", item->object.key, item->reason);
            if (item->outcome == DIFFERS)
                progress_say(progress, "DIFFERS %s", item->object.key);
        }
    }
}

static int restore_list(struct job *job, FILE *list, uint64_t total,
                        struct restore_count *count, struct err *err)
{
    struct progress progress;
    int r = 1;

    progress_start(&progress, "restoring", "objects", total);
    while (r > 0 && !stopping()) {
        r = read_part(job, list, err);
        if (r < 0)
            break;
        parallel_each(job->batch_count, do_batch, job, NULL, 0);
        count_part(job, &progress, count);
        progress_at(&progress, count->restored + count->same + count->differs + count->failed);
    }
    progress_end(&progress);
    if (stopping())
        r = err_set(err, ERR_UNAVAILABLE, "stopped; run it again to go on");
    return r;
}

int restore_objects(const struct object_writer_conf *writer, const char *dir,
                    const struct manifest *manifest, bool overwrite,
                    struct restore_count *ret_count, struct err *err)
{
    struct job job = {.writer = writer, .dir = dir, .overwrite = overwrite};
    struct restore_count count = {0};
    char path[PATH_MAX];
    FILE *list;
    int r;

    (void)snprintf(path, sizeof path, "%s/%s", dir, manifest->objects.file);
    list = fopen(path, "re");
    if (!list)
        return err_set_errno(err, "opening %.200s", path);
    job.batches = calloc(BATCHES, sizeof *job.batches);
    r = job.batches ? restore_list(&job, list, (uint64_t)manifest->objects.lines, &count, err)
                    : err_set_nomem(err, "the list of objects");
    free(job.batches);
    (void)fclose(list);
    *ret_count = count;
    return r;
}
