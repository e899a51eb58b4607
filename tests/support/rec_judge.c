/* rec_judge.c - rankings, and how good they are; see rec_split.h. */
#include <math.h>
#include <stdbool.h>

#include "tests/support/rec_split.h"

/* -- ranking ------------------------------------------------------------------------------- */

/* The best REC_TOP of one user's scores, which it spoils. */
static void best_of(const struct rec_split *split, size_t asked, float *scores, uint32_t *ret)
{
    uint32_t user = split->asked[asked], count = 0;
    float best[REC_TOP];

    for (uint64_t k = split->train.start[user]; k < split->train.start[user + 1]; k++)
        scores[split->train.items[k]] = -INFINITY;
    for (uint32_t i = 0; i < split->items; i++) {
        uint32_t place = count;

        if (!(scores[i] > -INFINITY) || (count == REC_TOP && scores[i] <= best[REC_TOP - 1]))
            continue;
        if (count < REC_TOP)
            count++;
        else
            place--;
        for (; place > 0 && best[place - 1] < scores[i]; place--) {
            best[place] = best[place - 1];
            ret[place] = ret[place - 1];
        }
        best[place] = scores[i];
        ret[place] = i;
    }
    for (; count < REC_TOP; count++)
        ret[count] = REC_NONE;
}

static void rank_batch(const struct rec_split *split, size_t first, rec_scorer *scorer,
                       void *ctx, float *scores, uint32_t *ret_ranking)
{
    size_t asked[REC_BATCH], count = 0;

    while (count < REC_BATCH && first + count < split->asked_count) {
        asked[count] = first + count;
        count++;
    }
    scorer(ctx, split, asked, count, scores);
    for (size_t i = 0; i < count; i++)
        best_of(split, asked[i], scores + i * split->items, ret_ranking + asked[i] * REC_TOP);
}

int rec_rank(const struct rec_split *split, rec_scorer *scorer, void *ctx,
             uint32_t *ret_ranking, struct err *err)
{
    bool failed = false;

#pragma omp parallel num_threads(2)
    {
        float *scores = malloc((size_t)split->items * REC_BATCH * sizeof *scores);

        if (!scores)
            failed = true;
#pragma omp for schedule(dynamic, 4)
        for (size_t first = 0; first < split->asked_count; first += REC_BATCH)
            if (scores)
                rank_batch(split, first, scorer, ctx, scores, ret_ranking);
        free(scores);
    }
    return failed ? err_set_nomem(err, "scores") : 0;
}

/* -- judging ------------------------------------------------------------------------------- */

enum { AT = 10 };

static double gain(size_t place)
{
    return 1 / log2((double)place + 2);
}

struct hits {
    size_t first10, first20;
    double gained;
};

static struct hits hits_of(const struct rec_split *split, size_t asked, const uint32_t *ranking)
{
    struct hits hits = {0};

    for (size_t place = 0; place < REC_TOP && ranking[place] != REC_NONE; place++) {
        bool hit = false;

        for (uint64_t k = split->test.start[asked]; k < split->test.start[asked + 1]; k++)
            hit = hit || split->test.items[k] == ranking[place];
        hits.first20 += hit;
        if (place < AT) {
            hits.first10 += hit;
            hits.gained += hit ? gain(place) : 0;
        }
    }
    return hits;
}

struct rec_metrics rec_judge(const struct rec_split *split, const uint32_t *ranking)
{
    struct rec_metrics m = {0};
    double n = (double)split->asked_count, squares = 0;

    for (size_t a = 0; a < split->asked_count; a++) {
        struct hits hits = hits_of(split, a, ranking + a * REC_TOP);
        uint64_t theirs = split->test.start[a + 1] - split->test.start[a];
        double ideal = 0, ndcg;

        for (size_t place = 0; place < AT && place < theirs; place++)
            ideal += gain(place);
        ndcg = hits.gained / ideal;
        m.hr10 += (hits.first10 > 0) / n;
        m.ndcg10 += ndcg / n;
        squares += ndcg * ndcg / n;
        m.recall20 += (double)hits.first20 / (double)(theirs < REC_TOP ? theirs : REC_TOP) / n;
    }
    m.ndcg10_error = sqrt((squares - m.ndcg10 * m.ndcg10) / n);
    return m;
}
