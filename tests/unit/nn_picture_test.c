/* nn_picture_test.c - what moves pixels, converts them and looks rows up; the CPU backend. */
#include "lib/nn/embedding.h"
#include "lib/nn/picture.h"
#include "services/generator-gpu/backend.h"
#include "tests/unit/nn_case.h"

TEST(bf16_is_rounded_to_nearest_even)
{
    static const struct {
        uint32_t from;
        uint16_t to;
    } pairs[] = {
        {0x3f800000, 0x3f80}, {0x3f808000, 0x3f80}, {0x3f818000, 0x3f82}, {0x3f808001, 0x3f81},
        {0x3f807fff, 0x3f80}, {0x7f7fffff, 0x7f80}, {0xff800000, 0xff80}, {0x80000000, 0x8000},
    };

    for (size_t build = 0; kernels_at(build); build++)
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
            float x, back;
            uint16_t half;

            memcpy(&x, &pairs[i].from, sizeof x);
            kernels_at(build)->from_f32(TENSOR_BF16, &x, 1, &half);
            CHECK_INT(half, ==, pairs[i].to);
            kernels_at(build)->to_f32(TENSOR_BF16, &half, 1, &back);
            CHECK(back == case_from_bf16(half));
        }
}

TEST(nan_stays_nan)
{
    for (size_t build = 0; kernels_at(build); build++) {
        uint32_t bits = 0x7f800001; /* its upper half alone would be infinity */
        uint16_t half;
        float x;

        memcpy(&x, &bits, sizeof x);
        kernels_at(build)->from_f32(TENSOR_BF16, &x, 1, &half);
        CHECK(isnan(case_from_bf16(half)));
    }
}

TEST(write_and_read_are_inverse)
{
    FOR_EACH_NN
    {
        struct tensor t = case_tensor(nn->type, (uint32_t[]){2, 5, 30, 7}, 3, 1);
        float in[2 * 5 * 30 * 7], out[2 * 5 * 30 * 7];
        uint32_t seed = 5;

        for (size_t i = 0; i < sizeof in / sizeof *in; i++)
            in[i] = case_from_bf16(case_to_bf16(case_random(&seed)));
        picture_write(nn, t, in);
        picture_read(nn, out, t);
        for (size_t i = 0; i < sizeof in / sizeof *in; i++)
            CHECK(in[i] == out[i]);
        CHECK(case_at(&t, 3, 7) == case_get(nn->type, t.data, 7));
        free(t.data);
    }
}

TEST(upsample_takes_torchs_neighbours)
{
    static const uint32_t sizes[][4] = {
        {4, 6, 8, 12}, {13, 10, 25, 19}, {19, 5, 38, 10}, {3, 3, 7, 5}};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const uint32_t *s = sizes[i];
        struct nn *nn = case_nn(TENSOR_F32, 0);
        struct tensor src = case_tensor(TENSOR_F32, (uint32_t[]){2, s[0], s[1], 5}, 0, 1);
        struct tensor dst = case_tensor(TENSOR_F32, (uint32_t[]){2, s[2], s[3], 5}, 1, 1);

        picture_upsample(nn, dst, src);
        for (size_t p = 0; p < tensor_pixels(&dst); p++) {
            size_t y = p / dst.w % dst.h * s[0] / s[2], x = p % dst.w * s[1] / s[3];
            size_t from = (p / dst.w / dst.h * src.h + y) * src.w + x;

            for (size_t c = 0; c < 5; c++)
                if (case_at(&dst, p, c) != case_at(&src, from, c))
                    TEST_FAIL("size %zu: pixel %zu is not pixel %zu", i, p, from);
        }
        free(src.data);
        free(dst.data);
        nn_free(nn);
    }
}

TEST(concat_and_is_finite)
{
    FOR_EACH_NN
    {
        struct tensor a = case_tensor(nn->type, (uint32_t[]){2, 3, 50, 9}, 0, 1);
        struct tensor b = case_tensor(nn->type, (uint32_t[]){2, 3, 50, 4}, 2, 2);
        struct tensor dst = case_tensor(nn->type, (uint32_t[]){2, 3, 50, 13}, 1, 3);

        picture_concat(nn, dst, a, b);
        CHECK(case_at(&dst, 299, 8) == case_at(&a, 299, 8));
        CHECK(case_at(&dst, 299, 9) == case_at(&b, 299, 0));
        CHECK(case_at(&dst, 150, 12) == case_at(&b, 150, 3));
        CHECK(picture_is_finite(nn, dst));
        case_put(nn->type, dst.data, 222 * dst.ld + 12, -INFINITY);
        CHECK(!picture_is_finite(nn, dst));
        case_put(nn->type, dst.data, 222 * dst.ld + 12, NAN);
        CHECK(!picture_is_finite(nn, dst));
        free(a.data);
        free(b.data);
        free(dst.data);
    }
}

TEST(embedding_adds_positions_and_checks_ids)
{
    struct err err = {0};
    struct safetensor words =
        case_weights("token.weight", TENSOR_BF16, 2, (int64_t[]){10, 20}, 1);
    struct safetensor places =
        case_weights("position.weight", TENSOR_F32, 2, (int64_t[]){4, 20}, 2);
    struct embedding *tokens = embedding_new("token", &words, &err);
    struct embedding *positions = embedding_new("position", &places, &err);
    const struct embedding *const tables[] = {tokens, positions};
    int32_t ids[] = {3, 9, 0, 3, 1, 1, 2, 7};
    struct nn *nn = case_nn(TENSOR_F32, 0);
    struct tensor dst = case_tensor(TENSOR_F32, (uint32_t[]){2, 1, 4, 20}, 0, 1);

    CHECK_OK(embedding_run(nn, dst, tables, ids, true, &err), err);
    CHECK_OK(embedding_run(nn, dst, tables, ids, false, &err), err);
    for (size_t i = 0; i < 8; i++)
        for (size_t c = 0; c < 20; c++)
            CHECK(((float *)dst.data)[i * 20 + c] ==
                  safetensor_at(&words, (size_t)ids[i] * 20 + c) +
                      safetensor_at(&places, i % 4 * 20 + c));
    ids[5] = 10;
    CHECK_INT(embedding_run(nn, dst, tables, ids, false, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "layer token: there is no row 10 of 10");
    embedding_free(tokens);
    embedding_free(positions);
    case_drop(&words);
    case_drop(&places);
    free(dst.data);
    nn_free(nn);
}

TEST(the_backend_says_what_there_is)
{
    struct err err = {0};
    struct backend_conf conf = {"cuda", "auto", 0};
    struct backend *backend = backend_open(&conf, &err);

    CHECK(backend == NULL);
    CHECK_STR(err.text, "there is no backend \"cuda\"; there is cpu");
    err_clear(&err);
    conf = (struct backend_conf){"cpu", "f16", 0};
    CHECK(backend_open(&conf, &err) == NULL);
    CHECK_HAS(err.text, "auto, f32, bf16");
    err_clear(&err);
    conf.precision = "auto";
    backend = backend_open(&conf, &err);
    CHECK_OK(err.code, err);
    CHECK_INT(backend->type, ==, kernels_have_bf16() ? TENSOR_BF16 : TENSOR_F32);
    CHECK_INT(backend->threads, >=, 1);
    backend_free(backend);
}
