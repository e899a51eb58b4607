/* net_iris.c - the points of an eye and of its iris. https://arxiv.org/abs/2006.11341 */
#include "services/emotion/nets_internal.h"

/* Every fifth block of the trunk and every third of a head's goes from 2 pixels to 1. */
enum { TRUNK_BLOCKS = 10, TRUNK_STEP = 5, HEAD_BLOCKS = 8, HEAD_STEP = 3, CHANNELS = 128 };

static struct tensor block(struct pass *pass, const char *prefix, uint32_t i, struct tensor x,
                           uint32_t out, bool step)
{
    uint32_t side = step ? 2 : 1;
    struct tensor skip = step ? pass_pool(pass, x, 2) : x;
    struct tensor narrow = pass_conv(
        pass, pass_name(pass, "%sblocks.%u.narrow", prefix, i), x,
        &(struct pass_conv){.out = out / 2, .kernel = side, .stride = side, .act = ACT_PRELU});

    return pass_separable(
        pass, pass_name(pass, "%sblocks.%u", prefix, i), narrow,
        &(struct pass_separable){.out = out, .stride = 1, .residual = &skip, .act = ACT_PRELU});
}

static struct tensor trunk(struct pass *pass, struct tensor x)
{
    for (uint32_t i = 0; i < TRUNK_BLOCKS; i++) {
        bool step = i % TRUNK_STEP == TRUNK_STEP - 1;

        pass_link_begin(pass);
        x = block(pass, "", i, x, step ? CHANNELS : x.c, step);
        pass_link_end(pass);
    }
    return x;
}

/* prefix: "eye." or "iris." */
static void head(struct pass *pass, const char *prefix, struct tensor x, uint32_t points,
                 float *ret_points)
{
    for (uint32_t i = 0; i < HEAD_BLOCKS; i++)
        x = block(pass, prefix, i, x, CHANNELS, i % HEAD_STEP == HEAD_STEP - 1);
    x = pass_conv(pass, pass_name(pass, "%spoints", prefix), x,
                  &(struct pass_conv){.out = 3 * points, .kernel = 2, .stride = 1});
    pass_output(pass, x, ret_points);
}

static void pass_iris(struct pass *pass, const float *pixels, void *ret)
{
    static const struct pass_pixels shares = {.side = IRIS_SIDE, .scale = 1 / 255.0F};
    struct net_iris *iris = ret;
    struct tensor x = pass_input(pass, pixels, &shares);

    x = pass_stem(pass, x, &(struct pass_conv){.out = 64, .kernel = 3, .act = ACT_PRELU});
    x = trunk(pass, x);
    head(pass, "eye.", x, IRIS_EYE_POINTS, iris ? iris->eye[0] : NULL);
    head(pass, "iris.", x, IRIS_POINTS, iris ? iris->iris[0] : NULL);
}

const struct net_def net_iris = {
    .name = "iris",
    .side = IRIS_SIDE,
    .result_bytes = sizeof(struct net_iris),
    .pass = pass_iris,
};
