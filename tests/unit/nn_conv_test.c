/* nn_conv_test.c - convolutions against plain loops. */
#define TEST_SECONDS 120
#include "lib/nn/conv.h"
#include "tests/unit/nn_case.h"

struct sizes {
    uint32_t n, h, w, in, out, kernel, stride, pad, groups;
    bool bias, call_bias, residual, in_place;
    size_t extra;
    enum tensor_type file;
    struct pad more; /* on top of pad */
    bool gather;
    enum activation act;
    uint32_t lacks; /* channels that the residual has not */
};

#define ONEDNN_CASE(n_, h_, w_, in_, out_, kernel_, stride_, pad_, groups_, ...)           \
    {                                                                                      \
        n_, h_, w_, in_, out_, kernel_, stride_, pad_, groups_, __VA_ARGS__, {0, 0, 0, 0}, \
            false, ACT_NONE, 0                                                             \
    }

static const struct sizes cases[] = {
    ONEDNN_CASE(1, 8, 8, 4, 32, 3, 1, 1, 1, true, false, false, false, 0, TENSOR_F32),
    ONEDNN_CASE(2, 7, 9, 32, 4, 3, 1, 1, 1, true, false, false, false, 0, TENSOR_BF16),
    ONEDNN_CASE(2, 13, 5, 24, 40, 3, 2, 1, 1, true, true, false, false, 0, TENSOR_F32),
    ONEDNN_CASE(2, 6, 6, 64, 64, 3, 1, 1, 1, true, false, true, true, 0, TENSOR_F32),
    ONEDNN_CASE(2, 6, 11, 64, 48, 3, 1, 1, 1, false, true, true, false, 0, TENSOR_F32),
    ONEDNN_CASE(1, 5, 5, 96, 32, 1, 1, 0, 1, true, false, true, false, 0, TENSOR_F32),
    ONEDNN_CASE(1, 10, 10, 16, 3, 3, 1, 1, 1, true, false, false, false, 0, TENSOR_F32),
    ONEDNN_CASE(1, 8, 8, 320, 64, 3, 1, 1, 1, true, true, true, true, 0, TENSOR_F32),
    ONEDNN_CASE(2, 9, 9, 12, 20, 3, 1, 1, 1, true, false, true, false, 3, TENSOR_F32),
    ONEDNN_CASE(1, 9, 9, 32, 32, 3, 2, 1, 32, true, false, false, false, 0, TENSOR_F32),
    ONEDNN_CASE(1, 1, 1, 8, 8, 3, 1, 1, 1, false, false, false, false, 0, TENSOR_F32),
    {.n = 1,
     .h = 10,
     .w = 9,
     .in = 24,
     .out = 32,
     .kernel = 3,
     .stride = 2,
     .groups = 1,
     .bias = true,
     .more = {0, 1, 1, 1}},
    {.n = 2,
     .h = 8,
     .w = 8,
     .in = 16,
     .out = 16,
     .kernel = 5,
     .stride = 1,
     .groups = 1,
     .residual = true,
     .more = {4, 3, 0, 1}},
    {.n = 1,
     .h = 16,
     .w = 16,
     .in = 3,
     .out = 24,
     .kernel = 5,
     .stride = 2,
     .groups = 1,
     .bias = true,
     .more = {1, 1, 2, 2},
     .gather = true,
     .act = ACT_RELU},
    {.n = 2,
     .h = 13,
     .w = 9,
     .in = 3,
     .out = 33,
     .kernel = 3,
     .stride = 2,
     .groups = 1,
     .bias = true,
     .more = {0, 1, 1, 0},
     .gather = true,
     .act = ACT_PRELU},
    {.n = 2,
     .h = 8,
     .w = 6,
     .in = 20,
     .out = 10,
     .kernel = 2,
     .stride = 2,
     .groups = 1,
     .gather = true,
     .extra = 3,
     .act = ACT_PRELU,
     .residual = true,
     .lacks = 3},
    {.n = 1,
     .h = 3,
     .w = 3,
     .in = 32,
     .out = 1404,
     .kernel = 3,
     .stride = 1,
     .groups = 1,
     .bias = true,
     .gather = true},
    {.n = 1,
     .h = 1,
     .w = 2,
     .in = 5,
     .out = 7,
     .kernel = 5,
     .stride = 1,
     .groups = 1,
     .bias = true,
     .gather = true,
     .more = {2, 2, 2, 2},
     .act = ACT_SIGMOID},
    {.n = 1,
     .h = 14,
     .w = 14,
     .in = 40,
     .out = 70,
     .kernel = 1,
     .stride = 2,
     .groups = 1,
     .bias = true,
     .gather = true,
     .residual = true,
     .act = ACT_RELU6},
    {.n = 1,
     .h = 60,
     .w = 50,
     .in = 9,
     .out = 40,
     .kernel = 3,
     .stride = 1,
     .pad = 1,
     .groups = 1,
     .bias = true,
     .gather = true,
     .extra = 1,
     .act = ACT_RELU},
};

