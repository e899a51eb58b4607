/* linear_pack.c - a linear layer's weights from the file to panels (kernels.h). */
#include <string.h>

#include "lib/nn/linear_internal.h"
#include "lib/nn/weights.h"

/* -- packing ----------------------------------------------------------------------------------
 */

size_t linear_panel_count(const struct linear *linear)
{
    return nn_ceil_div(linear->out / (linear->gated ? 2 : 1),
                       linear->gated ? GATE_COLUMNS : PANEL);
}

size_t linear_panel_length(const struct linear *linear)
{
    return (linear->type == TENSOR_BF16 ? (linear->in + 1U) / 2 * 2 : linear->in) *
           (size_t)PANEL;
}

/* The output that a panel's column belongs to; out where there is none. */
static uint32_t output_of(const struct linear *linear, size_t panel, size_t column)
{
    size_t output = panel * PANEL + column, half = linear->out / 2;

    if (linear->gated) {
        output = panel * GATE_COLUMNS + column % GATE_COLUMNS;
        if (output >= half)
            return linear->out;
        output += column >= GATE_COLUMNS ? half : 0;
    }
    return output < linear->out ? (uint32_t)output : linear->out;
}

/* The part that an output belongs to; output becomes its row there. */
static size_t part_of(const struct linear *linear, uint32_t *output)
{
    size_t part = 0;

    while (*output >= (uint32_t)linear->def.weight[part]->shape[0])
        *output -= (uint32_t)linear->def.weight[part++]->shape[0];
    return part;
}

/* [in][kh * kw] to [kh * kw][in], by way of spare. */
static void turn_windows(const struct linear *linear, float *row, float *spare)
{
    size_t channels = (size_t)linear->def.weight[0]->shape[1];
    size_t pixels = linear->in / channels;

    memcpy(spare, row, linear->in * sizeof *row);
    for (size_t channel = 0; channel < channels; channel++)
        for (size_t pixel = 0; pixel < pixels; pixel++)
            row[pixel * channels + channel] = spare[channel * pixels + pixel];
}

struct packing {
    struct nn *nn;
    struct linear *linear;
    float *rows; /* of a panel and a spare one, for each thread */
    bool bad;
};

static void interleave(const struct packing *p, const float *rows, size_t panel)
{
    const struct linear *linear = p->linear;
    size_t in = linear->in, length = linear_panel_length(linear);
    float *panel_f32 = (float *)linear->panels + panel * length;
    uint16_t *panel_bf16 = (uint16_t *)linear->panels + panel * length;

    if (p->nn->type == TENSOR_F32) {
        for (size_t k = 0; k < in; k++)
            for (size_t column = 0; column < PANEL; column++)
                panel_f32[k * PANEL + column] = rows[column * in + k];
        return;
    }
    for (size_t k = 0; k < in; k += 2) {
        float pairs[2 * PANEL];

        for (size_t column = 0; column < PANEL; column++) {
            pairs[2 * column] = rows[column * in + k];
            pairs[2 * column + 1] = k + 1 < in ? rows[column * in + k + 1] : 0;
        }
        p->nn->kernels->from_f32(TENSOR_BF16, pairs, (size_t)2 * PANEL, panel_bf16 + k * PANEL);
    }
}

static void pack_panel(void *ctx, size_t panel, int thread)
{
    struct packing *p = ctx;
    const struct linear *linear = p->linear;
    size_t in = linear->in;
    float *rows = p->rows + (size_t)thread * (PANEL + 1) * in;

    for (size_t column = 0; column < PANEL; column++) {
        uint32_t output = output_of(linear, panel, column);
        size_t part;

        if (output >= linear->out) {
            memset(rows + column * in, 0, in * sizeof *rows);
            continue;
        }
        part = part_of(linear, &output);
        if (!weights_read(linear->def.weight[part], output * in, in, rows + column * in))
            __atomic_store_n(&p->bad, true, __ATOMIC_RELAXED);
        if (linear->windows)
            turn_windows(linear, rows + column * in, rows + PANEL * in);
    }
    interleave(p, rows, panel);
}

