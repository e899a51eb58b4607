/* nn_linear_test.c - matrix products with everything that is fused into them. */
#define TEST_SECONDS 120
#include "lib/nn/linear.h"
#include "tests/unit/nn_case.h"

struct sizes {
    uint32_t rows, in, out[LINEAR_PARTS];
    enum activation act;
    size_t src_extra, dst_extra;
    enum tensor_type file;
    bool bias, extra, residual, act_last;
    uint32_t lacks; /* channels that the residual has not */
};

static const struct sizes cases[] = {
    {.rows = 1, .in = 1, .out = {1}, .file = TENSOR_F32},
    {.rows = 2, .in = 320, .out = {1280}, .act = ACT_SILU, .bias = true, .file = TENSOR_F32},
    {.rows = 77, .in = 48, .out = {48, 48, 48}, .bias = true, .file = TENSOR_F32},
    {.rows = 100, .in = 64, .out = {33}, .residual = true, .bias = true, .file = TENSOR_BF16},
    {.rows = 25,
     .in = 7,
     .out = {5, 40, 9},
     .dst_extra = 3,
     .src_extra = 5,
     .file = TENSOR_F32},
    {.rows = 13, .in = 33, .out = {96}, .act = ACT_GEGLU, .bias = true, .file = TENSOR_F32},
    {.rows = 61,
     .in = 40,
     .out = {2 * 37},
     .act = ACT_GEGLU,
     .bias = true,
     .residual = true,
     .dst_extra = 2,
     .file = TENSOR_BF16},
    {.rows = 49,
     .in = 100,
     .out = {70},
     .act = ACT_GELU,
     .bias = true,
     .extra = true,
     .file = TENSOR_F32},
    {.rows = 49,
     .in = 100,
     .out = {70},
     .act = ACT_QUICK_GELU,
     .residual = true,
     .bias = true,
     .src_extra = 4,
     .file = TENSOR_F32},
    {.rows = 500, .in = 2600, .out = {50}, .bias = true, .file = TENSOR_F32},
    {.rows = 40, .in = 9001, .out = {31}, .residual = true, .file = TENSOR_F32},
    {.rows = 1500, .in = 17, .out = {130}, .act = ACT_SILU, .extra = true, .file = TENSOR_F32},
    {.rows = 49, .in = 24, .out = {24}, .act = ACT_RELU, .residual = true, .act_last = true},
    {.rows = 50,
     .in = 24,
     .out = {48},
     .act = ACT_RELU,
     .residual = true,
     .act_last = true,
     .lacks = 24},
    {.rows = 65,
     .in = 33,
     .out = {31},
     .act = ACT_PRELU,
     .residual = true,
     .act_last = true,
     .lacks = 10,
     .src_extra = 3},
    {.rows = 3, .in = 16, .out = {70, 5}, .act = ACT_PRELU, .bias = true},
    {.rows = 27,
     .in = 40,
     .out = {9},
     .act = ACT_PRELU,
     .bias = true,
     .residual = true,
     .lacks = 8},
    {.rows = 17,
     .in = 40,
     .out = {90},
     .act = ACT_RELU6,
     .bias = true,
     .residual = true,
     .lacks = 33},
    {.rows = 15,
     .in = 8,
     .out = {16},
     .act = ACT_SIGMOID,
     .bias = true,
     .residual = true,
     .act_last = true},
    {.rows = 16,
     .in = 8,
     .out = {17},
     .act = ACT_SILU,
     .bias = true,
     .residual = true,
     .act_last = true},
    {.rows = 1, .in = 288, .out = {1404}, .bias = true},
};

struct fixture {
    struct safetensor weight[LINEAR_PARTS], bias[LINEAR_PARTS], extra, slope;
    struct linear_def def;
    uint32_t out;
};

static void fixture_init(struct fixture *f, const struct sizes *s)
{
    memset(f, 0, sizeof *f);
    f->def.name = "block.linear";
    for (size_t i = 0; i < LINEAR_PARTS && s->out[i]; i++) {
        f->weight[i] =
            case_weights("weight", s->file, 2, (int64_t[]){s->out[i], s->in}, (uint32_t)i + 1);
        f->bias[i] =
            case_weights("bias", TENSOR_F32, 1, (int64_t[]){s->out[i]}, (uint32_t)i + 7);
        f->def.weight[i] = &f->weight[i];
        f->def.bias[i] = s->bias ? &f->bias[i] : NULL;
        f->def.parts++;
        f->out += s->out[i];
    }
    f->extra = case_weights("extra", TENSOR_F32, 1, (int64_t[]){f->out}, 17);
    f->def.extra_bias = s->extra ? &f->extra : NULL;
    f->slope = case_weights("slope", TENSOR_F32, 1, (int64_t[]){f->out}, 18);
    f->def.slope = s->act == ACT_PRELU ? &f->slope : NULL;
}

static void fixture_done(struct fixture *f)
{
    for (size_t i = 0; i < LINEAR_PARTS; i++) {
        case_drop(&f->weight[i]);
        case_drop(&f->bias[i]);
    }
    case_drop(&f->extra);
    case_drop(&f->slope);
}

