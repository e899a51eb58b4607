/* nn_pool_test.c - pooling, means and softmax against plain loops. */
#include "lib/nn/pool.h"
#include "lib/nn/softmax.h"
#include "tests/unit/nn_case.h"

struct sizes {
    uint32_t n, h, w, c, size, stride;
    struct pad pad;
    size_t extra;
};

static const struct sizes cases[] = {
    {1, 8, 8, 24, 2, 2, {0, 0, 0, 0}, 0},   {2, 7, 9, 33, 2, 2, {0, 0, 0, 0}, 5},
    {1, 56, 55, 64, 3, 2, {0, 1, 1, 1}, 0}, {3, 5, 6, 7, 3, 1, {1, 1, 1, 1}, 1},
    {1, 1, 1, 100, 3, 2, {1, 1, 1, 1}, 0},
};

static double largest(const struct tensor *src, const struct sizes *s, size_t n,
                      const size_t at[3])
{
    double most = -INFINITY;

    for (uint32_t i = 0; i < s->size * s->size; i++) {
        int64_t y = (int64_t)(at[0] * s->stride + i / s->size) - s->pad.top;
        int64_t x = (int64_t)(at[1] * s->stride + i % s->size) - s->pad.left;

        if (y >= 0 && x >= 0 && y < s->h && x < s->w)
            most = fmax(most, case_at(src, (n * s->h + (size_t)y) * s->w + (size_t)x, at[2]));
    }
    return most;
}

static void check_max(struct nn *nn, const struct sizes *s)
{
    struct err err = {0};
    uint32_t h = (s->h + s->pad.top + s->pad.bottom - s->size) / s->stride + 1;
    uint32_t w = (s->w + s->pad.left + s->pad.right - s->size) / s->stride + 1;
    struct pool_call call = {.size = s->size, .stride = s->stride, .pad = s->pad};
    double *want;

    call.src = case_tensor(nn->type, (uint32_t[]){s->n, s->h, s->w, s->c}, s->extra, 1);
    call.dst = case_tensor(nn->type, (uint32_t[]){s->n, h, w, s->c}, s->extra, 2);
    want = calloc(tensor_pixels(&call.dst) * s->c, sizeof *want);
    for (size_t i = 0; i < tensor_pixels(&call.dst) * s->c; i++) {
        size_t pixel = i / s->c;

        want[i] = largest(&call.src, s, pixel / w / h,
                          (const size_t[]){pixel / w % h, pixel % w, i % s->c});
    }
    CHECK_OK(pool_max(nn, &call, &err), err);
    case_compare(nn->kernels->name, &call.dst, want, 0);
    free(want);
    free(call.src.data);
    free(call.dst.data);
}

TEST(largest_are_exact)
{
    FOR_EACH_NN
    {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_max(nn, &cases[i]);
    }
}

TEST(means_are_of_each_picture_and_channel)
{
    FOR_EACH_NN
    {
        struct err err = {0};
        struct tensor src = case_tensor(nn->type, (uint32_t[]){3, 7, 5, 37}, 2, 1);
        struct tensor dst = case_tensor(nn->type, (uint32_t[]){3, 1, 1, 37}, 1, 2);
        double want[3 * 37] = {0};

        for (size_t p = 0; p < tensor_pixels(&src); p++)
            for (size_t c = 0; c < src.c; c++)
                want[p / 35 * 37 + c] += case_at(&src, p, c) / 35;
        CHECK_OK(pool_mean(nn, dst, src, &err), err);
        case_compare(nn->kernels->name, &dst, want, case_allowed(nn->type));
        dst.c--;
        CHECK_INT(pool_mean(nn, dst, src, &err), ==, ERR_INVALID);
        free(src.data);
        free(dst.data);
    }
}

TEST(sizes_that_do_not_fit_are_refused)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct pool_call call = {.src = {NULL, TENSOR_F32, 1, 7, 7, 8, 8},
                             .dst = {NULL, TENSOR_F32, 1, 4, 4, 8, 8},
                             .size = 2,
                             .stride = 2};

    CHECK_INT(pool_max(nn, &call, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "pooling of 2x2: 7x7 does not become 4x4");
    nn_free(nn);
}

/* TensorFlow's rule: ceil(size / stride) windows, and the odd pixel is after. */
TEST(same_pads_as_tensorflow)
{
    static const struct {
        uint32_t h, w, kernel, stride;
        struct pad want;
    } rules[] = {
        {8, 8, 3, 1, {1, 1, 1, 1}}, {8, 9, 3, 2, {0, 1, 1, 1}}, {256, 256, 5, 2, {1, 1, 2, 2}},
        {7, 7, 2, 2, {0, 0, 1, 1}}, {6, 6, 1, 2, {0, 0, 0, 0}}, {1, 2, 5, 1, {2, 2, 2, 2}},
    };

    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct pad pad = pad_same(rules[i].h, rules[i].w, rules[i].kernel, rules[i].stride);

        CHECK(memcmp(&pad, &rules[i].want, sizeof pad) == 0);
        CHECK_INT(
            window_span(rules[i].h, rules[i].kernel, pad.top + pad.bottom, rules[i].stride), ==,
            (rules[i].h + rules[i].stride - 1) / rules[i].stride);
    }
}

TEST(softmax_sums_to_one_and_does_not_overflow)
{
    float row[] = {1000, 999, -1000, 1000};
    const double e = exp(-1);

    softmax_row(row, 4);
    CHECK(fabs((double)row[0] - 1 / (2 + e)) < 1e-6);
    CHECK(fabs((double)row[1] - e / (2 + e)) < 1e-6);
    CHECK(row[2] == 0 && row[3] == row[0]);
    softmax_row(row, 1);
    CHECK(row[0] == 1);
}
