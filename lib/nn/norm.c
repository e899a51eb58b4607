/* norm.c - see norm.h. Group norm goes over the picture twice: once for means and squared
 * differences of pieces, which are then put together (Chan, Golub, LeVeque: "Updating formulae
 * and a pairwise algorithm for computing sample variances"), once to apply them, which for each
 * channel is one multiplication and one addition. */
#include <math.h>
#include <string.h>

#include "lib/nn/nn_internal.h"
#include "lib/nn/norm.h"
#include "lib/nn/weights.h"

enum {
    PIECE_BYTES = 128 * 1024, /* of a picture */
    LAYER_ROWS = 64,          /* of a task */
};

struct norm {
    struct norm_def def;
    char *name;
    float *weight, *bias; /* NULL until the first call */
};

struct norm *norm_new(const struct norm_def *def, struct err *err)
{
    struct norm *norm = calloc(1, sizeof *norm);

    if (!norm || !(norm->name = strdup(def->name))) {
        (void)err_set_nomem(err, "a norm");
        norm_free(norm);
        return NULL;
    }
    norm->def = *def;
    norm->def.name = norm->name;
    return norm;
}

void norm_free(struct norm *norm)
{
    if (!norm)
        return;
    free(norm->weight);
    free(norm->bias);
    free(norm->name);
    free(norm);
}

static int check(const struct norm *norm, const struct norm_call *call, struct err *err)
{
    const struct norm_def *def = &norm->def;
    size_t c = call->src.c;

    if ((def->weight && def->weight->count != c) || (def->bias && def->bias->count != c))
        return err_set(err, ERR_INVALID, "layer %s: has not a number for each of %zu channels",
                       norm->name, c);
    if (def->groups > 0 && c % def->groups)
        return err_set(err, ERR_INVALID, "layer %s: %zu channels are not %u groups", norm->name,
                       c, def->groups);
    return 0;
}

static float *filled(size_t count, float value, struct err *err)
{
    float *floats = nn_alloc(count * sizeof *floats);

    if (!floats) {
        (void)err_set_nomem(err, "a norm");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        floats[i] = value;
    return floats;
}

static int ready(struct norm *norm, size_t c, struct err *err)
{
    const struct norm_def *def = &norm->def;

    if (!norm->weight)
        norm->weight = def->weight ? weights_read_all(norm->name, "weight", def->weight, err)
                                   : filled(c, 1, err);
    if (norm->weight && !norm->bias)
        norm->bias = def->bias ? weights_read_all(norm->name, "bias", def->bias, err)
                               : filled(c, 0, err);
    return norm->weight && norm->bias ? 0 : nn_failed(err);
}

struct running {
    struct nn *nn;
    const struct norm *norm;
    const struct norm_call *call;
    size_t c, groups, pixels; /* pixels of a picture */
    size_t piece, pieces;     /* pixels of one; of a picture */
    float *mean, *square;     /* of each piece's groups */
    float *scale, *shift;     /* of each picture's channels */
    float *columns;           /* 2 * c for each thread */
};

static void measure(struct running *r)
{
    const struct tensor *src = &r->call->src;

    r->c = src->c;
    r->groups = r->norm->def.groups;
    r->pixels = (size_t)src->h * src->w;
    r->piece = PIECE_BYTES / (r->c * tensor_type_bytes(src->type));
    if (r->piece == 0)
        r->piece = 1;
    r->pieces = nn_ceil_div(r->pixels, r->piece);
}

static int reserve(struct running *r, struct err *err)
{
    size_t n = r->call->src.n, moments = n * r->pieces * r->groups, channels = n * r->c;
    size_t all = 2 * moments + 2 * channels + 2 * r->c * (size_t)r->nn->threads;
    float *at;

    if (nn_reserve(r->nn, all * sizeof *at, err) < 0)
        return nn_failed(err);
    at = (float *)(void *)r->nn->scratch;
    r->mean = at;
    r->square = r->mean + moments;
    r->scale = r->square + moments;
    r->shift = r->scale + channels;
    r->columns = r->shift + channels;
    return 0;
}

/* First pixel and count of a task's piece. */
static size_t piece_of(const struct running *r, size_t task, size_t *ret_count)
{
    size_t first = task % r->pieces * r->piece, left = r->pixels - first;

    *ret_count = left < r->piece ? left : r->piece;
    return task / r->pieces * r->pixels + first;
}

static void moments_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    struct kernel_moments m = {
        .ld = r->call->src.ld,
        .type = r->nn->type,
        .cols = r->c,
        .groups = r->groups,
        .scratch = r->columns + (size_t)thread * 2 * r->c,
        .mean = r->mean + task * r->groups,
        .square = r->square + task * r->groups,
    };

    m.src = tensor_at(&r->call->src, piece_of(r, task, &m.rows));
    r->nn->kernels->moments(&m);
}

