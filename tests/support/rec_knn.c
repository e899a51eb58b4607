/* rec_knn.c - items that the same users liked; see rec_peers.h. */
#include <math.h>

#include "tests/support/rec_models.h"

struct neighbour {
    float similarity;
    uint32_t item;
};

struct rec_knn {
    uint32_t items;
    int most;
    struct neighbour *neighbours; /* [items x most] */
    int *count;                   /* [items] */
};

struct fitting {
    const struct rec_peer_conf *conf;
    const struct rec_split *split;
    struct rec_rows users_of;
    float *of_user; /* [users]: how much a like of this user says */
    float *of_item; /* [items]: what it is multiplied by in the item's row */
};

/* -- weights ------------------------------------------------------------------------------- */

static double likes_of(const struct rec_rows *rows, uint32_t row)
{
    return (double)(rows->start[row + 1] - rows->start[row]);
}

static void weigh_users(struct fitting *f)
{
    for (uint32_t u = 0; u < f->split->users; u++)
        f->of_user[u] =
            f->conf->method == REC_COSINE
                ? 1
                : (float)(log(f->split->items) - log1p(likes_of(&f->split->train, u)));
}

/* 1 / the length of the item's row */
static double by_length(const struct fitting *f, uint32_t item)
{
    double squares = 0;

    for (uint64_t k = f->users_of.start[item]; k < f->users_of.start[item + 1]; k++) {
        double w = (double)f->of_user[f->users_of.items[k]];

        squares += w * w;
    }
    return squares > 0 ? 1 / sqrt(squares) : 0;
}

static void weigh_items(struct fitting *f)
{
    double mean = (double)f->split->train.start[f->split->users] / f->split->items;

    for (uint32_t i = 0; i < f->split->items; i++) {
        double k1 = f->conf->k1, b = f->conf->b, length = likes_of(&f->users_of, i) / mean;

        f->of_item[i] = f->conf->method == REC_BM25
                            ? (float)((k1 + 1) / (k1 * (1 - b + b * length) + 1))
                            : (float)by_length(f, i);
    }
}

/* -- similarities -------------------------------------------------------------------------- */

static void keep(struct rec_knn *knn, uint32_t item, struct neighbour n)
{
    struct neighbour *list = knn->neighbours + (size_t)item * (size_t)knn->most;
    int place = knn->count[item];

    if (place == knn->most) {
        if (n.similarity <= list[place - 1].similarity)
            return;
        place--;
    } else {
        knn->count[item]++;
    }
    for (; place > 0 && list[place - 1].similarity < n.similarity; place--)
        list[place] = list[place - 1];
    list[place] = n;
}

/* sums: [items] zeros, and so again after. */
static void find_neighbours(const struct fitting *f, struct rec_knn *knn, uint32_t item,
                            float *sums, uint32_t *touched)
{
    const struct rec_rows *train = &f->split->train;
    size_t count = 0;

    for (uint64_t k = f->users_of.start[item]; k < f->users_of.start[item + 1]; k++) {
        uint32_t user = f->users_of.items[k];
        float w = f->of_user[user] * f->of_user[user] * f->of_item[item];

        for (uint64_t l = train->start[user]; l < train->start[user + 1]; l++) {
            uint32_t other = train->items[l];

            if (sums[other] == 0)
                touched[count++] = other;
            sums[other] += w * f->of_item[other];
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (touched[i] != item && sums[touched[i]] > 0)
            keep(knn, item, (struct neighbour){sums[touched[i]], touched[i]});
        sums[touched[i]] = 0;
    }
}

static int find_all(const struct fitting *f, struct rec_knn *knn)
{
    bool failed = false;

#pragma omp parallel num_threads(2)
    {
        float *sums = calloc((size_t)knn->items + 1, sizeof *sums);
        /* A sum of exactly 0 is met again: as often as there are likes. */
        uint32_t *touched =
            malloc((f->split->train.start[f->split->users] + 1) * sizeof *touched);

        if (!sums || !touched)
            failed = true;
#pragma omp for schedule(dynamic, 16)
        for (uint32_t i = 0; i < knn->items; i++)
            if (sums && touched)
                find_neighbours(f, knn, i, sums, touched);
        free(sums);
        free(touched);
    }
    return failed ? -1 : 0;
}

struct rec_knn *rec_knn_new(const struct rec_peer_conf *conf, const struct rec_split *split,
                            struct err *err)
{
    struct rec_knn *knn = calloc(1, sizeof *knn);
    struct fitting f = {.conf = conf, .split = split};
    int r = -1;

    f.of_user = calloc((size_t)split->users + 1, sizeof *f.of_user);
    f.of_item = calloc((size_t)split->items + 1, sizeof *f.of_item);
    if (knn && f.of_user && f.of_item && rec_rows_transpose(split, &f.users_of) == 0) {
        knn->items = split->items;
        knn->most = conf->neighbours;
        knn->neighbours =
            malloc((size_t)split->items * (size_t)knn->most * sizeof(struct neighbour));
        knn->count = calloc((size_t)split->items + 1, sizeof *knn->count);
        weigh_users(&f);
        weigh_items(&f);
        if (knn->neighbours && knn->count)
            r = find_all(&f, knn);
    }
    rec_rows_done(&f.users_of);
    free(f.of_user);
    free(f.of_item);
    if (r == 0)
        return knn;
    (void)err_set_nomem(err, "neighbours");
    rec_knn_free(knn);
    return NULL;
}

void rec_knn_free(struct rec_knn *knn)
{
    if (!knn)
        return;
    free(knn->neighbours);
    free(knn->count);
    free(knn);
}

void rec_knn_score(const struct rec_knn *knn, const uint32_t *items, size_t count,
                   float *ret_scores)
{
    for (size_t i = 0; i < count; i++) {
        const struct neighbour *list = knn->neighbours + (size_t)items[i] * (size_t)knn->most;

        for (int n = 0; n < knn->count[items[i]]; n++)
            ret_scores[list[n].item] += list[n].similarity;
    }
}
