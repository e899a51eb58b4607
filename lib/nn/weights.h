/* weights.h - a layer's numbers from the file, looked at on their way: NaN and infinity in
 * weights are ERR_INVALID naming the layer. */
#ifndef LIB_NN_WEIGHTS_H
#define LIB_NN_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/nn/safetensors.h"

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
