/* net_faceres.c - FaceRes: gender, and a share for each year of age, by a MobileNet.
 * https://arxiv.org/abs/1704.04861 */
#include "lib/nn/softmax.h"
#include "services/emotion/nets_internal.h"

static const struct {
    uint32_t out, stride;
} blocks[] = {
    {64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2},  {512, 1},
    {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1},
};

static struct tensor block(struct pass *pass, uint32_t i, struct tensor x)
{
    struct tensor y;

    pass_link_begin(pass);
    y = pass_separable(pass, pass_name(pass, "blocks.%u", i), x,
                       &(struct pass_separable){.out = blocks[i].out,
                                                .stride = blocks[i].stride,
                                                .middle = ACT_RELU6,
                                                .act = ACT_RELU6});
    pass_link_end(pass);
    return y;
}

static void pass_faceres(struct pass *pass, const float *pixels, void *ret)
{
    static const struct pass_pixels bgr_without_mean = {
        .side = FACERES_SIDE,
        .scale = 1,
        .shift = {-103.939F, -116.779F, -123.68F},
        .bgr = true,
    };
    struct net_faceres *faceres = ret;
    struct tensor x = pass_input(pass, pixels, &bgr_without_mean);

    x = pass_stem(pass, x, &(struct pass_conv){.out = 32, .kernel = 3, .act = ACT_RELU6});
    for (uint32_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
        x = block(pass, i, x);
    x = pass_linear(pass, "features", pass_mean(pass, x), 256, ACT_RELU);
    pass_output(pass, pass_linear(pass, "male", x, 1, ACT_SIGMOID),
                faceres ? &faceres->male : NULL);
    pass_output(pass, pass_linear(pass, "ages", x, FACERES_AGES, ACT_NONE),
                faceres ? faceres->ages : NULL);
    if (!pass_failed(pass) && faceres)
        softmax_row(faceres->ages, FACERES_AGES);
}

const struct net_def net_faceres = {
    .name = "faceres",
    .side = FACERES_SIDE,
    .result_bytes = sizeof(struct net_faceres),
    .pass = pass_faceres,
};
