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
    TILE_ROWS_MOST = 14,             /* that a kernel takes at once */
    ROWS_MOST = 32 * TILE_ROWS_MOST, /* of a task */
    ROWS_LEAST = 4 * TILE_ROWS_MOST,
    ROWS_BYTES = 4 << 20,     /* of a task */
    MADE_BYTES = 128 * 1024,  /* of rows that a task makes for itself */
    GROUP_BYTES = 256 * 1024, /* of the panels, or the piece of one, that are taken together */
    ALONE = 1 << 18,          /* multiplications that are done before another thread is awake */
};

/* -- making -----------------------------------------------------------------------------------
 */

static int check_part(struct linear *linear, size_t part, struct err *err)
{
    const struct safetensor *weight = linear->def.weight[part], *bias = linear->def.bias[part];
    int64_t in = 1;

    if (!weight || weight->rank < 2)
        return err_set(err, ERR_INVALID, "layer %s: weight is not a matrix", linear->name);
    for (int i = 2; i < weight->rank; i++)
        if (weight->shape[i] != 1 && !linear->windows)
            return err_set(err, ERR_INVALID, "%s: shape is not [out, in]", weight->name);
    if (weight->shape[0] < 1 || weight->count < 1 || weight->count > UINT32_MAX)
        return err_set(err, ERR_INVALID, "%s: has no sensible size", weight->name);
    in = (int64_t)weight->count / weight->shape[0];
    if (part > 0 && in != linear->in)
        return err_set(err, ERR_INVALID, "%s: has %lld inputs, not %u as %s", weight->name,
                       (long long)in, linear->in, linear->def.weight[0]->name);
    if (bias && bias->count != (size_t)weight->shape[0])
        return err_set(err, ERR_INVALID, "%s: has %zu numbers for %lld outputs", bias->name,
                       bias->count, (long long)weight->shape[0]);
    linear->in = (uint32_t)in;
    linear->out += (uint32_t)weight->shape[0];
    return 0;
}

static int check_count(const struct linear *linear, const struct safetensor *tensor,
                       struct err *err)
{
    if (tensor && tensor->count != linear->out)
        return err_set(err, ERR_INVALID, "%s: has %zu numbers for %u outputs", tensor->name,
                       tensor->count, linear->out);
    return 0;
}

static int check_def(struct linear *linear, struct err *err)
{
    for (size_t i = 0; i < linear->def.parts; i++)
        if (check_part(linear, i, err) < 0)
            return nn_failed(err);
    if (check_count(linear, linear->def.extra_bias, err) < 0)
        return nn_failed(err);
    return check_count(linear, linear->def.slope, err);
}

static struct linear *make(const struct linear_def *def, bool windows, struct err *err)
{
    struct linear *linear = calloc(1, sizeof *linear);

    if (!linear || !(linear->name = strdup(def->name))) {
        (void)err_set_nomem(err, "a linear layer");
        linear_free(linear);
        return NULL;
    }
    linear->def = *def;
    linear->def.name = linear->name;
    linear->windows = windows;
    if (check_def(linear, err) == 0)
        return linear;
    linear_free(linear);
    return NULL;
}

struct linear *linear_new(const struct linear_def *def, struct err *err)
{
    return make(def, false, err);
}

struct linear *linear_new_windows(const struct linear_def *def, struct err *err)
{
    return make(def, true, err);
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
    const struct linear_source *source; /* of rows; NULL where they are taken in place */
    struct tensor src;                  /* the rows, unless each task makes its own */
    size_t rows, rows_each, row_tasks;  /* in all; of a task; tasks of different rows */
    size_t panels, panels_each;         /* of the layer; of a task */
    size_t group;                       /* panels taken together */
    size_t piece;                       /* inputs taken at once; all if group > 1 */
    size_t width;                       /* columns of dst that a panel makes */
    bool made_by_task;                  /* rows, by each task for itself; else all before */
};

static size_t between(size_t least, size_t x, size_t most)
{
    return x < least ? least : x > most ? most : x;
}

