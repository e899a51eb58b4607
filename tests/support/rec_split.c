#include "tests/support/rec_split.h"

#include <stdbool.h>
#include <stdio.h>

#include "lib/base/file.h"

static int compare_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static int compare_item(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

/* The times at which the shares of the likes are passed. */
static int find_cuts(const struct rec_dataset *dataset, double train, double until,
                     int64_t ret_cuts[2])
{
    int64_t *times = malloc((dataset->count + 1) * sizeof *times);
    double count = (double)dataset->count;

    if (!times)
        return -1;
    for (size_t i = 0; i < dataset->count; i++)
        times[i] = dataset->likes[i].time;
    qsort(times, dataset->count, sizeof *times, compare_time);
    ret_cuts[0] = times[(size_t)(train * count)];
    ret_cuts[1] = until < 1 ? times[(size_t)(until * count)] : INT64_MAX;
    free(times);
    return 0;
}

static void rows_done(struct rec_rows *rows)
{
    free(rows->start);
    free(rows->items);
}

/* Likes with from <= time < to, by user, sorted, each once. */
static int rows_make(const struct rec_dataset *dataset, int64_t from, int64_t to,
                     struct rec_rows *ret)
{
    uint64_t *start = calloc((size_t)dataset->users + 2, sizeof *start), kept = 0;
    uint32_t *items;

    if (!start)
        return -1;
    for (size_t i = 0; i < dataset->count; i++)
        if (dataset->likes[i].time >= from && dataset->likes[i].time < to)
            start[dataset->likes[i].user + 2]++;
    for (uint32_t u = 0; u <= dataset->users; u++)
        start[u + 1] += start[u];
    items = malloc((start[dataset->users + 1] + 1) * sizeof *items);
    *ret = (struct rec_rows){start, items};
    if (!items)
        return -1;
    for (size_t i = 0; i < dataset->count; i++)
        if (dataset->likes[i].time >= from && dataset->likes[i].time < to)
            items[start[dataset->likes[i].user + 1]++] = dataset->likes[i].item;
    for (uint32_t u = 0; u < dataset->users; u++) { /* start[u] is still where it begins */
        uint64_t begin = start[u], end = start[u + 1], first = kept;

        qsort(items + begin, end - begin, sizeof *items, compare_item);
        start[u] = first;
        for (uint64_t k = begin; k < end; k++)
            if (kept == first || items[kept - 1] != items[k])
                items[kept++] = items[k];
    }
    start[dataset->users] = kept;
    return 0;
}

static bool has(const struct rec_rows *rows, size_t row, uint32_t item)
{
    return bsearch(&item, rows->items + rows->start[row],
                   rows->start[row + 1] - rows->start[row], sizeof item, compare_item) != NULL;
}

/* Keeps of later what can be foretold; returns how many users have some. */
static size_t filter(const struct rec_split *split, struct rec_rows *later, const bool *known)
{
    uint64_t kept = 0, begin = 0;
    size_t users = 0;

    for (uint32_t u = 0; u < split->users; u++) {
        uint64_t end = later->start[u + 1], first = kept;

        for (uint64_t k = begin; k < end; k++)
            if (split->train.start[u] < split->train.start[u + 1] && known[later->items[k]] &&
                !has(&split->train, u, later->items[k]))
                later->items[kept++] = later->items[k];
        later->start[u] = first;
        begin = end;
        users += kept > first;
    }
    later->start[split->users] = kept;
    return users;
}

/* Takes every so many-th of the users who have something into asked and test. */
static int ask(struct rec_split *split, const struct rec_rows *later, size_t users, size_t max)
{
    size_t count = max > 0 && max < users ? max : users, seen = 0, taken = 0;
    uint64_t total = 0;

    split->asked = malloc((count + 1) * sizeof *split->asked);
    split->test.start = calloc(count + 1, sizeof *split->test.start);
    split->test.items = malloc((later->start[split->users] + 1) * sizeof *split->test.items);
    if (!split->asked || !split->test.start || !split->test.items)
        return -1;
    for (uint32_t u = 0; u < split->users && taken < count; u++) {
        uint64_t size = later->start[u + 1] - later->start[u];

        if (size == 0 || seen++ * count / users < taken)
            continue;
        split->asked[taken++] = u;
        memcpy(split->test.items + total, later->items + later->start[u],
               size * sizeof *later->items);
        split->test.start[taken] = total += size;
    }
    split->asked_count = taken;
    return 0;
}

struct rec_split *rec_split_new(const struct rec_dataset *dataset, double train, double until,
                                size_t asked_max, struct err *err)
{
    struct rec_split *split = calloc(1, sizeof *split);
    bool *known = calloc((size_t)dataset->items + 1, sizeof *known);
    struct rec_rows later = {0};
    int64_t cuts[2];
    int r = -1;

    if (dataset->count == 0)
        (void)err_set(err, ERR_INVALID, "a data set without likes cannot be split");
    if (err->code == 0 && split && known && find_cuts(dataset, train, until, cuts) == 0) {
        split->users = dataset->users;
        split->items = dataset->items;
        if (rows_make(dataset, INT64_MIN, cuts[0], &split->train) == 0 &&
            rows_make(dataset, cuts[0], cuts[1], &later) == 0) {
            for (uint64_t k = 0; k < split->train.start[split->users]; k++)
                known[split->train.items[k]] = true;
            r = ask(split, &later, filter(split, &later, known), asked_max);
        }
    }
    free(known);
    rows_done(&later);
    if (r == 0)
        return split;
    (void)err_set_nomem(err, "a split");
    rec_split_free(split);
    return NULL;
}

void rec_split_free(struct rec_split *split)
{
    if (!split)
        return;
    rows_done(&split->train);
    rows_done(&split->test);
    free(split->asked);
    free(split);
}

struct rec_matrix rec_split_matrix(const struct rec_split *split)
{
    return (struct rec_matrix){.rows = split->users,
                               .cols = split->items,
                               .row_start = split->train.start,
                               .col = split->train.items};
}

/* -- files --------------------------------------------------------------------------------- */

static int write_array(const char *folder, const char *name, const void *data, size_t size,
                       struct err *err)
{
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_make_folders(path, err) < 0)
        return err->code;
    return file_write(path, data, size, err);
}

