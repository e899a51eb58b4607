/* backend_cpu.c - backend.h on the CPU: each operation is one call of lib/nn. */

#include "lib/nn/attention.h"
#include "lib/nn/conv.h"
#include "lib/nn/embedding.h"
#include "lib/nn/linear.h"
#include "lib/nn/norm.h"
#include "lib/nn/picture.h"
#include "services/generator-gpu/backend.h"

struct backend_cpu {
    struct backend backend; /* first: the others get a pointer to it */
    struct nn *nn;
};

struct layer {
    enum layer_kind kind;
    struct conv *conv;
    struct linear *linear;
    struct norm *norm;
    struct embedding *embedding;
};

static struct nn *nn_of(struct backend *backend)
{
    return ((struct backend_cpu *)backend)->nn;
}

static void cpu_free(struct backend *backend)
{
    nn_free(nn_of(backend));
    free(backend);
}

/* -- memory -----------------------------------------------------------------------------------
 */

static void *cpu_alloc(struct backend *backend, size_t bytes, struct err *err)
{
    void *memory = nn_alloc(bytes);

    (void)backend;
    if (!memory)
        (void)err_set(err, ERR_NOMEM, "no memory for %zu MB of tensors", bytes >> 20);
    return memory;
}

static void cpu_release(struct backend *backend, void *memory)
{
    (void)backend;
    free(memory);
}

static int cpu_write(struct backend *backend, struct tensor dst, const float *host,
                     struct err *err)
{
    (void)err;
    picture_write(nn_of(backend), dst, host);
    return 0;
}

static int cpu_read(struct backend *backend, float *host, struct tensor src, struct err *err)
{
    (void)err;
    picture_read(nn_of(backend), host, src);
    return 0;
}

/* -- layers -----------------------------------------------------------------------------------
 */

static void cpu_layer_free(struct backend *backend, struct layer *layer)
{
    (void)backend;
    if (!layer)
        return;
    conv_free(layer->conv);
    linear_free(layer->linear);
    norm_free(layer->norm);
    embedding_free(layer->embedding);
    free(layer);
}

static bool make_conv(struct layer *layer, const struct layer_def *def, struct err *err)
{
    const struct conv_def conv = {
        .name = def->name,
        .weight = def->weight[0],
        .bias = def->bias[0],
        .stride = def->stride,
        .pad = pad_all(def->pad),
    };

    layer->conv = conv_new(&conv, err);
    return layer->conv != NULL;
}

static bool make_linear(struct layer *layer, const struct layer_def *def, struct err *err)
{
    struct linear_def linear = {
        .name = def->name,
        .parts = def->parts ? def->parts : 1,
        .extra_bias = def->extra_bias,
    };

    for (size_t i = 0; i < linear.parts && i < LINEAR_PARTS; i++) {
        linear.weight[i] = def->weight[i];
        linear.bias[i] = def->bias[i];
    }
    layer->linear = linear_new(&linear, err);
    return layer->linear != NULL;
}

static bool make_norm(struct layer *layer, const struct layer_def *def, struct err *err)
{
    const struct norm_def norm = {
        .name = def->name,
        .weight = def->weight[0],
        .bias = def->bias[0],
        .groups = def->kind == LAYER_GROUP_NORM ? def->groups : 0,
        .eps = def->eps,
    };

    layer->norm = norm_new(&norm, err);
    return layer->norm != NULL;
}

static bool make_embedding(struct layer *layer, const struct layer_def *def, struct err *err)
{
    layer->embedding = embedding_new(def->name, def->weight[0], err);
    return layer->embedding != NULL;
}

static struct layer *cpu_layer_new(struct backend *backend, const struct layer_def *def,
                                   struct err *err)
{
    static bool (*const make[])(struct layer *, const struct layer_def *, struct err *) = {
        [LAYER_CONV] = make_conv,           [LAYER_LINEAR] = make_linear,
        [LAYER_GROUP_NORM] = make_norm,     [LAYER_LAYER_NORM] = make_norm,
        [LAYER_EMBEDDING] = make_embedding,
    };
    struct layer *layer = calloc(1, sizeof *layer);

    if (!layer) {
        (void)err_set_nomem(err, "a layer");
        return NULL;
    }
    layer->kind = def->kind;
    if (make[def->kind](layer, def, err))
        return layer;
    cpu_layer_free(backend, layer);
    return NULL;
}

