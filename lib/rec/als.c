/* als.c - see als.h: the model, and users folded in.
 *
 * Items that were trained lie in their principal axes: a user is folded in with a diagonal
 * instead of a matrix. */
#include <math.h>

#include "lib/nn/parallel.h"
#include "lib/rec/als.h"
#include "lib/rec/als_check.h"
#include "lib/rec/als_memory.h"
#include "lib/rec/als_model.h"
#include "lib/rec/als_side.h"

struct rec_als {
    struct als_side side; /* of the items as they are folded in with */
    float *items;         /* as the caller sees them */
    float *turned;        /* a copy in their principal axes, where items do not lie in them */
};

void rec_als_free(struct rec_als *als)
{
    if (!als)
        return;
    als_side_done(&als->side);
    free(als->items);
    free(als->turned);
    free(als);
}

int rec_als_factors(const struct rec_als *als)
{
    return als->side.conf.factors;
}

uint32_t rec_als_item_count(const struct rec_als *als)
{
    return als->side.count;
}

const float *rec_als_items(const struct rec_als *als)
{
    return als->items;
}

/* Items that are given may lie in any way: then they are folded in with a copy that is turned.
 * What was trained is turned itself. */
static int keep_turned(struct rec_als *als, struct err *err)
{
    size_t floats = (size_t)als->side.count * als->side.factors;

    als->turned = als_alloc(floats, sizeof *als->turned);
    if (!als->turned)
        return err_set_nomem(err, "the items' factors");
    memcpy(als->turned, als->items, floats * sizeof *als->items);
    als->side.rows = als->turned;
    als_side_turn(&als->side);
    return 0;
}

struct rec_als *als_model_new(const struct rec_als_conf *conf, float *items, uint32_t count,
                              struct err *err)
{
    struct rec_als *als = calloc(1, sizeof *als);

    if (!als) {
        free(items);
        (void)err_set_nomem(err, "the model");
        return NULL;
    }
    als->items = items;
    if (als_side_init(&als->side, conf, items, count, err) < 0 ||
        (!als->side.turned && keep_turned(als, err) < 0)) {
        rec_als_free(als);
        return NULL;
    }
    return als;
}

static int check_items(const float *items, size_t count, size_t factors, struct err *err)
{
    for (size_t i = 0; i < count * factors; i++)
        if (!isfinite(items[i]))
            return err_set(err, ERR_INVALID,
                           "als: factor %zu of item %zu is no finite number: the file that it "
                           "comes from is damaged; train again",
                           i % factors, i / factors);
    return 0;
}

int als_threads(const struct rec_als_conf *conf)
{
    return conf->threads > 0 ? conf->threads : parallel_available();
}

struct rec_als *rec_als_new(const struct rec_als_conf *conf, const float *items, uint32_t count,
                            struct err *err)
{
    struct rec_als_conf used = *conf;
    struct rec_als *als;
    float *copy;

    if (als_check_conf(conf, err) < 0 ||
        check_items(items, count, (size_t)conf->factors, err) < 0)
        return NULL;
    used.threads = als_threads(conf);
    copy = als_alloc((size_t)count * (size_t)conf->factors, sizeof *copy);
    if (!copy) {
        (void)err_set_nomem(err, "the items' factors");
        return NULL;
    }
    memcpy(copy, items, (size_t)count * (size_t)conf->factors * sizeof *copy);
    als = als_model_new(&used, copy, count, err);
    parallel_rest();
    return als;
}

/* user = axes * turned */
static void turn_back(const struct als_side *side, const float *turned, float *ret_user)
{
    size_t k = side->factors;

    for (size_t i = 0; i < k; i++) {
        float sum = 0;

        for (size_t j = 0; j < k; j++)
            sum += side->axes[i * k + j] * turned[j];
        ret_user[i] = sum;
    }
}

void rec_als_fold_in(const struct rec_als *als, const uint32_t *items, const float *weights,
                     size_t count, float *ret_user)
{
    const struct als_side *side = &als->side;
    void *scratch = __builtin_alloca_with_align(als_scratch_bytes(side->factors, count), 512);
    float turned[REC_FACTORS_MAX];

    (void)als_side_solve(side, items, weights, count, scratch, turned);
    if (als->turned)
        turn_back(side, turned, ret_user);
    else
        memcpy(ret_user, turned, side->factors * sizeof *ret_user);
}
