/* nn_faces.c - nn_faces [THREADS [each]]: how fast lib/nn computes what nets of faces consist
 * of: the layers of MobileNetV1 at 224x224 and of BlazeFace at 256x256, one after the other as
 * the nets have them.
 *
 * For each net one line: milliseconds, and as a second figure how many times as fast that is as
 * oneDNN's own convolutions of the same shapes in the same run, which may choose all formats
 * and are spared the activations, the sums and the reorders between layers. Each figure is of
 * the fastest of several runs, the two of a ratio taken in turns. With one thread the
 * processor's time counts, with more it is the clock's. With "each" every layer has a line,
 * too. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "lib/nn/conv.h"
#include "lib/nn/onednn.h"
#include "lib/nn/parallel.h"
#include "lib/nn/pool.h"
#include "lib/nn/separable.h"

enum { RUNS = 30, LAYERS = 40 };

/* A depthwise convolution 3x3 and the matrix after it; the first layer of a net is a dense
 * convolution. */
struct layer_case {
    uint32_t size, in, out, stride, kernel, times;
};

struct net_case {
    const char *name;
    bool residual;
    struct layer_case layers[12];
};

static const struct net_case nets[] = {
    {"mobilenet-224",
     false,
     {{224, 3, 32, 2, 3, 1},
      {112, 32, 64, 1, 0, 1},
      {112, 64, 128, 2, 0, 1},
      {56, 128, 128, 1, 0, 1},
      {56, 128, 256, 2, 0, 1},
      {28, 256, 256, 1, 0, 1},
      {28, 256, 512, 2, 0, 1},
      {14, 512, 512, 1, 0, 5},
      {14, 512, 1024, 2, 0, 1},
      {7, 1024, 1024, 1, 0, 1}}},
    {"blazeface-256",
     true,
     {{256, 3, 24, 2, 5, 1},
      {128, 24, 24, 1, 0, 7},
      {128, 24, 24, 2, 0, 1},
      {64, 24, 24, 1, 0, 7},
      {64, 24, 48, 2, 0, 1},
      {32, 48, 48, 1, 0, 7},
      {32, 48, 96, 2, 0, 1},
      {16, 96, 96, 1, 0, 7}}},
};

struct layer {
    struct nn *nn;
    struct layer_case shape;
    struct safetensor weight[2];
    struct conv *conv; /* of a first layer */
    struct depthwise *depthwise;
    struct linear *linear;
    struct onednn_conv *raw[2];
    struct onednn_conv_data data[2];
    struct tensor src, dst, skip;
    double best[2];
};

static void give_up(const struct err *err)
{
    (void)fprintf(stderr, "nn_faces: %s\n", err->text);
    exit(EXIT_FAILURE);
}

/* Shared, as a file's would be: what layers have packed they let go of. */
static void *memory(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        perror("nn_faces");
        exit(EXIT_FAILURE);
    }
    return p;
}

static struct safetensor weights(uint32_t out, uint32_t in, uint32_t kernel)
{
    struct safetensor w = {
        .name = "weight", .type = TENSOR_F32, .rank = 4, .shape = {out, in, kernel, kernel}};
    float *data;

    w.count = (size_t)out * in * kernel * kernel;
    w.size = w.count * sizeof *data;
    data = memory(w.size);
    for (size_t i = 0; i < w.count; i++)
        data[i] = (float)((i * 7919) % 257) / 25700.0F - 0.005F;
    w.data = data;
    return w;
}

/* What layers read and write by turns, as in a net: of lib/nn, then of oneDNN. */
struct places {
    void *at[2][3];
};

enum { PLACE_BYTES = 8 << 20 };

static void places_init(struct places *places)
{
    for (size_t i = 0; i < 6; i++) {
        float *data = nn_alloc(PLACE_BYTES);

        if (!data) {
            perror("nn_faces");
            exit(EXIT_FAILURE);
        }
        for (size_t k = 0; k < PLACE_BYTES / sizeof *data; k++)
            data[k] = (float)((k * 31) % 101) / 101.0F - 0.5F;
        places->at[i / 3][i % 3] = data;
    }
}

