/* pool.c - see pool.h. A task is a row of the result. */
#include "lib/nn/pool.h"
#include "lib/nn/nn_internal.h"

struct running {
    struct nn *nn;
    const struct pool_call *call;
};

static void pool_row(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    const struct pool_call *call = r->call;
    const struct tensor *src = &call->src, *dst = &call->dst;
    const struct kernel_pool pool = {
        .src = tensor_at(src, task / dst->h * src->h * src->w),
        .src_ld = src->ld,
        .src_h = src->h,
        .src_w = src->w,
        .dst = tensor_at(dst, task * dst->w),
        .dst_ld = dst->ld,
        .type = src->type,
        .cols = src->c,
        .size = call->size,
        .stride = call->stride,
        .top = call->pad.top,
        .left = call->pad.left,
        .y = task % dst->h,
        .count = dst->w,
    };

    (void)thread;
    r->nn->kernels->pool_max(&pool);
}

static bool fits(const struct pool_call *call)
{
    const struct tensor *src = &call->src, *dst = &call->dst;
    const struct pad *pad = &call->pad;
    uint32_t size = call->size;

    return call->stride > 0 && pad->top < size && pad->bottom < size && pad->left < size &&
           pad->right < size && dst->n == src->n && dst->c == src->c &&
           dst->h == window_span(src->h, size, pad->top + pad->bottom, call->stride) &&
           dst->w == window_span(src->w, size, pad->left + pad->right, call->stride) &&
           dst->h > 0 && dst->w > 0;
}

int pool_max(struct nn *nn, const struct pool_call *call, struct err *err)
{
    struct running r = {.nn = nn, .call = call};

    if (!fits(call))
        return err_set(err, ERR_INVALID, "pooling of %ux%u: %ux%u does not become %ux%u",
                       call->size, call->size, call->src.w, call->src.h, call->dst.w,
                       call->dst.h);
    parallel_use(nn->threads);
    parallel_for(nn->threads, (size_t)call->dst.n * call->dst.h, pool_row, &r);
    return 0;
}

int pool_mean(struct nn *nn, struct tensor dst, struct tensor src, struct err *err)
{
    if (dst.n != src.n || dst.c != src.c || dst.h != 1 || dst.w != 1 || src.h * src.w == 0)
        return err_set(err, ERR_INVALID, "means of %ux%u: the result is no single pixel each",
                       src.w, src.h);
    for (size_t i = 0; i < src.n; i++) {
        const struct kernel_rows rows = {
            .src = tensor_at(&src, i * src.h * src.w),
            .src_ld = src.ld,
            .dst = tensor_at(&dst, i),
            .type = src.type,
            .rows = (size_t)src.h * src.w,
            .cols = src.c,
        };

        nn->kernels->mean(&rows);
    }
    return 0;
}
