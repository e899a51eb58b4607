/* embedding.c - see embedding.h. */
#include <string.h>

#include "lib/nn/embedding.h"
#include "lib/nn/nn_internal.h"
#include "lib/nn/weights.h"

struct embedding {
    char *name;
    const struct safetensor *weight;
};

struct embedding *embedding_new(const char *name, const struct safetensor *weight,
                                struct err *err)
{
    struct embedding *embedding;

    if (!weight || weight->rank != 2 || weight->shape[0] < 1 || weight->shape[1] < 1) {
        (void)err_set(err, ERR_INVALID, "layer %s: weight is not [rows, c]", name);
        return NULL;
    }
    embedding = calloc(1, sizeof *embedding);
    if (!embedding || !(embedding->name = strdup(name))) {
        (void)err_set_nomem(err, "an embedding");
        embedding_free(embedding);
        return NULL;
    }
    embedding->weight = weight;
    return embedding;
}

void embedding_free(struct embedding *embedding)
{
    if (!embedding)
        return;
    free(embedding->name);
    free(embedding);
}

static int read_row(const struct embedding *embedding, int64_t row, size_t c, float *out,
                    struct err *err)
{
    const struct safetensor *weight = embedding->weight;

    if (row < 0 || row >= weight->shape[0])
        return err_set(err, ERR_INVALID, "layer %s: there is no row %lld of %lld",
                       embedding->name, (long long)row, (long long)weight->shape[0]);
    if (!weights_read(weight, (size_t)row * c, c, out))
        return weights_not_finite(embedding->name, "weight", weight, err);
    return 0;
}

int embedding_run(struct nn *nn, struct tensor dst, const struct embedding *const tables[2],
                  const int32_t *ids, bool plan, struct err *err)
{
    size_t c = dst.c;
    float *sum, *position;

    for (int i = 0; i < 2; i++)
        if (tables[i]->weight->shape[1] != dst.c)
            return err_set(err, ERR_INVALID, "layer %s: has rows of %lld, not %u",
                           tables[i]->name, (long long)tables[i]->weight->shape[1], dst.c);
    if (nn_reserve(nn, 2 * c * sizeof *sum, err) < 0)
        return nn_failed(err);
    if (plan)
        return 0;
    sum = (float *)(void *)nn->scratch;
    position = sum + c;
    for (size_t i = 0; i < tensor_pixels(&dst); i++) {
        if (read_row(tables[0], ids[i], c, sum, err) < 0 ||
            read_row(tables[1], (int64_t)(i % dst.w), c, position, err) < 0)
            return nn_failed(err);
        for (size_t k = 0; k < c; k++)
            sum[k] += position[k];
        nn->kernels->from_f32(dst.type, sum, c, tensor_at(&dst, i));
    }
    return 0;
}