static void places_done(struct places *places)
{
    for (size_t i = 0; i < 6; i++)
        free(places->at[i / 3][i % 3]);
}

static double now(void)
{
    struct timespec t = {0};

    (void)clock_gettime(parallel_current() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC,
                        &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* -- oneDNN -----------------------------------------------------------------------------------
 */

static void make_raw(struct layer *l, struct onednn *onednn, void *const place[2], size_t which)
{
    const struct layer_case *c = &l->shape;
    bool dense = c->kernel > 0, depthwise = !dense && which == 0;
    uint32_t kernel = dense ? c->kernel : depthwise ? 3 : 1;
    uint32_t to = l->dst.h, from = dense || depthwise ? c->size : to;
    struct pad pad = pad_same(from, from, kernel, dense || depthwise ? c->stride : 1);
    const struct onednn_conv_shape shape = {
        .type = TENSOR_F32,
        .n = 1,
        .h = from,
        .w = from,
        .in = c->in,
        .out_h = to,
        .out_w = to,
        .out = depthwise ? c->in : c->out,
        .kernel_h = kernel,
        .kernel_w = kernel,
        .stride = dense || depthwise ? c->stride : 1,
        .pad = pad,
        .groups = depthwise ? c->in : 1,
        .any = true,
    };
    struct err err = {0};
    struct onednn_conv_data *data = &l->data[which];

    l->raw[which] = onednn_conv_new(onednn, &shape, &err);
    if (!l->raw[which])
        give_up(&err);
    data->weights = memory(onednn_conv_weights_size(l->raw[which]));
    data->scratch = memory(onednn_conv_scratch_size(l->raw[which]) + 1);
    data->bias = memory(shape.out * sizeof(float));
    data->src = place[0];
    data->dst = place[1];
    if (onednn_conv_pack(l->raw[which], l->weight[which].data, (void *)data->weights, &err) < 0)
        give_up(&err);
}

static void run_raw(struct layer *l)
{
    struct err err = {0};

    for (size_t i = 0; i < 2; i++)
        if (l->raw[i] && onednn_conv_run(l->raw[i], &l->data[i], &err) < 0)
            give_up(&err);
}

/* -- lib/nn -----------------------------------------------------------------------------------
 */

static void run_layer(struct layer *l, bool residual)
{
    struct err err = {0};
    const struct tensor *skip = !residual ? NULL : l->shape.stride == 2 ? &l->skip : &l->src;
    const struct conv_call dense = {.dst = l->dst, .src = l->src, .act = ACT_RELU};
    const struct pool_call pool = {.dst = l->skip, .src = l->src, .size = 2, .stride = 2};
    const struct separable_call call = {
        .dst = l->dst,
        .src = l->src,
        .middle = residual ? ACT_NONE : ACT_RELU6,
        .act = residual ? ACT_RELU : ACT_RELU6,
        .residual = skip,
        .act_last = true,
    };
    int failed;

    if (l->conv)
        failed = conv_run(l->nn, l->conv, &dense, false, &err);
    else if (skip == &l->skip && pool_max(l->nn, &pool, &err) < 0)
        failed = -1;
    else
        failed = separable_run(l->nn, l->depthwise, l->linear, &call, false, &err);
    if (failed < 0)
        give_up(&err);
}

static void make_layer(struct layer *l, struct onednn *onednn, const struct places *places,
                       size_t turn)
{
    const struct layer_case *c = &l->shape;
    struct err err = {0};
    uint32_t to = (c->size - 1) / c->stride + 1;

    l->best[0] = l->best[1] = 1e9;
    l->src =
        (struct tensor){places->at[0][turn], TENSOR_F32, 1, c->size, c->size, c->in, c->in};
    l->dst = (struct tensor){places->at[0][1 - turn], TENSOR_F32, 1, to, to, c->out, c->out};
    l->skip = (struct tensor){places->at[0][2], TENSOR_F32, 1, to, to, c->in, c->in};
    if (c->kernel > 0) {
        const struct conv_def def = {.name = "conv",
                                     .weight = &l->weight[0],
                                     .stride = c->stride,
                                     .pad = pad_same(c->size, c->size, c->kernel, c->stride),
                                     .gather = true};

        l->weight[0] = weights(c->out, c->in, c->kernel);
        l->conv = conv_new(&def, &err);
        make_raw(l, onednn, (void *[]){places->at[1][turn], places->at[1][1 - turn]}, 0);
    } else {
        const struct depthwise_def def = {.name = "depthwise",
                                          .weight = &l->weight[0],
                                          .stride = c->stride,
                                          .pad = pad_same(c->size, c->size, 3, c->stride)};
        const struct linear_def matrix = {
            .name = "linear", .parts = 1, .weight = {&l->weight[1]}};

        l->weight[0] = weights(c->in, 1, 3);
        l->weight[1] = weights(c->out, c->in, 1);
        l->depthwise = depthwise_new(&def, &err);
        l->linear = linear_new(&matrix, &err);
        make_raw(l, onednn, (void *[]){places->at[1][turn], places->at[1][2]}, 0);
        make_raw(l, onednn, (void *[]){places->at[1][2], places->at[1][1 - turn]}, 1);
    }
    if (err.code < 0)
        give_up(&err);
}

/* -- nets -------------------------------------------------------------------------------------
 */

static double multiplications(const struct layer *l)
{
    const struct layer_case *c = &l->shape;
    double each = c->kernel ? (double)c->kernel * c->kernel * c->in * c->out
                            : (double)c->in * (c->out + 9);

    return each * l->dst.h * l->dst.w;
}

struct net {
    const struct net_case *net;
    struct layer layers[LAYERS];
    size_t count;
    double best[2], all;
};

static void make_net(struct net *n, struct nn *nn, struct onednn *onednn,
                     const struct places *places)
{
    for (const struct layer_case *c = n->net->layers; c->size; c++)
        for (uint32_t i = 0; i < c->times; i++) {
            struct layer *l = &n->layers[n->count];

            *l = (struct layer){.nn = nn, .shape = *c};
            make_layer(l, onednn, places, n->count++ % 2);
            n->all += multiplications(l);
        }
}

/* Once, by lib/nn or by oneDNN. */
static void run_net(struct net *n, int which)
{
    double start = now(), last = start;

    for (size_t i = 0; i < n->count; i++) {
        struct layer *l = &n->layers[i];
        double then;

        if (which == 0)
            run_layer(l, n->net->residual);
        else
            run_raw(l);
        then = now();
        if (then - last < l->best[which])
            l->best[which] = then - last;
        last = then;
    }
    if (last - start < n->best[which])
        n->best[which] = last - start;
}

static void print_layer(const struct layer *l)
{
    printf("  %3ux%-4u %4u-%-4u s%u  %7.1f us  %6.1f GMAC/s  onednn %7.1f us  %.2f\n",
           l->shape.size, l->shape.size, l->shape.in, l->shape.out, l->shape.stride,
           l->best[0] * 1e6, multiplications(l) / l->best[0] / 1e9, l->best[1] * 1e6,
           l->best[1] / l->best[0]);
}

static void bench_net(struct nn *nn, struct onednn *onednn, const struct net_case *net,
                      bool each)
{
    static struct net n;
    struct places places;

    n = (struct net){.net = net, .best = {1e9, 1e9}};
    places_init(&places);
    make_net(&n, nn, onednn, &places);
    for (int run = 0; run < RUNS; run++) {
        run_net(&n, 0);
        run_net(&n, 1);
    }
    for (size_t i = 0; each && i < n.count; i++)
        print_layer(&n.layers[i]);
    printf("nn-%s\t%.2f\tms\t%.0f MMAC\n", net->name, n.best[0] * 1e3, n.all / 1e6);
    printf("nn-%s-of-onednn\t%.2f\tratio\toneDNN %.2f ms\n", net->name, n.best[1] / n.best[0],
           n.best[1] * 1e3);
    places_done(&places);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct onednn *onednn = onednn_new(&err);
    OWNED(nn) nn = nn_new(TENSOR_F32, argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0, &err);

    if (!nn || !onednn)
        give_up(&err);
    parallel_use(nn_threads(nn));
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        bench_net(nn, onednn, &nets[i], argc > 2);
    onednn_free(onednn);
    return 0;
}
