/* nets_pass.c - see nets_pass.h. */
#include "services/emotion/nets_pass.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/nn/conv.h"
#include "lib/nn/picture.h"
#include "lib/nn/pool.h"
#include "lib/nn/separable.h"
#include "lib/nn/weights.h"

struct net_layer {
    struct conv *conv;
    struct depthwise *depthwise;
    struct linear *linear;
};

void net_layers_done(struct net_layers *layers)
{
    for (size_t i = 0; i < layers->count; i++) {
        conv_free(layers->all[i].conv);
        depthwise_free(layers->all[i].depthwise);
        linear_free(layers->all[i].linear);
    }
    free(layers->all);
    *layers = (struct net_layers){0};
}

/* -- layers -----------------------------------------------------------------------------------
 */

const char *pass_name(struct pass *pass, const char *fmt, ...)
{
    va_list args;

    pass->name[0] = '\0';
    if (!pass->make) /* layers are known by their order */
        return pass->name;
    va_start(args, fmt);
    (void)vsnprintf(pass->name, sizeof pass->name, fmt, args);
    va_end(args);
    return pass->name;
}

/* The next one, a new one where they are made. NULL after a failure. */
static struct net_layer *next_layer(struct pass *pass)
{
    struct net_layers *layers = pass->layers;

    if (pass_failed(pass))
        return NULL;
    if (pass->make && layers->count == layers->capacity) {
        size_t capacity = layers->capacity ? layers->capacity * 2 : 32;
        struct net_layer *grown = reallocarray(layers->all, capacity, sizeof *grown);

        if (!grown) {
            (void)err_set_nomem(&pass->err, "a net's layers");
            return NULL;
        }
        layers->all = grown;
        layers->capacity = capacity;
    }
    if (pass->make)
        layers->all[layers->count++] = (struct net_layer){0};
    return &layers->all[pass->next++];
}

static const struct safetensor *tensor_of(struct pass *pass, const char *name, const char *part,
                                          const int64_t shape[4])
{
    char full[128];

    if (pass_failed(pass))
        return NULL;
    (void)snprintf(full, sizeof full, "%s.%s", name, part);
    return weights_find(pass->layers->file, full, shape, "the net", &pass->err);
}

static const struct safetensor *vector_of(struct pass *pass, const char *name, const char *part,
                                          uint32_t size)
{
    return tensor_of(pass, name, part, (int64_t[4]){size});
}

static const struct safetensor *slope_of(struct pass *pass, const char *name, uint32_t size,
                                         enum activation act)
{
    return act == ACT_PRELU ? vector_of(pass, name, "slope", size) : NULL;
}

static void make_linear(struct pass *pass, struct net_layer *layer, const char *name,
                        const uint32_t sizes[2], enum activation act)
{
    uint32_t in = sizes[0], out = sizes[1];
    struct linear_def def = {.name = name, .parts = 1};

    def.weight[0] = tensor_of(pass, name, "weight", (int64_t[4]){out, in});
    def.bias[0] = vector_of(pass, name, "bias", out);
    def.slope = slope_of(pass, name, out, act);
    if (!pass_failed(pass))
        layer->linear = linear_new(&def, &pass->err);
}

static void make_conv(struct pass *pass, struct net_layer *layer, const char *name,
                      const struct tensor *src, const struct pass_conv *how)
{
    struct conv_def def = {.name = name, .stride = how->stride, .gather = true};

    def.weight = tensor_of(pass, name, "weight",
                           (int64_t[4]){how->out, src->c, how->kernel, how->kernel});
    def.bias = vector_of(pass, name, "bias", how->out);
    def.slope = slope_of(pass, name, how->out, how->act);
    if (how->same)
        def.pad = pad_same(src->h, src->w, how->kernel, how->stride);
    if (!pass_failed(pass))
        layer->conv = conv_new(&def, &pass->err);
}

enum { DEPTHWISE_KERNEL = 3 };

static void make_separable(struct pass *pass, struct net_layer *layer, const char *name,
                           const struct tensor *src, const struct pass_separable *how)
{
    char part[sizeof pass->name + 16];
    struct depthwise_def def = {
        .name = part,
        .stride = how->stride,
        .pad = pad_same(src->h, src->w, DEPTHWISE_KERNEL, how->stride),
    };

    (void)snprintf(part, sizeof part, "%s.depthwise", name);
    def.weight = tensor_of(pass, part, "weight",
                           (int64_t[4]){src->c, 1, DEPTHWISE_KERNEL, DEPTHWISE_KERNEL});
    if (how->middle != ACT_NONE)
        def.bias = vector_of(pass, part, "bias", src->c);
    if (!pass_failed(pass))
        layer->depthwise = depthwise_new(&def, &pass->err);
    (void)snprintf(part, sizeof part, "%s.pointwise", name);
    make_linear(pass, layer, part, (uint32_t[2]){src->c, how->out}, how->act);
}

/* -- operations -------------------------------------------------------------------------------
 */

static struct tensor take(struct pass *pass, uint32_t h, uint32_t w, uint32_t c)
{
    struct tensor made = {.type = TENSOR_F32, .n = 1, .h = h, .w = w, .c = c, .ld = c};

    if (!pass_failed(pass))
        (void)arena_tensor(pass->arena, &made, &pass->err);
    return made;
}

