/* backend_plain.c - see backend_plain.h. */
#include "tests/support/backend_plain.h"

#include <math.h>

#include "tests/support/plain_ops.h"

struct plain {
    struct backend backend;
    struct plain_counts counts;
};

static struct plain *plain_of(struct backend *backend)
{
    return (struct plain *)backend;
}

bool plain_computes(struct backend *backend, const struct tensor *dst, bool plan)
{
    struct plain_counts *counts = &plain_of(backend)->counts;

    if (plan) {
        counts->plans++;
        return false;
    }
    counts->ops++;
    counts->addresses = (counts->addresses ^ (uint64_t)(uintptr_t)dst->data) * 0x100000001b3U;
    return true;
}

/* -- layers -----------------------------------------------------------------------------------
 */

static void layer_free(struct backend *backend, struct layer *layer)
{
    (void)backend;
    if (layer) {
        free(layer->weight);
        free(layer->bias);
    }
    free(layer);
}

static int fill_part(struct layer *layer, const struct layer_def *def, size_t part, size_t rows,
                     struct err *err)
{
    const struct safetensor *weight = def->weight[part], *bias = def->bias[part];
    size_t each = weight->count / rows;

    safetensor_read(weight, 0, weight->count, layer->weight + part * rows * each);
    for (size_t i = 0; layer->bias && i < rows; i++) {
        float *sum = &layer->bias[part * rows + i];

        *sum = bias ? safetensor_at(bias, i) : 0;
        if (def->extra_bias)
            *sum += safetensor_at(def->extra_bias, i);
    }
    for (size_t i = 0; i < weight->count; i++)
        if (!isfinite(layer->weight[part * rows * each + i]))
            return err_set(err, ERR_INVALID, "layer %s has NaN or infinity in its weights",
                           def->name);
    return 0;
}

static struct layer *layer_new(struct backend *backend, const struct layer_def *def,
                               struct err *err)
{
    const struct safetensor *first = def->weight[0];
    size_t rows = (size_t)first->shape[0];
    struct layer *layer = calloc(1, sizeof(*layer));

    if (!layer) {
        err_set_nomem(err, def->name);
        return NULL;
    }
    *layer = (struct layer){.kind = def->kind,
                            .in = (uint32_t)(first->count / rows),
                            .out = (uint32_t)(rows * def->parts),
                            .kernel = 1,
                            .stride = def->stride,
                            .pad = def->pad,
                            .groups = def->groups,
                            .eps = def->eps};
    if (def->kind == LAYER_CONV) {
        layer->in = (uint32_t)first->shape[1];
        layer->kernel = (uint32_t)first->shape[2];
    }
    layer->weight = calloc(def->parts * first->count, sizeof(float));
    if (def->bias[0] || def->extra_bias)
        layer->bias = calloc(layer->out, sizeof(float));
    for (size_t i = 0; i < def->parts && layer->weight; i++)
        if (fill_part(layer, def, i, rows, err) < 0)
            break;
    if (!layer->weight)
        err_set_nomem(err, def->name);
    if (err->code) {
        layer_free(backend, layer);
        return NULL;
    }
    return layer;
}

/* -- memory -----------------------------------------------------------------------------------
 */

static void plain_free(struct backend *backend)
{
    free(plain_of(backend));
}

static void *plain_alloc(struct backend *backend, size_t bytes, struct err *err)
{
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);

    plain_of(backend)->counts.allocs++;
    if (!memory)
        err_set_nomem(err, "an arena");
    else
        memset(memory, 0xff, bytes); /* NaN: what is read before it is written shows */
    return memory;
}

static void plain_release(struct backend *backend, void *memory)
{
    (void)backend;
    free(memory);
}

static int plain_write(struct backend *backend, struct tensor dst, const float *host,
                       struct err *err)
{
    (void)backend;
    (void)err;
    for (size_t p = 0; p < tensor_pixels(&dst); p++)
        memcpy(plain_at(&dst, p), host + p * dst.c, dst.c * sizeof(float));
    return 0;
}

static int plain_read(struct backend *backend, float *host, struct tensor src, struct err *err)
{
    (void)backend;
    (void)err;
    for (size_t p = 0; p < tensor_pixels(&src); p++)
        memcpy(host + p * src.c, plain_at(&src, p), src.c * sizeof(float));
    return 0;
}

