/* windows.c - see windows.h. */
#include "lib/nn/windows.h"
#include "lib/nn/linear_internal.h"

struct windows {
    struct linear *linear;
    struct pad pad;
    uint32_t stride, kernel_h, kernel_w;
};

struct windows *windows_new(const struct conv_def *def, struct err *err)
{
    const struct linear_def linear = {
        .name = def->name,
        .parts = 1,
        .weight = {def->weight},
        .bias = {def->bias},
        .slope = def->slope,
    };
    struct windows *windows = calloc(1, sizeof *windows);

    if (!windows) {
        (void)err_set_nomem(err, "a convolution");
        return NULL;
    }
    windows->pad = def->pad;
    windows->stride = def->stride;
    windows->kernel_h = (uint32_t)def->weight->shape[2];
    windows->kernel_w = (uint32_t)def->weight->shape[3];
    windows->linear = linear_new_windows(&linear, err);
    if (windows->linear)
        return windows;
    windows_free(windows);
    return NULL;
}

void windows_free(struct windows *windows)
{
    if (!windows)
        return;
    linear_free(windows->linear);
    free(windows);
}

struct gathering {
    struct nn *nn;
    const struct windows *windows;
    const struct conv_call *call;
};

static void gather(const void *ctx, size_t first, size_t count, void *rows)
{
    const struct gathering *g = ctx;
    const struct windows *w = g->windows;
    const struct tensor *dst = &g->call->dst, *src = &g->call->src;
    size_t bytes = w->linear->in * tensor_type_bytes(src->type);
    struct kernel_windows k = {
        .src_ld = src->ld,
        .src_h = src->h,
        .src_w = src->w,
        .channels = src->c,
        .type = src->type,
        .kernel_h = w->kernel_h,
        .kernel_w = w->kernel_w,
        .stride = w->stride,
        .top = w->pad.top,
        .left = w->pad.left,
    };

    for (size_t done = 0; done < count; done += k.count) {
        struct pixel_run run = pixel_run_at(dst, first + done, count - done);

        k.x = run.x;
        k.y = run.y;
        k.count = run.count;
        k.src = tensor_at(src, run.picture * src->h * src->w);
        k.dst = (char *)rows + done * bytes;
        g->nn->kernels->windows(&k);
    }
}

int windows_run(struct nn *nn, struct windows *windows, const struct conv_call *call, bool plan,
                struct err *err)
{
    const struct linear_call last = {
        .dst = call->dst,
        .act = call->act,
        .residual = call->residual,
        .act_last = true,
    };
    const struct gathering gathering = {nn, windows, call};
    const struct linear_source source = {gather, &gathering};

    return linear_run_from(nn, windows->linear, &last, &source, plan, err);
}
