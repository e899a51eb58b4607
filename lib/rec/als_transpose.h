/* als_transpose.h - a sparse matrix by columns. */
#ifndef LIB_REC_ALS_TRANSPOSE_H
#define LIB_REC_ALS_TRANSPOSE_H

#include "lib/base/err.h"
#include "lib/rec/interactions.h"

/* ret_turned's arrays are the caller's to give to als_transpose_done. ERR_NOMEM. */
int als_transpose(const struct rec_matrix *matrix, struct rec_matrix *ret_turned,
                  struct err *err);
void als_transpose_done(struct rec_matrix *turned); /* a zeroed one, too */

#endif
