/* up_data.h - the data folder of a garden that is to run: made, and taken by one process. */
#ifndef GARDENCTL_UP_DATA_H
#define GARDENCTL_UP_DATA_H

#include "lib/base/err.h"

/* Makes path, and the folders above it, which only its owner may enter. */
int up_data_make(const char *path, struct err *err);

/* Takes the folder until the returned descriptor is closed or the process ends. ERR_CONFLICT
 * names the process that has it. */
int up_data_lock(const char *path, struct err *err);

#endif
