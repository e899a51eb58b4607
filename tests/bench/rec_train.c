/* rec_train.c - rec_train [FACTORS [SWEEPS [THREADS]]]: how long iALS trains at the size that a
 * garden may have, 10 million likes of a million visitors and 100,000 pictures, and in how much
 * memory.
 *
 * The likes are made up: pictures belong to groups and are liked by their rank in it (a power
 * law), visitors have one to three groups and now and then like anything. Most have few likes,
 * some have hundreds. That the model is a good one shows in likes that were held back: how
 * often one is among the 100 best of 100,000, next to the 100 most liked pictures, and next to
 * what somebody would choose who knows each visitor's groups. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/rec/als.h"
#include "tests/support/process.h"

enum {
    VISITORS = 1000000,
    PICTURES = 100000,
    LIKES = 10000000,
    GROUPS = 50,
    IN_GROUP = PICTURES / GROUPS,
    MOST = 1000,  /* likes of a visitor */
    ASKED = 1000, /* visitors of whom a like is held back */
    BEST = 100,
    ROUNDS = 50,
    FOLDS = 2000
};

#define ANYTHING 0.1 /* of the likes have nothing to do with groups */

struct taste {
    uint32_t groups[3], kinds;
};

struct likes {
    struct rec_matrix matrix;
    uint64_t *row_start;
    uint32_t *col;
    uint32_t held[ASKED];
    struct taste taste[ASKED];
    uint32_t liked[PICTURES];   /* how often */
    float rank_below[IN_GROUP]; /* probability of a rank, summed up */
    uint64_t state;
};

static void give_up(const char *why)
{
    (void)fprintf(stderr, "rec_train: %s\n", why);
    exit(EXIT_FAILURE);
}

static double uniform(struct likes *l)
{
    l->state = l->state * 6364136223846793005 + 1442695040888963407;
    return (double)(l->state >> 11) / 9007199254740992.0;
}

static uint32_t below(struct likes *l, uint32_t n)
{
    return (uint32_t)(uniform(l) * n);
}

/* Ranks as the inverse of their place. */
static void ranks_init(struct likes *l)
{
    float sum = 0;

    for (int i = 0; i < IN_GROUP; i++)
        l->rank_below[i] = sum += 1 / powf((float)i + 5, 0.9F);
    for (int i = 0; i < IN_GROUP; i++)
        l->rank_below[i] /= sum;
}

