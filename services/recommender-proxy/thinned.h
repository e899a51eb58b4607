/* thinned.h - the rows that are learnt from, as lib/rec/als.h factorises them: all that was
 * liked, skipped or disliked, and of what was only shown no more than was liked.
 *
 * Three pictures are shown for one that is liked, and a row of three times the length takes ten
 * times as long to solve; measured, what is left out teaches nothing that the rest does not.
 * Which are kept follows from the ids alone. */
#ifndef SERVICES_RECOMMENDER_PROXY_THINNED_H
#define SERVICES_RECOMMENDER_PROXY_THINNED_H

#include "services/recommender-proxy/sample.h"

struct thinned {
    struct rec_matrix matrix; /* points to the next */
    uint64_t *row_start;
    uint32_t *col;
    float *weight;
};

/* False: no memory. */
bool thinned_make(struct thinned *thinned, const struct sample *sample);
void thinned_done(struct thinned *thinned);

#endif
