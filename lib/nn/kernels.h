/* kernels.h - the inner loops, compiled once for each kind of processor (kernels_*.c).
 *
 * All are the same source (kernel_*.h) on vectors of another width. Sums are in f32 whatever
 * the type of what is read and written. A kernel runs on the thread that calls it and allocates
 * nothing.
 *
 * Matrices that stay while many rows are multiplied with them are packed into panels: PANEL
 * columns side by side, row after row; of bf16 two rows are interleaved (k, k+1 of column 0,
 * then of column 1, ...), which is what the processor's dot products take. Missing columns and
 * the second row of an odd pair are zero. */
#ifndef LIB_NN_KERNELS_H
#define LIB_NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/nn/activation.h"
#include "lib/nn/tensor.h"

enum {
    PANEL = 32,       /* columns */
    GATE_COLUMNS = 16 /* of a panel for ACT_GEGLU: so many values, then as many gates */
};

/* c[rows][cols] = a[rows][k] * panel, or += with add. */
struct kernel_gemm {
    float *c;
    size_t ldc;
    const void *a;
    size_t lda;
    const void *panel;
    size_t k, rows, cols; /* cols <= PANEL; all of the panel's columns may be written to c */
    bool add;
    const struct kernel_epilogue *end; /* what then becomes of the sums; NULL: nothing */
};

/* dst[rows][cols] = act(sums + bias) + residual, or act(sums + bias + residual). The sums are a
 * panel's, whose ldc is PANEL. */
struct kernel_epilogue {
    const float *bias;  /* as the panel's columns are; NULL: none */
    const float *slope; /* as bias; for ACT_PRELU */
    enum activation act;
    bool act_last;
    const void *residual; /* NULL: none */
    size_t residual_ld;
    size_t residual_cols; /* the columns after them have none */
    void *dst;
    size_t dst_ld;
    size_t cols; /* of dst */
};

/* One block of queries of one head against all keys. */
struct kernel_attention {
    const void *q; /* rows of dim numbers */
    size_t q_ld;
    void *dst;
    size_t dst_ld;
    enum tensor_type type;
    const void *k;  /* panels of PANEL keys: dim rows */
    const void *v;  /* panels of PANEL dims: keys rows */
    size_t k_panel; /* bytes from a panel to the next */
    size_t v_panel;
    size_t rows, keys, dim, block; /* block: of keys, a multiple of PANEL */
    size_t first;                  /* number of the first query, for causal */
    bool causal;
    float scale;
    float *scratch; /* kernel_attention_scratch() floats, aligned to 64 bytes */
};

/* Some pixels of a row of a depthwise convolution's result, all channels:
 * dst = act(sum + bias). */
struct kernel_depthwise {
    const void *src; /* a picture's first pixel */
    size_t src_ld, src_h, src_w;
    void *dst; /* the first of the pixels */
    size_t dst_ld;
    enum tensor_type type;
    const float *weight;       /* kernel * kernel rows */
    const float *bias, *slope; /* slope: for ACT_PRELU, else NULL */
    size_t weight_ld, cols;    /* weight_ld: cols rounded up to PANEL, as bias and slope */
    size_t kernel, stride;
    size_t top, left;   /* pad */
    size_t y, x, count; /* of the result */
    enum activation act;
    bool relu_src;
};

/* The windows of some pixels of a row of a convolution's result: kernel_h * kernel_w * channels
 * numbers each, one after the other. */
struct kernel_windows {
    const void *src; /* a picture's first pixel */
    size_t src_ld, src_h, src_w, channels;
    void *dst;
    enum tensor_type type;
    size_t kernel_h, kernel_w, stride, top, left, y, x, count;
};

/* Some pixels of a row of a pooling's result. */
struct kernel_pool {
    const void *src; /* a picture's first pixel */
    size_t src_ld, src_h, src_w;
    void *dst; /* the first of the pixels */
    size_t dst_ld;
    enum tensor_type type;
    size_t cols, size, stride, top, left, y, x, count;
};

struct kernel_rows {
    const void *src;
    size_t src_ld;
    void *dst;
    size_t dst_ld;
    enum tensor_type type;
    size_t rows, cols;
    const float *scale, *shift; /* of each column; NULL: 1 and 0 */
    float eps;
    enum activation act;
};

/* Of a piece of a picture, by groups of channels: means and sums of squared differences. */
struct kernel_moments {
    const void *src;
    size_t ld;
    enum tensor_type type;
    size_t rows, cols, groups;
    float *scratch;       /* 2 * cols */
    float *mean, *square; /* groups each */
};

struct kernels {
    const char *name;
    void (*gemm_f32)(const struct kernel_gemm *gemm);
    void (*gemm_bf16)(const struct kernel_gemm *gemm);
    void (*attention)(const struct kernel_attention *attention);
    void (*moments)(const struct kernel_moments *moments);
    void (*affine)(const struct kernel_rows *rows);     /* act(src * scale + shift) */
    void (*layer_norm)(const struct kernel_rows *rows); /* each row on its own */
    void (*depthwise)(const struct kernel_depthwise *depthwise);
    void (*windows)(const struct kernel_windows *windows);
    void (*pool_max)(const struct kernel_pool *pool);
    void (*mean)(const struct kernel_rows *rows); /* one row to dst: the columns' means */
    void (*to_f32)(enum tensor_type type, const void *src, size_t count, float *dst);
    void (*from_f32)(enum tensor_type type, const float *src, size_t count, void *dst);
    /* No NaN and no infinity. */
    bool (*finite)(enum tensor_type type, const void *src, size_t count);
};

size_t kernel_attention_scratch(size_t rows, size_t dim, size_t block);

/* The best that this processor can run. */
const struct kernels *kernels_best(void);

/* All that it can run, from the plainest on; NULL after the last. */
const struct kernels *kernels_at(size_t i);

/* It has instructions for dot products of bf16. */
bool kernels_have_bf16(void);

#endif
