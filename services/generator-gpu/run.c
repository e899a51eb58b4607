/* run.c - see run.h. A pass costs a few nanoseconds a call above the operation itself: shapes
 * are those of the plan, so that only the plan looks at them. */
#include "services/generator-gpu/run.h"

#include "services/generator-gpu/floats.h"
#include "services/generator-gpu/layers.h"

/* -- passes -----------------------------------------------------------------------------------
 */

static void begin(struct run *run, bool plan)
{
    run->plan = plan;
    arena_begin(&run->arena, plan);
    run->last = NULL;
    err_clear(&run->err);
}

static int failed(const struct run *run, struct err *err)
{
    return err_set(err, run->err.code, "%s: %s", run->layers ? run->layers->model : "a model",
                   run->err.text);
}

int run_plan(struct run *run, run_pass *pass, void *ctx, struct err *err)
{
    struct arena *arena = &run->arena;

    begin(run, true);
    pass(ctx, run);
    if (run_failed(run))
        return failed(run, err);
    if (arena->base && arena->peak <= arena->size && arena->peak >= arena->size / 4)
        return 0;
    run_done(run);
    arena->base = run->backend->ops->alloc(run->backend, arena->peak, &run->err);
    if (!arena->base)
        return failed(run, err);
    arena->size = arena->peak;
    return 0;
}

int run_execute(struct run *run, run_pass *pass, void *ctx, const float *result, size_t count,
                struct err *err)
{
    begin(run, false);
    pass(ctx, run);
    if (!run_failed(run) && floats_finite(result, count))
        return 0;
    if (!run_failed(run)) {
        begin(run, false);
        run->check = true;
        pass(ctx, run);
        run->check = false;
    }
    if (!run_failed(run))
        err_set(&run->err, ERR_INVALID, "the result has NaN or infinity");
    return failed(run, err);
}

/* -- memory -----------------------------------------------------------------------------------
 */

void run_done(struct run *run)
{
    if (run->arena.base)
        run->backend->ops->release(run->backend, run->arena.base);
    run->arena.base = NULL;
    run->arena.size = 0;
}

struct tensor run_tensor(struct run *run, uint32_t n, uint32_t h, uint32_t w, uint32_t c)
{
    struct tensor made = {.type = run->backend->type, .n = n, .h = h, .w = w, .c = c, .ld = c};

    if (!run_failed(run))
        (void)arena_tensor(&run->arena, &made, &run->err);
    return made;
}

size_t run_mark(const struct run *run)
{
    return arena_mark(&run->arena);
}

void run_release(struct run *run, size_t mark)
{
    arena_release(&run->arena, mark);
}

void run_turn(struct run *run)
{
    arena_turn(&run->arena);
}

void run_drop(struct run *run)
{
    arena_drop(&run->arena);
}

/* -- shapes -----------------------------------------------------------------------------------
 */

static const char *layer_name(const struct run *run, const struct layer *layer)
{
    const struct layer_entry *entry = layers_find(run->layers, layer);

    return entry ? entry->name : "a layer";
}

static bool same_pixels(const struct tensor *a, const struct tensor *b)
{
    return a->n == b->n && a->h == b->h && a->w == b->w;
}

static bool same_size(const struct tensor *a, const struct tensor *b)
{
    return same_pixels(a, b) && a->c == b->c;
}

static void misfit(struct run *run, const char *what, const struct tensor *src,
                   const struct tensor *dst)
{
    err_set(&run->err, ERR_INVALID, "%s does not fit: %ux%ux%ux%u to %ux%ux%ux%u", what, src->n,
            src->h, src->w, src->c, dst->n, dst->h, dst->w, dst->c);
}

/* True where the call may go on to the backend. outputs of the layer per channel of dst: 2
 * where the activation halves them. */
static bool fits_layer(struct run *run, const struct layer *layer, const struct tensor *dst,
                       const struct tensor *src, uint32_t outputs)
{
    const struct layer_entry *entry = layers_find(run->layers, layer);

    if (entry && (entry->in != src->c || entry->out != dst->c * outputs))
        misfit(run, entry->name, src, dst);
    return !run_failed(run);
}

static uint32_t conv_side(const struct layer_entry *entry, uint32_t side)
{
    return (side + 2 * entry->pad - entry->kernel) / entry->stride + 1;
}

static void check_conv(struct run *run, const struct conv_args *args)
{
    const struct layer_entry *entry = layers_find(run->layers, args->layer);

    if (!fits_layer(run, args->layer, &args->dst, &args->src, 1))
        return;
    if (entry && (args->dst.n != args->src.n || args->dst.h != conv_side(entry, args->src.h) ||
                  args->dst.w != conv_side(entry, args->src.w)))
        misfit(run, entry->name, &args->src, &args->dst);
    if (args->residual && !same_size(args->residual, &args->dst))
        misfit(run, "a residual", args->residual, &args->dst);
    if (args->bias && (tensor_pixels(args->bias) != 1 || args->bias->c != args->dst.c))
        misfit(run, "a bias", args->bias, &args->dst);
}

static void check_attention(struct run *run, const struct attention_args *args)
{
    if (!same_size(&args->dst, &args->q) || args->q.c != args->k.c || args->q.n != args->k.n ||
        !same_size(&args->k, &args->v) || args->heads == 0 || args->q.c % args->heads)
        misfit(run, "an attention", &args->k, &args->q);
}

