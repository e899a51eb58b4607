/* separable.c - see separable.h: linear.c multiplies rows that depthwise.c makes for it. */
#include "lib/nn/separable.h"
#include "lib/nn/depthwise_internal.h"
#include "lib/nn/linear_internal.h"

static void make_rows(const void *ctx, size_t first, size_t count, void *rows)
{
    const struct depthwise_part *part = ctx;

    depthwise_pixels(part, first, count, rows, part->call->dst.c);
}

int separable_run(struct nn *nn, struct depthwise *depthwise, struct linear *linear,
                  const struct separable_call *call, bool plan, struct err *err)
{
    struct depthwise_call between = {
        .dst = call->dst,
        .src = call->src,
        .act = call->middle,
        .relu_src = call->relu_src,
    };
    const struct linear_call last = {
        .dst = call->dst,
        .act = call->act,
        .residual = call->residual,
        .act_last = call->act_last,
    };
    const struct depthwise_part part = {nn, depthwise, &between};
    const struct linear_source source = {make_rows, &part};

    between.dst.c = depthwise_channels(depthwise);
    if (linear->in != between.dst.c)
        return err_set(err, ERR_INVALID, "layer %s: takes %u channels, not %u", linear->name,
                       linear->in, between.dst.c);
    if (depthwise_check(depthwise, &between, err) < 0)
        return nn_failed(err);
    if (!plan && depthwise_pack(depthwise, err) < 0)
        return nn_failed(err);
    return linear_run_from(nn, linear, &last, &source, plan, err);
}
