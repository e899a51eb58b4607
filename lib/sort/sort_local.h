/* sort_local.h - what sort.c (filling memory) and sort_merge.c (reading runs back) share. */
#ifndef LIB_SORT_SORT_LOCAL_H
#define LIB_SORT_SORT_LOCAL_H

#include "lib/sort/sort.h"

enum { RUNS_MAX = 256 };

/* A run in the file: each record with its size (uint32_t) before it. */
struct sort_run {
    uint64_t offset, size;
};

/* The first eight bytes decide most comparisons without a look at the record. */
uint64_t sort_prefix(const void *record, size_t size);

/* By the bytes from the ninth on, where the prefixes are equal. */
int sort_compare_rest(const void *a, size_t a_size, const void *b, size_t b_size);

struct merge;

/* memory_bytes is shared by all runs. The descriptor and runs are borrowed. */
struct merge *merge_new(int fd, const struct sort_run *runs, size_t count, size_t memory_bytes,
                        struct err *err);
void merge_free(struct merge *merge);
DEFINE_OWNED(merge)

/* As sorter_next. */
int merge_next(struct merge *merge, const void **ret_record, size_t *ret_size, struct err *err);

#endif
