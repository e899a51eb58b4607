/* plain_ops.h - what backend_plain computes; only for its own files. */
#ifndef TESTS_SUPPORT_PLAIN_OPS_H
#define TESTS_SUPPORT_PLAIN_OPS_H

#include "services/generator-gpu/backend.h"

struct layer {
    enum layer_kind kind;
    uint32_t in, out, kernel, stride, pad, groups;
    float eps;
    float *weight, *bias; /* bias may be NULL */
};

/* Pixel p of a tensor. */
static inline float *plain_at(const struct tensor *tensor, size_t p)
{
    return (float *)tensor->data + p * tensor->ld;
}

/* Counts the operation; true where it is to be computed. */
bool plain_computes(struct backend *backend, const struct tensor *dst, bool plan);

int plain_conv(struct backend *backend, const struct conv_args *args, bool plan,
               struct err *err);
int plain_linear(struct backend *backend, const struct linear_args *args, bool plan,
                 struct err *err);
int plain_group_norm(struct backend *backend, const struct norm_args *args, bool plan,
                     struct err *err);
int plain_layer_norm(struct backend *backend, const struct norm_args *args, bool plan,
                     struct err *err);
int plain_attention(struct backend *backend, const struct attention_args *args, bool plan,
                    struct err *err);

#endif
