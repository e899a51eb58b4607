/* net_expression.c - seven expressions: face-api.js's net of four dense blocks. */
#include "lib/nn/softmax.h"
#include "services/emotion/nets_internal.h"

const struct pass_pixels net_face_api_pixels = {
    .side = EXPRESSION_SIDE,
    .scale = 1 / 255.0F,
    .shift = {-122.782F / 255, -117.001F / 255, -104.298F / 255},
};

static const uint32_t block_channels[] = {32, 64, 128, 256};
enum { BLOCKS = sizeof block_channels / sizeof block_channels[0], LAYERS = 4 };

/* The first layer halves the sides; of the others each adds to the sum of those before it. */
static struct tensor first_layer(struct pass *pass, uint32_t block, struct tensor x)
{
    uint32_t out = block_channels[block];

    if (block == 0)
        return pass_conv(
            pass, "dense.0.0", x,
            &(struct pass_conv){
                .out = out, .kernel = 3, .stride = 2, .same = true, .act = ACT_RELU});
    return pass_separable(pass, pass_name(pass, "dense.%u.0", block), x,
                          &(struct pass_separable){.out = out, .stride = 2, .act = ACT_RELU});
}

static struct tensor dense(struct pass *pass, uint32_t block, struct tensor x)
{
    struct tensor sum;

    pass_link_begin(pass);
    sum = first_layer(pass, block, x);
    pass_link_end(pass);
    for (uint32_t i = 1; i < LAYERS; i++) {
        pass_link_begin(pass);
        x = pass_separable(
            pass, pass_name(pass, "dense.%u.%u", block, i), sum,
            &(struct pass_separable){.out = block_channels[block],
                                     .stride = 1,
                                     .relu_src = true,
                                     .residual = &sum,
                                     .act = i == LAYERS - 1 ? ACT_RELU : ACT_NONE});
        pass_link_end(pass);
        sum = x;
    }
    return sum;
}

static void pass_expression(struct pass *pass, const float *pixels, void *ret)
{
    struct tensor x = pass_input(pass, pixels, &net_face_api_pixels);

    for (uint32_t i = 0; i < BLOCKS; i++)
        x = dense(pass, i, x);
    x = pass_linear(pass, "classes", pass_mean(pass, x), EXPRESSIONS, ACT_NONE);
    pass_output(pass, x, ret);
    if (!pass_failed(pass) && ret)
        softmax_row(ret, EXPRESSIONS);
}

const struct net_def net_expression = {
    .name = "expression",
    .side = EXPRESSION_SIDE,
    .result_bytes = sizeof(float[EXPRESSIONS]),
    .pass = pass_expression,
};
