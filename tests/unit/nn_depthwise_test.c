/* nn_depthwise_test.c - depthwise convolutions, alone and with the linear layer after them,
 * against plain loops. */
#define TEST_SECONDS 120
#include "lib/nn/depthwise.h"
#include "lib/nn/separable.h"
#include "tests/unit/nn_case.h"

struct sizes {
    uint32_t n, h, w, c, kernel, stride;
    struct pad pad;
    enum activation act;
    uint32_t extra; /* elements between pixels */
    bool scale, bias, relu_src, act_last;
    uint32_t out, residual; /* of a linear layer after it; its residual's channels */
    enum activation last;
};

/* clang-format off */
static const struct sizes cases[] = {
    {1, 8, 8, 16, 3, 1, {1, 1, 1, 1}, ACT_NONE, 0, false, true, false, false, 24, 0, ACT_NONE},
    {1, 7, 7, 64, 3, 1, {1, 1, 1, 1}, ACT_RELU6, 0, true, true, false, false, 70, 0, ACT_RELU6},
    {2, 8, 8, 24, 3, 2, {0, 0, 1, 1}, ACT_NONE, 0, false, false, false, true, 48, 24, ACT_RELU},
    {1, 9, 13, 33, 3, 2, {1, 1, 1, 1}, ACT_PRELU, 3, false, true, true, true, 40, 33, ACT_PRELU},
    {2, 5, 6, 7, 5, 1, {2, 2, 2, 2}, ACT_RELU, 2, true, false, false, false, 5, 5, ACT_PRELU},
    {1, 16, 10, 40, 5, 2, {1, 1, 2, 2}, ACT_RELU, 0, false, true, true, true, 33, 20, ACT_RELU},
    {1, 1, 1, 5, 3, 1, {1, 1, 1, 1}, ACT_SIGMOID, 0, false, true, false, false, 1, 1, ACT_SIGMOID},
    {1, 2, 3, 16, 5, 1, {2, 2, 2, 2}, ACT_NONE, 0, false, true, false, true, 17, 17, ACT_RELU6},
    {3, 6, 5, 20, 3, 1, {0, 0, 0, 0}, ACT_RELU, 1, false, true, false, false, 9, 4, ACT_NONE},
    {1, 6, 4, 12, 3, 3, {2, 0, 1, 2}, ACT_SILU, 0, true, true, false, false, 8, 0, ACT_SILU},
    {1, 5, 8, 18, 2, 1, {0, 1, 1, 0}, ACT_NONE, 0, false, false, true, false, 32, 32, ACT_NONE},
    {1, 1, 40, 24, 3, 1, {1, 1, 1, 1}, ACT_RELU, 8, false, false, false, true, 24, 24, ACT_RELU},
    {1, 112, 112, 8, 3, 1, {1, 1, 1, 1}, ACT_RELU, 0, true, true, false, true, 16, 8, ACT_RELU},
    {1, 50, 51, 130, 3, 2, {0, 1, 1, 1}, ACT_PRELU, 0, true, true, false, true, 100, 70, ACT_PRELU},
    {4, 3, 3, 600, 3, 1, {1, 1, 1, 1}, ACT_PRELU, 0, false, true, false, true, 300, 300, ACT_PRELU},
};
/* clang-format on */

struct fixture {
    const struct sizes *s;
    struct safetensor weight, scale, bias, slope;
    struct safetensor matrix, matrix_bias, matrix_slope;
    struct depthwise *depthwise;
    struct linear *linear;
    struct tensor src, middle, dst, residual;
};

