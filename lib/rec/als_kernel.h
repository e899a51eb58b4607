/* als_kernel.h - the source of als_kernels_*.c: a row solved exactly.
 *
 * With D the diagonal of als_row, E the row's items times sqrt(|weight|) and D^-1/2, and t =
 * sqrt(weight) where the weight is above 0, else 0, the user's factors are
 *
 *   x = D^-1/2 (I + E'E)^-1 E't        factors x factors, or by Woodbury's identity
 *     = D^-1/2 E' (I + EE')^-1 t       entries x entries
 *
 * Most rows have far fewer entries than there are factors, so the second form is what makes a
 * sweep cheap. Both matrices are products a'a of f32, have no eigenvalue below 1 and are
 * factorised in double. */
#ifndef LIB_REC_ALS_KERNEL_H
#define LIB_REC_ALS_KERNEL_H

#include <math.h>

#include "lib/nn/simd.h"
#include "lib/rec/als.h"
#include "lib/rec/als_kernels.h"

enum {
    VECTORS = ALS_PANEL / LANES, /* of a panel */
    TILE = LANES / 2,            /* rows of a tile: as many sums as there are registers for */
    DOUBLES = LANES / 2          /* of a vector */
};

#define WIDTH 8UL /* vectors of doubles side by side */

typedef double vd __attribute__((vector_size(DOUBLES * 8)));
typedef float v4 __attribute__((vector_size(16)));

