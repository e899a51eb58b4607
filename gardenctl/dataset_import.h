/* dataset_import.h - the three CSV files of a folder into the topics.
 *
 *   users.csv         garden.users, as of the file's time: visitors that the topic does not
 * know. One that it knows, or that was forgotten there, is left as it is interactions.csv
 * garden.interactions, with event ids made from the rows: sent again they are the same acts.
 * Equal rows that follow each other are as many acts items.csv         read and compared with
 * garden.items only: items follow from pictures
 *
 * A row that is refused is said and left; the rest goes on. */
#ifndef GARDENCTL_DATASET_IMPORT_H
#define GARDENCTL_DATASET_IMPORT_H

#include "lib/bus/bus.h"
#include "proto/dataset.h"

struct dataset_import_conf {
    const char *dir;
    struct bus *bus;
    bool check_only; /* nothing is published */
};

struct dataset_import_count {
    bool there;        /* the file is */
    uint64_t rows;     /* that are good */
    uint64_t imported; /* of those; for items: that the garden has */
    uint64_t refused;
};

/* One of the files; one that is missing is no failure. */
int dataset_import(const struct dataset_import_conf *conf, enum dataset_kind kind,
                   struct dataset_import_count *ret_count, struct err *err);

#endif
