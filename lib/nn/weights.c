/* weights.c - see weights.h. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "lib/nn/kernels.h"
#include "lib/nn/nn_internal.h"
#include "lib/nn/weights.h"

static void shape_text(char *out, size_t size, const int64_t *shape, size_t rank)
{
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%" PRId64, i ? "," : "", shape[i]);
}

static bool same_shape(const struct safetensor *tensor, const int64_t *shape, size_t rank)
{
    size_t longest = rank > (size_t)tensor->rank ? rank : (size_t)tensor->rank;

    for (size_t i = 0; i < longest; i++) {
        int64_t has = i < (size_t)tensor->rank ? tensor->shape[i] : 1;
        int64_t should = i < rank ? shape[i] : 1;

        if (has != should)
            return false;
    }
    return true;
}

const struct safetensor *weights_find(const struct safetensors *file, const char *name,
                                      const int64_t shape[4], const char *says, struct err *err)
{
    const struct safetensor *tensor = safetensors_find(file, name);
    char has[128], should[128];
    size_t rank = 0;

    if (!tensor) {
        err_set(err, ERR_INVALID, "the weights have no %s", name);
        return NULL;
    }
    while (rank < 4 && shape[rank])
        rank++;
    if (same_shape(tensor, shape, rank))
        return tensor;
    shape_text(has, sizeof(has), tensor->shape, (size_t)tensor->rank);
    shape_text(should, sizeof(should), shape, rank);
    err_set(err, ERR_INVALID, "%s is [%s], not [%s] as %s says", name, has, should, says);
    return NULL;
}

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
