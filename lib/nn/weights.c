/* weights.c - see weights.h. */
#include <math.h>
#include <stdbool.h>

#include "lib/nn/kernels.h"
#include "lib/nn/nn_internal.h"
#include "lib/nn/weights.h"

bool weights_read(const struct safetensor *tensor, size_t from, size_t count, float *out)
{
    safetensor_read(tensor, from, count, out);
    return kernels_best()->finite(TENSOR_F32, out, count);
}

int weights_not_finite(const char *layer, const char *what, const struct safetensor *tensor,
                       struct err *err)
{
    for (size_t i = 0; i < tensor->count; i++) {
        float value = safetensor_at(tensor, i);

        if (!isfinite(value))
            return err_set(err, ERR_INVALID, "layer %s: %s has %s at %zu", layer, what,
                           isnan(value) ? "NaN" : "infinity", i);
    }
    return err_set(err, ERR_INVALID, "layer %s: %s changed while it was read", layer, what);
}

struct reading {
    const struct safetensor *tensor;
    float *out;
    bool bad;
};

enum { READ_AT_ONCE = 65536 };

static void read_some(void *ctx, size_t task, int thread)
{
    struct reading *reading = ctx;
    size_t from = task * READ_AT_ONCE, count = reading->tensor->count - from;

    (void)thread;
    if (count > READ_AT_ONCE)
        count = READ_AT_ONCE;
    if (!weights_read(reading->tensor, from, count, reading->out + from))
        __atomic_store_n(&reading->bad, true, __ATOMIC_RELAXED);
}

int weights_read_into(const char *layer, const char *what, const struct safetensor *tensor,
                      float *out, struct err *err)
{
    struct reading reading = {.tensor = tensor};

    reading.out = out;
    parallel_for(parallel_current(), nn_ceil_div(tensor->count, READ_AT_ONCE), read_some,
                 &reading);
    return reading.bad ? weights_not_finite(layer, what, tensor, err) : 0;
}

float *weights_read_all(const char *layer, const char *what, const struct safetensor *tensor,
                        struct err *err)
{
    float *out = nn_alloc(tensor->count * sizeof *out);

    if (!out) {
        (void)err_set_nomem(err, "a layer's weights");
        return NULL;
    }
    if (weights_read_into(layer, what, tensor, out, err) == 0)
        return out;
    free(out);
    return NULL;
}
