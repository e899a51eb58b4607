/* picture.h - what moves pixels and computes nothing. */
#ifndef LIB_NN_PICTURE_H
#define LIB_NN_PICTURE_H

#include "lib/nn/nn.h"

/* Of the same size and channels. */
void picture_copy(struct nn *nn, struct tensor dst, struct tensor src);

/* Nearest neighbour, to dst's size as torch.nn.functional.interpolate has it. */
void picture_upsample(struct nn *nn, struct tensor dst, struct tensor src);

/* Channels of a, then of b. */
void picture_concat(struct nn *nn, struct tensor dst, struct tensor a, struct tensor b);

/* From and to floats without gaps. */
void picture_write(struct nn *nn, struct tensor dst, const float *floats);
void picture_read(struct nn *nn, float *floats, struct tensor src);

/* No NaN and no infinity in it. */
bool picture_is_finite(struct nn *nn, struct tensor src);

#endif