INLINE vd vd_load(const double *p)
{
    vd x;

    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void vd_store(double *p, vd x)
{
    memcpy(p, &x, sizeof x);
}

/* -- matrix products -------------------------------------------------------------------------
 */

/* Where the left side's element of step s and row t lies: at[s * step + t * row]. */
struct left {
    const float *at;
    size_t step, row;
};

/* sum[t] = sum over s < steps of left(s, t) * right[s], a panel of a matrix with ld columns */
INLINE void tile(vf sum[TILE][VECTORS], struct left left, const float *right, size_t ld,
                 size_t steps)
{
    UNROLL(8)
    for (size_t t = 0; t < TILE; t++) {
        UNROLL(4)
        for (size_t v = 0; v < VECTORS; v++)
            sum[t][v] = (vf){0};
    }
    for (size_t s = 0; s < steps; s++, left.at += left.step, right += ld) {
        vf panel[VECTORS];

        UNROLL(4)
        for (size_t v = 0; v < VECTORS; v++)
            panel[v] = vf_load(right + v * LANES);
        UNROLL(8)
        for (size_t t = 0; t < TILE; t++) {
            UNROLL(4)
            for (size_t v = 0; v < VECTORS; v++)
                sum[t][v] += left.at[t * left.row] * panel[v];
        }
    }
}

INLINE void add_tile(double *to, size_t ld, const vf sum[TILE][VECTORS])
{
    for (size_t t = 0; t < TILE; t++) {
        float row[ALS_PANEL];

        memcpy(row, sum[t], sizeof row);
        for (size_t i = 0; i < ALS_PANEL; i++)
            to[t * ld + i] += row[i];
    }
}

/* The first used columns only. */
INLINE void gram_of(const float *a, size_t rows, size_t cols, size_t used, double *sum)
{
    for (size_t j = 0; j < used; j += ALS_PANEL)
        for (size_t i = 0; i < j + ALS_PANEL && i < used; i += TILE) {
            vf part[TILE][VECTORS];

            tile(part, (struct left){a + i, cols, 1}, a + j, cols, rows);
            add_tile(sum + i * cols + j, cols, part);
        }
}

static void gram(const float *a, size_t rows, size_t cols, double *sum)
{
    gram_of(a, rows, cols, cols, sum);
}

static void turn_some(float *rows, size_t count, size_t factors, const float *axes)
{
    float turned[TILE][REC_FACTORS_MAX];

    for (size_t j = 0; j < factors; j += ALS_PANEL) {
        vf part[TILE][VECTORS];

        tile(part, (struct left){rows, 1, factors}, axes + j, factors, factors);
        for (size_t t = 0; t < TILE; t++)
            memcpy(&turned[t][j], part[t], sizeof part[t]);
    }
    for (size_t t = 0; t < count; t++)
        memcpy(rows + t * factors, turned[t], factors * sizeof *rows);
}

static void turn(float *rows, size_t count, size_t factors, const float *axes)
{
    size_t whole = count - count % TILE;
    float last[TILE * REC_FACTORS_MAX] = {0};

    for (size_t r = 0; r < whole; r += TILE)
        turn_some(rows + r * factors, TILE, factors, axes);
    if (whole == count)
        return;
    memcpy(last, rows + whole * factors, (count - whole) * factors * sizeof *last);
    turn_some(last, TILE, factors, axes);
    memcpy(rows + whole * factors, last, (count - whole) * factors * sizeof *last);
}

/* -- equations -------------------------------------------------------------------------------
 */

struct scratch {
    float *e;    /* entries, or their transpose */
    double *m;   /* [side x side] */
    double *x;   /* [side] */
    float *root; /* of the weights */
};

/* row -= sum over p < i of m[p][i] * m[p], of width vectors from column first on. */
INLINE void subtract_above(double *m, size_t i, size_t ld, size_t first, size_t width)
{
    vd row[WIDTH];

    UNROLL(8)
    for (size_t v = 0; v < width; v++)
        row[v] = vd_load(m + i * ld + first + v * DOUBLES);
    for (size_t p = 0; p < i; p++) {
        const double *above = m + p * ld + first, times = m[p * ld + i];

        UNROLL(8)
        for (size_t v = 0; v < width; v++)
            row[v] -= times * vd_load(above + v * DOUBLES);
    }
    UNROLL(8)
    for (size_t v = 0; v < width; v++)
        vd_store(m + i * ld + first + v * DOUBLES, row[v]);
}

/* Row i of U, from the diagonal on; some columns before it are written, too. */
INLINE void subtract_all_above(double *m, size_t i, size_t ld)
{
    size_t j = i - i % DOUBLES;

    for (; j + WIDTH * DOUBLES <= ld; j += WIDTH * DOUBLES)
        subtract_above(m, i, ld, j, WIDTH);
    for (; j + WIDTH / 2 * DOUBLES <= ld; j += WIDTH / 2 * DOUBLES)
        subtract_above(m, i, ld, j, WIDTH / 2);
    for (; j < ld; j += DOUBLES)
        subtract_above(m, i, ld, j, 1);
}

/* m = U'U by Cholesky, in place of its upper triangle; the diagonal becomes 1 / U's,
 * what shares a vector with it zero. */
INLINE bool factorise(double *m, size_t n, size_t ld)
{
    for (size_t i = 0; i < n; i++) {
        double *row = m + i * ld, inverse;

        subtract_all_above(m, i, ld);
        if (!(row[i] > 0 && row[i] < INFINITY))
            return false;
        inverse = 1 / sqrt(row[i]);
        for (size_t j = i - i % DOUBLES; j < ld; j += DOUBLES)
            vd_store(row + j, vd_load(row + j) * inverse);
        row[i] = inverse;
        for (size_t j = i - i % DOUBLES; j < i; j++)
            row[j] = 0;
    }
    return true;
}

/* x of m x = b for b in place of x. */
INLINE bool solve_equations(double *m, double *x, size_t n, size_t ld)
{
    if (!factorise(m, n, ld))
        return false;
    for (size_t i = 0; i < n; i++) {
        double done = x[i] * m[i * ld + i];

        for (size_t j = i - i % DOUBLES; j < ld; j += DOUBLES)
            vd_store(x + j, vd_load(x + j) - done * vd_load(m + i * ld + j));
        x[i] = done;
    }
    for (size_t i = n; i-- > 0;) {
        x[i] *= m[i * ld + i];
        for (size_t r = 0; r < i; r++)
            x[r] -= m[r * ld + i] * x[i];
    }
    return true;
}

INLINE void clear_equations(const struct scratch *s, size_t side)
{
    memset(s->m, 0, side * side * sizeof *s->m);
    for (size_t i = 0; i < side; i++)
        s->m[i * side + i] = 1;
    memset(s->x, 0, side * sizeof *s->x);
}

/* -- a row -----------------------------------------------------------------------------------
 */

INLINE const float *item(const struct als_row *row, size_t entry)
{
    return row->other + row->col[entry] * row->factors;
}

INLINE float weight(const struct als_row *row, size_t entry)
{
    return row->weight ? row->weight[entry] : 1;
}

/* Four rows of four become columns. */
INLINE void transpose(v4 m[4])
{
    v4 ac01 = __builtin_shufflevector(m[0], m[2], 0, 4, 1, 5);
    v4 ac23 = __builtin_shufflevector(m[0], m[2], 2, 6, 3, 7);
    v4 bd01 = __builtin_shufflevector(m[1], m[3], 0, 4, 1, 5);
    v4 bd23 = __builtin_shufflevector(m[1], m[3], 2, 6, 3, 7);

    m[0] = __builtin_shufflevector(ac01, bd01, 0, 4, 1, 5);
    m[1] = __builtin_shufflevector(ac01, bd01, 2, 6, 3, 7);
    m[2] = __builtin_shufflevector(ac23, bd23, 0, 4, 1, 5);
    m[3] = __builtin_shufflevector(ac23, bd23, 2, 6, 3, 7);
}

/* Four entries as columns of E'. */
INLINE void pack_four(const float *const y[4], const float *scale, size_t factors,
                      const float root[4], float *e, size_t side)
{
    for (size_t f = 0; f < factors; f += 4) {
        v4 m[4], by;

        memcpy(&by, scale + f, sizeof by);
        UNROLL(4)
        for (size_t i = 0; i < 4; i++) {
            memcpy(&m[i], y[i] + f, sizeof m[i]);
            m[i] *= by * root[i];
        }
        transpose(m);
        UNROLL(4)
        for (size_t i = 0; i < 4; i++)
            memcpy(e + (f + i) * side, &m[i], sizeof m[i]);
    }
}

/* E', whose missing columns are zeros. */
INLINE void pack_columns(const struct als_row *row, const struct scratch *s, size_t side)
{
    for (size_t e = 0; e < side; e += 4) {
        const float *y[4];

        if (e >= row->count) {
            for (size_t f = 0; f < row->factors; f++)
                memset(s->e + f * side + e, 0, sizeof(v4));
            continue;
        }
        for (size_t i = 0; i < 4; i++)
            y[i] = item(row, e + i < row->count ? e + i : 0);
        pack_four(y, row->scale, row->factors, s->root + e, s->e + e, side);
    }
}

/* x = D^-1/2 E'z */
INLINE void combine(const struct als_row *row, const struct scratch *s, float *ret_x)
{
    for (size_t e = 0; e < row->count; e++)
        s->root[e] *= (float)s->x[e];
    for (size_t f = 0; f < row->factors; f += LANES) {
        vf sum = {0}, scale = vf_load(row->scale + f);

        for (size_t e = 0; e < row->count; e++)
            sum += s->root[e] * vf_load(item(row, e) + f);
        vf_store(ret_x + f, sum * scale * scale);
    }
}

INLINE bool solve_few(const struct als_row *row, const struct scratch *s, size_t side,
                      float *ret_x)
{
    clear_equations(s, side);
    memset(s->root, 0, side * sizeof *s->root);
    for (size_t e = 0; e < row->count; e++) {
        s->root[e] = sqrtf(fabsf(weight(row, e)));
        s->x[e] = weight(row, e) > 0 ? s->root[e] : 0;
    }
    pack_columns(row, s, side);
    gram_of(s->e, row->factors, side, row->count, s->m);
    if (!solve_equations(s->m, s->x, row->count, side))
        return false;
    combine(row, s, ret_x);
    return true;
}

/* An entry of the next block. */
INLINE void fetch(const struct als_row *row, size_t entry)
{
    for (size_t f = 0; f < row->factors && entry < row->count; f += ALS_PANEL)
        __builtin_prefetch(item(row, entry) + f);
}

/* E of some entries by rows; E't is added to x. */
INLINE void pack_rows(const struct als_row *row, const struct scratch *s, size_t first,
                      size_t count)
{
    for (size_t e = 0; e < count; e++) {
        const float *y = item(row, first + e);
        float size = sqrtf(fabsf(weight(row, first + e)));

        fetch(row, first + e + ALS_BLOCK);
        s->root[e] = weight(row, first + e) > 0 ? size : 0;
        for (size_t f = 0; f < row->factors; f += LANES)
            vf_store(s->e + e * row->factors + f,
                     vf_load(y + f) * (vf_load(row->scale + f) * size));
    }
    for (size_t f = 0; f < row->factors; f += LANES) {
        float part[LANES];
        vf sum = {0};

        for (size_t e = 0; e < count; e++)
            sum += s->root[e] * vf_load(s->e + e * row->factors + f);
        vf_store(part, sum);
        for (size_t i = 0; i < LANES; i++)
            s->x[f + i] += part[i];
    }
}

INLINE bool solve_many(const struct als_row *row, const struct scratch *s, float *ret_x)
{
    size_t side = row->factors;

    clear_equations(s, side);
    for (size_t e = 0; e < row->count; e += ALS_BLOCK) {
        size_t count = row->count - e < ALS_BLOCK ? row->count - e : ALS_BLOCK;

        pack_rows(row, s, e, count);
        gram_of(s->e, count, side, side, s->m);
    }
    if (!solve_equations(s->m, s->x, side, side))
        return false;
    for (size_t f = 0; f < side; f++)
        ret_x[f] = row->scale[f] * (float)s->x[f];
    return true;
}

static bool solve(const struct als_row *row, void *memory, float *ret_x)
{
    bool few = row->count < row->factors;
    size_t side = few ? (row->count + ALS_PANEL - 1) / ALS_PANEL * ALS_PANEL : row->factors;
    struct scratch s = {.m = memory};

    s.x = s.m + side * side;
    s.e = (float *)(s.x + side);
    s.root = s.e + (few ? side : ALS_BLOCK) * row->factors;
    return few ? solve_few(row, &s, side, ret_x) : solve_many(row, &s, ret_x);
}

#define ALS_KERNELS_TABLE(name_)                                     \
    {                                                                \
        .name = (name_), .gram = gram, .turn = turn, .solve = solve, \
    }

#endif
