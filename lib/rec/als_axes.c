/* als_axes.c - see als_axes.h.
 *
 * Jacobi's method is slower than others, but this is a small matrix, once in a half sweep; it
 * is short, exact also for the smallest eigenvalues, and needs no library whose threads get in
 * the way of ours. */
#include <math.h>
#include <stdbool.h>

#include "lib/rec/als.h"
#include "lib/rec/als_axes.h"

enum { ROUNDS_MAX = 40 };

/* What is not worth a rotation: next to the two elements of the diagonal, and to the largest.
 * Sums of f32 are not as exact. */
static const double small = 1e-12, nothing = 1e-15;

static void mirror(double *a, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            a[i * n + j] = a[j * n + i];
}

static void set_identity(double *a, size_t n)
{
    for (size_t i = 0; i < n * n; i++)
        a[i] = i % (n + 1) == 0;
}

/* Rows p and q of a become c * p - s * q and s * p + c * q. */
static void rotate_rows(double *p, double *q, size_t n, const double cs[2])
{
    for (size_t i = 0; i < n; i++) {
        double before = p[i];

        p[i] = cs[0] * before - cs[1] * q[i];
        q[i] = cs[1] * before + cs[0] * q[i];
    }
}

/* The rotation that makes a[p][q] zero (Golub and Van Loan, 8.5.2). */
static void angle(double pp, double qq, double pq, double ret_cs[2])
{
    double tau = (qq - pp) / (2 * pq);
    double t = (tau < 0 ? -1 : 1) / (fabs(tau) + sqrt(1 + tau * tau));

    ret_cs[0] = 1 / sqrt(1 + t * t);
    ret_cs[1] = t * ret_cs[0];
}

/* a stays symmetric: its rows are rotated, and copied into its columns. The four elements where
 * rows and columns cross see both. */
static void rotate(double *a, size_t n, size_t p, size_t q, double *axes)
{
    double pp = a[p * n + p], qq = a[q * n + q], pq = a[p * n + q], cs[2], t;

    angle(pp, qq, pq, cs);
    t = cs[1] / cs[0];
    rotate_rows(a + p * n, a + q * n, n, cs);
    a[p * n + p] = pp - t * pq;
    a[q * n + q] = qq + t * pq;
    a[p * n + q] = a[q * n + p] = 0;
    for (size_t i = 0; i < n; i++) {
        a[i * n + p] = a[p * n + i];
        a[i * n + q] = a[q * n + i];
    }
    rotate_rows(axes + p * n, axes + q * n, n, cs);
}

static double largest_diagonal(const double *a, size_t n)
{
    double largest = 0;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, a[i * n + i]);
    return largest;
}

/* Whether there was something to rotate. */
static bool rotate_all(double *a, size_t n, double *axes)
{
    double floor = nothing * largest_diagonal(a, n);
    bool rotated = false;

    for (size_t p = 0; p < n; p++)
        for (size_t q = p + 1; q < n; q++) {
            double pq = fabs(a[p * n + q]);

            if (pq <= floor || pq <= small * sqrt(fabs(a[p * n + p] * a[q * n + q])))
                continue;
            rotate(a, n, p, q, axes);
            rotated = true;
        }
    return rotated;
}

/* By the diagonal, the largest first. */
static void sort(const double *a, size_t n, size_t *ret_order)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = i;

        for (; at > 0 && a[ret_order[at - 1] * (n + 1)] < a[i * (n + 1)]; at--)
            ret_order[at] = ret_order[at - 1];
        ret_order[at] = i;
    }
}

static void put_axis(const double *axis, size_t n, float *ret_column)
{
    size_t largest = 0;

    for (size_t i = 1; i < n; i++)
        if (fabs(axis[i]) > fabs(axis[largest]))
            largest = i;
    for (size_t i = 0; i < n; i++)
        ret_column[i * n] = (float)(axis[largest] < 0 ? -axis[i] : axis[i]);
}

void als_axes(double *gram, size_t n, double *work, float *ret_axes, float *ret_spectrum)
{
    size_t order[REC_FACTORS_MAX];

    mirror(gram, n);
    set_identity(work, n);
    for (int round = 0; round < ROUNDS_MAX && rotate_all(gram, n, work); round++)
        ;
    sort(gram, n, order);
    for (size_t i = 0; i < n; i++) {
        put_axis(work + order[i] * n, n, ret_axes + i);
        ret_spectrum[i] = (float)fmax(gram[order[i] * (n + 1)], 0);
    }
}
