/* net_age_gender.c - age and gender: face-api.js's net, a small Xception.
 * https://arxiv.org/abs/1610.02357 */
#include "lib/nn/softmax.h"
#include "services/emotion/nets_internal.h"

/* NAME.I of the picture as it comes out of a ReLU or, with relu_src, before one. */
static struct tensor layer(struct pass *pass, const char *name, uint32_t i, struct tensor x,
                           const struct pass_separable *how)
{
    return pass_separable(pass, pass_name(pass, "%s.%u", name, i), x, how);
}

/* Two layers and half the sides; beside them only a step over the pixels. */
static struct tensor reduce(struct pass *pass, const char *name, struct tensor x, uint32_t out,
                            bool relu_src)
{
    struct pass_separable how = {.out = out, .stride = 1, .relu_src = relu_src};
    struct tensor y;

    y = layer(pass, name, 0, x, &how);
    how.relu_src = true;
    y = pass_pool(pass, layer(pass, name, 1, y, &how), 3);
    pass_link_begin(pass);
    x = pass_conv(pass, pass_name(pass, "%s.skip", name), x,
                  &(struct pass_conv){.out = out, .kernel = 1, .stride = 2, .residual = &y});
    pass_link_end(pass);
    return x;
}

static struct tensor add_three(struct pass *pass, const char *name, struct tensor x)
{
    struct pass_separable how = {.out = x.c, .stride = 1, .relu_src = true};
    struct tensor y;

    y = layer(pass, name, 1, layer(pass, name, 0, x, &how), &how);
    how.residual = &x;
    pass_link_begin(pass);
    y = layer(pass, name, 2, y, &how);
    pass_link_end(pass);
    return y;
}

static void pass_age_gender(struct pass *pass, const float *pixels, void *ret)
{
    struct net_age_gender *person = ret;
    struct tensor x = pass_input(pass, pixels, &net_face_api_pixels);
    float genders[2];

    x = pass_stem(pass, x, &(struct pass_conv){.out = 32, .kernel = 3, .act = ACT_RELU});
    x = reduce(pass, "reduce.0", x, 64, false);
    x = reduce(pass, "reduce.1", x, 128, true);
    x = add_three(pass, "main.0", x);
    x = add_three(pass, "main.1", x);
    x = reduce(pass, "reduce.2", x, 256, true);
    x = pass_separable(pass, "last", x,
                       &(struct pass_separable){.out = 512, .stride = 1, .act = ACT_RELU});
    x = pass_mean(pass, x);
    pass_output(pass, pass_linear(pass, "age", x, 1, ACT_NONE), person ? &person->age : NULL);
    pass_output(pass, pass_linear(pass, "gender", x, 2, ACT_NONE), genders);
    if (pass_failed(pass) || !person)
        return;
    softmax_row(genders, 2);
    person->male = genders[0];
}

const struct net_def net_age_gender = {
    .name = "age_gender",
    .side = EXPRESSION_SIDE,
    .result_bytes = sizeof(struct net_age_gender),
    .pass = pass_age_gender,
};
