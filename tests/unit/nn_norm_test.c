/* nn_norm_test.c - group norm and layer norm. */
#include "lib/nn/norm.h"
#include "tests/unit/nn_case.h"

struct sizes {
    uint32_t n, h, w, c, groups;
    enum activation act;
    size_t extra;
    float offset; /* added to all of src */
};

static const struct sizes cases[] = {
    {1, 1, 1, 4, 2, ACT_NONE, 0, 0},        {2, 9, 7, 32, 8, ACT_SILU, 0, 0},
    {2, 40, 33, 320, 32, ACT_SILU, 0, 0},   {1, 13, 19, 48, 3, ACT_NONE, 5, 0},
    {1, 64, 64, 128, 32, ACT_NONE, 0, 100}, {1, 3, 5, 2560, 32, ACT_SILU, 0, 0},
    {2, 1, 77, 48, 0, ACT_NONE, 0, 0},      {1, 1, 130, 1280, 0, ACT_NONE, 0, 0},
    {3, 2, 5, 7, 0, ACT_NONE, 2, 50},
};

/* Means and variances over the channels from first on of some pixels. */
static void normalise(const struct tensor *src, double *want, const size_t pixels[2],
                      const size_t channels[2])
{
    double mean = 0, square = 0, scale;
    double count = (double)(pixels[1] - pixels[0]) * (double)(channels[1] - channels[0]);

    CHECK(count > 0);
    for (size_t p = pixels[0]; p < pixels[1]; p++)
        for (size_t c = channels[0]; c < channels[1]; c++)
            mean += case_at(src, p, c) / count;
    for (size_t p = pixels[0]; p < pixels[1]; p++)
        for (size_t c = channels[0]; c < channels[1]; c++)
            square += pow(case_at(src, p, c) - mean, 2) / count;
    scale = 1 / sqrt(square + 1e-5);
    for (size_t p = pixels[0]; p < pixels[1]; p++)
        for (size_t c = channels[0]; c < channels[1]; c++)
            want[p * src->c + c] = (case_at(src, p, c) - mean) * scale;
}

static double *expected(const struct norm_call *call, const struct norm_def *def)
{
    const struct tensor *src = &call->src;
    size_t step = def->groups ? (size_t)src->h * src->w : 1;
    size_t each = def->groups ? src->c / def->groups : src->c;
    double *want = calloc(tensor_pixels(src) * src->c, sizeof *want);

    for (size_t p = 0; p < tensor_pixels(src); p += step)
        for (size_t c = 0; c < src->c; c += each)
            normalise(src, want, (size_t[]){p, p + step}, (size_t[]){c, c + each});
    for (size_t p = 0; p < tensor_pixels(src); p++)
        for (size_t c = 0; c < src->c; c++) {
            double *value = &want[p * src->c + c];

            *value = case_act(call->act, *value * (double)safetensor_at(def->weight, c) +
                                             (double)safetensor_at(def->bias, c));
        }
    return want;
}

static void check_case(struct nn *nn, const struct sizes *s, bool in_place)
{
    struct err err = {0};
    const uint32_t size[] = {s->n, s->h, s->w, s->c};
    struct safetensor weight = case_weights("w", TENSOR_F32, 1, (int64_t[]){s->c}, 1);
    struct safetensor bias = case_weights("b", TENSOR_F32, 1, (int64_t[]){s->c}, 2);
    struct norm_def def = {"block.norm", &weight, &bias, s->groups, 1e-5F};
    struct norm *norm = norm_new(&def, &err);
    struct norm_call call = {.act = s->act};
    char what[128];
    double *want;

    (void)snprintf(what, sizeof what, "%s %s %ux%ux%u, %u groups", nn->kernels->name,
                   case_type(nn->type), s->h, s->w, s->c, s->groups);
    call.src = case_tensor(nn->type, size, s->extra, 3);
    call.dst = in_place ? call.src : case_tensor(nn->type, size, s->extra, 4);
    for (size_t i = 0; i < tensor_pixels(&call.src) * call.src.ld; i++)
        if (i % call.src.ld < s->c)
            case_put(nn->type, call.src.data, i,
                     s->offset + (float)case_get(nn->type, call.src.data, i));
    want = expected(&call, &def);
    CHECK_OK(norm_run(nn, norm, &call, true, &err), err);
    CHECK_OK(norm_run(nn, norm, &call, false, &err), err);
    case_compare(what, &call.dst, want, nn->type == TENSOR_F32 ? 2e-5 : 8e-3);
    norm_free(norm);
    free(want);
    free(call.src.data);
    if (!in_place)
        free(call.dst.data);
    case_drop(&weight);
    case_drop(&bias);
}

TEST(norms_are_what_doubles_give)
{
    FOR_EACH_NN
    {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            check_case(nn, &cases[i], false);
            check_case(nn, &cases[i], true);
        }
    }
}

TEST(nan_in_weights_is_named)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct safetensor weight = case_weights("w", TENSOR_F32, 1, (int64_t[]){8}, 1);
    struct norm_def def = {"block.norm", &weight, NULL, 2, 1e-5F};
    struct norm *norm = norm_new(&def, &err);
    struct norm_call call = {0};

    ((float *)weight.data)[6] = NAN;
    call.src = call.dst = case_tensor(TENSOR_F32, (uint32_t[]){1, 2, 2, 8}, 0, 3);
    CHECK_INT(norm_run(nn, norm, &call, false, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "layer block.norm: weight has NaN at 6");
    norm_free(norm);
    free(call.src.data);
    case_drop(&weight);
    nn_free(nn);
}
