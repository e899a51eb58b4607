/* rec_implicit.h - the methods of PyPI's implicit, by tools/recommender-peers. */
#ifndef TESTS_SUPPORT_REC_IMPLICIT_H
#define TESTS_SUPPORT_REC_IMPLICIT_H

#include "lib/base/buf.h"
#include "tests/support/rec_split.h"

/* Runs peer.py's method in the folder where split was written (rec_split_write); words: what
 * follows, NULL at the end: the folder of a validation split, or NAME=VALUE parameters. Judges
 * its ranking; ret_params gets what it was trained with. cpu_s may be NULL. */
int rec_implicit_try(const char *method, const char *folder, const char *const *words,
                     const struct rec_split *split, struct rec_metrics *ret_metrics,
                     double *ret_cpu_s, struct buf *ret_params, struct err *err);

#endif
