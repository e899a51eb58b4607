/* linear.c - see linear.h. Weights lie in panels (kernels.h), which oneDNN's matrix product
 * does not beat and whose epilogue takes what oneDNN needs a second pass for (GEGLU).
 *
 * A task is some rows times some panels: so many rows that they stay in the second cache beside
 * a panel. Where a panel itself is too long for it, it is taken piece by piece and the sums
 * wait in scratch memory. */
#include <string.h>

#include "lib/nn/linear.h"
#include "lib/nn/nn_internal.h"
#include "lib/nn/weights.h"

enum {
    TILE_ROWS_MOST = 12,             /* that a kernel takes at once */
    ROWS_BYTES = 320 * 1024,         /* of the rows of a task */
    PIECE_BYTES = 256 * 1024,        /* of a panel */
    ROWS_MOST = 32 * TILE_ROWS_MOST, /* of a task */
    ROWS_LEAST = 4 * TILE_ROWS_MOST,
};

struct linear {
    struct linear_def def;
    char *name;
    uint32_t in, out;
    void *panels; /* NULL until the first call */
    float *bias;  /* as the panels' columns are */
    enum tensor_type type;
    bool gated; /* panels of values and gates, for ACT_GEGLU */
};

/* -- making -----------------------------------------------------------------------------------
 */

static int check_part(struct linear *linear, size_t part, struct err *err)
{
    const struct safetensor *weight = linear->def.weight[part], *bias = linear->def.bias[part];

    if (!weight || weight->rank < 2)
        return err_set(err, ERR_INVALID, "layer %s: weight is not a matrix", linear->name);
    for (int i = 2; i < weight->rank; i++)
        if (weight->shape[i] != 1)
            return err_set(err, ERR_INVALID, "%s: shape is not [out, in]", weight->name);
    if (part > 0 && weight->shape[1] != linear->in)
        return err_set(err, ERR_INVALID, "%s: has %lld inputs, not %u as %s", weight->name,
                       (long long)weight->shape[1], linear->in, linear->def.weight[0]->name);
    if (weight->shape[0] < 1 || weight->shape[1] < 1 || weight->count > UINT32_MAX)
        return err_set(err, ERR_INVALID, "%s: has no sensible size", weight->name);
    if (bias && bias->count != (size_t)weight->shape[0])
        return err_set(err, ERR_INVALID, "%s: has %zu numbers for %lld outputs", bias->name,
                       bias->count, (long long)weight->shape[0]);
    linear->in = (uint32_t)weight->shape[1];
    linear->out += (uint32_t)weight->shape[0];
    return 0;
}

struct linear *linear_new(const struct linear_def *def, struct err *err)
{
    OWNED(linear) linear = calloc(1, sizeof *linear);
    struct linear *made;

    if (!linear || !(linear->name = strdup(def->name))) {
        (void)err_set_nomem(err, "a linear layer");
        return NULL;
    }
    linear->def = *def;
    linear->def.name = linear->name;
    for (size_t i = 0; i < def->parts; i++)
        if (check_part(linear, i, err) < 0)
            return NULL;
    if (def->extra_bias && def->extra_bias->count != linear->out) {
        (void)err_set(err, ERR_INVALID, "%s: has %zu numbers for %u outputs",
                      def->extra_bias->name, def->extra_bias->count, linear->out);
        return NULL;
    }
    made = linear;
    linear = NULL;
    return made;
}

void linear_free(struct linear *linear)
{
    if (!linear)
        return;
    free(linear->panels);
    free(linear->bias);
    free(linear->name);
    free(linear);
}

uint32_t linear_inputs(const struct linear *linear)
{
    return linear->in;
}

uint32_t linear_outputs(const struct linear *linear)
{
    return linear->out;
}

/* -- packing ----------------------------------------------------------------------------------
 */

static size_t panel_count(const struct linear *linear)
{
    return nn_ceil_div(linear->out / (linear->gated ? 2 : 1),
                       linear->gated ? GATE_COLUMNS : PANEL);
}

