/* softmax.h - numbers to shares that sum to 1. */
#ifndef LIB_NN_SOFTMAX_H
#define LIB_NN_SOFTMAX_H

#include <stddef.h>

/* In place; count at least 1. */
void softmax_row(float *row, size_t count);

#endif
