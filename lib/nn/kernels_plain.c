/* kernels_plain.c - the kernels for any processor: vectors of 128 bits. */
#define LANES 4
#include "lib/nn/kernel_attention.h"
#include "lib/nn/kernel_depthwise.h"
#include "lib/nn/kernel_gemm.h"
#include "lib/nn/kernel_pool.h"
#include "lib/nn/kernel_rows.h"
#include "lib/nn/kernel_windows.h"
#include "lib/nn/kernels_internal.h"

static const struct kernels table = KERNELS_TABLE("plain");

const struct kernels *kernels_plain(void)
{
    return &table;
}