/* One group's mean and variance from its pieces. */
static void put_together(const struct running *r, size_t picture, size_t group,
                         double *ret_mean, double *ret_variance)
{
    double count = 0, mean = 0, square = 0;
    size_t each = r->c / r->groups;

    for (size_t i = 0; i < r->pieces; i++) {
        size_t at = (picture * r->pieces + i) * r->groups + group, rows;
        double more, apart = (double)r->mean[at] - mean;

        (void)piece_of(r, i, &rows);
        more = (double)rows * (double)each;
        mean += apart * more / (count + more);
        square += (double)r->square[at] + apart * apart * count * more / (count + more);
        count += more;
    }
    *ret_mean = mean;
    *ret_variance = square / count;
}

static void scale_group(const struct running *r, size_t picture, size_t group)
{
    size_t each = r->c / r->groups;
    double mean, variance, scale;

    put_together(r, picture, group, &mean, &variance);
    scale = 1 / sqrt(variance + (double)r->norm->def.eps);
    for (size_t c = group * each; c < (group + 1) * each; c++) {
        double by = scale * (double)r->norm->weight[c];

        r->scale[picture * r->c + c] = (float)by;
        r->shift[picture * r->c + c] = (float)((double)r->norm->bias[c] - mean * by);
    }
}

static void affine_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    size_t rows, first = piece_of(r, task, &rows), picture = task / r->pieces;
    struct kernel_rows k = {
        .src = tensor_at(&r->call->src, first),
        .src_ld = r->call->src.ld,
        .dst = tensor_at(&r->call->dst, first),
        .dst_ld = r->call->dst.ld,
        .type = r->nn->type,
        .rows = rows,
        .cols = r->c,
        .scale = r->scale + picture * r->c,
        .shift = r->shift + picture * r->c,
        .act = r->call->act,
    };

    (void)thread;
    r->nn->kernels->affine(&k);
}

static void group_norm(struct running *r)
{
    size_t tasks = r->call->src.n * r->pieces;

    parallel_for(r->nn->threads, tasks, moments_task, r);
    for (size_t i = 0; i < r->call->src.n; i++)
        for (size_t g = 0; g < r->groups; g++)
            scale_group(r, i, g);
    parallel_for(r->nn->threads, tasks, affine_task, r);
}

static void layer_task(void *ctx, size_t task, int thread)
{
    const struct running *r = ctx;
    size_t first = task * LAYER_ROWS, left = tensor_pixels(&r->call->src) - first;
    struct kernel_rows k = {
        .src = tensor_at(&r->call->src, first),
        .src_ld = r->call->src.ld,
        .dst = tensor_at(&r->call->dst, first),
        .dst_ld = r->call->dst.ld,
        .type = r->nn->type,
        .rows = left < LAYER_ROWS ? left : LAYER_ROWS,
        .cols = r->c,
        .scale = r->norm->weight,
        .shift = r->norm->bias,
        .eps = r->norm->def.eps,
        .act = r->call->act,
    };

    (void)thread;
    r->nn->kernels->layer_norm(&k);
}

int norm_run(struct nn *nn, struct norm *norm, const struct norm_call *call, bool plan,
             struct err *err)
{
    struct running r = {.nn = nn, .norm = norm, .call = call};

    if (check(norm, call, err) < 0)
        return nn_failed(err);
    measure(&r);
    if (r.groups > 0 && reserve(&r, err) < 0)
        return nn_failed(err);
    if (plan)
        return 0;
    parallel_use(nn->threads);
    if (ready(norm, r.c, err) < 0)
        return nn_failed(err);
    if (r.groups > 0)
        group_norm(&r);
    else
        parallel_for(nn->threads, nn_ceil_div(tensor_pixels(&call->src), LAYER_ROWS),
                     layer_task, &r);
    return 0;
}
