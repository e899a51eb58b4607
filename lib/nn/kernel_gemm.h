/* kernel_gemm.h - rows times a panel, and what happens to the sums then. Included by
 * kernels_*.c.
 *
 * A tile of up to ROWS x 2 vectors of sums stays in registers while k runs: with AVX-512 28 of
 * the 32, and for 28 multiply-adds (14 cycles) 2 loads of the panel and 14 of single elements,
 * which fits the two loads a cycle. The panel is read front to back and comes from the second
 * cache; rows are used in place, at their own distance. 14 because many pictures in nets are 7,
 * 14, 28 pixels wide; other numbers of rows are cut into tiles of nearly the same size, since
 * one of a few rows takes about as long as a full one. */
#ifndef LIB_NN_KERNEL_GEMM_H
#define LIB_NN_KERNEL_GEMM_H

#include "lib/nn/simd.h"

enum { ROWS = LANES == 16 ? 14 : LANES == 8 ? 6 : 4, COLUMNS = 2 * LANES };

/* One tile's place. All but rows and vecs, which the compiler knows, are in kernel_gemm. */
struct tile {
    float *c;
    const char *a, *b;
    size_t row, col;
    const struct tile_end *end; /* NULL: the sums are left in c */
};

/* What the sums become in their registers: clamped or with slopes, after bias and residual. */
struct tile_end {
    const struct kernel_epilogue *e;
    float low, high;
};

INLINE void tile_begin(const struct kernel_gemm *g, const float *c, vf sums[ROWS][2], int rows,
                       int vecs)
{
    UNROLL(14)
    for (int r = 0; r < rows; r++) {
        sums[r][0] = g->add ? vf_load(c + (size_t)r * g->ldc) : (vf){0};
        sums[r][1] = g->add && vecs == 2 ? vf_load(c + (size_t)r * g->ldc + LANES) : (vf){0};
    }
}

INLINE void tile_end(const struct kernel_gemm *g, float *c, vf sums[ROWS][2], int rows,
                     int vecs)
{
    UNROLL(14)
    for (int r = 0; r < rows; r++) {
        vf_store(c + (size_t)r * g->ldc, sums[r][0]);
        if (vecs == 2)
            vf_store(c + (size_t)r * g->ldc + LANES, sums[r][1]);
    }
}

/* The first of left numbers; the compiler sees that LANES of them need no question. */
INLINE vf end_get(const float *p, size_t left)
{
#if LANES == 16
    return vf_get_some(TENSOR_F32, p, 0, left < LANES ? left : LANES);
#else
    return left >= LANES ? vf_load(p) : vf_get_some(TENSOR_F32, p, 0, left);
#endif
}

INLINE void end_put(float *p, vf x, size_t left)
{
#if LANES == 16
    vf_put_some(TENSOR_F32, p, 0, x, left < LANES ? left : LANES);
#else
    if (left >= LANES)
        vf_store(p, x);
    else
        vf_put_some(TENSOR_F32, p, 0, x, left);
#endif
}

/* One vector of columns of all rows. */
INLINE void tile_finish(const struct tile *tile, vf sums[ROWS][2], int rows, int v)
{
    const struct kernel_epilogue *e = tile->end->e;
    size_t col = tile->col + (size_t)v * LANES, ld = e->residual_ld, dst_ld = e->dst_ld;
    size_t left = e->cols - col, more = e->residual_cols > col ? e->residual_cols - col : 0;
    float *dst = (float *)e->dst + tile->row * dst_ld + col;
    const vf zero = {0}, low = vf_splat(tile->end->low), high = vf_splat(tile->end->high);
    vf bias = e->bias ? vf_load(e->bias + col) : zero;

    UNROLL(14)
    for (int r = 0; r < rows; r++)
        sums[r][v] += bias;
    if (more > 0) {
        const float *residual = (const float *)e->residual + tile->row * ld + col;

        UNROLL(14)
        for (int r = 0; r < rows; r++)
            sums[r][v] += end_get(residual + (size_t)r * ld, more);
    }
    if (e->act == ACT_PRELU) {
        vf slope = vf_load(e->slope + col);

        UNROLL(14)
        for (int r = 0; r < rows; r++)
            sums[r][v] = vf_max(zero, sums[r][v]) + slope * vf_min(zero, sums[r][v]);
    } else {
        UNROLL(14)
        for (int r = 0; r < rows; r++)
            sums[r][v] = vf_min(high, vf_max(low, sums[r][v]));
    }
    UNROLL(14)
    for (int r = 0; r < rows; r++)
        end_put(dst + (size_t)r * dst_ld, sums[r][v], left);
}