static uint32_t rank(struct likes *l)
{
    float wanted = (float)uniform(l);
    uint32_t low = 0, high = IN_GROUP - 1;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (l->rank_below[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Ten on average, half of the visitors at most six. */
static uint32_t likes_of_one(struct likes *l)
{
    double count = 2.9 / pow(1 - uniform(l), 0.8);

    return count < MOST ? (uint32_t)count : MOST;
}

/* Large groups have their members' numbers far apart, as pictures come in no order. */
static uint32_t picture(uint32_t group, uint32_t rank_in_group)
{
    return rank_in_group * GROUPS + group;
}

static struct taste draw_taste(struct likes *l)
{
    struct taste taste = {.kinds = 1 + below(l, 3)};

    for (uint32_t i = 0; i < taste.kinds; i++) {
        double u = uniform(l);

        taste.groups[i] = (uint32_t)(u * u * GROUPS);
    }
    return taste;
}

/* Sorted, each once; returns how many. */
static uint32_t draw_row(struct likes *l, const struct taste *taste, uint32_t *ret_cols)
{
    uint32_t count = likes_of_one(l), unique = 0;

    for (uint32_t i = 0; i < count; i++) {
        uint32_t group =
            uniform(l) < ANYTHING ? below(l, GROUPS) : taste->groups[below(l, taste->kinds)];

        ret_cols[i] = picture(group, rank(l));
    }
    qsort(ret_cols, count, sizeof *ret_cols, by_number);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || ret_cols[i] != ret_cols[i - 1])
            ret_cols[unique++] = ret_cols[i];
    return unique;
}

/* Of the first visitors, who have two likes at least, one is taken out. */
static uint32_t hold_back(struct likes *l, uint32_t row, uint32_t *cols, uint32_t count)
{
    uint32_t at = below(l, count);

    l->held[row] = cols[at];
    memmove(cols + at, cols + at + 1, (count - at - 1) * sizeof *cols);
    return count - 1;
}

static struct likes *likes_new(void)
{
    struct likes *l = calloc(1, sizeof *l);
    uint64_t end = 0;

    if (!l || !(l->row_start = calloc(VISITORS + 1, sizeof *l->row_start)) ||
        !(l->col = malloc((LIKES + MOST) * sizeof *l->col)))
        give_up("no memory");
    l->state = 1;
    ranks_init(l);
    for (uint32_t r = 0; r < VISITORS; r++) {
        struct taste taste = draw_taste(l);
        uint32_t count = end < LIKES ? draw_row(l, &taste, l->col + end) : 0;

        if (r < ASKED) {
            l->taste[r] = taste;
            count = count > 1 ? hold_back(l, r, l->col + end, count) : 0;
        }
        for (uint32_t i = 0; i < count; i++)
            l->liked[l->col[end + i]]++;
        l->row_start[r + 1] = end += count;
    }
    l->matrix = (struct rec_matrix){VISITORS, PICTURES, l->row_start, l->col, NULL};
    return l;
}

static void likes_free(struct likes *l)
{
    free(l->row_start);
    free(l->col);
    free(l);
}

/* -- how good it is --------------------------------------------------------------------------
 */

static void score_all(const struct rec_als *als, const float *user, float *ret_scores)
{
    size_t k = (size_t)rec_als_factors(als);
    const float *items = rec_als_items(als);

    for (size_t i = 0; i < PICTURES; i++) {
        float sum[4] = {0};

        for (size_t f = 0; f < k; f += 4)
            for (size_t v = 0; v < 4; v++)
                sum[v] += user[f + v] * items[i * k + f + v];
        ret_scores[i] = sum[0] + sum[1] + sum[2] + sum[3];
    }
}

static void score_by_taste(const struct likes *l, const struct taste *taste, float *ret_scores)
{
    for (uint32_t i = 0; i < PICTURES; i++) {
        float likely = (float)ANYTHING / GROUPS;
        uint32_t place = i / GROUPS;

        for (uint32_t g = 0; g < taste->kinds; g++)
            if (taste->groups[g] == i % GROUPS)
                likely += (float)(1 - ANYTHING) / (float)taste->kinds;
        ret_scores[i] =
            likely * (l->rank_below[place] - (place > 0 ? l->rank_below[place - 1] : 0));
    }
}

/* Whether what was held back is among the best that the visitor has not liked yet. */
static int is_found(const struct likes *l, uint32_t row, float *scores)
{
    uint32_t better = 0;

    for (uint64_t e = l->row_start[row]; e < l->row_start[row + 1]; e++)
        scores[l->col[e]] = -INFINITY;
    for (uint32_t i = 0; i < PICTURES; i++)
        better += scores[i] > scores[l->held[row]];
    return better < BEST;
}

struct found {
    int asked, by_als, by_popularity, by_taste;
};

static void ask(const struct likes *l, const struct rec_als *als, uint32_t row,
                struct found *found)
{
    static float scores[PICTURES];
    float user[REC_FACTORS_MAX];
    size_t count = l->row_start[row + 1] - l->row_start[row];

    if (count == 0)
        return;
    found->asked++;
    rec_als_fold_in(als, l->col + l->row_start[row], NULL, count, user);
    score_all(als, user, scores);
    found->by_als += is_found(l, row, scores);
    for (size_t i = 0; i < PICTURES; i++)
        scores[i] = (float)l->liked[i];
    found->by_popularity += is_found(l, row, scores);
    score_by_taste(l, &l->taste[row], scores);
    found->by_taste += is_found(l, row, scores);
}

static void at_least(const char *name, double value, double least)
{
    printf("rec-train-%s\t%.2f\t\t>= %g\t%s\n", name, value, least,
           value >= least ? "ok" : "short");
}

static void measure_found(const struct likes *l, const struct rec_als *als)
{
    struct found found = {0};

    for (uint32_t r = 0; r < ASKED; r++)
        ask(l, als, r, &found);
    at_least("hits-at-100", (double)found.by_als / found.asked, 0);
    at_least("hits-of-popularity", (double)found.by_als / found.by_popularity, 2);
    at_least("hits-of-who-knows-the-groups", (double)found.by_als / found.by_taste, 0.75);
}

/* -- how fast --------------------------------------------------------------------------------
 */

static void figure(const char *name, double value, const char *unit, double most)
{
    printf("rec-train-%s\t%.2f\t%s\t<= %g\t%s\n", name, value, unit, most,
           value <= most ? "ok" : "short");
}

static double processor_seconds(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

static struct rec_als *measure_training(const struct likes *l, const struct rec_als_conf *conf)
{
    struct err err = {0};
    int64_t start = clock_mono_ns();
    double processor = processor_seconds(), seconds;
    struct rec_als *als = rec_als_train(&l->matrix, conf, &err);

    if (!als)
        give_up(err.text);
    seconds = (double)(clock_mono_ns() - start) / 1e9;
    processor = processor_seconds() - processor;
    printf("rec-train-likes\t%.2f\tmillion\t>= 9\t%s\n", (double)l->row_start[VISITORS] / 1e6,
           l->row_start[VISITORS] >= LIKES / 10 * 9UL ? "ok" : "short");
    figure("seconds", seconds, "s", 60);
    figure("sweep", seconds / conf->sweeps, "s", 6);
    figure("processor-seconds", processor, "s", 120);
    figure("resident-peak", (double)process_resident_kib(getpid(), true) / 1024, "MB", 2000);
    return als;
}

/* The fastest of several rounds: what else runs on the machine is not of interest. */
static void measure_folding(const struct likes *l, const struct rec_als *als)
{
    float user[REC_FACTORS_MAX];
    double best = INFINITY;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t start = clock_mono_ns();

        for (uint64_t i = 0; i < FOLDS; i++)
            rec_als_fold_in(als, l->col + ((uint64_t)round * FOLDS + i) * 10, NULL, 10, user);
        best = fmin(best, (double)(clock_mono_ns() - start) / 1e3 / FOLDS);
    }
    figure("fold-in-10-likes", best, "us", 10);
}

int main(int argc, char **argv)
{
    struct rec_als_conf conf = {.factors = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 64,
                                .sweeps = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 12,
                                .threads = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 2,
                                .unobserved = 0.002F,
                                .regularisation = 0.02F,
                                .frequency = 1,
                                .seed = 1};
    struct likes *likes = likes_new();
    OWNED(rec_als) als = measure_training(likes, &conf);

    measure_folding(likes, als);
    measure_found(likes, als);
    likes_free(likes);
    return EXIT_SUCCESS;
}