static int find_bad(const struct linear *linear, struct err *err)
{
    for (size_t i = 0; i < linear->def.parts; i++) {
        struct err found = {0};
        const struct safetensor *weight = linear->def.weight[i];

        (void)weights_not_finite(linear->name, "weight", weight, &found);
        if (strstr(found.text, " has ") || i + 1 == linear->def.parts)
            return err_set(err, found.code, "%s", found.text);
    }
    return ERR_INVALID;
}

static int pack_weights(struct nn *nn, struct linear *linear, struct err *err)
{
    struct packing p = {.nn = nn, .linear = linear};
    size_t bytes =
        linear_panel_count(linear) * linear_panel_length(linear) * tensor_type_bytes(nn->type);

    p.rows = nn_alloc((size_t)nn->threads * (PANEL + 1) * linear->in * sizeof *p.rows);
    linear->panels = nn_alloc(bytes);
    if (!p.rows || !linear->panels) {
        free(p.rows);
        return err_set_nomem(err, "a layer's weights");
    }
    parallel_for(nn->threads, linear_panel_count(linear), pack_panel, &p);
    free(p.rows);
    if (p.bad)
        return find_bad(linear, err);
    for (size_t i = 0; i < linear->def.parts; i++)
        safetensors_release(linear->def.weight[i]);
    return 0;
}

/* All outputs' biases, in the outputs' order. */
static int read_biases(const struct linear *linear, float *all, struct err *err)
{
    const struct linear_def *def = &linear->def;

    memset(all, 0, linear->out * sizeof *all);
    for (size_t i = 0, first = 0; i < def->parts; i++) {
        const struct safetensor *bias = def->bias[i];

        if (bias && !weights_read(bias, 0, bias->count, all + first))
            return weights_not_finite(linear->name, "bias", bias, err);
        first += (size_t)def->weight[i]->shape[0];
    }
    for (size_t i = 0; def->extra_bias && i < linear->out; i++) {
        float more;

        if (!weights_read(def->extra_bias, i, 1, &more))
            return weights_not_finite(linear->name, "bias", def->extra_bias, err);
        all[i] += more;
    }
    return 0;
}

/* The panels' columns' numbers of those of all outputs, with a 0 after the last. */
static float *by_columns(const struct linear *linear, const float *all)
{
    size_t columns = linear_panel_count(linear) * PANEL;
    float *by = nn_alloc(columns * sizeof *by);

    for (size_t i = 0; by && i < columns; i++)
        by[i] = all[output_of(linear, i / PANEL, i % PANEL)];
    return by;
}

static int pack_bias(struct linear *linear, struct err *err)
{
    const struct safetensor *slope = linear->def.slope;
    float *all = nn_alloc((linear->out + (size_t)1) * sizeof *all);
    int failed;

    if (!all)
        return err_set_nomem(err, "a layer's biases");
    all[linear->out] = 0;
    failed = read_biases(linear, all, err);
    linear->bias = failed ? NULL : by_columns(linear, all);
    if (!failed && slope)
        failed = weights_read_into(linear->name, "slope", slope, all, err);
    linear->slope = failed || !slope ? NULL : by_columns(linear, all);
    free(all);
    if (!failed && (!linear->bias || (slope && !linear->slope)))
        return err_set_nomem(err, "a layer's biases");
    return failed;
}

void linear_unpack(struct linear *linear)
{
    free(linear->panels);
    free(linear->bias);
    free(linear->slope);
    linear->panels = NULL;
    linear->bias = NULL;
    linear->slope = NULL;
}

int linear_pack(struct nn *nn, struct linear *linear, bool gated, struct err *err)
{
    if (linear->panels && linear->gated == gated && linear->type == nn->type)
        return 0;
    linear_unpack(linear);
    linear->gated = gated;
    linear->type = nn->type;
    if (pack_bias(linear, err) < 0 || pack_weights(nn, linear, err) < 0) {
        linear_unpack(linear);
        return nn_failed(err);
    }
    return 0;
}
