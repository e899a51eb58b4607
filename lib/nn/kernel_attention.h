/* kernel_attention.h - softmax(q k') v of some queries, a block of keys after the other.
 * Included by kernels_*.c after kernel_gemm.h.
 *
 * The softmax is taken as it comes: for each query the highest score so far, the sum of
 * exponentials and the weighted sum of values stand relative to it; when a block has a higher
 * one, what is there is scaled down. The scores of a block are all that is ever held. */
#ifndef LIB_NN_KERNEL_ATTENTION_H
#define LIB_NN_KERNEL_ATTENTION_H

#include "lib/nn/kernel_gemm.h"

#define LOG2_E 1.44269504F

/* Places in the scratch memory: rows of scores, their exponentials, the sums of values. */
struct attention_state {
    float *scores, *weights, *values;
    float *highest, *sum;
    size_t values_ld, block;
    float scale; /* of scores, for powers of 2 */
};

static struct attention_state attention_begin(const struct kernel_attention *a)
{
    struct attention_state state = {
        .values_ld = (a->dim + PANEL - 1) / PANEL * PANEL,
        .block = a->block,
        .scale = a->scale * LOG2_E,
    };

    state.scores = a->scratch;
    state.weights = state.scores + a->rows * a->block;
    state.values = state.weights + a->rows * a->block;
    state.highest = state.values + a->rows * state.values_ld;
    state.sum = state.highest + a->rows;
    memset(state.values, 0, a->rows * state.values_ld * sizeof *state.values);
    memset(state.sum, 0, a->rows * sizeof *state.sum);
    for (size_t i = 0; i < a->rows; i++)
        state.highest[i] = -__builtin_inff();
    return state;
}

INLINE void gemm_by(enum tensor_type type, const struct kernel_gemm *g)
{
    if (type == TENSOR_F32)
        gemm_f32(g);
    else
        gemm_bf16(g);
}

static void block_scores(const struct kernel_attention *a, const struct attention_state *s,
                         size_t first, size_t count)
{
    for (size_t key = 0; key < count; key += PANEL) {
        struct kernel_gemm g = {
            .c = s->scores + key,
            .ldc = a->block,
            .a = a->q,
            .lda = a->q_ld,
            .panel = (const char *)a->k + (first + key) / PANEL * a->k_panel,
            .k = a->dim,
            .rows = a->rows,
            .cols = count - key < PANEL ? count - key : PANEL,
        };

        gemm_by(a->type, &g);
    }
}

/* Keys of the block that the query may see; the others' scores become -infinity, up to a whole
 * vector. */
static size_t mask_row(const struct kernel_attention *a, float *scores, size_t row,
                       size_t first, size_t count)
{
    size_t seen = count, end = (count + LANES - 1) / LANES * LANES;

    if (a->causal) {
        size_t all = a->first + row + 1;

        seen = all <= first ? 0 : all - first < count ? all - first : count;
    }
    for (size_t i = seen; i < end; i++)
        scores[i] = -__builtin_inff();
    return end;
}

/* Scores to exponentials. Returns what has to be done to the sums of
 * before. */
INLINE float row_softmax(enum tensor_type type, const struct attention_state *s, size_t row,
                         const float *scores, size_t count)
{
    char *weights = (char *)s->weights + row * s->block * tensor_type_bytes(type);
    float before = s->highest[row], now, down;
    vf high = vf_load(scores), total = {0};

    for (size_t i = LANES; i < count; i += LANES)
        high = vf_max(vf_load(scores + i), high);
    now = vf_highest(high) * s->scale;
    now = now > before ? now : before;
    for (size_t i = 0; i < count; i += LANES) {
        vf x = vf_exp2(vf_load(scores + i) * s->scale - now);

        total += x;
        vf_put(type, weights, i, x);
    }
    down = before == now ? 1.0F : vf_exp2(vf_splat(before - now))[0];
    s->highest[row] = now;
    s->sum[row] = s->sum[row] * down + vf_sum(total);
    return down;
}

INLINE void block_softmax(enum tensor_type type, const struct kernel_attention *a,
                          const struct attention_state *s, size_t first, size_t count)
{
    for (size_t row = 0; row < a->rows; row++) {
        float *scores = s->scores + row * s->block, *values = s->values + row * s->values_ld;
        size_t end = mask_row(a, scores, row, first, count);
        float down = row_softmax(type, s, row, scores, end);

        if (down == 1.0F)
            continue;
        for (size_t i = 0; i < s->values_ld; i += LANES)
            vf_store(values + i, vf_load(values + i) * down);
    }
}

static void block_values(const struct kernel_attention *a, const struct attention_state *s,
                         size_t first, size_t count)
{
    for (size_t dim = 0; dim < a->dim; dim += PANEL) {
        struct kernel_gemm g = {
            .c = s->values + dim,
            .ldc = s->values_ld,
            .a = s->weights,
            .lda = a->block,
            .panel = (const char *)a->v + dim / PANEL * a->v_panel +
                     first * PANEL * tensor_type_bytes(a->type),
            .k = count,
            .rows = a->rows,
            .cols = a->dim - dim < PANEL ? a->dim - dim : PANEL,
            .add = true,
        };

        gemm_by(a->type, &g);
    }
}

static void attention_end(const struct kernel_attention *a, const struct attention_state *s)
{
    for (size_t row = 0; row < a->rows; row++) {
        const float *values = s->values + row * s->values_ld;
        float share = 1.0F / s->sum[row];

        for (size_t i = 0; i < a->dim; i += LANES) {
            vf x = vf_load(values + i) * share;

            if (a->dim - i >= LANES)
                vf_put(a->type, a->dst, row * a->dst_ld + i, x);
            else
                vf_put_some(a->type, a->dst, row * a->dst_ld + i, x, a->dim - i);
        }
    }
}

static void attention(const struct kernel_attention *a)
{
    struct attention_state state = attention_begin(a);
    size_t keys = a->keys;

    if (a->causal && a->first + a->rows < keys)
        keys = a->first + a->rows;
    for (size_t first = 0; first < keys; first += a->block) {
        size_t count = keys - first < a->block ? keys - first : a->block;

        block_scores(a, &state, first, count);
        if (a->type == TENSOR_F32)
            block_softmax(TENSOR_F32, a, &state, first, count);
        else
            block_softmax(TENSOR_BF16, a, &state, first, count);
        block_values(a, &state, first, count);
    }
    attention_end(a, &state);
}

#endif
