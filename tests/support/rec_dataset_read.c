/* rec_dataset_read.c - a data set from an export's interactions.csv; see rec_dataset.h. */
#include <errno.h>
#include <stdio.h>

#include "lib/base/map.h"
#include "tests/support/rec_dataset.h"

/* A stand-in until lib/csv is there. */
struct rec_dataset *rec_dataset_read(const char *dir, struct err *err)
{
    (void)err_set(err, ERR_INVALID, "%s: not yet", dir);
    return NULL;
}
