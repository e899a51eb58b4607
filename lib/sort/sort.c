/* sort.c - see sort.h: fills memory, writes it out sorted as a run where it is full.
 *
 * In the block of memory the records grow from its front and their entries from its end. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/spool.h"
#include "lib/sort/sort_local.h"

enum { MEMORY_BYTES = 16 << 20, MEMORY_MIN = 2 << 20, WRITE_BYTES = 256 << 10 };

struct entry {
    uint64_t prefix;
    uint32_t at, size; /* in the block */
};

struct sorter {
    const char *dir;
    size_t memory_bytes;
    char *block;        /* NULL once it was given back, for merging */
    size_t used, count; /* bytes of records, entries */
    uint64_t added;
    int fd; /* -1: everything is in memory */
    uint64_t file_size;
    struct sort_run runs[RUNS_MAX];
    size_t run_count;
    struct merge *merge;
    size_t next; /* entry to hand out, where nothing was written */
    bool ended;
};

struct sorter *sorter_new(const struct sorter_conf *conf, struct err *err)
{
    struct sorter *sorter = calloc(1, sizeof *sorter);
    size_t bytes = conf->memory_bytes ? conf->memory_bytes : MEMORY_BYTES;

    bytes = bytes < MEMORY_MIN ? MEMORY_MIN : bytes & ~(sizeof(struct entry) - 1);
    if (sorter)
        sorter->block = malloc(bytes);
    if (!sorter || !sorter->block) {
        free(sorter);
        err_set_nomem(err, "sorting");
        return NULL;
    }
    sorter->dir = conf->dir;
    sorter->memory_bytes = bytes;
    sorter->fd = -1;
    return sorter;
}

void sorter_free(struct sorter *sorter)
{
    if (!sorter)
        return;
    merge_free(sorter->merge);
    if (sorter->fd >= 0)
        (void)close(sorter->fd);
    free(sorter->block);
    free(sorter);
}

uint64_t sorter_count(const struct sorter *sorter)
{
    return sorter->added;
}

/* The last that was added is the first of these. */
static struct entry *entries(const struct sorter *sorter)
{
    return (struct entry *)(void *)(sorter->block + sorter->memory_bytes) - sorter->count;
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct entry *x = a, *y = b;
    const char *block = ctx;

    if (x->prefix != y->prefix)
        return x->prefix < y->prefix ? -1 : 1;
    return sort_compare_rest(block + x->at, x->size, block + y->at, y->size);
}

int sorter_compare(const void *a, size_t a_size, const void *b, size_t b_size)
{
    const uint64_t x = sort_prefix(a, a_size), y = sort_prefix(b, b_size);

    return x != y ? (x < y ? -1 : 1) : sort_compare_rest(a, a_size, b, b_size);
}

static void sort_block(struct sorter *sorter)
{
    qsort_r(entries(sorter), sorter->count, sizeof(struct entry), compare, sorter->block);
}

/* -- runs -- */

/* A run that is being written at the end of a file. */
struct writer {
    int fd;
    uint64_t offset;
    struct buf waiting;
};

static int write_waiting(struct writer *writer, struct err *err)
{
    if (!buf_ok(&writer->waiting))
        return err_set_nomem(err, "sorting");
    if (spool_write(writer->fd, writer->offset, writer->waiting.data, writer->waiting.size,
                    err) < 0)
        return err->code;
    writer->offset += writer->waiting.size;
    buf_clear(&writer->waiting);
    return 0;
}

static int write_record(struct writer *writer, const void *record, uint32_t size,
                        struct err *err)
{
    buf_append(&writer->waiting, &size, sizeof size);
    buf_append(&writer->waiting, record, size);
    return writer->waiting.size >= WRITE_BYTES ? write_waiting(writer, err) : 0;
}

static int begin_run(struct sorter *sorter, struct writer *writer, struct err *err)
{
    if (sorter->fd < 0)
        sorter->fd = spool_open(sorter->dir, err);
    if (sorter->fd < 0)
        return err->code;
    *writer = (struct writer){.fd = sorter->fd, .offset = sorter->file_size};
    return 0;
}

