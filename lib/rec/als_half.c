/* als_half.c - see als_half.h. Tasks have about the same number of entries; each row is solved
 * by one thread, with what depends on that row alone, so that it does not matter by which. */
#include <stdatomic.h>

#include "lib/nn/parallel.h"
#include "lib/rec/als_half.h"
#include "lib/rec/als_memory.h"

enum { TASKS = 1024, AHEAD = 64 };
#define NO_ROW UINT64_MAX

struct half {
    const struct rec_matrix *matrix;
    const struct als_side *fixed;
    float *rows;
    char *scratch; /* of each thread */
    size_t scratch_bytes;
    _Atomic uint64_t failed; /* the first row that could not be solved */
};

static size_t longest_row(const struct rec_matrix *m)
{
    size_t longest = 0;

    for (size_t r = 0; r < m->rows; r++)
        if (m->row_start[r + 1] - m->row_start[r] > longest)
            longest = m->row_start[r + 1] - m->row_start[r];
    return longest;
}

/* The first row before which lie so many parts of 1 / TASKS of all entries and rows. */
static size_t row_at(const struct rec_matrix *m, size_t parts)
{
    uint64_t wanted = (m->row_start[m->rows] + m->rows) * parts / TASKS;
    size_t low = 0, high = m->rows;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (m->row_start[middle] + middle < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What the next row needs is fetched while this one is solved. */
static void fetch(const struct half *h, size_t row)
{
    const struct rec_matrix *m = h->matrix;
    size_t k = h->fixed->factors;
    uint64_t first, end;

    if (row >= m->rows)
        return;
    first = m->row_start[row];
    end = m->row_start[row + 1];
    for (uint64_t e = first; e < end && e < first + AHEAD; e++)
        for (size_t f = 0; f < k; f += ALS_PANEL)
            __builtin_prefetch(h->fixed->rows + m->col[e] * k + f);
}

static void note_failure(struct half *h, uint64_t row)
{
    uint64_t first = atomic_load(&h->failed);

    while (row < first && !atomic_compare_exchange_weak(&h->failed, &first, row))
        ;
}

static void solve_rows(void *ctx, size_t task, int thread)
{
    struct half *h = ctx;
    const struct rec_matrix *m = h->matrix;
    size_t end = row_at(m, task + 1), k = h->fixed->factors;
    void *scratch = h->scratch + (size_t)thread * h->scratch_bytes;

    for (size_t r = row_at(m, task); r < end; r++) {
        uint64_t first = m->row_start[r];

        fetch(h, r + 1);
        if (als_side_solve(h->fixed, m->col + first, m->weight ? m->weight + first : NULL,
                           m->row_start[r + 1] - first, scratch, h->rows + r * k) < 0)
            note_failure(h, r);
    }
}

/* Tasks write to rows. NOLINTNEXTLINE(readability-non-const-parameter) */
int als_half_sweep(const struct rec_matrix *matrix, const struct als_side *fixed, float *rows,
                   struct err *err)
{
    struct half h = {.matrix = matrix, .fixed = fixed, .rows = rows, .failed = NO_ROW};

    h.scratch_bytes = als_scratch_bytes(fixed->factors, longest_row(matrix));
    h.scratch_bytes += -h.scratch_bytes % 64;
    h.scratch = als_alloc((size_t)fixed->conf.threads, h.scratch_bytes);
    if (!h.scratch)
        return err_set_nomem(err, "the equations of a row of the matrix");
    parallel_for(fixed->conf.threads, TASKS, solve_rows, &h);
    free(h.scratch);
    if (h.failed == NO_ROW)
        return 0;
    return err_set(err, ERR_INVALID,
                   "the equations of number %llu have no solution in floats: make its weights "
                   "smaller, or regularisation larger",
                   (unsigned long long)h.failed);
}
