/* windows.c - see windows.h. */
#include <string.h>

#include "lib/nn/linear_internal.h"
#include "lib/nn/windows.h"

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
    const struct windows *windows;
    const struct tensor *dst, *src;
    size_t bytes; /* of a pixel's channels */
};

/* count pixels from x on of a row of the picture, which both may lie outside. */
static void gather_row(const struct gathering *g, size_t picture, int64_t y, int64_t x,
                       char *to)
{
    const struct tensor *src = g->src;
    int64_t count = g->windows->kernel_w, i = 0;
    int64_t end = y < 0 || y >= src->h ? 0 : src->w - x;
    const char *from;

    end = end < 0 ? 0 : end > count ? count : end;
    for (; i < count && (x + i < 0 || end == 0); i++, to += g->bytes)
        memset(to, 0, g->bytes);
    if (i < end) {
        from = tensor_at(src, (picture * src->h + (size_t)y) * src->w + (size_t)(x + i));
        if (src->ld == src->c) {
            memcpy(to, from, (size_t)(end - i) * g->bytes);
            to += (size_t)(end - i) * g->bytes;
            i = end;
        }
        for (; i < end; i++, to += g->bytes, from += src->ld * tensor_type_bytes(src->type))
            memcpy(to, from, g->bytes);
    }
    memset(to, 0, (size_t)(count - i) * g->bytes);
}

static void gather(const void *ctx, size_t first, size_t count, void *rows)
{
    const struct gathering *g = ctx;
    const struct windows *w = g->windows;
    const struct tensor *dst = g->dst;
    char *to = rows;

    for (size_t i = first; i < first + count; i++) {
        size_t picture = i / dst->w / dst->h;
        int64_t y = (int64_t)(i / dst->w % dst->h * w->stride) - w->pad.top;
        int64_t x = (int64_t)(i % dst->w * w->stride) - w->pad.left;

        for (uint32_t ky = 0; ky < w->kernel_h; ky++, to += w->kernel_w * g->bytes)
            gather_row(g, picture, y + ky, x, to);
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
    const struct gathering gathering = {windows, &call->dst, &call->src,
                                        call->src.c * tensor_type_bytes(call->src.type)};
    const struct linear_source source = {gather, &gathering};

    return linear_run_from(nn, windows->linear, &last, &source, plan, err);
}