struct fixture {
    struct safetensor weight, bias, slope;
    struct conv_def def;
    struct tensor call_bias, residual;
    struct conv_call call;
};

static void fixture_init(struct fixture *f, const struct sizes *s, enum tensor_type type)
{
    const struct pad pad = {s->pad + s->more.top, s->pad + s->more.left,
                            s->pad + s->more.bottom, s->pad + s->more.right};
    uint32_t h = (s->h + pad.top + pad.bottom - s->kernel) / s->stride + 1;
    uint32_t w = (s->w + pad.left + pad.right - s->kernel) / s->stride + 1;
    const uint32_t to[] = {s->n, h, w, s->out};

    memset(f, 0, sizeof *f);
    f->weight = case_weights("conv.weight", s->file, 4,
                             (int64_t[]){s->out, s->in / s->groups, s->kernel, s->kernel}, 1);
    f->bias = case_weights("conv.bias", TENSOR_F32, 1, (int64_t[]){s->out}, 2);
    f->slope = case_weights("conv.slope", TENSOR_F32, 1, (int64_t[]){s->out}, 7);
    f->def = (struct conv_def){
        .name = "block.conv",
        .weight = &f->weight,
        .bias = s->bias ? &f->bias : NULL,
        .stride = s->stride,
        .pad = pad,
        .groups = s->groups,
        .gather = s->gather,
        .slope = s->act == ACT_PRELU ? &f->slope : NULL,
    };
    f->call.src = case_tensor(type, (uint32_t[]){s->n, s->h, s->w, s->in}, s->extra, 3);
    f->call.dst = case_tensor(type, to, s->extra, 4);
    f->call_bias = case_tensor(type, (uint32_t[]){1, 1, 1, s->out}, 0, 5);
    f->residual = s->in_place ? f->call.dst : case_tensor(type, to, s->extra, 6);
    f->residual.c -= s->lacks;
    f->call.act = s->act;
    f->call.bias = s->call_bias ? &f->call_bias : NULL;
    f->call.residual = s->residual ? &f->residual : NULL;
}

static void fixture_done(struct fixture *f)
{
    if (f->residual.data != f->call.dst.data)
        free(f->residual.data);
    free(f->call_bias.data);
    free(f->call.src.data);
    free(f->call.dst.data);
    case_drop(&f->weight);
    case_drop(&f->bias);
    case_drop(&f->slope);
}

/* The sum over one window, for output o of picture n at y, x. */
static double window(const struct fixture *f, size_t n, const int at[2], size_t o)
{
    const struct tensor *src = &f->call.src;
    const int64_t *shape = f->weight.shape;
    size_t first = o / ((size_t)shape[0] / f->def.groups) * (size_t)shape[1];
    double sum = 0;

    for (int ky = 0; ky < shape[2]; ky++)
        for (int kx = 0; kx < shape[3]; kx++) {
            int y = at[0] * (int)f->def.stride + ky - (int)f->def.pad.top;
            int x = at[1] * (int)f->def.stride + kx - (int)f->def.pad.left;

            if (y < 0 || x < 0 || y >= (int)src->h || x >= (int)src->w)
                continue;
            for (size_t i = 0; i < (size_t)shape[1]; i++) {
                size_t k = ((o * (size_t)shape[1] + i) * (size_t)shape[2] + (size_t)ky) *
                               (size_t)shape[3] +
                           (size_t)kx;
                float w = safetensor_at(&f->weight, k);

                if (src->type == TENSOR_BF16)
                    w = case_from_bf16(case_to_bf16(w));
                sum += (double)w *
                       case_at(src, (n * src->h + (size_t)y) * src->w + (size_t)x, first + i);
            }
        }
    return sum;
}

