/* als_transpose.c - see als_transpose.h. Sorted by counting; the entries of each column keep
 * the order of the rows. */
#include <stdlib.h>

#include "lib/rec/als_memory.h"
#include "lib/rec/als_transpose.h"

struct turned {
    uint64_t *start;
    uint32_t *col;
    float *weight;
};

/* start[c + 1] is where column c begins until fill() has moved it on to where it ends. */
static void count_columns(const struct rec_matrix *m, uint64_t *start)
{
    uint64_t before = 0;

    for (size_t c = 0; c < (size_t)m->cols + 1; c++)
        start[c] = 0;
    for (uint64_t e = 0; e < m->row_start[m->rows]; e++)
        start[m->col[e] + 1]++;
    for (size_t c = 1; c < (size_t)m->cols + 1; c++) {
        uint64_t count = start[c];

        start[c] = before;
        before += count;
    }
}

static void fill(const struct rec_matrix *m, const struct turned *to)
{
    for (uint32_t r = 0; r < m->rows; r++)
        for (uint64_t e = m->row_start[r]; e < m->row_start[r + 1]; e++) {
            uint64_t at = to->start[m->col[e] + 1]++;

            to->col[at] = r;
            if (to->weight)
                to->weight[at] = m->weight[e];
        }
}

int als_transpose(const struct rec_matrix *matrix, struct rec_matrix *ret_turned,
                  struct err *err)
{
    uint64_t entries = matrix->row_start[matrix->rows];
    struct turned to = {als_alloc((size_t)matrix->cols + 1, sizeof *to.start),
                        als_alloc(entries, sizeof *to.col), NULL};

    if (matrix->weight)
        to.weight = als_alloc(entries, sizeof *to.weight);
    if (!to.start || !to.col || (matrix->weight && !to.weight)) {
        free(to.start);
        free(to.col);
        free(to.weight);
        return err_set_nomem(err, "the matrix by columns");
    }
    count_columns(matrix, to.start);
    fill(matrix, &to);
    *ret_turned = (struct rec_matrix){.rows = matrix->cols,
                                      .cols = matrix->rows,
                                      .row_start = to.start,
                                      .col = to.col,
                                      .weight = to.weight};
    return 0;
}

void als_transpose_done(struct rec_matrix *turned)
{
    free((void *)turned->row_start);
    free((void *)turned->col);
    free((void *)turned->weight);
    *turned = (struct rec_matrix){0};
}