static void make_layers(struct fixture *f)
{
    const struct sizes *s = f->s;
    struct err err = {0};
    const int64_t c[] = {s->c}, out[] = {s->out};
    const struct depthwise_def def = {
        .name = "block.depthwise",
        .weight = &f->weight,
        .scale = s->scale ? &f->scale : NULL,
        .bias = s->bias ? &f->bias : NULL,
        .slope = s->act == ACT_PRELU ? &f->slope : NULL,
        .pad = s->pad,
        .stride = s->stride,
    };
    const struct linear_def linear = {
        .name = "block.pointwise",
        .parts = 1,
        .weight = {&f->matrix},
        .bias = {&f->matrix_bias},
        .slope = &f->matrix_slope,
    };

    f->weight =
        case_weights("weight", TENSOR_F32, 4, (int64_t[]){s->c, 1, s->kernel, s->kernel}, 1);
    f->scale = case_weights("scale", TENSOR_F32, 1, c, 2);
    f->bias = case_weights("bias", TENSOR_F32, 1, c, 3);
    f->slope = case_weights("slope", TENSOR_F32, 1, c, 4);
    f->matrix = case_weights("matrix", TENSOR_F32, 2, (int64_t[]){s->out, s->c}, 5);
    f->matrix_bias = case_weights("matrix.bias", TENSOR_F32, 1, out, 6);
    f->matrix_slope = case_weights("matrix.slope", TENSOR_F32, 1, out, 7);
    f->depthwise = depthwise_new(&def, &err);
    CHECK_OK(err.code, err);
    f->linear = linear_new(&linear, &err);
    CHECK_OK(err.code, err);
}

static void fixture_init(struct fixture *f, const struct sizes *s, enum tensor_type type)
{
    uint32_t h = (s->h + s->pad.top + s->pad.bottom - s->kernel) / s->stride + 1;
    uint32_t w = (s->w + s->pad.left + s->pad.right - s->kernel) / s->stride + 1;

    *f = (struct fixture){.s = s};
    make_layers(f);
    f->src = case_tensor(type, (uint32_t[]){s->n, s->h, s->w, s->c}, s->extra, 8);
    f->middle = case_tensor(type, (uint32_t[]){s->n, h, w, s->c}, s->extra, 9);
    f->dst = case_tensor(type, (uint32_t[]){s->n, h, w, s->out}, s->extra, 10);
    f->residual = case_tensor(type, (uint32_t[]){s->n, h, w, s->residual ? s->residual : 1},
                              s->extra, 11);
}

static void fixture_done(struct fixture *f)
{
    struct safetensor *const all[] = {&f->weight, &f->scale,       &f->bias,         &f->slope,
                                      &f->matrix, &f->matrix_bias, &f->matrix_slope, NULL};

    depthwise_free(f->depthwise);
    linear_free(f->linear);
    for (struct safetensor *const *drop = all; *drop; drop++)
        case_drop(*drop);
    free(f->src.data);
    free(f->middle.data);
    free(f->dst.data);
    free(f->residual.data);
}

static double activate(enum activation act, double x, const struct safetensor *slope, size_t c)
{
    if (act == ACT_PRELU)
        return x < 0 ? x * (double)safetensor_at(slope, c) : x;
    return case_act(act, x);
}

static double window(const struct fixture *f, size_t n, const int at[2], size_t c)
{
    const struct sizes *s = f->s;
    int k = (int)s->kernel, stride = (int)s->stride;
    double sum = 0;

    for (int i = 0; i < k * k; i++) {
        int y = at[0] * stride + i / k - (int)s->pad.top;
        int x = at[1] * stride + i % k - (int)s->pad.left;
        double value;

        if (y < 0 || x < 0 || y >= (int)s->h || x >= (int)s->w)
            continue;
        value = case_at(&f->src, (n * s->h + (size_t)y) * s->w + (size_t)x, c);
        sum += (double)safetensor_at(&f->weight, c * s->kernel * s->kernel + (size_t)i) *
               (s->relu_src ? fmax(value, 0) : value);
    }
    return sum;
}

static double *expect_depthwise(const struct fixture *f)
{
    const struct tensor *dst = &f->middle;
    double *want = calloc(tensor_pixels(dst) * dst->c, sizeof *want);

    for (size_t p = 0; p < tensor_pixels(dst); p++)
        for (size_t c = 0; c < dst->c; c++) {
            const int at[] = {(int)(p / dst->w % dst->h), (int)(p % dst->w)};
            double x = window(f, p / dst->w / dst->h, at, c);

            if (f->s->scale)
                x *= (double)safetensor_at(&f->scale, c);
            if (f->s->bias)
                x += (double)safetensor_at(&f->bias, c);
            want[p * dst->c + c] = activate(f->s->act, x, &f->slope, c);
        }
    return want;
}

