/* net_blazeface.c - BlazeFace: finds faces.
 *
 * A chain of blocks down to 16x16 pixels; heads there with two anchors a pixel, and, a last
 * step down, at 8x8 with six. https://arxiv.org/abs/1907.05047 */
#include "services/emotion/nets_internal.h"

enum {
    FINE_SIDE = 16,
    FINE_ANCHORS = 2,
    FINE_ROWS = FINE_SIDE * FINE_SIDE * FINE_ANCHORS,
    COARSE_SIDE = 8,
    COARSE_ANCHORS = 6,
    BOX = 4 + 2 * DETECT_POINTS, /* numbers */
};

_Static_assert(FINE_ROWS + COARSE_SIDE * COARSE_SIDE * COARSE_ANCHORS == DETECT_ROWS,
               "rows of both heads");

/* Each step down takes one pixel of two; the channels that the block's input lacks are zero. */
static const struct {
    uint32_t blocks, channels;
} levels[] = {{7, 24}, {8, 24}, {8, 48}, {8, 96}};

static struct tensor block(struct pass *pass, uint32_t i, struct tensor x, uint32_t channels,
                           uint32_t stride)
{
    struct tensor skip, y;

    pass_link_begin(pass);
    skip = stride == 2 ? pass_pool(pass, x, 2) : x;
    y = pass_separable(
        pass, pass_name(pass, "blocks.%u", i), x,
        &(struct pass_separable){
            .out = channels, .stride = stride, .residual = &skip, .act = ACT_RELU});
    pass_link_end(pass);
    return y;
}

static struct net_detection row_of(float score, const float *box)
{
    struct net_detection row = {
        .score = score, .x = box[0], .y = box[1], .width = box[2], .height = box[3]};

    memcpy(row.points, box + 4, sizeof row.points);
    return row;
}

/* Every pixel's anchors are rows. */
static void head(struct pass *pass, const char *name, struct tensor x, uint32_t anchors,
                 struct net_detection *ret_rows)
{
    struct tensor score =
        pass_linear(pass, pass_name(pass, "%s.score", name), x, anchors, ACT_NONE);
    struct tensor box =
        pass_linear(pass, pass_name(pass, "%s.box", name), x, anchors * BOX, ACT_NONE);
    const float *scores = pass_floats(pass, score), *boxes = pass_floats(pass, box);

    for (size_t i = 0; scores && boxes && ret_rows && i < tensor_pixels(&x) * anchors; i++)
        ret_rows[i] = row_of(scores[i], boxes + i * BOX);
}

static void pass_blazeface(struct pass *pass, const float *pixels, void *ret)
{
    static const struct pass_pixels centred = {
        .side = DETECT_SIDE, .scale = 1 / 127.5F, .shift = {-1, -1, -1}};
    struct net_detection *rows = ret;
    struct tensor x = pass_input(pass, pixels, &centred);
    uint32_t i = 0;

    x = pass_stem(pass, x, &(struct pass_conv){.out = 24, .kernel = 5, .act = ACT_RELU});
    for (size_t level = 0; level < sizeof levels / sizeof levels[0]; level++)
        for (uint32_t j = 0; j < levels[level].blocks; j++)
            x = block(pass, i++, x, levels[level].channels, level > 0 && j == 0 ? 2 : 1);
    head(pass, "fine", x, FINE_ANCHORS, rows);
    x = pass_separable(pass, "down", x,
                       &(struct pass_separable){.out = 96, .stride = 2, .act = ACT_RELU});
    head(pass, "coarse", x, COARSE_ANCHORS, rows ? rows + FINE_ROWS : NULL);
}

struct net_anchor nets_anchor(size_t row)
{
    bool fine = row < FINE_ROWS;
    size_t pixel = fine ? row / FINE_ANCHORS : (row - FINE_ROWS) / COARSE_ANCHORS;
    size_t side = fine ? FINE_SIDE : COARSE_SIDE;
    size_t x = pixel % side, y = pixel / side;
    float step = (float)DETECT_SIDE / (float)side;

    return (struct net_anchor){step * ((float)x + 0.5F), step * ((float)y + 0.5F)};
}

const struct net_def net_blazeface = {
    .name = "blazeface",
    .side = DETECT_SIDE,
    .result_bytes = sizeof(struct net_detection[DETECT_ROWS]),
    .pass = pass_blazeface,
};