struct tensor pass_input(struct pass *pass, const float *pixels, const struct pass_pixels *how)
{
    struct tensor made = take(pass, how->side, how->side, 3);
    size_t count = (size_t)how->side * how->side, first = how->bgr ? 2 : 0;
    float *to = made.data;

    if (pass_failed(pass) || !to)
        return made;
    for (size_t i = 0; i < count; i++, pixels += 3, to += 3) {
        to[0] = pixels[first] * how->scale + how->shift[0];
        to[1] = pixels[1] * how->scale + how->shift[1];
        to[2] = pixels[2 - first] * how->scale + how->shift[2];
    }
    return made;
}

/* A side's pixels after a window of kernel at every stride-th one. */
static uint32_t side_of(uint32_t side, const struct pass_conv *how)
{
    return how->same ? (side + how->stride - 1) / how->stride
                     : window_span(side, how->kernel, 0, how->stride);
}

static void run_linear(struct pass *pass, const struct net_layer *layer,
                       const struct conv_call *like)
{
    struct linear_call call = {.dst = like->dst,
                               .src = like->src,
                               .act = like->act,
                               .residual = like->residual,
                               .act_last = like->residual != NULL};

    if (!pass_failed(pass))
        (void)linear_run(pass->nn, layer->linear, &call, pass->arena->plan, &pass->err);
}

struct tensor pass_conv(struct pass *pass, const char *name, struct tensor src,
                        const struct pass_conv *how)
{
    struct net_layer *layer = next_layer(pass);
    bool pixelwise = how->kernel == 1 && how->stride == 1;
    struct conv_call call = {.src = src, .residual = how->residual, .act = how->act};

    if (pass->make && pixelwise)
        make_linear(pass, layer, name, (uint32_t[2]){src.c, how->out}, how->act);
    else if (pass->make)
        make_conv(pass, layer, name, &src, how);
    call.dst = take(pass, side_of(src.h, how), side_of(src.w, how), how->out);
    if (pixelwise)
        run_linear(pass, layer, &call);
    else if (!pass_failed(pass))
        (void)conv_run(pass->nn, layer->conv, &call, pass->arena->plan, &pass->err);
    return call.dst;
}

struct tensor pass_linear(struct pass *pass, const char *name, struct tensor src, uint32_t out,
                          enum activation act)
{
    return pass_conv(pass, name, src,
                     &(struct pass_conv){.out = out, .kernel = 1, .stride = 1, .act = act});
}

struct tensor pass_separable(struct pass *pass, const char *name, struct tensor src,
                             const struct pass_separable *how)
{
    struct net_layer *layer = next_layer(pass);
    struct separable_call call = {.src = src,
                                  .relu_src = how->relu_src,
                                  .middle = how->middle,
                                  .act = how->act,
                                  .residual = how->residual,
                                  .act_last = how->residual != NULL};

    if (pass->make)
        make_separable(pass, layer, name, &src, how);
    call.dst = take(pass, (src.h + how->stride - 1) / how->stride,
                    (src.w + how->stride - 1) / how->stride, how->out);
    if (!pass_failed(pass))
        (void)separable_run(pass->nn, layer->depthwise, layer->linear, &call, pass->arena->plan,
                            &pass->err);
    return call.dst;
}

struct tensor pass_pool(struct pass *pass, struct tensor src, uint32_t size)
{
    enum { STRIDE = 2 };
    struct pool_call call = {.src = src,
                             .size = size,
                             .stride = STRIDE,
                             .pad = pad_same(src.h, src.w, size, STRIDE)};

    call.dst = take(pass, (src.h + 1) / STRIDE, (src.w + 1) / STRIDE, src.c);
    if (!pass_failed(pass) && !pass->arena->plan)
        (void)pool_max(pass->nn, &call, &pass->err);
    return call.dst;
}

struct tensor pass_mean(struct pass *pass, struct tensor src)
{
    struct tensor mean = take(pass, 1, 1, src.c);

    if (!pass_failed(pass) && !pass->arena->plan)
        (void)pool_mean(pass->nn, mean, src, &pass->err);
    return mean;
}

const float *pass_floats(struct pass *pass, struct tensor src)
{
    if (pass_failed(pass) || pass->arena->plan)
        return NULL;
    if (picture_is_finite(pass->nn, src))
        return src.data;
    (void)err_set(&pass->err, ERR_INVALID, "the net gave NaN or infinity");
    return NULL;
}

void pass_output(struct pass *pass, struct tensor src, float *ret_floats)
{
    const float *floats = pass_floats(pass, src);

    if (floats)
        memcpy(ret_floats, floats, tensor_pixels(&src) * src.c * sizeof *floats);
}

void pass_link_begin(struct pass *pass)
{
    arena_turn(pass->arena);
}

void pass_link_end(struct pass *pass)
{
    arena_drop(pass->arena);
}

struct tensor pass_stem(struct pass *pass, struct tensor picture, const struct pass_conv *how)
{
    struct pass_conv stem = *how;
    struct tensor made;

    stem.stride = 2;
    stem.same = true;
    pass_link_begin(pass);
    made = pass_conv(pass, "stem", picture, &stem);
    pass_link_end(pass);
    return made;
}