/* Numbers of a panel, with an odd last input's partner. */
static size_t panel_length(const struct linear *linear, enum tensor_type type)
{
    return (type == TENSOR_BF16 ? (linear->in + 1U) / 2 * 2 : linear->in) * (size_t)PANEL;
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

struct packing {
    struct nn *nn;
    struct linear *linear;
    float *rows; /* of a panel, for each thread */
    bool bad;
};

static void interleave(const struct packing *p, const float *rows, size_t panel)
{
    const struct linear *linear = p->linear;
    size_t in = linear->in, length = panel_length(linear, p->nn->type);
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
    float *rows = p->rows + (size_t)thread * PANEL * in;

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
        panel_count(linear) * panel_length(linear, nn->type) * tensor_type_bytes(nn->type);

    p.rows = nn_alloc((size_t)nn->threads * PANEL * linear->in * sizeof *p.rows);
    linear->panels = nn_alloc(bytes);
    if (!p.rows || !linear->panels) {
        free(p.rows);
        return err_set_nomem(err, "a layer's weights");
    }
    parallel_for(nn->threads, panel_count(linear), pack_panel, &p);
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

static int pack_bias(struct linear *linear, struct err *err)
{
    size_t columns = panel_count(linear) * PANEL;
    float *all = nn_alloc((linear->out + (size_t)1) * sizeof *all);
    int failed;

    linear->bias = nn_alloc(columns * sizeof *linear->bias);
    if (!all || !linear->bias) {
        free(all);
        return err_set_nomem(err, "a layer's biases");
    }
    failed = read_biases(linear, all, err);
    all[linear->out] = 0;
    for (size_t i = 0; i < columns; i++)
        linear->bias[i] = all[output_of(linear, i / PANEL, i % PANEL)];
    free(all);
    return failed;
}

static void forget(struct linear *linear)
{
    free(linear->panels);
    free(linear->bias);
    linear->panels = NULL;
    linear->bias = NULL;
}

/* Weights as this call wants them. */
static int ready(struct nn *nn, struct linear *linear, bool gated, struct err *err)
{
    if (linear->panels && linear->gated == gated && linear->type == nn->type)
        return 0;
    forget(linear);
    linear->gated = gated;
    linear->type = nn->type;
    if (pack_bias(linear, err) < 0 || pack_weights(nn, linear, err) < 0) {
        forget(linear);
        return err->code;
    }
    return 0;
}

/* -- running ----------------------------------------------------------------------------------
 */

struct running {
    struct nn *nn;
    const struct linear *linear;
    const struct linear_call *call;
    size_t rows, rows_each, row_tasks; /* of src; of a task; tasks of different rows */
    size_t panels, panels_each;        /* of a task */
    size_t piece;                      /* inputs taken at once */
};

static size_t multiple(size_t x, size_t of)
{
    return x / of * of;
}

/* How the work is cut into tasks. Returns how many. */
static size_t cut(struct running *r)
{
    size_t bytes = tensor_type_bytes(r->nn->type), in = r->linear->in;
    size_t wanted = (size_t)r->nn->threads * 4, column_tasks = 1;

    r->rows = tensor_pixels(&r->call->src);
    r->panels = panel_count(r->linear);
    r->rows_each = multiple(ROWS_BYTES / (in * bytes), TILE_ROWS_MOST);
    if (r->rows_each > ROWS_MOST)
        r->rows_each = ROWS_MOST;
    if (r->rows_each < ROWS_LEAST)
        r->rows_each = ROWS_LEAST;
    r->row_tasks = nn_ceil_div(r->rows, r->rows_each);
    if (r->row_tasks < wanted && r->nn->threads > 1)
        column_tasks = nn_ceil_div(wanted, r->row_tasks);
    r->panels_each = nn_ceil_div(r->panels, column_tasks);
    r->piece = multiple(PIECE_BYTES / (PANEL * bytes), 2);
    if (r->piece >= in)
        r->piece = in;
    return r->row_tasks * nn_ceil_div(r->panels, r->panels_each);
}

static void finish_tile(const struct running *r, const struct kernel_gemm *g, size_t row,
                        size_t panel)
{
    const struct linear_call *call = r->call;
    size_t width = r->linear->gated ? GATE_COLUMNS : PANEL, column = panel * width;
    struct kernel_epilogue e = {
        .acc = g->c,
        .bias = r->linear->bias + panel * PANEL,
        .act = call->act,
        .type = r->nn->type,
        .dst = tensor_at(&call->dst, row) + column * tensor_type_bytes(r->nn->type),
        .dst_ld = call->dst.ld,
        .rows = g->rows,
        .cols = call->dst.c - column < width ? call->dst.c - column : width,
    };

    if (call->residual) {
        e.residual = tensor_at(call->residual, row) + column * tensor_type_bytes(r->nn->type);
        e.residual_ld = call->residual->ld;
    }
    r->nn->kernels->epilogue(&e);
}

/* Some inputs of one panel for the rows from first to end. */
static void run_piece(const struct running *r, const size_t rows[2], size_t panel, size_t k,
                      float *sums)
{
    const struct linear *linear = r->linear;
    size_t bytes = tensor_type_bytes(r->nn->type), in = linear->in;
    bool last = k + r->piece >= in;
    struct kernel_gemm g = {
        .c = sums,
        .ldc = PANEL,
        .lda = r->call->src.ld,
        .panel = (const char *)linear->panels +
                 (panel * panel_length(linear, r->nn->type) + k * PANEL) * bytes,
        .k = last ? in - k : r->piece,
        .cols = PANEL,
        .add = k > 0,
    };

    for (size_t row = rows[0]; row < rows[1]; row += TILE_ROWS_MOST) {
        g.a = tensor_at(&r->call->src, row) + k * bytes;
        g.rows = rows[1] - row < TILE_ROWS_MOST ? rows[1] - row : TILE_ROWS_MOST;
        if (r->piece < in)
            g.c = sums + (row - rows[0]) * PANEL;
        if (r->nn->type == TENSOR_F32)
            r->nn->kernels->gemm_f32(&g);
        else
            r->nn->kernels->gemm_bf16(&g);
        if (last)
            finish_tile(r, &g, row, panel);
    }
}

static void run_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    size_t rows[2] = {task % r->row_tasks * r->rows_each, 0};
    size_t panel = task / r->row_tasks * r->panels_each, end = panel + r->panels_each;
    float *sums = (float *)(void *)r->nn->scratch + (size_t)thread * ROWS_MOST * PANEL;

    rows[1] = rows[0] + r->rows_each < r->rows ? rows[0] + r->rows_each : r->rows;
    for (; panel < end && panel < r->panels; panel++)
        for (size_t k = 0; k < r->linear->in; k += r->piece)
            run_piece(r, rows, panel, k, sums);
}

int linear_run(struct nn *nn, struct linear *linear, const struct linear_call *call, bool plan,
               struct err *err)
{
    struct running r = {.nn = nn, .linear = linear, .call = call};
    bool gated = call->act == ACT_GEGLU;

    if (call->src.c != linear->in || call->dst.c * (gated ? 2U : 1U) != linear->out)
        return err_set(err, ERR_INVALID, "layer %s: takes %u channels to %u, not %u to %u",
                       linear->name, linear->in, linear->out, call->src.c, call->dst.c);
    if (nn_reserve(nn, (size_t)nn->threads * ROWS_MOST * PANEL * sizeof(float), err) < 0)
        return err->code;
    if (plan)
        return 0;
    parallel_use(nn->threads);
    if (ready(nn, linear, gated, err) < 0)
        return err->code;
    parallel_for(nn->threads, cut(&r), run_task, &r);
    return 0;
}
