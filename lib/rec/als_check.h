/* als_check.h - whether a conf and a matrix can be trained with. ERR_INVALID says what is wrong
 * and what it takes. */
#ifndef LIB_REC_ALS_CHECK_H
#define LIB_REC_ALS_CHECK_H

#include "lib/rec/als.h"

int als_check_conf(const struct rec_als_conf *conf, struct err *err);
int als_check_sweeps(const struct rec_als_conf *conf, struct err *err);
int als_check_matrix(const struct rec_matrix *matrix, struct err *err);

#endif
