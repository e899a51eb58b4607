/* thinned.c - see thinned.h. */
#include "services/recommender-proxy/thinned.h"

#include <stdlib.h>

enum { LEAST = 2 }; /* shown pictures that a row may keep whatever was liked */

struct shown {
    uint64_t order;
    uint64_t entry;
};

static int compare(const void *a, const void *b)
{
    const struct shown *one = a, *other = b;

    if (one->order != other->order)
        return one->order < other->order ? -1 : 1;
    return one->entry < other->entry ? -1 : one->entry > other->entry;
}

/* Those of the row that are left out are marked. */
static void thin_row(const struct sample *sample, uint32_t row, struct shown *shown,
                     bool *left_out)
{
    const uint64_t start = sample->row_start[row], end = sample->row_start[row + 1];
    size_t count = 0, likes = 0;

    for (uint64_t e = start; e < end; e++) {
        left_out[e - start] = false;
        likes += sample->weight[e] > 0;
        if (sample->only_shown[e])
            shown[count++] = (struct shown){
                .order = (sample->row[row].hash ^ sample->item_hash[sample->col[e]]) *
                         UINT64_C(0x9e3779b97f4a7c15),
                .entry = e - start};
    }
    likes = likes < LEAST ? LEAST : likes;
    if (count <= likes)
        return;
    qsort(shown, count, sizeof *shown, compare);
    for (size_t i = likes; i < count; i++)
        left_out[shown[i].entry] = true;
}

static void copy_rows(struct thinned *thinned, const struct sample *sample, struct shown *shown,
                      bool *left_out)
{
    uint64_t kept = 0;

    for (uint32_t row = 0; row < sample->learnt; row++) {
        const uint64_t start = sample->row_start[row];

        thin_row(sample, row, shown, left_out);
        for (uint64_t e = start; e < sample->row_start[row + 1]; e++) {
            if (left_out[e - start])
                continue;
            thinned->col[kept] = sample->col[e];
            thinned->weight[kept++] = sample->weight[e];
        }
        thinned->row_start[row + 1] = kept;
    }
}

bool thinned_make(struct thinned *thinned, const struct sample *sample)
{
    const size_t entries = sample->row_start[sample->learnt] + 1;
    struct shown *shown = malloc(MARKS_MAX * sizeof *shown);
    bool *left_out = malloc(MARKS_MAX * sizeof *left_out);
    bool ok;

    *thinned =
        (struct thinned){.row_start = calloc((size_t)sample->learnt + 1, sizeof(uint64_t)),
                         .col = malloc(entries * sizeof(uint32_t)),
                         .weight = malloc(entries * sizeof(float))};
    ok = shown && left_out && thinned->row_start && thinned->col && thinned->weight;
    if (ok)
        copy_rows(thinned, sample, shown, left_out);
    else
        thinned_done(thinned);
    free(shown);
    free(left_out);
    thinned->matrix = (struct rec_matrix){.rows = sample->learnt,
                                          .cols = sample->cols,
                                          .row_start = thinned->row_start,
                                          .col = thinned->col,
                                          .weight = thinned->weight};
    return ok;
}

void thinned_done(struct thinned *thinned)
{
    free(thinned->row_start);
    free(thinned->col);
    free(thinned->weight);
    *thinned = (struct thinned){0};
}
