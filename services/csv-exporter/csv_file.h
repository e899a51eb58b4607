/* csv_file.h - a file that is being made: its rows, its size and its hash, on disk without a
 * name until it is delivered. A thread of its own hashes and writes what comes, while the next
 * rows are found. */
#ifndef SERVICES_CSV_EXPORTER_CSV_FILE_H
#define SERVICES_CSV_EXPORTER_CSV_FILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/crypto/crypto.h"
#include "proto/dataset.h"

struct csv_file {
    enum dataset_kind kind;
    int fd;                  /* 0: none */
    uint64_t rows, size;     /* size: once it is ended */
    char sha256[SHA256_HEX]; /* once it is ended */
    struct buf waiting;
    struct csv_writer *writer;
};

/* Begins with the header line. */
int csv_file_begin(struct csv_file *file, enum dataset_kind kind, const char *dir,
                   struct err *err);

/* A whole row, with its LF. */
int csv_file_add(struct csv_file *file, const void *row, size_t size, struct err *err);

int csv_file_end(struct csv_file *file, struct err *err);

void csv_file_done(struct csv_file *file);

#endif
