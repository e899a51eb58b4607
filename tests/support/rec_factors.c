/* rec_factors.c - products of factors, and rows turned; see rec_models.h. */
#include "tests/support/rec_models.h"

__attribute__((target_clones("avx512f", "avx2,fma", "default"))) void
rec_factors_score(const float *users, size_t count, const float *items, size_t item_count,
                  int factors, float *ret_scores)
{
    for (size_t i = 0; i < item_count; i++) {
        const float *item = items + i * (size_t)factors;

        for (size_t u = 0; u < count; u++) {
            const float *user = users + u * (size_t)factors;
            float sum = 0;

#pragma omp simd reduction(+ : sum)
            for (int f = 0; f < factors; f++)
                sum += user[f] * item[f];
            ret_scores[u * item_count + i] = sum;
        }
    }
}

int rec_rows_transpose(const struct rec_split *split, struct rec_rows *ret_rows)
{
    const struct rec_rows *train = &split->train;
    uint64_t entries = train->start[split->users];
    uint64_t *start = calloc((size_t)split->items + 2, sizeof *start);
    uint32_t *users = malloc((entries + 1) * sizeof *users);

    *ret_rows = (struct rec_rows){start, users};
    if (!start || !users)
        return -1;
    for (uint64_t k = 0; k < entries; k++)
        start[train->items[k] + 2]++;
    for (uint32_t i = 0; i <= split->items; i++)
        start[i + 1] += start[i];
    for (uint32_t u = 0; u < split->users; u++)
        for (uint64_t k = train->start[u]; k < train->start[u + 1]; k++)
            users[start[train->items[k] + 1]++] = u;
    return 0;
}

void rec_rows_done(struct rec_rows *rows)
{
    free(rows->start);
    free(rows->items);
}