static int end_run(struct sorter *sorter, struct writer *writer, struct err *err)
{
    if (err->code == 0 && write_waiting(writer, err) == 0) {
        sorter->runs[sorter->run_count++] =
            (struct sort_run){sorter->file_size, writer->offset - sorter->file_size};
        sorter->file_size = writer->offset;
    }
    buf_done(&writer->waiting);
    return err->code;
}

/* All runs into one, in a file of its own. */
static int merge_runs(struct sorter *sorter, struct err *err)
{
    OWNED(merge)
    merge = merge_new(sorter->fd, sorter->runs, sorter->run_count, sorter->memory_bytes, err);
    struct writer writer = {.fd = merge ? spool_open(sorter->dir, err) : -1};
    const void *record;
    size_t size;
    int r = writer.fd < 0 ? err->code : 1;

    while (r > 0 && (r = merge_next(merge, &record, &size, err)) > 0)
        if (write_record(&writer, record, (uint32_t)size, err) < 0)
            r = err->code;
    if (r == 0)
        r = write_waiting(&writer, err);
    buf_done(&writer.waiting);
    if (r < 0) {
        if (writer.fd >= 0)
            (void)close(writer.fd);
        return r;
    }
    (void)close(sorter->fd);
    sorter->fd = writer.fd;
    sorter->file_size = writer.offset;
    sorter->runs[0] = (struct sort_run){0, writer.offset};
    sorter->run_count = 1;
    return 0;
}

static int write_block(struct sorter *sorter, struct err *err)
{
    struct writer writer = {.fd = -1};

    if (sorter->run_count == RUNS_MAX && merge_runs(sorter, err) < 0)
        return err->code;
    if (begin_run(sorter, &writer, err) < 0)
        return err->code;
    sort_block(sorter);
    for (size_t i = 0; i < sorter->count && err->code == 0; i++) {
        const struct entry *entry = &entries(sorter)[i];

        (void)write_record(&writer, sorter->block + entry->at, entry->size, err);
    }
    sorter->used = sorter->count = 0;
    return end_run(sorter, &writer, err);
}

/* -- in and out -- */

int sorter_add(struct sorter *sorter, const void *record, size_t size, struct err *err)
{
    struct entry *entry;

    if (size > SORT_RECORD_MAX)
        return err_set(err, ERR_TOO_LARGE, "a record of %zu bytes cannot be sorted: %d at most",
                       size, SORT_RECORD_MAX);
    if (sorter->used + size + (sorter->count + 1) * sizeof *entry > sorter->memory_bytes &&
        write_block(sorter, err) < 0)
        return err->code;
    memcpy(sorter->block + sorter->used, record, size);
    sorter->count++;
    entry = entries(sorter);
    *entry = (struct entry){sort_prefix(record, size), (uint32_t)sorter->used, (uint32_t)size};
    sorter->used += size;
    sorter->added++;
    return 0;
}

static int end_adding(struct sorter *sorter, struct err *err)
{
    sorter->ended = true;
    if (sorter->run_count == 0) {
        sort_block(sorter);
        return 0;
    }
    if (sorter->count > 0 && write_block(sorter, err) < 0)
        return err->code;
    free(sorter->block);
    sorter->block = NULL;
    sorter->merge =
        merge_new(sorter->fd, sorter->runs, sorter->run_count, sorter->memory_bytes, err);
    return sorter->merge ? 0 : err->code;
}

int sorter_next(struct sorter *sorter, const void **ret_record, size_t *ret_size,
                struct err *err)
{
    const struct entry *entry;

    if (!sorter->ended && end_adding(sorter, err) < 0)
        return err->code;
    if (sorter->merge)
        return merge_next(sorter->merge, ret_record, ret_size, err);
    if (!sorter->block || sorter->next == sorter->count)
        return 0;
    entry = &entries(sorter)[sorter->next++];
    *ret_record = sorter->block + entry->at;
    *ret_size = entry->size;
    return 1;
}
