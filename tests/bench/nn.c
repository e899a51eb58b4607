/* nn.c - nn [WORD [TYPE [THREADS]]]: how fast lib/nn computes what a step of SD 2.1 at 512x512
 * with guidance (two pictures) consists of, and what its VAE does; only cases whose name
 * contains WORD, only in TYPE (f32, bf16, all). With one thread the processor's time counts,
 * which other load on the machine does not change much; with more it is the clock's.
 *
 * One line for each: name, GFLOP/s, "GF/s"; for convolutions also what oneDNN's own code
 * reaches on the same one when it may choose all formats, as its benchdnn measures it, and the
 * ratio. Each figure is of the fastest of several runs, the two of a ratio taken in turns:
 * other load on the machine makes runs longer, never shorter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "lib/nn/attention.h"
#include "lib/nn/conv.h"
#include "lib/nn/linear.h"
#include "lib/nn/norm.h"
#include "lib/nn/onednn.h"
#include "lib/nn/parallel.h"

enum { RUNS = 7 };

static void give_up(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "nn: %s: %s\n", what, err->text);
    exit(EXIT_FAILURE);
}

static void *memory(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        perror("nn: mmap");
        exit(EXIT_FAILURE);
    }
    return p;
}

/* Small numbers, so that nothing grows over the runs; f32 in files. */
static struct safetensor weights(int rank, const int64_t *shape)
{
    struct safetensor w = {.name = "weight", .type = TENSOR_F32, .rank = rank, .count = 1};
    float *data;

    for (int i = 0; i < rank; i++) {
        w.shape[i] = shape[i];
        w.count *= (size_t)shape[i];
    }
    w.size = w.count * sizeof *data;
    data = memory(w.size);
    for (size_t i = 0; i < w.count; i++)
        data[i] = (float)((i * 7919) % 257) / 25700.0F - 0.005F;
    w.data = data;
    return w;
}

static struct tensor picture(const struct nn *nn, uint32_t n, uint32_t h, uint32_t w,
                             uint32_t c)
{
    struct tensor t = {NULL, nn_type(nn), n, h, w, c, c};
    size_t bytes = tensor_pixels(&t) * c * tensor_type_bytes(t.type);

    t.data = memory(bytes);
    if (t.type == TENSOR_F32)
        for (size_t i = 0; i < bytes / 4; i++)
            ((float *)t.data)[i] = (float)((i * 31) % 101) / 101.0F - 0.5F;
    else
        for (size_t i = 0; i < bytes / 2; i++)
            ((uint16_t *)t.data)[i] = (uint16_t)(0x3e00 + i * 31 % 101);
    return t;
}

static void drop_picture(struct tensor *t)
{
    (void)munmap(t->data, tensor_pixels(t) * t->ld * tensor_type_bytes(t->type));
}

static void drop_weights(struct safetensor *w)
{
    (void)munmap((void *)w->data, w->size);
}

/* -- cases ------------------------------------------------------------------------------------
 */

typedef void run_once(void *ctx);

