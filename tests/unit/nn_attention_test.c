/* nn_attention_test.c - attention against the plain formula. */
#define TEST_SECONDS 120
#include <sys/resource.h>

#include "lib/nn/attention.h"
#include "tests/unit/nn_case.h"

struct sizes {
    uint32_t n, queries, keys, heads, dim;
    bool causal;
    size_t extra;
};

static const struct sizes cases[] = {
    {1, 1, 1, 1, 8, false, 0},       {2, 77, 77, 2, 12, true, 0},
    {1, 200, 200, 3, 64, true, 192}, {2, 65, 77, 5, 40, false, 0},
    {1, 130, 301, 2, 80, false, 7},  {1, 50, 33, 1, 160, false, 0},
    {1, 100, 200, 1, 512, false, 0}, {1, 49, 1100, 2, 64, false, 0},
    {1, 700, 700, 1, 16, true, 0},   {1, 5, 9, 2, 7, false, 1},
};

static double *expected(const struct attention_call *call)
{
    const struct tensor *q = &call->q, *k = &call->k;
    size_t dim = q->c / call->heads;
    double *want = calloc(tensor_pixels(q) * q->c, sizeof *want);
    double *score = calloc(k->w, sizeof *score);

    for (size_t at = 0; at < tensor_pixels(q) * call->heads; at++) {
        size_t i = at / call->heads, head = at % call->heads * dim, first = i / q->w * k->w;
        size_t seen = call->causal ? i % q->w + 1 : k->w;
        double highest = -INFINITY, sum = 0;

        for (size_t j = 0; j < seen; j++) {
            score[j] = 0;
            for (size_t d = 0; d < dim; d++)
                score[j] += case_at(q, i, head + d) * case_at(k, first + j, head + d);
            score[j] /= sqrt((double)dim);
            highest = fmax(highest, score[j]);
        }
        for (size_t j = 0; j < seen; j++)
            sum += score[j] = exp(score[j] - highest);
        for (size_t j = 0; j < seen; j++)
            for (size_t d = 0; d < dim; d++)
                want[i * q->c + head + d] +=
                    score[j] / sum * case_at(&call->v, first + j, head + d);
    }
    free(score);
    return want;
}

static void scale_up(struct tensor *t, float by)
{
    for (size_t i = 0; i < tensor_pixels(t) * t->ld; i++)
        case_put(t->type, t->data, i, by * (float)case_get(t->type, t->data, i));
}

static struct attention_call make_call(const struct sizes *s, enum tensor_type type)
{
    uint32_t c = s->heads * s->dim;
    struct attention_call call = {.heads = s->heads, .causal = s->causal};

    call.q = case_tensor(type, (uint32_t[]){s->n, 1, s->queries, c}, s->extra, 1);
    call.k = case_tensor(type, (uint32_t[]){s->n, 1, s->keys, c}, s->extra, 2);
    call.v = case_tensor(type, (uint32_t[]){s->n, 1, s->keys, c}, s->extra, 3);
    call.dst = case_tensor(type, (uint32_t[]){s->n, 1, s->queries, c}, s->extra, 4);
    return call;
}

static void drop_call(struct attention_call *call)
{
    free(call->q.data);
    free(call->k.data);
    free(call->v.data);
    free(call->dst.data);
}

static void check_case(struct nn *nn, const struct sizes *s, float loud)
{
    struct err err = {0};
    struct attention_call call = make_call(s, nn->type);
    char what[128];
    /* What a score is off by grows with it, and so does its exponential. */
    double allowed = nn->type == TENSOR_F32 ? (loud > 1 ? 1e-4 : 1e-5) : 2e-2, *want;

    (void)snprintf(what, sizeof what, "%s %s %u queries, %u keys, %u heads of %u%s",
                   nn->kernels->name, case_type(nn->type), s->queries, s->keys, s->heads,
                   s->dim, s->causal ? ", causal" : "");
    scale_up(&call.q, loud);
    want = expected(&call);
    CHECK_OK(attention_run(nn, &call, true, &err), err);
    CHECK_OK(attention_run(nn, &call, false, &err), err);
    case_compare(what, &call.dst, want, allowed);
    free(want);
    drop_call(&call);
}

TEST(attention_is_what_doubles_give)
{
    FOR_EACH_NN
    {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            check_case(nn, &cases[i], 1);
    }
}

TEST(large_scores_do_not_overflow)
{
    FOR_EACH_NN
    {
        check_case(nn, &cases[2], 60);
        check_case(nn, &cases[7], 60);
    }
}

TEST(sixteen_thousand_tokens_never_hold_the_scores)
{
    enum { TOKENS = 16000, SOME = 37 };
    const struct sizes s = {1, TOKENS, TOKENS, 1, 40, false, 0};
    struct err err = {0};
    struct rusage usage;
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct attention_call call = make_call(&s, TENSOR_F32), one = call;
    double *want;

    nn->kernels = kernels_best();
    CHECK_OK(attention_run(nn, &call, false, &err), err);
    CHECK_INT(nn_scratch_bytes(nn), <, 16 << 20);
    one.q.w = one.dst.w = SOME; /* from the middle on */
    one.q.data = (float *)call.q.data + (size_t)8000 * 40;
    one.dst.data = (float *)call.dst.data + (size_t)8000 * 40;
    want = expected(&one);
    case_compare("16000 tokens", &one.dst, want, 1e-5);
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
#ifndef __SANITIZE_ADDRESS__
    CHECK_INT(usage.ru_maxrss, <, 200 << 10); /* KiB; the scores would take a million */
#endif
    free(want);
    drop_call(&call);
    nn_free(nn);
}

TEST(nan_is_not_hidden)
{
    FOR_EACH_NN
    {
        struct err err = {0};
        struct attention_call call = make_call(&cases[4], nn->type);
        size_t found = 0;

        case_put(nn->type, call.k.data, 3 * call.k.ld + 1, NAN);
        CHECK_OK(attention_run(nn, &call, false, &err), err);
        for (size_t i = 0; i < call.q.w; i++)
            found += isnan(case_at(&call.dst, i, 0)) != 0;
        CHECK_INT(found, ==, call.q.w);
        drop_call(&call);
    }
}

TEST(shapes_that_do_not_fit_are_refused)
{
    struct err err = {0};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct attention_call call = make_call(&cases[1], TENSOR_F32);

    call.heads = 5;
    CHECK_INT(attention_run(nn, &call, true, &err), ==, ERR_INVALID);
    drop_call(&call);
    nn_free(nn);
}