static double *expect_linear(const struct fixture *f, const double *middle)
{
    const struct tensor *dst = &f->dst;
    double *want = calloc(tensor_pixels(dst) * dst->c, sizeof *want);

    for (size_t p = 0; p < tensor_pixels(dst); p++)
        for (size_t o = 0; o < dst->c; o++) {
            double x = (double)safetensor_at(&f->matrix_bias, o), more = 0;

            for (size_t c = 0; c < f->s->c; c++)
                x += middle[p * f->s->c + c] *
                     (double)safetensor_at(&f->matrix, o * f->s->c + c);
            if (o < f->s->residual)
                more = case_at(&f->residual, p, o);
            x = activate(f->s->last, f->s->act_last ? x + more : x, &f->matrix_slope, o);
            want[p * dst->c + o] = f->s->act_last ? x : x + more;
        }
    return want;
}

static void check_case(struct nn *nn, const struct sizes *s)
{
    struct err err = {0};
    struct fixture f;
    struct depthwise_call alone = {.act = s->act, .relu_src = s->relu_src};
    struct separable_call both = {
        .relu_src = s->relu_src, .middle = s->act, .act = s->last, .act_last = s->act_last};
    double *middle, *last;
    char what[128];

    fixture_init(&f, s, nn->type);
    (void)snprintf(what, sizeof what, "%s %s %ux%ux%u kernel %u stride %u", nn->kernels->name,
                   case_type(nn->type), s->w, s->h, s->c, s->kernel, s->stride);
    alone.src = both.src = f.src;
    alone.dst = f.middle;
    both.dst = f.dst;
    both.residual = s->residual ? &f.residual : NULL;
    middle = expect_depthwise(&f);
    last = expect_linear(&f, middle);
    CHECK_OK(depthwise_run(nn, f.depthwise, &alone, true, &err), err);
    CHECK_OK(depthwise_run(nn, f.depthwise, &alone, false, &err), err);
    case_compare(what, &f.middle, middle, case_allowed(nn->type));
    CHECK_OK(separable_run(nn, f.depthwise, f.linear, &both, true, &err), err);
    CHECK_OK(separable_run(nn, f.depthwise, f.linear, &both, false, &err), err);
    case_compare(what, &f.dst, last, case_allowed(nn->type));
    free(middle);
    free(last);
    fixture_done(&f);
}

TEST(depthwise_and_separable_are_what_doubles_give)
{
    FOR_EACH_NN
    {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_case(nn, &cases[i]);
    }
}

TEST(nan_in_weights_is_named_and_the_layer_mends)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct fixture f;
    struct depthwise_call call = {0};
    float *bad;

    fixture_init(&f, &cases[1], TENSOR_F32);
    call.src = f.src;
    call.dst = f.middle;
    bad = (float *)f.weight.data + 5;
    *bad = NAN;
    CHECK_OK(depthwise_run(nn, f.depthwise, &call, true, &err), err);
    CHECK_INT(depthwise_run(nn, f.depthwise, &call, false, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "layer block.depthwise: weight has NaN at 5");
    err_clear(&err);
    *bad = 0;
    CHECK_OK(depthwise_run(nn, f.depthwise, &call, false, &err), err);
    fixture_done(&f);
    nn_free(nn);
}

TEST(what_does_not_fit_is_refused)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct fixture f;
    struct separable_call call = {0};
    const struct depthwise_def wide = {
        .name = "wide", .weight = &f.weight, .pad = {3, 1, 1, 1}};

    fixture_init(&f, &cases[2], TENSOR_F32);
    call.src = f.src;
    call.dst = f.dst;
    call.dst.h++;
    CHECK_INT(separable_run(nn, f.depthwise, f.linear, &call, true, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "layer block.depthwise: 8x8 does not become 4x5");
    err_clear(&err);
    call.dst.h--;
    call.middle = ACT_PRELU;
    CHECK_INT(separable_run(nn, f.depthwise, f.linear, &call, true, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "block.depthwise");
    err_clear(&err);
    call.middle = ACT_NONE;
    call.residual = &f.src;
    CHECK_INT(separable_run(nn, f.depthwise, f.linear, &call, true, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "residual");
    err_clear(&err);
    CHECK(depthwise_new(&wide, &err) == NULL);
    CHECK_HAS(err.text, "layer wide: the pad");
    fixture_done(&f);
    nn_free(nn);
}
