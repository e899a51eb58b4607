/* sort_merge.c - several sorted runs as one; see sort_local.h. The runs wait in a heap by their
 * next record. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/spool.h"
#include "lib/sort/sort_local.h"

enum { BUFFER_MIN = 16 << 10, BUFFER_MAX = 256 << 10, SIZE_BYTES = sizeof(uint32_t) };

/* What was read back is given back in pieces of a megabyte: a large file needs its room once,
 * and not again for what is made of it. */
enum { DROP_BYTES = 1 << 20, DROP_ALIGN = 4096 };

struct source {
    uint64_t offset, left; /* of the run, what is not in the buffer yet */
    uint64_t kept_from;    /* what is before it was given back */
    char *buffer;
    size_t capacity, at, end;
    uint64_t prefix;
    const char *record; /* the next one, in the buffer */
    uint32_t size;
};

struct merge {
    int fd;
    struct source *sources;
    size_t source_count;
    size_t *heap; /* of sources that have a record */
    size_t heap_size;
    bool begun;
};

uint64_t sort_prefix(const void *record, size_t size)
{
    unsigned char bytes[8] = {0};
    uint64_t prefix = 0;

    memcpy(bytes, record, size < 8 ? size : 8);
    for (int i = 0; i < 8; i++)
        prefix = prefix << 8 | bytes[i];
    return prefix;
}

int sort_compare_rest(const void *a, size_t a_size, const void *b, size_t b_size)
{
    const size_t both = a_size < b_size ? a_size : b_size;
    const int order = both > 8 ? memcmp((const char *)a + 8, (const char *)b + 8, both - 8) : 0;

    return order ? order : (a_size > b_size) - (a_size < b_size);
}

/* Makes size bytes from at on be there; the run has them. */
static int need(const struct merge *merge, struct source *s, size_t size, struct err *err)
{
    size_t room, part;

    if (s->end - s->at >= size)
        return 0;
    memmove(s->buffer, s->buffer + s->at, s->end - s->at);
    s->end -= s->at;
    s->at = 0;
    if (size > s->capacity) {
        char *grown = realloc(s->buffer, size);

        if (!grown)
            return err_set_nomem(err, "sorting");
        s->buffer = grown;
        s->capacity = size;
    }
    room = s->capacity - s->end;
    part = s->left < room ? (size_t)s->left : room;
    if (spool_read(merge->fd, s->offset, s->buffer + s->end, part, err) < 0)
        return err->code;
    s->offset += part;
    if (s->offset - s->kept_from >= DROP_BYTES) {
        spool_drop(merge->fd, s->kept_from, s->offset);
        s->kept_from = s->offset / DROP_ALIGN * DROP_ALIGN;
    }
    s->left -= part;
    s->end += part;
    return 0;
}

/* 1: the source's next record is there; 0: it has none. */
static int advance(const struct merge *merge, struct source *s, struct err *err)
{
    if (s->at == s->end && s->left == 0)
        return 0;
    if (need(merge, s, SIZE_BYTES, err) < 0)
        return err->code;
    memcpy(&s->size, s->buffer + s->at, SIZE_BYTES);
    if (need(merge, s, SIZE_BYTES + s->size, err) < 0)
        return err->code;
    s->record = s->buffer + s->at + SIZE_BYTES;
    s->at += SIZE_BYTES + s->size;
    s->prefix = sort_prefix(s->record, s->size);
    return 1;
}

static bool comes_before(const struct merge *merge, size_t a, size_t b)
{
    const struct source *x = &merge->sources[a], *y = &merge->sources[b];

    if (x->prefix != y->prefix)
        return x->prefix < y->prefix;
    return sort_compare_rest(x->record, x->size, y->record, y->size) < 0;
}

static void sift_down(struct merge *merge, size_t at)
{
    size_t *heap = merge->heap, child;

    for (; (child = 2 * at + 1) < merge->heap_size; at = child) {
        size_t moved = heap[at];

        if (child + 1 < merge->heap_size && comes_before(merge, heap[child + 1], heap[child]))
            child++;
        if (!comes_before(merge, heap[child], moved))
            return;
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

static int begin(struct merge *merge, struct err *err)
{
    merge->begun = true;
    for (size_t i = 0; i < merge->source_count; i++) {
        int r = advance(merge, &merge->sources[i], err);

        if (r < 0)
            return r;
        if (r > 0)
            merge->heap[merge->heap_size++] = i;
    }
    for (size_t i = merge->heap_size; i-- > 0;)
        sift_down(merge, i);
    return 0;
}

/* What was handed out last gives its place to what follows in its run. */
static int replace_top(struct merge *merge, struct err *err)
{
    int r = advance(merge, &merge->sources[merge->heap[0]], err);

    if (r < 0)
        return r;
    if (r == 0)
        merge->heap[0] = merge->heap[--merge->heap_size];
    sift_down(merge, 0);
    return 0;
}

int merge_next(struct merge *merge, const void **ret_record, size_t *ret_size, struct err *err)
{
    int r = 0;

    if (!merge->begun)
        r = begin(merge, err);
    else if (merge->heap_size > 0)
        r = replace_top(merge, err);
    if (r < 0 || merge->heap_size == 0)
        return r;
    *ret_record = merge->sources[merge->heap[0]].record;
    *ret_size = merge->sources[merge->heap[0]].size;
    return 1;
}

static size_t buffer_bytes(size_t memory_bytes, size_t runs)
{
    size_t share = memory_bytes / (runs ? runs : 1);

    return share < BUFFER_MIN ? BUFFER_MIN : share > BUFFER_MAX ? BUFFER_MAX : share;
}

struct merge *merge_new(int fd, const struct sort_run *runs, size_t count, size_t memory_bytes,
                        struct err *err)
{
    const size_t bytes = buffer_bytes(memory_bytes, count);
    struct merge *merge = calloc(1, sizeof *merge);
    bool there = merge != NULL;

    if (there) {
        merge->fd = fd;
        merge->source_count = count;
        merge->sources = calloc(count + 1, sizeof *merge->sources);
        merge->heap = calloc(count + 1, sizeof *merge->heap);
        there = merge->sources && merge->heap;
    }
    for (size_t i = 0; there && i < count; i++) {
        merge->sources[i] = (struct source){.offset = runs[i].offset,
                                            .kept_from = runs[i].offset,
                                            .left = runs[i].size,
                                            .buffer = malloc(bytes),
                                            .capacity = bytes};
        there = merge->sources[i].buffer != NULL;
    }
    if (there)
        return merge;
    merge_free(merge);
    err_set_nomem(err, "sorting");
    return NULL;
}

void merge_free(struct merge *merge)
{
    if (!merge)
        return;
    for (size_t i = 0; merge->sources && i < merge->source_count; i++)
        free(merge->sources[i].buffer);
    free(merge->sources);
    free(merge->heap);
    free(merge);
}