/* -- moving -----------------------------------------------------------------------------------
 */

/* torch computes the ratio and the product in f32. */
static uint32_t nearest(uint32_t i, uint32_t to, uint32_t from)
{
    uint32_t source = (uint32_t)((float)i * ((float)from / (float)to));

    return source < from ? source : from - 1;
}

static int plain_upsample(struct backend *backend, struct tensor dst, struct tensor src,
                          bool plan, struct err *err)
{
    (void)err;
    if (!plain_computes(backend, &dst, plan))
        return 0;
    for (size_t p = 0; p < tensor_pixels(&dst); p++) {
        uint32_t y = nearest((uint32_t)(p / dst.w % dst.h), dst.h, src.h);
        uint32_t x = nearest((uint32_t)(p % dst.w), dst.w, src.w);
        size_t from = (p / dst.w / dst.h * src.h + y) * src.w + x;

        memcpy(plain_at(&dst, p), plain_at(&src, from), dst.c * sizeof(float));
    }
    return 0;
}

static int plain_concat(struct backend *backend, struct tensor dst, struct tensor a,
                        struct tensor b, bool plan, struct err *err)
{
    (void)err;
    if (!plain_computes(backend, &dst, plan))
        return 0;
    for (size_t p = 0; p < tensor_pixels(&dst); p++) {
        memcpy(plain_at(&dst, p), plain_at(&a, p), a.c * sizeof(float));
        memcpy(plain_at(&dst, p) + a.c, plain_at(&b, p), b.c * sizeof(float));
    }
    return 0;
}

static int plain_embed(struct backend *backend, const struct embed_args *args, bool plan,
                       struct err *err)
{
    const struct tensor *dst = &args->dst;

    if (!plain_computes(backend, dst, plan))
        return 0;
    for (size_t p = 0; p < tensor_pixels(dst); p++) {
        const float *position = args->positions->weight + p % dst->w * dst->c;
        int32_t id = args->ids[p];

        if (id < 0 || (uint32_t)id >= args->tokens->out)
            return err_set(err, ERR_INVALID, "token %d of %u", id, args->tokens->out);
        for (uint32_t c = 0; c < dst->c; c++)
            plain_at(dst, p)[c] = args->tokens->weight[(size_t)id * dst->c + c] + position[c];
    }
    return 0;
}

static int plain_sync(struct backend *backend, struct err *err)
{
    (void)backend;
    (void)err;
    return 0;
}

static int plain_is_finite(struct backend *backend, struct tensor src, bool *ret_finite,
                           struct err *err)
{
    (void)backend;
    (void)err;
    *ret_finite = true;
    for (size_t p = 0; p < tensor_pixels(&src); p++)
        for (uint32_t c = 0; c < src.c; c++)
            *ret_finite = *ret_finite && isfinite(plain_at(&src, p)[c]);
    return 0;
}

static const struct backend_ops plain_ops = {.name = "plain",
                                             .free = plain_free,
                                             .alloc = plain_alloc,
                                             .release = plain_release,
                                             .write = plain_write,
                                             .read = plain_read,
                                             .layer_new = layer_new,
                                             .layer_free = layer_free,
                                             .conv = plain_conv,
                                             .linear = plain_linear,
                                             .group_norm = plain_group_norm,
                                             .layer_norm = plain_layer_norm,
                                             .attention = plain_attention,
                                             .upsample = plain_upsample,
                                             .concat = plain_concat,
                                             .embed = plain_embed,
                                             .sync = plain_sync,
                                             .is_finite = plain_is_finite};

struct backend *backend_plain_new(struct err *err)
{
    struct plain *plain = calloc(1, sizeof(*plain));

    if (!plain) {
        err_set_nomem(err, "the plain backend");
        return NULL;
    }
    plain->backend = (struct backend){.ops = &plain_ops, .type = TENSOR_F32, .threads = 1};
    return &plain->backend;
}

struct plain_counts backend_plain_counts(struct backend *backend)
{
    struct plain_counts counts = plain_of(backend)->counts;

    plain_of(backend)->counts = (struct plain_counts){0};
    return counts;
}
