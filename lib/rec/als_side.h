/* als_side.h - one side's factors Y (items or users) made ready to solve the other's rows with:
 * turned into the principal axes of Y'Y, so that what all rows share, unobserved * Y'Y +
 * lambda, is diagonal whatever a row's lambda is. Turning both sides changes no product x.y. */
#ifndef LIB_REC_ALS_SIDE_H
#define LIB_REC_ALS_SIDE_H

#include "lib/rec/als.h"
#include "lib/rec/als_kernels.h"

struct als_side {
    struct rec_als_conf conf; /* threads is above 0 */
    const struct als_kernels *kernels;
    size_t factors;
    uint32_t count;
    float *rows;     /* [count x factors], borrowed */
    float *scales;   /* [factors x factors]: als_row's scale for 0, 1, ... entries */
    float *axes;     /* [factors x factors], as columns */
    float *spectrum; /* [factors]: the eigenvalues of Y'Y */
    bool turned;     /* the rows lie in the axes */
};

/* Finds the axes of rows. They are the coordinates' own where the rows lie in their axes
 * already, to f32's precision. ERR_NOMEM. als_side_done in any case. */
int als_side_init(struct als_side *side, const struct rec_als_conf *conf, float *rows,
                  uint32_t count, struct err *err);
void als_side_done(struct als_side *side);

/* Turns the rows into the axes, unless they lie there. */
void als_side_turn(struct als_side *side);

/* One row of the other side, in the axes. The rows are turned. 0, or -1 where the numbers leave
 * what floats can hold, and the row is zeros. Without entries it is zeros, too. scratch as
 * als_kernels' solve has it. */
int als_side_solve(const struct als_side *side, const uint32_t *col, const float *weight,
                   size_t count, void *scratch, float *ret_row);

#endif
