/* linear.c - see linear.h. Weights lie in panels (kernels.h), which oneDNN's matrix product
 * does not beat and whose epilogue takes what oneDNN needs a second pass for (GEGLU).
 *
 * A task is some rows times some panels. As many panels as fit beside it into the second cache
 * are taken together: the rows go by once for all of them, a tile after the other, and what a
 * tile reads and writes lies side by side. Where a single panel is too long for that, it is
 * taken piece by piece and the sums wait in scratch memory. */
#include <string.h>

#include "lib/nn/linear_internal.h"

enum {
    TILE_ROWS_MOST = 12,             /* that a kernel takes at once */
    ROWS_MOST = 32 * TILE_ROWS_MOST, /* of a task */
    ROWS_LEAST = 4 * TILE_ROWS_MOST,
    ROWS_BYTES = 4 << 20,     /* of a task */
    GROUP_BYTES = 256 * 1024, /* of the panels, or the piece of one, that are taken together */
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

static int check_def(struct linear *linear, struct err *err)
{
    const struct safetensor *extra = linear->def.extra_bias;

    for (size_t i = 0; i < linear->def.parts; i++)
        if (check_part(linear, i, err) < 0)
            return nn_failed(err);
    if (extra && extra->count != linear->out)
        return err_set(err, ERR_INVALID, "%s: has %zu numbers for %u outputs", extra->name,
                       extra->count, linear->out);
    return 0;
}

struct linear *linear_new(const struct linear_def *def, struct err *err)
{
    struct linear *linear = calloc(1, sizeof *linear);

    if (!linear || !(linear->name = strdup(def->name))) {
        (void)err_set_nomem(err, "a linear layer");
        linear_free(linear);
        return NULL;
    }
    linear->def = *def;
    linear->def.name = linear->name;
    if (check_def(linear, err) == 0)
        return linear;
    linear_free(linear);
    return NULL;
}

void linear_free(struct linear *linear)
{
    if (!linear)
        return;
    linear_unpack(linear);
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

/* -- running ----------------------------------------------------------------------------------
 */

struct running {
    struct nn *nn;
    const struct linear *linear;
    const struct linear_call *call;
    size_t rows, rows_each, row_tasks; /* of src; of a task; tasks of different rows */
    size_t panels, panels_each;        /* of the layer; of a task */
    size_t group;                      /* panels taken together */
    size_t piece;                      /* inputs taken at once; all if group > 1 */
    size_t width;                      /* columns of dst that a panel makes */
};

static size_t between(size_t least, size_t x, size_t most)
{
    return x < least ? least : x > most ? most : x;
}

/* How the work is cut into tasks. Returns how many. */
static size_t cut(struct running *r)
{
    size_t bytes = tensor_type_bytes(r->nn->type), in = r->linear->in;
    size_t wanted = (size_t)r->nn->threads * 4, column_tasks = 1;

    r->rows = tensor_pixels(&r->call->src);
    r->panels = linear_panel_count(r->linear);
    r->width = r->linear->gated ? GATE_COLUMNS : PANEL;
    r->rows_each = ROWS_BYTES / (in * bytes) / TILE_ROWS_MOST * TILE_ROWS_MOST;
    r->rows_each = between(ROWS_LEAST, r->rows_each, ROWS_MOST);
    r->row_tasks = nn_ceil_div(r->rows, r->rows_each);
    if (r->row_tasks < wanted && r->nn->threads > 1)
        column_tasks = nn_ceil_div(wanted, r->row_tasks);
    r->panels_each = nn_ceil_div(r->panels, column_tasks);
    r->group = between(1, GROUP_BYTES / (in * PANEL * bytes), r->panels_each);
    r->piece = GROUP_BYTES / (PANEL * bytes);
    if (r->piece > in || r->group > 1)
        r->piece = in;
    return r->row_tasks * nn_ceil_div(r->panels, r->panels_each);
}

static void finish_tile(const struct running *r, const struct kernel_gemm *g, size_t row,
                        size_t panel)
{
    const struct linear_call *call = r->call;
    size_t width = r->width, column = panel * width;
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

/* What a task is about to do: inputs k .. of panels first .. end - 1 for some rows. */
struct part {
    size_t row, rows_end, panel, panels_end, k;
    float *sums; /* of a tile, or of all rows where there are pieces */
};

static void run_tile(const struct running *r, const struct part *p, size_t row, size_t panel)
{
    const struct linear *linear = r->linear;
    size_t bytes = tensor_type_bytes(r->nn->type), left = linear->in - p->k;
    size_t length = linear_panel_length(linear);
    struct kernel_gemm g = {
        .c = r->piece < linear->in ? p->sums + (row - p->row) * PANEL : p->sums,
        .ldc = PANEL,
        .a = tensor_at(&r->call->src, row) + p->k * bytes,
        .lda = r->call->src.ld,
        .panel = (const char *)linear->panels + (panel * length + p->k * PANEL) * bytes,
        .k = left < r->piece ? left : r->piece,
        .rows = between(1, p->rows_end - row, TILE_ROWS_MOST),
        .cols = PANEL,
        .add = p->k > 0,
    };

    if (r->nn->type == TENSOR_F32)
        r->nn->kernels->gemm_f32(&g);
    else
        r->nn->kernels->gemm_bf16(&g);
    if (g.k == left)
        finish_tile(r, &g, row, panel);
}

static void run_part(const struct running *r, const struct part *p)
{
    for (size_t row = p->row; row < p->rows_end; row += TILE_ROWS_MOST)
        for (size_t panel = p->panel; panel < p->panels_end; panel++)
            run_tile(r, p, row, panel);
}

static void run_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    size_t row = task % r->row_tasks * r->rows_each;
    size_t panel = task / r->row_tasks * r->panels_each;
    size_t end = between(0, panel + r->panels_each, r->panels);
    struct part part = {
        .row = row,
        .rows_end = between(0, row + r->rows_each, r->rows),
        .sums = (float *)(void *)r->nn->scratch + (size_t)thread * ROWS_MOST * PANEL,
    };

    for (; panel < end; panel += r->group) {
        part.panel = panel;
        part.panels_end = between(0, panel + r->group, end);
        for (part.k = 0; part.k < r->linear->in; part.k += r->piece)
            run_part(r, &part);
    }
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
        return nn_failed(err);
    if (plan)
        return 0;
    parallel_use(nn->threads);
    if (linear_pack(nn, linear, gated, err) < 0)
        return nn_failed(err);
    parallel_for(nn->threads, cut(&r), run_task, &r);
    return 0;
}
