/* als_half.h - half a sweep: all rows of one side, each exactly, the other side fixed. */
#ifndef LIB_REC_ALS_HALF_H
#define LIB_REC_ALS_HALF_H

#include "lib/rec/als_side.h"
#include "lib/rec/interactions.h"

/* rows is [matrix->rows x factors]; fixed has matrix->cols rows, and is turned. ERR_INVALID
 * where weights are beyond floats, ERR_NOMEM. */
int als_half_sweep(const struct rec_matrix *matrix, const struct als_side *fixed, float *rows,
                   struct err *err);

#endif
