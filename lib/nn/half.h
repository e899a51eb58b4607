/* half.h - 16-bit floating point numbers in files, as floats. Exact: every one of them is a
 * float. The bytes are little-endian and need not be aligned. */
#ifndef LIB_NN_HALF_H
#define LIB_NN_HALF_H

#include <stddef.h>

/* IEEE 754 half precision: 5 bits of exponent, 10 of fraction. */
void half_read_f16(const void *bytes, size_t count, float *out);

/* The upper half of a float. */
void half_read_bf16(const void *bytes, size_t count, float *out);

#endif
