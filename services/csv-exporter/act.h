/* act.h - reading a record of garden.interactions fast.
 *
 * Nearly all records are plain: no escapes, known members once. These are read in one pass over
 * the bytes, in a tenth of the time that a tree takes. All that is not plain is left to the
 * codec (proto/interaction_event.h), which decides; so what is refused is the same. Members
 * that are in no file are not looked at, beyond that they are JSON. */
#ifndef SERVICES_CSV_EXPORTER_ACT_H
#define SERVICES_CSV_EXPORTER_ACT_H

#include "proto/dataset.h"

struct act {
    struct csv_field event_id;
    struct dataset_interaction row; /* its impression is shown */
    struct csv_field shown[INTERACTION_IMPRESSION_MAX];
    struct buf storage; /* of what the codec has read */
};

/* Fields point into the bytes or into storage. ERR_INVALID says what is wrong. */
int act_read(struct act *act, const void *bytes, size_t size, struct err *err);

/* The fast way alone, for tests: false where it leaves the record to the codec. */
bool act_scan(struct act *act, const char *bytes, size_t size);

void act_done(struct act *act);

#endif