INLINE void tile_f32(const struct kernel_gemm *g, const struct tile *tile, int rows, int vecs)
{
    vf sums[ROWS][2];
    const float *a = (const float *)(const void *)tile->a,
                *b = (const float *)(const void *)tile->b;

    tile_begin(g, tile->c, sums, rows, vecs);
    for (size_t k = 0; k < g->k; k++, b += PANEL) {
        vf b0 = vf_load(b), b1 = vecs == 2 ? vf_load(b + LANES) : b0;

        UNROLL(14)
        for (int r = 0; r < rows; r++) {
            vf x = vf_splat(a[(size_t)r * g->lda + k]);

            sums[r][0] += x * b0;
            if (vecs == 2)
                sums[r][1] += x * b1;
        }
    }
    if (!tile->end) {
        tile_end(g, tile->c, sums, rows, vecs);
        return;
    }
    tile_finish(tile, sums, rows, 0);
    if (vecs == 2)
        tile_finish(tile, sums, rows, 1);
}

/* sum += the products of two pairs of bf16 in each lane. */
INLINE vf dot_bf16(vf sum, vu a, vu b)
{
#ifdef __AVX512BF16__
    return (vf)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
    sum += (vf)(a << 16) * (vf)(b << 16);
    return sum + (vf)(a & 0xffff0000) * (vf)(b & 0xffff0000);
#endif
}

INLINE void dots_bf16(vf sums[ROWS][2], const uint16_t *a, size_t lda, const uint16_t *b,
                      const int shape[2], bool pair)
{
    vu b0, b1;

    memcpy(&b0, b, sizeof b0);
    memcpy(&b1, b + (shape[1] == 2 ? COLUMNS : 0), sizeof b1);
    UNROLL(14)
    for (int r = 0; r < shape[0]; r++) {
        uint32_t two = a[(size_t)r * lda];
        vu x;

        if (pair)
            memcpy(&two, a + (size_t)r * lda, sizeof two);
        x = two - (vu){0};
        sums[r][0] = dot_bf16(sums[r][0], x, b0);
        if (shape[1] == 2)
            sums[r][1] = dot_bf16(sums[r][1], x, b1);
    }
}

INLINE void tile_bf16(const struct kernel_gemm *g, const struct tile *tile, int rows, int vecs)
{
    vf sums[ROWS][2];
    const uint16_t *a = (const uint16_t *)(const void *)tile->a;
    const uint16_t *b = (const uint16_t *)(const void *)tile->b;
    const int shape[2] = {rows, vecs};

    tile_begin(g, tile->c, sums, rows, vecs);
    for (size_t k = 0; k + 2 <= g->k; k += 2, b += (size_t)2 * PANEL)
        dots_bf16(sums, a + k, g->lda, b, shape, true);
    if (g->k % 2)
        dots_bf16(sums, a + g->k - 1, g->lda, b, shape, false);
    tile_end(g, tile->c, sums, rows, vecs);
}

INLINE void tile_of(enum tensor_type type, const struct kernel_gemm *g, const struct tile *tile,
                    int rows, int vecs)
{
    if (type == TENSOR_F32)
        tile_f32(g, tile, rows, vecs);
    else
        tile_bf16(g, tile, rows, vecs);
}

/* A function each, so that registers are dealt out for that many rows. */
typedef void tile_function(const struct kernel_gemm *g, const struct tile *tile);

#define TILE_FUNCTION(type_, rows_)                                     \
    static void tile_##type_##_##rows_##_1(const struct kernel_gemm *g, \
                                           const struct tile *tile)     \
    {                                                                   \
        tile_of(type_, g, tile, rows_, 1);                              \
    }                                                                   \
    static void tile_##type_##_##rows_##_2(const struct kernel_gemm *g, \
                                           const struct tile *tile)     \
    {                                                                   \
        tile_of(type_, g, tile, rows_, 2);                              \
    }
#if LANES == 16
#define TILE_SIZES_LARGE(X, type_) \
    X(type_, 7)                    \
    X(type_, 8) X(type_, 9) X(type_, 10) X(type_, 11) X(type_, 12) X(type_, 13) X(type_, 14)
#else
#define TILE_SIZES_LARGE(X, type_)
#endif
#if LANES >= 8
#define TILE_SIZES_MEDIUM(X, type_) X(type_, 5) X(type_, 6)
#else
#define TILE_SIZES_MEDIUM(X, type_)
#endif
#define TILE_SIZES(X, type_) \
    X(type_, 1)              \
    X(type_, 2) X(type_, 3) X(type_, 4) TILE_SIZES_MEDIUM(X, type_) TILE_SIZES_LARGE(X, type_)

TILE_SIZES(TILE_FUNCTION, TENSOR_F32)
TILE_SIZES(TILE_FUNCTION, TENSOR_BF16)

#define TILE_ENTRY(type_, rows_) {tile_##type_##_##rows_##_1, tile_##type_##_##rows_##_2},
/* By rows, then by whether there are two vectors of columns. */
static tile_function *const tiles_f32[ROWS + 1][2] = {{NULL, NULL},
                                                      TILE_SIZES(TILE_ENTRY, TENSOR_F32)};
static tile_function *const tiles_bf16[ROWS + 1][2] = {{NULL, NULL},
                                                       TILE_SIZES(TILE_ENTRY, TENSOR_BF16)};

