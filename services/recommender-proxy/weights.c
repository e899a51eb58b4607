/* weights.c - see weights.h. */
#include "services/recommender-proxy/weights.h"

#include <math.h>
#include <string.h>

enum { ROWS_MIN = 300, LIKES_MIN = 30, ROUNDS = 12 };

const struct weights weights_default = {.of = {
                                            [FEATURE_BASE] = 0,
                                            [FEATURE_POPULAR] = 1,
                                            [FEATURE_GROUP] = 1,
                                            [FEATURE_SEASON] = 0.8F,
                                            [FEATURE_WEATHER] = 0.5F,
                                            [FEATURE_TIME] = 0.5F,
                                            [FEATURE_EXACT] = 0.5F,
                                            [FEATURE_CROWD] = 2,
                                            [FEATURE_LIKED] = 3,
                                            [FEATURE_OWN] = 1,
                                            [FEATURE_FRESH] = 0.2F,
                                        }};

/* How strongly each is drawn to its default: 1 over the variance that it may have. */
static const double drawn[FEATURES] = {
    [FEATURE_BASE] = 1,     [FEATURE_POPULAR] = 10, [FEATURE_GROUP] = 10, [FEATURE_SEASON] = 10,
    [FEATURE_WEATHER] = 10, [FEATURE_TIME] = 10,    [FEATURE_EXACT] = 10, [FEATURE_CROWD] = 0.5,
    [FEATURE_LIKED] = 0.5,  [FEATURE_OWN] = 10,     [FEATURE_FRESH] = 10,
};

/* Solves a x = b by Cholesky; a is symmetric and, by the ridge, positive definite. */
static void solve(double a[FEATURES][FEATURES], double b[FEATURES])
{
    for (int i = 0; i < FEATURES; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = a[i][j];

            for (int k = 0; k < j; k++)
                sum -= a[i][k] * a[j][k];
            a[i][j] = i == j ? sqrt(fmax(sum, 1e-9)) : sum / a[j][j];
        }
        for (int k = 0; k < i; k++)
            b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (int i = FEATURES - 1; i >= 0; i--) {
        for (int k = i + 1; k < FEATURES; k++)
            b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
}

static void add_row(const struct weights_row *row, const double *w,
                    double a[FEATURES][FEATURES], double b[FEATURES])
{
    double score = (double)row->offset, p;

    for (int i = 0; i < FEATURES; i++)
        score += w[i] * (double)row->feature[i];
    p = 1 / (1 + exp(-score));
    for (int i = 0; i < FEATURES; i++) {
        const double x = (double)row->feature[i];

        b[i] += (row->liked - p) * x;
        for (int j = 0; j <= i; j++)
            a[i][j] += p * (1 - p) * x * (double)row->feature[j];
    }
}

/* Weights that are at zero and would go below stay there, and the others are found without them
 * (projected Newton, Bertsekas 1982). */
static void hold_at_zero(double a[FEATURES][FEATURES], double b[FEATURES], const double *w)
{
    for (int i = 0; i < FEATURES; i++) {
        if (i == FEATURE_BASE || w[i] > 0 || b[i] > 0)
            continue;
        for (int k = 0; k < FEATURES; k++)
            a[i][k] = a[k][i] = 0;
        a[i][i] = 1;
        b[i] = 0;
    }
}

static void improve(const struct weights_row *rows, size_t count, double *w)
{
    double a[FEATURES][FEATURES] = {0}, b[FEATURES] = {0};

    for (size_t i = 0; i < count; i++)
        add_row(&rows[i], w, a, b);
    for (int i = 0; i < FEATURES; i++) {
        a[i][i] += drawn[i];
        b[i] -= drawn[i] * (w[i] - (double)weights_default.of[i]);
    }
    hold_at_zero(a, b, w);
    solve(a, b);
    for (int i = 0; i < FEATURES; i++) {
        w[i] += fmax(-2, fmin(2, b[i])); /* far from the end Newton's steps are too long */
        if (i != FEATURE_BASE)
            w[i] = fmax(0, w[i]);
    }
}

struct weights weights_learn(const struct weights_row *rows, size_t count)
{
    struct weights weights = weights_default;
    double w[FEATURES];
    size_t likes = 0;

    for (size_t i = 0; i < count; i++)
        likes += rows[i].liked;
    if (count < ROWS_MIN || likes < LIKES_MIN || likes == count)
        return weights;
    for (int i = 0; i < FEATURES; i++)
        w[i] = (double)weights.of[i];
    for (int round = 0; round < ROUNDS; round++)
        improve(rows, count, w);
    for (int i = 0; i < FEATURES; i++)
        weights.of[i] = (float)w[i];
    return weights;
}
