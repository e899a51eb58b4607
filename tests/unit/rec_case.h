/* rec_case.h - random matrices of likes, and half steps of iALS by plain elimination in double
 * precision. */
#ifndef TESTS_UNIT_REC_CASE_H
#define TESTS_UNIT_REC_CASE_H

#include <math.h>
#include <stdbool.h>

#include "lib/rec/als.h"
#include "tests/test.h"

#define MAYBE static inline __attribute__((unused))

/* What a matrix is made of; free with case_done. */
struct rec_case {
    struct rec_matrix matrix;
    uint64_t *row_start;
    uint32_t *col;
    float *weight;
    size_t room;
};

MAYBE uint32_t case_random(uint64_t *state)
{
    *state = *state * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(*state >> 33);
}

/* From 0 to below 1. */
MAYBE double case_uniform(uint64_t *state)
{
    return case_random(state) / 2147483648.0;
}

MAYBE void case_init(struct rec_case *c, uint32_t rows, uint32_t cols, size_t room)
{
    *c = (struct rec_case){.row_start = calloc(rows + 1, sizeof *c->row_start),
                           .col = calloc(room ? room : 1, sizeof *c->col),
                           .weight = calloc(room ? room : 1, sizeof *c->weight),
                           .room = room};
    CHECK(c->row_start && c->col && c->weight);
    c->matrix = (struct rec_matrix){.rows = rows,
                                    .cols = cols,
                                    .row_start = c->row_start,
                                    .col = c->col,
                                    .weight = c->weight};
}

MAYBE void case_done(struct rec_case *c)
{
    free(c->row_start);
    free(c->col);
    free(c->weight);
}

/* Rows are filled one after the other, columns ascending. */
MAYBE void case_add(struct rec_case *c, uint32_t row, uint32_t col, float weight)
{
    uint64_t at = c->row_start[row + 1] ? c->row_start[row + 1] : c->row_start[row];

    CHECK_INT(at, <, c->room);
    c->col[at] = col;
    c->weight[at] = weight;
    for (uint32_t r = row; r < c->matrix.rows; r++)
        c->row_start[r + 1] = at + 1;
}

/* Each pair with this probability on average: next to none in the first rows, twice as many in
 * the last. Likes and weak negatives of all sizes; row 3 and column 5 stay empty, row 4 has
 * only negatives. */
MAYBE void case_fill(struct rec_case *c, uint32_t rows, uint32_t cols, double density,
                     uint64_t seed)
{
    case_init(c, rows, cols, (size_t)rows * cols);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t i = 0; i < cols; i++) {
            double weight = 0.1 + 2 * case_uniform(&seed);

            if (case_uniform(&seed) * rows >= density * 2 * r || r == 3 || i == 5)
                continue;
            if (r == 4 || case_uniform(&seed) < 0.3)
                weight = -weight;
            case_add(c, r, i, (float)weight);
        }
}

/* -- half steps ------------------------------------------------------------------------------
 */

/* A user with the items given, or the other way round. */
struct plain {
    const struct rec_als_conf *conf;
    const double *other; /* [count x factors] */
    size_t count;
};

MAYBE void plain_solve(double *a, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t r = i + 1; r < n; r++) {
            double times = a[r * n + i] / a[i * n + i];

            for (size_t j = i; j < n; j++)
                a[r * n + j] -= times * a[i * n + j];
            x[r] -= times * x[i];
        }
    for (size_t i = n; i-- > 0;) {
        for (size_t j = i + 1; j < n; j++)
            x[i] -= a[i * n + j] * x[j];
        x[i] /= a[i * n + i];
    }
}

MAYBE void plain_add(double *a, size_t k, const double *y, double times)
{
    for (size_t i = 0; i < k; i++)
        for (size_t j = 0; j < k; j++)
            a[i * k + j] += times * y[i] * y[j];
}

/* Everything shared: unobserved * Y'Y. */
MAYBE double *plain_gram(const struct plain *p)
{
    size_t k = (size_t)p->conf->factors;
    double *gram = calloc(k * k, sizeof *gram);

    CHECK(gram);
    for (size_t i = 0; i < p->count; i++)
        plain_add(gram, k, p->other + i * k, (double)p->conf->unobserved);
    return gram;
}

MAYBE void plain_row(const struct plain *p, const double *gram, const uint32_t *col,
                     const float *weight, size_t count, double *ret_x)
{
    size_t k = (size_t)p->conf->factors;
    double *a = calloc(k * k, sizeof *a);

    CHECK(a);
    memcpy(a, gram, k * k * sizeof *a);
    memset(ret_x, 0, k * sizeof *ret_x);
    for (size_t i = 0; i < k; i++)
        a[i * k + i] += (double)p->conf->regularisation *
                        pow((double)count + (double)p->conf->unobserved * (double)p->count,
                            (double)p->conf->frequency);
    for (size_t e = 0; e < count; e++) {
        const double *y = p->other + col[e] * k;
        double w = weight ? (double)weight[e] : 1;

        plain_add(a, k, y, fabs(w));
        for (size_t i = 0; i < k && w > 0; i++)
            ret_x[i] += w * y[i];
    }
    if (count > 0)
        plain_solve(a, ret_x, k);
    free(a);
}

MAYBE double *case_doubles(const float *from, size_t count)
{
    double *to = calloc(count ? count : 1, sizeof *to);

    CHECK(to);
    for (size_t i = 0; i < count; i++)
        to[i] = (double)from[i];
    return to;
}

/* To the bit. */
MAYBE bool case_same(const void *a, const void *b, size_t bytes)
{
    return memcmp(a, b, bytes) == 0;
}

/* got is want, but for allowed times want's length. */
MAYBE void case_compare(const char *what, const float *got, const double *want, size_t n,
                        double allowed)
{
    double length = 0, off = 0;

    for (size_t i = 0; i < n; i++) {
        length += want[i] * want[i];
        off += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
    }
    if (!(off <= allowed * allowed * length))
        TEST_FAIL("%s: off by %g of %g; the first is %g, not %g", what, sqrt(off), sqrt(length),
                  (double)got[0], want[0]);
}

#endif