static double *expected(const struct fixture *f)
{
    const struct tensor *dst = &f->call.dst;
    double *want = calloc(tensor_pixels(dst) * dst->c, sizeof *want);

    for (size_t p = 0; p < tensor_pixels(dst); p++)
        for (size_t o = 0; o < dst->c; o++) {
            const int at[] = {(int)(p / dst->w % dst->h), (int)(p % dst->w)};
            double x = window(f, p / dst->w / dst->h, at, o);

            if (f->call.bias)
                x += case_at(f->call.bias, 0, o);
            else if (f->def.bias)
                x += (double)safetensor_at(f->def.bias, o);
            if (f->call.residual && o < f->call.residual->c)
                x += case_at(f->call.residual, p, o);
            if (f->call.act == ACT_PRELU)
                x *= x < 0 ? (double)safetensor_at(&f->slope, o) : 1;
            x = case_act(f->call.act, x);
            want[p * dst->c + o] = x;
        }
    return want;
}

static void check_case(struct nn *nn, const struct sizes *s)
{
    struct err err = {0};
    struct fixture f;
    struct conv *conv;
    char what[128];
    double *want;

    fixture_init(&f, s, nn->type);
    (void)snprintf(what, sizeof what, "%s %ux%u %u to %u, kernel %u stride %u",
                   case_type(nn->type), s->w, s->h, s->in, s->out, s->kernel, s->stride);
    conv = conv_new(&f.def, &err);
    CHECK_OK(err.code, err);
    want = expected(&f);
    CHECK_OK(conv_run(nn, conv, &f.call, true, &err), err);
    CHECK_OK(conv_run(nn, conv, &f.call, false, &err), err);
    case_compare(what, &f.call.dst, want, case_allowed(nn->type));
    if (!s->in_place) { /* again, on what is there now */
        CHECK_OK(conv_run(nn, conv, &f.call, false, &err), err);
        case_compare(what, &f.call.dst, want, case_allowed(nn->type));
    }
    conv_free(conv);
    free(want);
    fixture_done(&f);
}

TEST(conv_is_what_doubles_give)
{
    FOR_EACH_NN
    {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            if (cases[i].gather || build_ == 0) /* oneDNN has builds of its own */
                check_case(nn, &cases[i]);
    }
}

TEST(one_layer_serves_several_sizes)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct fixture f;
    struct conv *conv;

    fixture_init(&f,
                 &(struct sizes){.n = 1,
                                 .h = 8,
                                 .w = 8,
                                 .in = 32,
                                 .out = 32,
                                 .kernel = 3,
                                 .stride = 1,
                                 .pad = 1,
                                 .groups = 1,
                                 .bias = true},
                 TENSOR_F32);
    conv = conv_new(&f.def, &err);
    for (uint32_t size = 3; size < 40; size += 9) {
        struct conv_call call = {
            .src = case_tensor(TENSOR_F32, (uint32_t[]){2, size, size + 1, 32}, 0, size),
            .dst = case_tensor(TENSOR_F32, (uint32_t[]){2, size, size + 1, 32}, 0, 1),
        };
        struct tensor own_src = f.call.src, own_dst = f.call.dst;
        double *want;

        f.call.src = call.src;
        f.call.dst = call.dst;
        want = expected(&f);
        CHECK_OK(conv_run(nn, conv, &call, false, &err), err);
        case_compare("conv", &call.dst, want, 5e-6);
        free(want);
        free(call.src.data);
        free(call.dst.data);
        f.call.src = own_src;
        f.call.dst = own_dst;
    }
    conv_free(conv);
    fixture_done(&f);
    nn_free(nn);
}

TEST(nan_in_weights_is_named_and_the_layer_mends)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct fixture f;
    struct conv *conv;
    float *bad;

    fixture_init(&f, &cases[0], TENSOR_F32);
    bad = (float *)f.weight.data + 5;
    *bad = NAN;
    conv = conv_new(&f.def, &err);
    CHECK_OK(conv_run(nn, conv, &f.call, true, &err), err);
    CHECK_INT(conv_run(nn, conv, &f.call, false, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "layer block.conv: weight has NaN at 5");
    err_clear(&err);
    *bad = 0;
    CHECK_OK(conv_run(nn, conv, &f.call, false, &err), err);
    conv_free(conv);
    fixture_done(&f);
    nn_free(nn);
}

TEST(sizes_that_do_not_fit_are_refused)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct fixture f;
    struct conv *conv;

    fixture_init(&f, &cases[0], TENSOR_F32);
    conv = conv_new(&f.def, &err);
    f.call.dst.w--;
    CHECK_INT(conv_run(nn, conv, &f.call, true, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "layer block.conv: 8x8 does not become 7x8");
    conv_free(conv);
    fixture_done(&f);
    nn_free(nn);
}
