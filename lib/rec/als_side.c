/* als_side.c - see als_side.h. */
#include <math.h>

#include "lib/nn/parallel.h"
#include "lib/rec/als_axes.h"
#include "lib/rec/als_memory.h"
#include "lib/rec/als_side.h"

/* So many sums of their own, whatever the number of threads: the order of adding is fixed. */
enum { PARTS = 32 };

struct gram_work {
    const struct als_side *side;
    double *parts; /* [PARTS][factors x factors] */
};

static void gram_part(void *ctx, size_t part, int thread)
{
    const struct gram_work *work = ctx;
    const struct als_side *side = work->side;
    size_t k = side->factors, end = (part + 1) * side->count / PARTS;
    double *sum = work->parts + part * k * k;

    (void)thread;
    memset(sum, 0, k * k * sizeof *sum);
    for (size_t r = part * side->count / PARTS; r < end; r += ALS_BLOCK)
        side->kernels->gram(side->rows + r * k, end - r < ALS_BLOCK ? end - r : ALS_BLOCK, k,
                            sum);
}

/* What every row with so many entries has on its diagonal, where Y'Y has gram. */
static double diagonal(const struct als_side *side, double gram, size_t entries)
{
    const struct rec_als_conf *conf = &side->conf;
    double known = (double)entries + (double)conf->unobserved * side->count;

    return (double)conf->unobserved * gram + conf->regularisation * pow(known, conf->frequency);
}

/* Whether Y'Y is as good as diagonal, next to what is added to it at least. */
static bool is_diagonal(const struct als_side *side, const double *gram)
{
    const double slight = 1e-5;
    size_t k = side->factors;

    for (size_t i = 0; i < k; i++)
        for (size_t j = i + 1; j < k; j++)
            if (side->conf.unobserved * fabs(gram[i * k + j]) >
                slight * sqrt(diagonal(side, gram[i * k + i], 1) *
                              diagonal(side, gram[j * k + j], 1)))
                return false;
    return true;
}

static void keep_axes(struct als_side *side, const double *gram)
{
    size_t k = side->factors;

    for (size_t i = 0; i < k * k; i++)
        side->axes[i] = i % (k + 1) == 0 ? 1 : 0;
    for (size_t i = 0; i < k; i++)
        side->spectrum[i] = (float)gram[i * (k + 1)];
}

static int find_axes(struct als_side *side, struct err *err)
{
    size_t square = side->factors * side->factors;
    struct gram_work work = {side, als_alloc((PARTS + 1) * square, sizeof(double))};

    if (!work.parts)
        return err_set_nomem(err, "the sums of factors' products");
    parallel_for(side->conf.threads, PARTS, gram_part, &work);
    for (size_t part = 1; part < PARTS; part++)
        for (size_t i = 0; i < square; i++)
            work.parts[i] += work.parts[part * square + i];
    side->turned = is_diagonal(side, work.parts);
    if (side->turned)
        keep_axes(side, work.parts);
    else
        als_axes(work.parts, side->factors, work.parts + PARTS * square, side->axes,
                 side->spectrum);
    free(work.parts);
    return 0;
}

static void fill_scale(const struct als_side *side, size_t entries, float *ret_scale)
{
    for (size_t f = 0; f < side->factors; f++)
        ret_scale[f] = (float)(1 / sqrt(diagonal(side, side->spectrum[f], entries)));
}

/* Turning writes to rows. NOLINTNEXTLINE(readability-non-const-parameter) */
int als_side_init(struct als_side *side, const struct rec_als_conf *conf, float *rows,
                  uint32_t count, struct err *err)
{
    size_t k = (size_t)conf->factors;

    *side = (struct als_side){.conf = *conf,
                              .kernels = als_kernels_best(),
                              .factors = k,
                              .count = count,
                              .rows = rows,
                              .scales = als_alloc(2 * k * k + k, sizeof *side->scales)};
    if (!side->scales)
        return err_set_nomem(err, "the axes of factors");
    side->axes = side->scales + k * k;
    side->spectrum = side->axes + k * k;
    if (find_axes(side, err) < 0)
        return err->code;
    for (size_t n = 0; n < k; n++)
        fill_scale(side, n, side->scales + n * k);
    return 0;
}

void als_side_done(struct als_side *side)
{
    free(side->scales);
    side->scales = NULL;
}

enum { TURNED = 4096 }; /* rows of a task */

static void turn_part(void *ctx, size_t task, int thread)
{
    const struct als_side *side = ctx;
    size_t first = task * TURNED, left = side->count - first;

    (void)thread;
    side->kernels->turn(side->rows + first * side->factors, left < TURNED ? left : TURNED,
                        side->factors, side->axes);
}

void als_side_turn(struct als_side *side)
{
    if (!side->turned)
        parallel_for(side->conf.threads, ((size_t)side->count + TURNED - 1) / TURNED, turn_part,
                     side);
    side->turned = true;
}

int als_side_solve(const struct als_side *side, const uint32_t *col, const float *weight,
                   size_t count, void *scratch, float *ret_row)
{
    float scale[REC_FACTORS_MAX];
    struct als_row row = {.other = side->rows,
                          .scale = scale,
                          .factors = side->factors,
                          .col = col,
                          .weight = weight,
                          .count = count};

    if (count < side->factors)
        row.scale = side->scales + count * side->factors;
    else
        fill_scale(side, count, scale);
    if (count > 0 && side->kernels->solve(&row, scratch, ret_row))
        return 0;
    memset(ret_row, 0, side->factors * sizeof *ret_row);
    return count > 0 ? -1 : 0;
}
