/* net_facemesh.c - FaceMesh: 468 points of a face in three dimensions, and whether it is one.
 *
 * A chain of blocks to 6x6 pixels, and from there a head for the points and one for the face.
 * https://arxiv.org/abs/1907.06724 */
#include "services/emotion/nets_internal.h"

/* Block i goes from 2 to 1 pixel where i is a multiple of 3 from 2 on. */
static const uint32_t channels_after_step[] = {16, 32, 64, 128, 128};
enum { BLOCKS = 14 };

static struct tensor block(struct pass *pass, const char *name, struct tensor x, uint32_t out,
                           uint32_t stride)
{
    struct tensor skip = stride == 2 ? pass_pool(pass, x, 2) : x;

    return pass_separable(
        pass, name, x,
        &(struct pass_separable){
            .out = out, .stride = stride, .residual = &skip, .act = ACT_PRELU});
}

static struct tensor trunk(struct pass *pass, struct tensor x)
{
    for (uint32_t i = 0, step = 0; i < BLOCKS; i++) {
        uint32_t stride = i % 3 == 2 ? 2 : 1;

        step += stride - 1;
        pass_link_begin(pass);
        x = block(pass, pass_name(pass, "blocks.%u", i), x, channels_after_step[step], stride);
        pass_link_end(pass);
    }
    return x;
}

/* Fewer channels, a block, and all pixels to the outputs. */
static struct tensor head(struct pass *pass, const char *const names[3], struct tensor x,
                          const struct pass_conv *last)
{
    x = pass_conv(pass, names[0], x,
                  &(struct pass_conv){.out = 32, .kernel = 1, .stride = 1, .act = ACT_PRELU});
    x = block(pass, names[1], x, 32, 1);
    return pass_conv(pass, names[2], x, last);
}

static void pass_facemesh(struct pass *pass, const float *pixels, void *ret)
{
    static const struct pass_pixels shares = {.side = MESH_SIDE, .scale = 1 / 255.0F};
    static const char *const mesh_names[] = {"mesh.narrow", "mesh.last", "mesh.points"};
    static const char *const face_names[] = {"face.narrow", "face.last", "face.score"};
    struct net_mesh *mesh = ret;
    struct tensor x = pass_input(pass, pixels, &shares), y;

    x = pass_stem(pass, x, &(struct pass_conv){.out = 16, .kernel = 3, .act = ACT_PRELU});
    x = y = trunk(pass, x);
    for (uint32_t i = 0; i < 3; i++)
        y = block(pass, pass_name(pass, "mesh.blocks.%u", i), y, 128, i == 0 ? 2 : 1);
    y = head(pass, mesh_names, y,
             &(struct pass_conv){.out = 3 * MESH_POINTS, .kernel = 3, .stride = 1});
    pass_output(pass, y, mesh ? mesh->points[0] : NULL);
    y = block(pass, "face.block", x, 128, 2);
    y = head(pass, face_names, y,
             &(struct pass_conv){.out = 1, .kernel = 3, .stride = 1, .act = ACT_SIGMOID});
    pass_output(pass, y, mesh ? &mesh->face : NULL);
}

const struct net_def net_facemesh = {
    .name = "facemesh",
    .side = MESH_SIDE,
    .result_bytes = sizeof(struct net_mesh),
    .pass = pass_facemesh,
};
