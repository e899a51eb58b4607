/* rec_implicit.h - the methods of PyPI's implicit, by tools/recommender-peers. */
#ifndef TESTS_SUPPORT_REC_IMPLICIT_H
#define TESTS_SUPPORT_REC_IMPLICIT_H

#include "lib/base/buf.h"
#include "tests/support/rec_split.h"

/* Runs peer.py in the folder where split was written (rec_split_write), and judges its ranking.
 * words: the method, then the folder of a validation split, or NAME=VALUE parameters; NULL at
 * the end. ret_params gets what it was trained with. */
int rec_implicit_try(const char *const *words, const char *folder,
                     const struct rec_split *split, struct rec_metrics *ret_metrics,
                     struct buf *ret_params, struct err *err);

#endif
