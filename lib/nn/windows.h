/* windows.h - a convolution as a matrix product: each window is a row, gathered from the
 * picture. See conv.h's gather. */
#ifndef LIB_NN_WINDOWS_H
#define LIB_NN_WINDOWS_H

#include "lib/nn/conv.h"

struct windows;

/* def is as conv_new has checked it. */
struct windows *windows_new(const struct conv_def *def, struct err *err);
void windows_free(struct windows *windows);

/* The pictures' sizes are as conv_run has checked them. */
int windows_run(struct nn *nn, struct windows *windows, const struct conv_call *call, bool plan,
                struct err *err);

#endif
