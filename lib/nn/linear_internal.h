/* linear_internal.h - a linear layer and how its weights lie. */
#ifndef LIB_NN_LINEAR_INTERNAL_H
#define LIB_NN_LINEAR_INTERNAL_H

#include "lib/nn/linear.h"
#include "lib/nn/nn_internal.h"

struct linear {
    struct linear_def def;
    char *name;
    uint32_t in, out;
    void *panels; /* NULL until the first call */
    float *bias;  /* as the panels' columns are */
    float *slope; /* as bias; NULL where the layer has none */
    enum tensor_type type;
    bool gated;   /* panels of values and gates, for ACT_GEGLU */
    bool windows; /* weights [out, in, kh, kw] for rows of kh * kw pixels of in channels */
};

/* A layer whose rows are the windows of a convolution. One part only. */
struct linear *linear_new_windows(const struct linear_def *def, struct err *err);

/* Rows that are made on their way, piece by piece: linear->in numbers each, without gaps.
 * Called by several threads at once; a row may be asked for more than once. */
struct linear_source {
    void (*make)(const void *ctx, size_t first, size_t count, void *rows);
    const void *ctx;
};

/* linear_run on the rows that source makes, one for each of dst's pixels; src is not used. */
int linear_run_from(struct nn *nn, struct linear *linear, const struct linear_call *call,
                    const struct linear_source *source, bool plan, struct err *err);

size_t linear_panel_count(const struct linear *linear);

/* Numbers of a panel, with an odd last input's partner. */
size_t linear_panel_length(const struct linear *linear);

/* Makes weights and biases ready for nn's type, for ACT_GEGLU with gated. ERR_INVALID for NaN
 * and infinity; then and for want of memory the layer is as if it had never been used. */
int linear_pack(struct nn *nn, struct linear *linear, bool gated, struct err *err);

/* Forgets them. */
void linear_unpack(struct linear *linear);

#endif