/* -- operations -------------------------------------------------------------------------------
 */

static int cpu_conv(struct backend *backend, const struct conv_args *args, bool plan,
                    struct err *err)
{
    const struct conv_call call = {
        .dst = args->dst,
        .src = args->src,
        .bias = args->bias,
        .residual = args->residual,
    };

    return conv_run(nn_of(backend), args->layer->conv, &call, plan, err);
}

static int cpu_linear(struct backend *backend, const struct linear_args *args, bool plan,
                      struct err *err)
{
    const struct linear_call call = {
        .dst = args->dst,
        .src = args->src,
        .act = args->act,
        .residual = args->residual,
    };

    return linear_run(nn_of(backend), args->layer->linear, &call, plan, err);
}

static int cpu_norm(struct backend *backend, const struct norm_args *args, bool plan,
                    struct err *err)
{
    const struct norm_call call = {args->dst, args->src, args->act};

    return norm_run(nn_of(backend), args->layer->norm, &call, plan, err);
}

static int cpu_attention(struct backend *backend, const struct attention_args *args, bool plan,
                         struct err *err)
{
    const struct attention_call call = {args->dst, args->q,     args->k,
                                        args->v,   args->heads, args->causal};

    return attention_run(nn_of(backend), &call, plan, err);
}

static int cpu_upsample(struct backend *backend, struct tensor dst, struct tensor src,
                        bool plan, struct err *err)
{
    (void)err;
    if (!plan)
        picture_upsample(nn_of(backend), dst, src);
    return 0;
}

static int cpu_concat(struct backend *backend, struct tensor dst, struct tensor a,
                      struct tensor b, bool plan, struct err *err)
{
    (void)err;
    if (!plan)
        picture_concat(nn_of(backend), dst, a, b);
    return 0;
}

static int cpu_embed(struct backend *backend, const struct embed_args *args, bool plan,
                     struct err *err)
{
    const struct embedding *const tables[] = {args->tokens->embedding,
                                              args->positions->embedding};

    return embedding_run(nn_of(backend), args->dst, tables, args->ids, plan, err);
}

static int cpu_sync(struct backend *backend, struct err *err)
{
    (void)backend;
    (void)err;
    return 0;
}

static int cpu_is_finite(struct backend *backend, struct tensor src, bool *ret_finite,
                         struct err *err)
{
    (void)err;
    *ret_finite = picture_is_finite(nn_of(backend), src);
    return 0;
}

static const struct backend_ops cpu_ops = {
    .name = "cpu",
    .free = cpu_free,
    .alloc = cpu_alloc,
    .release = cpu_release,
    .write = cpu_write,
    .read = cpu_read,
    .layer_new = cpu_layer_new,
    .layer_free = cpu_layer_free,
    .conv = cpu_conv,
    .linear = cpu_linear,
    .group_norm = cpu_norm,
    .layer_norm = cpu_norm,
    .attention = cpu_attention,
    .upsample = cpu_upsample,
    .concat = cpu_concat,
    .embed = cpu_embed,
    .sync = cpu_sync,
    .is_finite = cpu_is_finite,
};

/* -- opening ----------------------------------------------------------------------------------
 */

static int precision_type(const char *precision, enum tensor_type *ret, struct err *err)
{
    if (strcmp(precision, "auto") == 0)
        *ret = nn_fastest_type();
    else if (strcmp(precision, "f32") == 0)
        *ret = TENSOR_F32;
    else if (strcmp(precision, "bf16") == 0)
        *ret = TENSOR_BF16;
    else
        return err_set(err, ERR_INVALID,
                       "there is no precision \"%s\" on the CPU; there are auto, f32, bf16",
                       precision);
    return 0;
}

struct backend *backend_cpu_new(const struct backend_conf *conf, struct err *err)
{
    enum tensor_type type = TENSOR_F32;
    struct backend_cpu *cpu;

    if (precision_type(conf->precision, &type, err) < 0)
        return NULL;
    cpu = calloc(1, sizeof *cpu);
    if (!cpu) {
        (void)err_set_nomem(err, "the CPU backend");
        return NULL;
    }
    cpu->nn = nn_new(type, conf->threads, err);
    if (!cpu->nn) {
        free(cpu);
        return NULL;
    }
    cpu->backend =
        (struct backend){.ops = &cpu_ops, .type = type, .threads = nn_threads(cpu->nn)};
    return &cpu->backend;
}
