/* weights.h - a layer's numbers from the file, looked at on their way: NaN and infinity in
 * weights are ERR_INVALID naming the layer. */
#ifndef LIB_NN_WEIGHTS_H
#define LIB_NN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/nn/safetensors.h"

/* The tensor of that name and shape (rank 4 at most: what follows a 0 is no part of it; further
 * sides of 1 are no difference, as a linear layer may be written as a convolution of 1x1).
 * ERR_INVALID where there is none, or of another shape than says ("config.json") has it. */
const struct safetensor *weights_find(const struct safetensors *file, const char *name,
                                      const int64_t shape[4], const char *says,
                                      struct err *err);

/* Elements from .. from + count - 1 as floats. False where one is not finite. */
bool weights_read(const struct safetensor *tensor, size_t from, size_t count, float *out);

/* All of it. */
int weights_read_into(const char *layer, const char *what, const struct safetensor *tensor,
                      float *out, struct err *err);

/* All of it, in memory that the caller has to free(). */
float *weights_read_all(const char *layer, const char *what, const struct safetensor *tensor,
                        struct err *err);

/* Says which of the tensor's numbers is not finite: "layer NAME: weight has NaN at 17". */
int weights_not_finite(const char *layer, const char *what, const struct safetensor *tensor,
                       struct err *err);

#endif