static double now(clockid_t clock)
{
    struct timespec t = {0};

    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds_of(run_once *run, void *ctx, clockid_t clock)
{
    double start = now(clock);

    run(ctx);
    return now(clock) - start;
}

/* The shortest of several runs of one, and of the other in turns with it (may be NULL). */
static void race(run_once *one, run_once *other, void *ctx, double ret[2])
{
    clockid_t clock = parallel_current() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
    run_once *const both[] = {one, other};

    ret[0] = ret[1] = 1e9;
    for (int i = 0; i <= RUNS; i++)
        for (int k = 0; k < 2 && both[k]; k++) {
            double s = seconds_of(both[k], ctx, clock);

            if (i > 0 && s < ret[k]) /* the first packs weights */
                ret[k] = s;
        }
}

static void print_rate(const char *type, const char *name, double flop, double seconds)
{
    printf("nn-%s-%s\t%.0f\tGF/s\t%.2f ms\n", type, name, flop / seconds / 1e9, seconds * 1e3);
    (void)fflush(stdout);
}

struct conv_bench {
    struct nn *nn;
    struct conv *conv;
    struct conv_call call;
    struct onednn *onednn;
    struct onednn_conv *raw;
    struct onednn_conv_data data;
};

struct conv_case {
    const char *name;
    uint32_t n, size, in, out, kernel, stride;
};

static const struct conv_case convs[] = {
    {"conv3-320@64", 2, 64, 320, 320, 3, 1},
    {"conv3-640@32", 2, 32, 640, 640, 3, 1},
    {"conv3-1280@16", 2, 16, 1280, 1280, 3, 1},
    {"conv3-1280@8", 2, 8, 1280, 1280, 3, 1},
    {"conv3-2560-1280@16", 2, 16, 2560, 1280, 3, 1},
    {"conv3-2560-1280@8", 2, 8, 2560, 1280, 3, 1},
    {"conv3-1920-640@32", 2, 32, 1920, 640, 3, 1},
    {"conv3-960-320@64", 2, 64, 960, 320, 3, 1},
    {"conv3-640@64", 2, 64, 640, 640, 3, 1},
    {"conv3-320@64s2", 2, 64, 320, 320, 3, 2},
    {"conv1-640-320@64", 2, 64, 640, 320, 1, 1},
    {"conv1-2560-1280@16", 2, 16, 2560, 1280, 1, 1},
    {"conv3-4-320@64", 2, 64, 4, 320, 3, 1},
    {"conv3-320-4@64", 2, 64, 320, 4, 3, 1},
    {"vae-conv3-512@64", 1, 64, 512, 512, 3, 1},
    {"vae-conv3-512@128", 1, 128, 512, 512, 3, 1},
    {"vae-conv3-256@256", 1, 256, 256, 256, 3, 1},
    {"vae-conv3-128@512", 1, 512, 128, 128, 3, 1},
    {"vae-conv3-128-3@512", 1, 512, 128, 3, 3, 1},
};

static void run_conv(void *ctx)
{
    struct conv_bench *b = ctx;
    struct err err = {0};

    if (conv_run(b->nn, b->conv, &b->call, false, &err) < 0)
        give_up("conv", &err);
}

static void run_raw(void *ctx)
{
    struct conv_bench *b = ctx;
    struct err err = {0};

    if (onednn_conv_run(b->raw, &b->data, &err) < 0)
        give_up("oneDNN", &err);
}

static void make_raw(struct conv_bench *b, const struct conv_case *c, const float *floats)
{
    struct err err = {0};
    const struct onednn_conv_shape shape = {
        .type = nn_type(b->nn),
        .n = c->n,
        .h = c->size,
        .w = c->size,
        .in = c->in,
        .out_h = b->call.dst.h,
        .out_w = b->call.dst.w,
        .out = c->out,
        .kernel_h = c->kernel,
        .kernel_w = c->kernel,
        .stride = c->stride,
        .pad = pad_all(c->kernel / 2),
        .groups = 1,
        .any = true,
    };
    size_t slack = (size_t)64 * c->size * c->size * c->n; /* channels may be padded */

    b->onednn = onednn_new(&err);
    b->raw = b->onednn ? onednn_conv_new(b->onednn, &shape, &err) : NULL;
    if (!b->raw)
        give_up("oneDNN", &err);
    b->data.weights = memory(onednn_conv_weights_size(b->raw));
    b->data.scratch = memory(onednn_conv_scratch_size(b->raw) + 1);
    b->data.bias = floats;
    b->data.src = memory(tensor_pixels(&b->call.src) * c->in * 4 + slack);
    b->data.dst = memory(tensor_pixels(&b->call.dst) * c->out * 4 + slack);
    if (onednn_conv_pack(b->raw, floats, (void *)b->data.weights, &err) < 0)
        give_up("oneDNN", &err);
}

static void bench_conv(struct nn *nn, const char *type, const struct conv_case *c)
{
    struct err err = {0};
    struct conv_bench b = {.nn = nn};
    struct safetensor w =
        weights(4, (int64_t[]){c->out, c->in, (int64_t)c->kernel, (int64_t)c->kernel});
    const struct conv_def def = {
        .name = "conv", .weight = &w, .stride = c->stride, .pad = pad_all(c->kernel / 2)};
    uint32_t to = (c->size - 1) / c->stride + 1;
    double flop = 2.0 * c->n * to * to * c->out * c->in * c->kernel * c->kernel, seconds[2];

    b.call.src = picture(nn, c->n, c->size, c->size, c->in);
    b.call.dst = picture(nn, c->n, to, to, c->out);
    b.conv = conv_new(&def, &err);
    make_raw(&b, c, w.data);
    race(run_conv, run_raw, &b, seconds);
    print_rate(type, c->name, flop, seconds[0]);
    printf("nn-%s-%s-of-onednn\t%.2f\tratio\t%s %.0f GF/s\n", type, c->name,
           seconds[1] / seconds[0], onednn_conv_name(b.raw), flop / seconds[1] / 1e9);
    conv_free(b.conv);
    onednn_conv_free(b.raw);
    onednn_free(b.onednn);
    drop_picture(&b.call.src);
    drop_picture(&b.call.dst);
    drop_weights(&w);
}

struct linear_case {
    const char *name;
    uint32_t rows, in, out;
    enum activation act;
    bool residual;
};

static const struct linear_case linears[] = {
    {"linear-8192x320-320", 8192, 320, 320, ACT_NONE, true},
    {"linear-8192x320-960", 8192, 320, 960, ACT_NONE, false},
    {"geglu-8192x320-2560", 8192, 320, 2560, ACT_GEGLU, false},
    {"linear-8192x1280-320", 8192, 1280, 320, ACT_NONE, true},
    {"linear-2048x640-640", 2048, 640, 640, ACT_NONE, true},
    {"geglu-2048x640-5120", 2048, 640, 5120, ACT_GEGLU, false},
    {"linear-2048x2560-640", 2048, 2560, 640, ACT_NONE, true},
    {"linear-512x1280-1280", 512, 1280, 1280, ACT_NONE, true},
    {"geglu-512x1280-10240", 512, 1280, 10240, ACT_GEGLU, false},
    {"linear-512x5120-1280", 512, 5120, 1280, ACT_NONE, true},
    {"linear-128x1280-1280", 128, 1280, 1280, ACT_NONE, true},
    {"linear-2x1280-1280", 2, 1280, 1280, ACT_SILU, false},
    {"gelu-77x1024-4096", 77, 1024, 4096, ACT_GELU, false},
};

struct linear_bench {
    struct nn *nn;
    struct linear *linear;
    struct linear_call call;
};

static void run_linear(void *ctx)
{
    struct linear_bench *b = ctx;
    struct err err = {0};

    if (linear_run(b->nn, b->linear, &b->call, false, &err) < 0)
        give_up("linear", &err);
}

static void bench_linear(struct nn *nn, const char *type, const struct linear_case *c)
{
    struct err err = {0};
    struct linear_bench b = {.nn = nn, .call = {.act = c->act}};
    struct safetensor w = weights(2, (int64_t[]){c->out, c->in});
    const struct linear_def def = {.name = "linear", .parts = 1, .weight = {&w}};
    double seconds[2];

    b.call.src = picture(nn, 1, 1, c->rows, c->in);
    b.call.dst = picture(nn, 1, 1, c->rows, c->act == ACT_GEGLU ? c->out / 2 : c->out);
    b.call.residual = c->residual ? &b.call.dst : NULL;
    b.linear = linear_new(&def, &err);
    if (!b.linear)
        give_up("linear", &err);
    race(run_linear, NULL, &b, seconds);
    print_rate(type, c->name, 2.0 * c->rows * c->in * c->out, seconds[0]);
    linear_free(b.linear);
    drop_picture(&b.call.src);
    drop_picture(&b.call.dst);
    drop_weights(&w);
}

struct attention_case {
    const char *name;
    uint32_t n, queries, keys, heads, dim;
};

static const struct attention_case attentions[] = {
    {"attention-4096x5x64", 2, 4096, 4096, 5, 64},
    {"attention-1024x10x64", 2, 1024, 1024, 10, 64},
    {"attention-256x20x64", 2, 256, 256, 20, 64},
    {"cross-4096-77x5x64", 2, 4096, 77, 5, 64},
    {"cross-1024-77x10x64", 2, 1024, 77, 10, 64},
    {"attention-4096x8x40", 2, 4096, 4096, 8, 40},
    {"attention-1024x8x80", 2, 1024, 1024, 8, 80},
    {"attention-16000x5x64", 1, 16000, 16000, 5, 64},
    {"vae-attention-4096x1x512", 1, 4096, 4096, 1, 512},
};

struct attention_bench {
    struct nn *nn;
    struct attention_call call;
};

static void run_attention(void *ctx)
{
    struct attention_bench *b = ctx;
    struct err err = {0};

    if (attention_run(b->nn, &b->call, false, &err) < 0)
        give_up("attention", &err);
}

static void bench_attention(struct nn *nn, const char *type, const struct attention_case *c)
{
    struct attention_bench b = {.nn = nn, .call = {.heads = c->heads}};
    uint32_t width = c->heads * c->dim;
    double seconds[2];

    b.call.q = picture(nn, c->n, 1, c->queries, width);
    b.call.k = picture(nn, c->n, 1, c->keys, width);
    b.call.v = picture(nn, c->n, 1, c->keys, width);
    b.call.dst = picture(nn, c->n, 1, c->queries, width);
    race(run_attention, NULL, &b, seconds);
    print_rate(type, c->name, 4.0 * c->n * c->queries * c->keys * width, seconds[0]);
    drop_picture(&b.call.q);
    drop_picture(&b.call.k);
    drop_picture(&b.call.v);
    drop_picture(&b.call.dst);
}

struct norm_case {
    const char *name;
    uint32_t n, size, c, groups;
};

static const struct norm_case norms[] = {
    {"group-norm-320@64", 2, 64, 320, 32},
    {"group-norm-1280@16", 2, 16, 1280, 32},
    {"vae-group-norm-128@512", 1, 512, 128, 32},
    {"layer-norm-320@64", 2, 64, 320, 0},
};

struct norm_bench {
    struct nn *nn;
    struct norm *norm;
    struct norm_call call;
};

static void run_norm(void *ctx)
{
    struct norm_bench *b = ctx;
    struct err err = {0};

    if (norm_run(b->nn, b->norm, &b->call, false, &err) < 0)
        give_up("norm", &err);
}

static void bench_norm(struct nn *nn, const char *type, const struct norm_case *c)
{
    struct err err = {0};
    const struct norm_def def = {"norm", NULL, NULL, c->groups, 1e-5F};
    struct norm_bench b = {.nn = nn, .norm = norm_new(&def, &err)};
    double seconds[2], bytes = 2.0 * c->n * c->size * c->size * c->c;

    b.call.act = c->groups ? ACT_SILU : ACT_NONE;
    b.call.src = picture(nn, c->n, c->size, c->size, c->c);
    b.call.dst = picture(nn, c->n, c->size, c->size, c->c);
    race(run_norm, NULL, &b, seconds);
    bytes *= (double)tensor_type_bytes(nn_type(nn));
    printf("nn-%s-%s\t%.1f\tGB/s\t%.2f ms\n", type, c->name, bytes / seconds[0] / 1e9,
           seconds[0] * 1e3);
    norm_free(b.norm);
    drop_picture(&b.call.src);
    drop_picture(&b.call.dst);
}

#define RUN_CASES(bench, cases)                                  \
    for (size_t i = 0; i < sizeof(cases) / sizeof *(cases); i++) \
        if (strstr((cases)[i].name, word))                       \
            (bench)(nn, type, &(cases)[i]);

static void bench_type(enum tensor_type of, const char *type, const char *word, int threads)
{
    struct err err = {0};
    OWNED(nn) nn = nn_new(of, threads, &err);

    if (!nn)
        give_up("opening", &err);
    parallel_use(nn_threads(nn));
    RUN_CASES(bench_conv, convs)
    RUN_CASES(bench_linear, linears)
    RUN_CASES(bench_attention, attentions)
    RUN_CASES(bench_norm, norms)
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "", *only = argc > 2 ? argv[2] : "";
    int threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;

    if (strcmp(only, "bf16") != 0)
        bench_type(TENSOR_F32, "f32", word, threads);
    if (strcmp(only, "f32") != 0)
        bench_type(TENSOR_BF16, "bf16", word, threads);
    return 0;
}
