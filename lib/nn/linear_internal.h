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
    enum tensor_type type;
    bool gated; /* panels of values and gates, for ACT_GEGLU */
};

size_t linear_panel_count(const struct linear *linear);

/* Numbers of a panel, with an odd last input's partner. */
size_t linear_panel_length(const struct linear *linear);

/* Makes weights and biases ready for nn's type, for ACT_GEGLU with gated. ERR_INVALID for NaN
 * and infinity; then and for want of memory the layer is as if it had never been used. */
int linear_pack(struct nn *nn, struct linear *linear, bool gated, struct err *err);

/* Forgets them. */
void linear_unpack(struct linear *linear);

#endif
