/* als_axes.h - the principal axes of a cloud of factors: the eigenvectors of Y'Y. */
#ifndef LIB_REC_ALS_AXES_H
#define LIB_REC_ALS_AXES_H

#include <stddef.h>

/* By Jacobi's rotations. gram is symmetric, [n x n], its upper triangle is read and it is
 * destroyed. ret_axes [n x n] gets the axes as columns, the longest first, each with its
 * largest element above 0; work is [n x n]; ret_spectrum [n] gets the eigenvalues, none below
 * 0. */
void als_axes(double *gram, size_t n, double *work, float *ret_axes, float *ret_spectrum);

#endif
