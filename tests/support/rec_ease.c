/* rec_ease.c - EASE in closed form; see rec_peers.h. */
#include "tests/support/rec_models.h"

struct rec_ease {
    uint32_t items;
    float *b; /* [items x items]; a row: what a like of its item says of the others */
};

/* LAPACK: the Cholesky factor of a symmetric matrix (its lower triangle, by columns), and the
 * inverse of the matrix from that. */
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
extern void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);

/* The lower triangle of X'X + lambda I. */
static void count_pairs(double *a, double lambda, const struct rec_split *split)
{
    const struct rec_rows *train = &split->train;
    size_t n = split->items;

    for (uint32_t u = 0; u < split->users; u++)
        for (uint64_t k = train->start[u]; k < train->start[u + 1]; k++)
            for (uint64_t l = k; l < train->start[u + 1]; l++)
                a[train->items[k] * n + train->items[l]] += 1; /* items ascend */
    for (size_t i = 0; i < n; i++)
        a[i * n + i] += lambda;
}

static int invert(double *a, int n, struct err *err)
{
    int info = 0;

    dpotrf_("L", &n, a, &n, &info);
    if (info == 0)
        dpotri_("L", &n, a, &n, &info);
    return info == 0 ? 0
                     : err_set(err, ERR_INVALID, "EASE: LAPACK could not invert (%d)", info);
}

struct rec_ease *rec_ease_new(double lambda, const struct rec_split *split, struct err *err)
{
    size_t n = split->items;
    struct rec_ease *ease = calloc(1, sizeof *ease);
    double *a = calloc(n * n, sizeof *a);

    if (ease && a) {
        *ease = (struct rec_ease){split->items, malloc(n * n * sizeof(float))};
        if (ease->b) {
            count_pairs(a, lambda, split);
            (void)invert(a, (int)n, err);
        }
    }
    if (!ease || !a || !ease->b || err->code < 0) {
        (void)err_set_nomem(err, "EASE's matrix");
        rec_ease_free(ease);
        free(a);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) { /* only the lower triangle was filled */
            double p = i <= j ? a[i * n + j] : a[j * n + i];

            ease->b[i * n + j] = i == j ? 0 : (float)(-p / a[j * n + j]);
        }
    free(a);
    return ease;
}

void rec_ease_free(struct rec_ease *ease)
{
    if (!ease)
        return;
    free(ease->b);
    free(ease);
}

void rec_ease_score(const struct rec_ease *ease, const uint32_t *items, size_t count,
                    float *ret_scores)
{
    for (size_t k = 0; k < count; k++) {
        const float *row = ease->b + (size_t)items[k] * ease->items;

        for (uint32_t j = 0; j < ease->items; j++)
            ret_scores[j] += row[j];
    }
}