static int write_rows(const char *folder, const char *which, const struct rec_rows *rows,
                      size_t count, struct err *err)
{
    char name[64];

    (void)snprintf(name, sizeof name, "%s_rows.u64", which);
    if (write_array(folder, name, rows->start, (count + 1) * sizeof *rows->start, err) < 0)
        return err->code;
    (void)snprintf(name, sizeof name, "%s_cols.u32", which);
    return write_array(folder, name, rows->items, rows->start[count] * sizeof *rows->items,
                       err);
}

int rec_split_write(const struct rec_split *split, const char *folder, struct err *err)
{
    const uint64_t shape[2] = {split->users, split->items};

    if (write_array(folder, "shape.u64", shape, sizeof shape, err) < 0 ||
        write_array(folder, "asked.u32", split->asked,
                    split->asked_count * sizeof *split->asked, err) < 0 ||
        write_rows(folder, "train", &split->train, split->users, err) < 0)
        return err->code;
    return write_rows(folder, "test", &split->test, split->asked_count, err);
}

/* The file as it is, owned. */
static void *read_array(const char *folder, const char *name, size_t *ret_size, struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    char path[4096];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_read(path, SIZE_MAX / 2, &data, err) < 0)
        return NULL;
    *ret_size = data.size;
    return data.size ? buf_take(&data) : calloc(1, 1);
}

struct rec_split *rec_split_read(const char *folder, struct err *err)
{
    struct rec_split *split = calloc(1, sizeof *split);
    size_t size = 0;
    uint64_t *shape = read_array(folder, "shape.u64", &size, err);

    if (split && shape && size == 2 * sizeof *shape) {
        split->users = (uint32_t)shape[0];
        split->items = (uint32_t)shape[1];
        split->train.start = read_array(folder, "train_rows.u64", &size, err);
        split->train.items = read_array(folder, "train_cols.u32", &size, err);
        split->test.start = read_array(folder, "test_rows.u64", &size, err);
        split->test.items = read_array(folder, "test_cols.u32", &size, err);
        split->asked = read_array(folder, "asked.u32", &size, err);
        split->asked_count = size / sizeof *split->asked;
    }
    free(shape);
    if (split && split->asked)
        return split;
    (void)err_set(err, ERR_INVALID, "%s has no split that can be read", folder);
    rec_split_free(split);
    return NULL;
}

int rec_ranking_read(const struct rec_split *split, const char *path, uint32_t *ret_ranking,
                     struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    size_t size = split->asked_count * REC_TOP * sizeof *ret_ranking;

    if (file_read(path, SIZE_MAX / 2, &data, err) < 0)
        return err->code;
    if (data.size != size)
        return err_set(err, ERR_INVALID, "%s has %zu bytes, a ranking has %zu", path, data.size,
                       size);
    memcpy(ret_ranking, data.data, size);
    return 0;
}