/* How the work is cut into tasks. */
static void cut(struct running *r)
{
    size_t bytes = tensor_type_bytes(r->nn->type), in = r->linear->in;
    size_t wanted = (size_t)r->nn->threads * 4, column_tasks = 1;
    size_t most = (r->source ? MADE_BYTES : ROWS_BYTES) / (in * bytes);

    r->rows = tensor_pixels(&r->call->dst);
    r->panels = linear_panel_count(r->linear);
    r->width = r->linear->gated ? GATE_COLUMNS : PANEL;
    r->rows_each = most / TILE_ROWS_MOST * TILE_ROWS_MOST;
    r->rows_each = between(ROWS_LEAST, r->rows_each, ROWS_MOST);
    r->row_tasks = nn_ceil_div(r->rows, r->rows_each);
    r->made_by_task = r->source && r->row_tasks >= (size_t)r->nn->threads * 2;
    if (r->row_tasks < wanted && r->nn->threads > 1 && !r->made_by_task)
        column_tasks = nn_ceil_div(wanted, r->row_tasks);
    r->panels_each = nn_ceil_div(r->panels, column_tasks);
    r->group = between(1, GROUP_BYTES / (in * PANEL * bytes), r->panels_each);
    r->piece = GROUP_BYTES / (PANEL * bytes);
    if (r->piece > in || r->group > 1)
        r->piece = in;
}

static struct kernel_epilogue end_of(const struct running *r, size_t row, size_t panel)
{
    const struct linear_call *call = r->call;
    const struct linear *linear = r->linear;
    size_t width = r->width, column = panel * width;
    size_t bytes = tensor_type_bytes(r->nn->type);
    struct kernel_epilogue e = {
        .bias = linear->bias + panel * PANEL,
        .slope = linear->slope ? linear->slope + panel * PANEL : NULL,
        .act = call->act,
        .act_last = call->act_last,
        .dst = tensor_at(&call->dst, row) + column * bytes,
        .dst_ld = call->dst.ld,
        .cols = call->dst.c - column < width ? call->dst.c - column : width,
    };

    if (call->residual && call->residual->c > column) {
        e.residual = tensor_at(call->residual, row) + column * bytes;
        e.residual_ld = call->residual->ld;
        e.residual_cols = call->residual->c - column;
    }
    return e;
}

/* What a task is about to do: inputs k .. of panels first .. end - 1 for some rows. */
struct part {
    size_t row, rows_end, panel, panels_end, k;
    const char *a; /* the first row */
    size_t lda;
    float *sums; /* of a tile, or of all rows where there are pieces */
};

static void run_tile(const struct running *r, const struct part *p, const size_t rows[2],
                     size_t panel)
{
    const struct linear *linear = r->linear;
    size_t bytes = tensor_type_bytes(r->nn->type), left = linear->in - p->k;
    size_t length = linear_panel_length(linear);
    struct kernel_gemm g = {
        .c = r->piece < linear->in ? p->sums + (rows[0] - p->row) * PANEL : p->sums,
        .ldc = PANEL,
        .a = p->a + ((rows[0] - p->row) * p->lda + p->k) * bytes,
        .lda = p->lda,
        .panel = (const char *)linear->panels + (panel * length + p->k * PANEL) * bytes,
        .k = left < r->piece ? left : r->piece,
        .rows = rows[1],
        .cols = between(1, r->call->dst.c - panel * r->width, PANEL),
        .add = p->k > 0,
    };

    struct kernel_epilogue end;

    if (linear->gated)
        g.cols = PANEL;
    if (g.k == left) {
        end = end_of(r, rows[0], panel);
        g.end = &end;
    }
    if (r->nn->type == TENSOR_F32)
        r->nn->kernels->gemm_f32(&g);
    else
        r->nn->kernels->gemm_bf16(&g);
}

/* In tiles of as nearly as can be the same size: one of a few rows takes as long as a full one.
 */
static void run_part(const struct running *r, const struct part *p)
{
    size_t tiles = nn_ceil_div(p->rows_end - p->row, TILE_ROWS_MOST);
    size_t rows[2] = {p->row}; /* first, how many */

    for (; tiles > 0; tiles--, rows[0] += rows[1]) {
        rows[1] = nn_ceil_div(p->rows_end - rows[0], tiles);
        for (size_t panel = p->panel; panel < p->panels_end; panel++)
            run_tile(r, p, rows, panel);
    }
}