/* -- what comes out ---------------------------------------------------------------------------
 */

static void say_not_finite(struct run *run, const struct layer *layer, const char *what)
{
    if (layer)
        err_set(&run->err, ERR_INVALID, "layer %s gave NaN or infinity",
                layer_name(run, layer));
    else if (run->last)
        err_set(&run->err, ERR_INVALID, "%s after layer %s gave NaN or infinity", what,
                layer_name(run, run->last));
    else
        err_set(&run->err, ERR_INVALID, "%s has NaN or infinity", what);
}

/* Ends a call: result is the operation's, dst what it wrote. */
static void finish(struct run *run, int result, const struct layer *layer, const char *what,
                   const struct tensor *dst)
{
    bool finite = true;

    if (result >= 0 && !run->plan && run->check &&
        run->backend->ops->is_finite(run->backend, *dst, &finite, &run->err) >= 0 && !finite)
        say_not_finite(run, layer, what);
    if (layer)
        run->last = layer;
}

/* -- operations -------------------------------------------------------------------------------
 */

void run_conv(struct run *run, const struct layer *layer, struct tensor dst, struct tensor src,
              const struct tensor *bias, const struct tensor *residual)
{
    struct conv_args args = {layer, dst, src, bias, residual};

    if (run->plan)
        check_conv(run, &args);
    if (!run_failed(run))
        finish(run, run->backend->ops->conv(run->backend, &args, run->plan, &run->err), layer,
               "conv", &dst);
}

void run_linear(struct run *run, const struct layer *layer, struct tensor dst,
                struct tensor src, enum activation act, const struct tensor *residual)
{
    struct linear_args args = {layer, dst, src, act, residual};

    if (run->plan && fits_layer(run, layer, &dst, &src, act == ACT_GEGLU ? 2 : 1)) {
        if (tensor_pixels(&dst) != tensor_pixels(&src))
            misfit(run, layer_name(run, layer), &src, &dst);
        if (residual && !same_size(residual, &dst))
            misfit(run, "a residual", residual, &dst);
    }
    if (!run_failed(run))
        finish(run, run->backend->ops->linear(run->backend, &args, run->plan, &run->err), layer,
               "linear", &dst);
}

typedef int norm_fn(struct backend *backend, const struct norm_args *args, bool plan,
                    struct err *err);

static void norm(struct run *run, norm_fn *fn, const struct norm_args *args)
{
    if (run->plan && fits_layer(run, args->layer, &args->dst, &args->src, 1) &&
        !same_size(&args->dst, &args->src))
        misfit(run, layer_name(run, args->layer), &args->src, &args->dst);
    if (!run_failed(run))
        finish(run, fn(run->backend, args, run->plan, &run->err), args->layer, "norm",
               &args->dst);
}

void run_group_norm(struct run *run, const struct layer *layer, struct tensor dst,
                    struct tensor src, enum activation act)
{
    norm(run, run->backend->ops->group_norm, &(struct norm_args){layer, dst, src, act});
}

void run_layer_norm(struct run *run, const struct layer *layer, struct tensor dst,
                    struct tensor src)
{
    norm(run, run->backend->ops->layer_norm, &(struct norm_args){layer, dst, src, ACT_NONE});
}

void run_attention(struct run *run, const struct attention_args *args)
{
    if (run->plan)
        check_attention(run, args);
    if (!run_failed(run))
        finish(run, run->backend->ops->attention(run->backend, args, run->plan, &run->err),
               NULL, "an attention", &args->dst);
}

void run_upsample(struct run *run, struct tensor dst, struct tensor src)
{
    if (run->plan && (dst.n != src.n || dst.c != src.c))
        misfit(run, "an upsampling", &src, &dst);
    if (!run_failed(run))
        finish(run, run->backend->ops->upsample(run->backend, dst, src, run->plan, &run->err),
               NULL, "an upsampling", &dst);
}

void run_concat(struct run *run, struct tensor dst, struct tensor a, struct tensor b)
{
    if (run->plan && (!same_pixels(&a, &b) || !same_pixels(&a, &dst) || dst.c != a.c + b.c))
        misfit(run, "a concatenation", &a, &dst);
    if (!run_failed(run))
        finish(run, run->backend->ops->concat(run->backend, dst, a, b, run->plan, &run->err),
               NULL, "a concatenation", &dst);
}

void run_embed(struct run *run, struct tensor dst, const struct layer *tokens,
               const struct layer *positions, const int32_t *ids)
{
    struct embed_args args = {dst, tokens, positions, ids};

    if (!run_failed(run))
        finish(run, run->backend->ops->embed(run->backend, &args, run->plan, &run->err), tokens,
               "embed", &dst);
}

void run_write(struct run *run, struct tensor dst, const float *host)
{
    if (!run_failed(run) && !run->plan)
        finish(run, run->backend->ops->write(run->backend, dst, host, &run->err), NULL,
               "the input", &dst);
}

void run_read(struct run *run, float *host, struct tensor src)
{
    if (!run_failed(run) && !run->plan)
        (void)run->backend->ops->read(run->backend, host, src, &run->err);
}
