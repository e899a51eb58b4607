/* softmax.c - see softmax.h. */
#include <math.h>

#include "lib/nn/softmax.h"

void softmax_row(float *row, size_t count)
{
    float most = row[0], sum = 0;

    for (size_t i = 1; i < count; i++)
        most = fmaxf(most, row[i]);
    for (size_t i = 0; i < count; i++) {
        row[i] = expf(row[i] - most);
        sum += row[i];
    }
    for (size_t i = 0; i < count; i++)
        row[i] /= sum;
}