static size_t sums_bytes(const struct running *r)
{
    return (size_t)r->nn->threads * ROWS_MOST * PANEL * sizeof(float);
}

/* Of the rows that are made: those of each thread, or all. */
static size_t made_bytes(const struct running *r)
{
    size_t rows = r->made_by_task ? (size_t)r->nn->threads * r->rows_each : r->rows;

    return r->source ? rows * r->linear->in * tensor_type_bytes(r->nn->type) : 0;
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

    if (r->made_by_task) {
        char *made = r->nn->scratch + sums_bytes(r) +
                     made_bytes(r) / (size_t)r->nn->threads * (size_t)thread;

        r->source->make(r->source->ctx, row, part.rows_end - row, made);
        part.a = made;
        part.lda = r->linear->in;
    } else {
        part.a = tensor_at(&r->src, row);
        part.lda = r->src.ld;
    }
    for (; panel < end; panel += r->group) {
        part.panel = panel;
        part.panels_end = between(0, panel + r->group, end);
        for (part.k = 0; part.k < r->linear->in; part.k += r->piece)
            run_part(r, &part);
    }
}

static void make_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    size_t each = nn_ceil_div(r->rows, (size_t)r->nn->threads * 2), first = task * each;

    (void)thread;
    if (first < r->rows)
        r->source->make(r->source->ctx, first, between(0, r->rows - first, each),
                        tensor_at(&r->src, first));
}

/* Threads that are worth waking. */
static int threads_for(const struct running *r)
{
    return r->rows * r->linear->in * r->linear->out < ALONE ? 1 : r->nn->threads;
}

static void run_all(struct running *r)
{
    int threads = threads_for(r);

    r->src = r->call->src;
    if (r->source && !r->made_by_task) {
        r->src = (struct tensor){.data = r->nn->scratch + sums_bytes(r),
                                 .type = r->nn->type,
                                 .n = 1,
                                 .h = 1,
                                 .w = (uint32_t)r->rows,
                                 .c = r->linear->in,
                                 .ld = r->linear->in};
        parallel_for(threads, (size_t)r->nn->threads * 2, make_task, r);
    }
    parallel_for(threads, r->row_tasks * nn_ceil_div(r->panels, r->panels_each), run_task, r);
}

static int check_call(const struct linear *linear, const struct linear_call *call,
                      struct err *err)
{
    bool gated = call->act == ACT_GEGLU;

    if (call->dst.c * (gated ? 2U : 1U) != linear->out)
        return err_set(err, ERR_INVALID, "layer %s: gives %u channels, not %u", linear->name,
                       linear->out, call->dst.c);
    if (call->residual && (call->residual->c > call->dst.c ||
                           tensor_pixels(call->residual) != tensor_pixels(&call->dst)))
        return err_set(err, ERR_INVALID, "layer %s: the residual does not fit the result",
                       linear->name);
    if (call->act == ACT_PRELU && !linear->def.slope)
        return err_set(err, ERR_INVALID, "layer %s: has no slopes for its activation",
                       linear->name);
    return 0;
}

int linear_run_from(struct nn *nn, struct linear *linear, const struct linear_call *call,
                    const struct linear_source *source, bool plan, struct err *err)
{
    struct running r = {.nn = nn, .linear = linear, .call = call, .source = source};

    if (check_call(linear, call, err) < 0)
        return nn_failed(err);
    parallel_use(nn->threads);
    if (!plan && linear_pack(nn, linear, call->act == ACT_GEGLU, err) < 0)
        return nn_failed(err);
    cut(&r);
    if (nn_reserve(nn, sums_bytes(&r) + made_bytes(&r), err) < 0)
        return nn_failed(err);
    if (!plan)
        run_all(&r);
    return 0;
}

int linear_run(struct nn *nn, struct linear *linear, const struct linear_call *call, bool plan,
               struct err *err)
{
    if (call->src.c != linear->in)
        return err_set(err, ERR_INVALID, "layer %s: takes %u channels to %u, not %u to %u",
                       linear->name, linear->in, linear->out, call->src.c, call->dst.c);
    return linear_run_from(nn, linear, call, NULL, plan, err);
}