/* Before the activation. */
static double output(const struct fixture *f, const struct tensor *src, enum tensor_type type,
                     size_t row, size_t out)
{
    double sum = f->def.extra_bias ? (double)safetensor_at(&f->extra, out) : 0;
    size_t part = 0;

    while (out >= (size_t)f->weight[part].shape[0])
        out -= (size_t)f->weight[part++].shape[0];
    if (f->def.bias[part])
        sum += (double)safetensor_at(&f->bias[part], out);
    for (size_t k = 0; k < src->c; k++) {
        float w = safetensor_at(&f->weight[part], out * src->c + k);

        if (type == TENSOR_BF16)
            w = case_from_bf16(case_to_bf16(w));
        sum += case_at(src, row, k) * (double)w;
    }
    return sum;
}

/* After the activation, to which more is added before. */
static double activated(const struct fixture *f, const struct linear_call *call, size_t row,
                        size_t c, double more)
{
    enum tensor_type type = call->dst.type;
    double x = output(f, &call->src, type, row, c) + more;

    if (call->act == ACT_GEGLU)
        return x * case_act(ACT_GEGLU, output(f, &call->src, type, row, c + call->dst.c));
    if (call->act == ACT_PRELU)
        return x < 0 ? x * (double)safetensor_at(&f->slope, c) : x;
    return case_act(call->act, x);
}

static double *expected(const struct fixture *f, const struct linear_call *call)
{
    const struct tensor *dst = &call->dst;
    double *want = calloc(tensor_pixels(dst) * dst->c, sizeof *want);

    for (size_t row = 0; row < tensor_pixels(dst); row++)
        for (size_t c = 0; c < dst->c; c++) {
            double more = 0;

            if (call->residual && c < call->residual->c)
                more = case_at(call->residual, row, c);
            want[row * dst->c + c] = call->act_last ? activated(f, call, row, c, more)
                                                    : activated(f, call, row, c, 0) + more;
        }
    return want;
}

static void check_case(struct nn *nn, const struct sizes *s)
{
    struct err err = {0};
    struct fixture f;
    struct linear *linear;
    struct linear_call call = {.act = s->act, .act_last = s->act_last};
    struct tensor residual;
    char what[128];
    double *want;
    uint32_t width;

    fixture_init(&f, s);
    width = s->act == ACT_GEGLU ? f.out / 2 : f.out;
    (void)snprintf(what, sizeof what, "%s %s %ux%u to %u", nn->kernels->name,
                   case_type(nn->type), s->rows, s->in, f.out);
    call.src = case_tensor(nn->type, (uint32_t[]){1, 1, s->rows, s->in}, s->src_extra, 3);
    call.dst = case_tensor(nn->type, (uint32_t[]){1, 1, s->rows, width}, s->dst_extra, 4);
    residual = call.dst;
    residual.c -= s->lacks;
    call.residual = s->residual ? &residual : NULL;
    linear = linear_new(&f.def, &err);
    CHECK_OK(err.code, err);
    want = expected(&f, &call);
    CHECK_OK(linear_run(nn, linear, &call, true, &err), err);
    CHECK_OK(linear_run(nn, linear, &call, false, &err), err);
    case_compare(what, &call.dst, want, case_allowed(nn->type));
    linear_free(linear);
    free(want);
    free(call.src.data);
    free(call.dst.data);
    fixture_done(&f);
}

TEST(linear_is_what_doubles_give)
{
    FOR_EACH_NN
    {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_case(nn, &cases[i]);
    }
}

TEST(nan_in_weights_is_named_and_the_layer_mends)
{
    const struct sizes s = {.rows = 4, .in = 40, .out = {8, 8}, .file = TENSOR_F32};
    struct err err = {0};
    struct fixture f;
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct linear_call call = {0};
    struct linear *linear;
    float *bad;

    fixture_init(&f, &s);
    bad = (float *)f.weight[1].data + 41;
    *bad = NAN;
    call.src = case_tensor(TENSOR_F32, (uint32_t[]){1, 1, 4, 40}, 0, 1);
    call.dst = case_tensor(TENSOR_F32, (uint32_t[]){1, 1, 4, 16}, 0, 1);
    linear = linear_new(&f.def, &err);
    CHECK_OK(linear_run(nn, linear, &call, true, &err), err);
    CHECK_INT(linear_run(nn, linear, &call, false, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "layer block.linear: weight has NaN at 41");
    err_clear(&err);
    *bad = 1;
    CHECK_OK(linear_run(nn, linear, &call, false, &err), err);
    *bad = -INFINITY; /* packed by now, so nobody looks */
    CHECK_OK(linear_run(nn, linear, &call, false, &err), err);
    linear_free(linear);
    linear = linear_new(&f.def, &err);
    CHECK_INT(linear_run(nn, linear, &call, false, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "layer block.linear: weight has infinity at 41");
    linear_free(linear);
    free(call.src.data);
    free(call.dst.data);
    fixture_done(&f);
    nn_free(nn);
}

TEST(sizes_that_do_not_fit_are_refused)
{
    struct err err = {0};
    struct safetensor a = case_weights("q.weight", TENSOR_F32, 2, (int64_t[]){4, 8}, 1);
    struct safetensor b = case_weights("k.weight", TENSOR_F32, 2, (int64_t[]){4, 9}, 1);
    struct linear_def def = {.name = "attn", .parts = 2, .weight = {&a, &b}};

    CHECK(linear_new(&def, &err) == NULL);
    CHECK_HAS(err.text, "k.weight");
    err_clear(&err);
    def.parts = 1;
    def.bias[0] = &b;
    CHECK(linear_new(&def, &err) == NULL);
    CHECK_HAS(err.text, "numbers for 4 outputs");
    case_drop(&a);
    case_drop(&b);
}