INLINE void gemm(enum tensor_type type, const struct kernel_gemm *g, const struct tile_end *end)
{
    size_t bytes = tensor_type_bytes(type);

    for (size_t col = 0; col < g->cols; col += COLUMNS) {
        int wide = g->cols - col > LANES;

        for (size_t done = 0, rows; done < g->rows; done += rows) {
            struct tile tile = {g->c + done * g->ldc + col,
                                (const char *)g->a + done * g->lda * bytes,
                                (const char *)g->panel + col * 4, /* or pairs of 2 */
                                done,
                                col,
                                end};
            size_t left = g->rows - done, tiles = (left + ROWS - 1) / ROWS;

            rows = (left + tiles - 1) / tiles;
            (type == TENSOR_F32 ? tiles_f32 : tiles_bf16)[rows][wide](g, &tile);
        }
    }
}

/* -- what happens to the sums ----------------------------------------------------------------
 */

/* LANES sums from column col of a row on, with their bias; of a panel for GEGLU the gates are
 * GATE_COLUMNS further. */
INLINE vf finish(const struct kernel_epilogue *e, enum activation act, const float *acc,
                 size_t col)
{
    vf x = vf_load(acc + col);

    if (e->bias)
        x += vf_load(e->bias + col);
    if (act == ACT_GEGLU) {
        vf gate = vf_load(acc + col + GATE_COLUMNS);

        if (e->bias)
            gate += vf_load(e->bias + col + GATE_COLUMNS);
        return x * vf_gelu(gate);
    }
    return x;
}

INLINE vf residual_at(enum tensor_type type, const struct kernel_epilogue *e, size_t row,
                      size_t col)
{
    size_t at = row * e->residual_ld + col;

    if (col + LANES <= e->residual_cols)
        return vf_get(type, e->residual, at);
    if (col < e->residual_cols)
        return vf_get_some(type, e->residual, at, e->residual_cols - col);
    return (vf){0};
}

INLINE void epilogue_of(enum tensor_type type, enum activation act, bool act_last,
                        const struct kernel_gemm *g)
{
    const struct kernel_epilogue *e = g->end;

    for (size_t row = 0; row < g->rows; row++)
        for (size_t col = 0; col < e->cols; col += LANES) {
            vf slope = act == ACT_PRELU ? vf_load(e->slope + col) : (vf){0};
            vf x = finish(e, act, g->c + row * g->ldc, col);

            if (!act_last)
                x = vf_act(act, x, slope);
            if (e->residual)
                x += residual_at(type, e, row, col);
            if (act_last)
                x = vf_act(act, x, slope);
            if (col + LANES <= e->cols)
                vf_put(type, e->dst, row * e->dst_ld + col, x);
            else
                vf_put_some(type, e->dst, row * e->dst_ld + col, x, e->cols - col);
        }
}

/* The loops for each activation on its own: it is not asked for again at each number. */
INLINE void epilogue_act(enum tensor_type type, const struct kernel_gemm *g)
{
    switch (g->end->act) {
    case ACT_NONE:
        epilogue_of(type, ACT_NONE, false, g);
        break;
    case ACT_SILU:
        epilogue_of(type, ACT_SILU, g->end->act_last, g);
        break;
    case ACT_GELU:
        epilogue_of(type, ACT_GELU, g->end->act_last, g);
        break;
    case ACT_QUICK_GELU:
        epilogue_of(type, ACT_QUICK_GELU, g->end->act_last, g);
        break;
    case ACT_GEGLU:
        epilogue_of(type, ACT_GEGLU, false, g);
        break;
    case ACT_RELU:
        epilogue_of(type, ACT_RELU, g->end->act_last, g);
        break;
    case ACT_RELU6:
        epilogue_of(type, ACT_RELU6, g->end->act_last, g);
        break;
    case ACT_PRELU:
        epilogue_of(type, ACT_PRELU, g->end->act_last, g);
        break;
    case ACT_SIGMOID:
        epilogue_of(type, ACT_SIGMOID, g->end->act_last, g);
        break;
    }
}

/* Where it is simple enough, the sums need not go by way of memory. */
INLINE bool tile_end_of(const struct kernel_epilogue *e, struct tile_end *ret)
{
    const float infinity = __builtin_inff();

    if (!e || (e->act != ACT_NONE && e->act != ACT_RELU && e->act != ACT_RELU6 &&
               e->act != ACT_PRELU))
        return false;
    if (e->residual && e->act != ACT_NONE && !e->act_last)
        return false;
    ret->e = e;
    ret->low = e->act == ACT_NONE ? -infinity : 0;
    ret->high = e->act == ACT_RELU6 ? 6 : infinity;
    return true;
}

static void gemm_f32(const struct kernel_gemm *g)
{
    struct tile_end end;
    bool simple = tile_end_of(g->end, &end);

    gemm(TENSOR_F32, g, simple ? &end : NULL);
    if (g->end && !simple)
        epilogue_act(TENSOR_F32, g);
}

static void gemm_bf16(const struct kernel_gemm *g)
{
    gemm(TENSOR_BF16, g, NULL);
    if (g->end)
        epilogue_act(TENSOR_BF16, g);
}

#endif
