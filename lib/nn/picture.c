/* picture.c - see picture.h. */
#include <string.h>

#include "lib/nn/nn_internal.h"
#include "lib/nn/picture.h"

enum { PIXELS = 64 }; /* of a task */

struct running {
    struct nn *nn;
    struct tensor dst, src;
    float *out; /* floats without gaps */
    const float *in;
    bool bad;
};

static size_t pixel_tasks(const struct tensor *t)
{
    return nn_ceil_div(tensor_pixels(t), PIXELS);
}

/* The pixel after a task's last. */
static size_t task_end(const struct tensor *t, size_t task)
{
    size_t end = (task + 1) * PIXELS, all = tensor_pixels(t);

    return end < all ? end : all;
}

static void copy_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    size_t bytes = r->src.c * tensor_type_bytes(r->src.type);

    (void)thread;
    for (size_t i = task * PIXELS; i < task_end(&r->src, task); i++)
        memcpy(tensor_at(&r->dst, i), tensor_at(&r->src, i), bytes);
}

void picture_copy(struct nn *nn, struct tensor dst, struct tensor src)
{
    struct running r = {.nn = nn, .dst = dst, .src = src};

    parallel_use(nn->threads);
    parallel_for(nn->threads, pixel_tasks(&src), copy_task, &r);
}

/* torch's: the quotient and the product in f32, rounded down. */
static size_t nearest(size_t at, uint32_t from, uint32_t to)
{
    float scale = (float)from / (float)to;
    size_t found = (size_t)((float)at * scale);

    return found < from ? found : from - 1U;
}

static void upsample_row(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    const struct tensor *src = &r->src, *dst = &r->dst;
    size_t picture = task / dst->h, y = nearest(task % dst->h, src->h, dst->h);
    size_t row = (picture * src->h + y) * src->w;

    (void)thread;
    for (size_t x = 0; x < dst->w; x++)
        memcpy(tensor_at(dst, task * dst->w + x),
               tensor_at(src, row + nearest(x, src->w, dst->w)),
               src->c * tensor_type_bytes(src->type));
}

void picture_upsample(struct nn *nn, struct tensor dst, struct tensor src)
{
    struct running r = {.nn = nn, .dst = dst, .src = src};

    parallel_use(nn->threads);
    parallel_for(nn->threads, (size_t)dst.n * dst.h, upsample_row, &r);
}

void picture_concat(struct nn *nn, struct tensor dst, struct tensor a, struct tensor b)
{
    picture_copy(nn, tensor_columns(&dst, 0, a.c), a);
    picture_copy(nn, tensor_columns(&dst, a.c, b.c), b);
}

static void write_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;

    (void)thread;
    for (size_t i = task * PIXELS; i < task_end(&r->dst, task); i++)
        r->nn->kernels->from_f32(r->dst.type, r->in + i * r->dst.c, r->dst.c,
                                 tensor_at(&r->dst, i));
}

void picture_write(struct nn *nn, struct tensor dst, const float *floats)
{
    struct running r = {.nn = nn, .dst = dst, .in = floats};

    parallel_use(nn->threads);
    parallel_for(nn->threads, pixel_tasks(&dst), write_task, &r);
}

static void read_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;

    (void)thread;
    for (size_t i = task * PIXELS; i < task_end(&r->src, task); i++)
        r->nn->kernels->to_f32(r->src.type, tensor_at(&r->src, i), r->src.c,
                               r->out + i * r->src.c);
}

void picture_read(struct nn *nn, float *floats, struct tensor src)
{
    struct running r = {.nn = nn, .src = src};

    r.out = floats;
    parallel_use(nn->threads);
    parallel_for(nn->threads, pixel_tasks(&src), read_task, &r);
}

static void finite_task(void *ctx, size_t task, int thread)
{
    struct running *r = ctx;

    (void)thread;
    for (size_t i = task * PIXELS; i < task_end(&r->src, task); i++)
        if (!r->nn->kernels->finite(r->src.type, tensor_at(&r->src, i), r->src.c))
            __atomic_store_n(&r->bad, true, __ATOMIC_RELAXED);
}

bool picture_is_finite(struct nn *nn, struct tensor src)
{
    struct running r = {.nn = nn, .src = src};

    parallel_use(nn->threads);
    parallel_for(nn->threads, pixel_tasks(&src), finite_task, &r);
    return !r.bad;
}
