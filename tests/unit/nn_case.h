/* nn_case.h - tensors and weights of random numbers, and comparing against what plain code in
 * double precision computes. */
#ifndef TESTS_UNIT_NN_CASE_H
#define TESTS_UNIT_NN_CASE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

#include "lib/nn/nn.h"
#include "lib/nn/nn_internal.h"
#include "lib/nn/safetensors.h"
#include "tests/test.h"

#define MAYBE static inline __attribute__((unused))

MAYBE float case_random(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return (float)(*state >> 8) / 8388608.0F - 1.0F;
}

MAYBE uint16_t case_to_bf16(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

MAYBE float case_from_bf16(uint16_t half)
{
    uint32_t bits = (uint32_t)half << 16;
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

MAYBE void case_put(enum tensor_type type, void *data, size_t i, float x)
{
    if (type == TENSOR_F32)
        ((float *)data)[i] = x;
    else
        ((uint16_t *)data)[i] = case_to_bf16(x);
}

MAYBE double case_get(enum tensor_type type, const void *data, size_t i)
{
    return type == TENSOR_F32 ? (double)((const float *)data)[i]
                              : (double)case_from_bf16(((const uint16_t *)data)[i]);
}

enum { CASE_GUARD = 12345 }; /* between pixels: must not change */

/* h rows of w pixels, extra elements after each pixel's c. free() data. */
MAYBE struct tensor case_tensor(enum tensor_type type, const uint32_t size[4], size_t extra,
                                uint32_t seed)
{
    struct tensor t = {NULL, type, size[0], size[1], size[2], size[3], size[3] + extra};
    size_t all = tensor_pixels(&t) * t.ld;

    t.data = aligned_alloc(64, (all * 4 + 127) / 64 * 64);
    CHECK(t.data != NULL);
    for (size_t i = 0; i < all; i++)
        case_put(type, t.data, i, i % t.ld < t.c ? case_random(&seed) : CASE_GUARD);
    return t;
}

MAYBE double case_at(const struct tensor *t, size_t pixel, size_t c)
{
    return case_get(t->type, t->data, pixel * t->ld + c);
}

/* Relative to the largest value that is expected. */
MAYBE void case_compare(const char *what, const struct tensor *got, const double *want,
                        double allowed)
{
    double largest = 1e-9;

    for (size_t i = 0; i < tensor_pixels(got) * got->c; i++)
        largest = fmax(largest, fabs(want[i]));
    for (size_t p = 0; p < tensor_pixels(got); p++) {
        for (size_t c = 0; c < got->c; c++) {
            double g = case_at(got, p, c), w = want[p * got->c + c];

            if (!(fabs(g - w) <= allowed * largest))
                TEST_FAIL("%s: pixel %zu channel %zu is %.9g, not %.9g (largest %.3g)", what, p,
                          c, g, w, largest);
        }
        for (size_t c = got->c; c < got->ld; c++)
            if (case_at(got, p, c) != case_get(got->type, got->data, got->c))
                TEST_FAIL("%s: wrote after pixel %zu, at %zu", what, p, c);
    }
}

/* What sums of many products may be off by. */
MAYBE double case_allowed(enum tensor_type type)
{
    return type == TENSOR_F32 ? 5e-6 : 1.2e-2;
}

MAYBE const char *case_type(enum tensor_type type)
{
    return type == TENSOR_F32 ? "f32" : "bf16";
}

/* Weights as if mapped from a file: releasing them must not lose them. */
MAYBE struct safetensor case_weights(const char *name, enum tensor_type type, int rank,
                                     const int64_t *shape, uint32_t seed)
{
    struct safetensor weights = {.name = name, .type = type, .rank = rank, .count = 1};
    double scale;
    void *data;
    int fd = memfd_create(name, 0);

    for (int i = 0; i < rank; i++) {
        weights.shape[i] = shape[i];
        weights.count *= (size_t)shape[i];
    }
    scale = rank > 1 ? 1 / sqrt((double)weights.count / (double)shape[0]) : 1;
    weights.size = weights.count * tensor_type_bytes(type);
    CHECK(fd >= 0 && ftruncate(fd, (off_t)weights.size) == 0);
    data = mmap(NULL, weights.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(data != MAP_FAILED);
    close(fd);
    for (size_t i = 0; i < weights.count; i++)
        case_put(type, data, i, (float)scale * case_random(&seed));
    weights.data = data;
    return weights;
}

MAYBE void case_drop(struct safetensor *weights)
{
    if (weights->data)
        munmap((void *)weights->data, weights->size);
    weights->data = NULL;
}

MAYBE double case_act(enum activation act, double x)
{
    switch (act) {
    case ACT_SILU:
        return x / (1 + exp(-x));
    case ACT_GELU:
    case ACT_GEGLU: /* the gate's */
        return x * 0.5 * (1 + erf(x * 0.70710678118654752440));
    case ACT_QUICK_GELU:
        return x / (1 + exp(-1.702 * x));
    case ACT_RELU:
        return x > 0 ? x : 0;
    case ACT_RELU6:
        return x < 0 ? 0 : x > 6 ? 6 : x;
    case ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case ACT_PRELU: /* a slope of each channel: case_prelu */
    case ACT_NONE:
        break;
    }
    return x;
}

/* Runs body with nn for f32 and bf16 and every build of the kernels that runs here. */
#define FOR_EACH_NN                                                                     \
    for (int type_ = 0; type_ < 2; type_++)                                             \
        for (size_t build_ = 0; kernels_at(build_); build_++)                           \
            for (struct nn *nn = case_nn(type_ ? TENSOR_BF16 : TENSOR_F32, build_); nn; \
                 nn_free(nn), nn = NULL)

MAYBE struct nn *case_nn(enum tensor_type type, size_t build)
{
    struct err err = {0};
    struct nn *nn = nn_new(type, 2, &err);

    CHECK_OK(err.code, err);
    nn->kernels = kernels_at(build);
    return nn;
}

#endif
