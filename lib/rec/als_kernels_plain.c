/* als_kernels_plain.c - the inner loops for any processor: vectors of 128 bits. */
#define LANES 4
#include "lib/rec/als_kernel.h"

static const struct als_kernels table = ALS_KERNELS_TABLE("plain");

const struct als_kernels *als_kernels_plain(void)
{
    return &table;
}
