/* als_train.c - rec_als_train of als.h: sweeps from random items on.
 *
 * Users' factors are needed only between two half sweeps and are not kept. */
#include <math.h>

#include "lib/nn/parallel.h"
#include "lib/rec/als.h"
#include "lib/rec/als_check.h"
#include "lib/rec/als_half.h"
#include "lib/rec/als_memory.h"
#include "lib/rec/als_model.h"
#include "lib/rec/als_transpose.h"

struct training {
    struct rec_als_conf conf;
    struct rec_matrix by_user, by_item;
    float *users, *items;
    int halves; /* done so far */
};

static void training_done(struct training *t)
{
    als_transpose_done(&t->by_item);
    free(t->users);
    free(t->items);
}

/* splitmix64's mixing (Steele et al., 2014). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

/* From -1 to 1. */
static float random_at(uint64_t seed, size_t item, size_t factor)
{
    uint64_t bits = mix(mix(mix(seed) + item) + factor);

    return (float)((double)(bits >> 40) / (1 << 23) - 1);
}

/* Small, so that the first users are told apart by their items rather than by chance. */
static void items_init(const struct training *t)
{
    size_t k = (size_t)t->conf.factors;
    float size = 0.1F / sqrtf((float)k);

    for (size_t i = 0; i < t->by_item.rows; i++)
        for (size_t f = 0; f < k; f++)
            t->items[i * k + f] = t->by_item.row_start[i] < t->by_item.row_start[i + 1]
                                      ? size * random_at(t->conf.seed, i, f)
                                      : 0;
}

static int training_init(struct training *t, struct err *err)
{
    size_t k = (size_t)t->conf.factors;

    if (als_transpose(&t->by_user, &t->by_item, err) < 0)
        return err->code;
    t->users = als_alloc(t->by_user.rows * k, sizeof *t->users);
    t->items = als_alloc(t->by_user.cols * k, sizeof *t->items);
    if (!t->users || !t->items)
        return err_set_nomem(err, "users' and items' factors");
    items_init(t);
    return 0;
}

/* All rows of the matrix, those of the other side fixed. */
static int half(struct training *t, const struct rec_matrix *matrix, float *fixed, float *rows,
                struct err *err)
{
    const struct rec_als_conf *conf = &t->conf;
    struct als_side side;
    int status = als_side_init(&side, conf, fixed, matrix->cols, err);

    if (status == 0) {
        als_side_turn(&side);
        status = als_half_sweep(matrix, &side, rows, err);
    }
    als_side_done(&side);
    if (status < 0)
        return status;
    t->halves++;
    if (conf->go_on && !conf->go_on(conf->ctx, t->halves / 2.0 / conf->sweeps))
        return err_set(err, ERR_TIMEOUT, "training was ended after %d of %d half sweeps",
                       t->halves, 2 * conf->sweeps);
    return 0;
}

static int sweep(struct training *t, struct err *err)
{
    if (half(t, &t->by_user, t->items, t->users, err) < 0)
        return err_wrap(err, "als: users");
    if (half(t, &t->by_item, t->users, t->items, err) < 0)
        return err_wrap(err, "als: items");
    return 0;
}

/* Takes the items out of t, turned. */
static struct rec_als *result(struct training *t, struct err *err)
{
    struct als_side side;
    int status = als_side_init(&side, &t->conf, t->items, t->by_user.cols, err);
    float *items = t->items;

    if (status == 0)
        als_side_turn(&side);
    als_side_done(&side);
    if (status < 0)
        return NULL;
    t->items = NULL;
    return als_model_new(&t->conf, items, t->by_user.cols, err);
}

static struct rec_als *train(struct training *t, struct err *err)
{
    if (training_init(t, err) < 0)
        return NULL;
    for (int i = 0; i < t->conf.sweeps; i++)
        if (sweep(t, err) < 0)
            return NULL;
    return result(t, err);
}

struct rec_als *rec_als_train(const struct rec_matrix *matrix, const struct rec_als_conf *conf,
                              struct err *err)
{
    struct training t = {.conf = *conf, .by_user = *matrix};
    struct rec_als *als;

    if (als_check_conf(conf, err) < 0 || als_check_sweeps(conf, err) < 0 ||
        als_check_matrix(matrix, err) < 0)
        return NULL;
    t.conf.threads = als_threads(conf);
    als = train(&t, err);
    training_done(&t);
    parallel_rest();
    return als;
}
