/* dataset_local.h - what dataset.c (out) and dataset_read.c (in) share. */
#ifndef PROTO_DATASET_LOCAL_H
#define PROTO_DATASET_LOCAL_H

#include "proto/dataset.h"

enum { DATASET_COLUMNS = 5 };

struct dataset_column {
    const char *name, *other; /* other: read as well; NULL: none */
    bool required;
};

struct dataset_table {
    const char *file, *key;
    size_t column_count;
    struct dataset_column columns[DATASET_COLUMNS]; /* in the order in which they are written */
};

extern const struct dataset_table dataset_tables[DATASET_KINDS];

/* EVENT_TYPE, by enum interaction_type; a NULL follows. */
extern const char *const dataset_types[];

#endif
