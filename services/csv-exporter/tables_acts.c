/* tables_acts.c - interactions; see tables.h. Sorted are records of
 *
 *   time, 8 bytes | row | the act's number, 8 bytes
 *
 * while the acts' ids go another way (repeats.h). Which acts are repeats is known once all are
 * read, and then those are left out of what comes back sorted.
 *
 * Partitions are read by two threads, since most of the time goes into reading and parsing;
 * what they find goes through one lock into the one sorter. An act's number is its place among
 * all offsets, so that it does not depend on which thread was first. */
#include <pthread.h>
#include <string.h>

#include "lib/sort/sort.h"
#include "proto/topics.h"
#include "services/csv-exporter/act.h"
#include "services/csv-exporter/repeats.h"
#include "services/csv-exporter/tables_local.h"

enum { NUMBER_BYTES = 8, CHECK_ROWS = 4096, READERS = 2 };

struct making {
    const struct tables_conf *conf;
    struct tables *tables;
    pthread_mutex_t lock; /* of all below, and of the tables' counts */
    struct sorter *sorter;
    struct repeats *repeats;
    size_t next;          /* of the snapshot's partitions: not begun */
    uint64_t next_number; /* of its first act */
    struct err err;       /* the first failure */
};

/* One thread's. */
struct reader {
    struct making *making;
    pthread_t thread;
    bool started;
    uint64_t first_number, from; /* of the partition that is read */
    struct buf record;
    struct act act;
};

static void put_number(struct buf *out, uint64_t number)
{
    unsigned char bytes[NUMBER_BYTES];

    for (int i = 0; i < NUMBER_BYTES; i++)
        bytes[i] = (unsigned char)(number >> (8 * (NUMBER_BYTES - 1 - i)));
    buf_append(out, bytes, sizeof bytes);
}

static uint64_t get_number(const unsigned char *bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < NUMBER_BYTES; i++)
        number = number << 8 | bytes[i];
    return number;
}

static int refuse(struct making *making, const struct bus_record *record, struct err *why)
{
    int r;

    (void)pthread_mutex_lock(&making->lock);
    r = tables_unreadable(making->tables, record, why);
    (void)pthread_mutex_unlock(&making->lock);
    return r;
}

static int add(const struct reader *reader, uint64_t number, struct err *err)
{
    struct making *making = reader->making;
    const struct csv_field *id = &reader->act.event_id;
    int r;

    (void)pthread_mutex_lock(&making->lock);
    r = repeats_add(making->repeats, number, id->text, id->size, err);
    if (r == 0)
        r = sorter_add(making->sorter, reader->record.data, reader->record.size, err);
    (void)pthread_mutex_unlock(&making->lock);
    return r;
}

static int take(void *ctx, const struct bus_record *record, struct err *err)
{
    struct reader *reader = ctx;
    struct act *act = &reader->act;
    const uint64_t number = reader->first_number + ((uint64_t)record->offset - reader->from);
    struct err why = {0};

    if (!record->value)
        (void)err_set(&why, ERR_INVALID, "it has no value");
    else
        (void)act_read(act, record->value, record->value_size, &why);
    if (why.code == ERR_INVALID)
        return refuse(reader->making, record, &why);
    if (why.code)
        return err_set(err, why.code, "%s", why.text);
    buf_clear(&reader->record);
    put_number(&reader->record, (uint64_t)act->row.timestamp_s);
    dataset_write_interaction(&reader->record, &act->row);
    put_number(&reader->record, number);
    return buf_ok(&reader->record) ? add(reader, number, err) : err_set_nomem(err, "a row");
}

/* The next partition that nobody reads; NULL: there is none, or something has failed. */
static const struct export_offset *next_part(struct reader *reader)
{
    struct making *making = reader->making;
    const struct snapshot *snapshot = &making->tables->snapshot;
    const struct export_offset *part = NULL;

    (void)pthread_mutex_lock(&making->lock);
    while (!part && making->err.code == 0 && making->next < snapshot->count) {
        const struct export_offset *offset = &snapshot->offsets[making->next++];

        if (strcmp(offset->topic, TOPIC_INTERACTIONS) == 0)
            part = offset;
    }
    if (part) {
        reader->first_number = making->next_number;
        reader->from = part->from;
        making->next_number += part->to - part->from;
    }
    (void)pthread_mutex_unlock(&making->lock);
    return part;
}

static void *read_parts(void *arg)
{
    struct reader *reader = arg;
    struct making *making = reader->making;
    const struct export_offset *part;

    while ((part = next_part(reader))) {
        struct err err = {0};

        if (snapshot_read_part(making->conf->bus, part, making->conf->stop, take, reader,
                               &err) == 0)
            continue;
        (void)pthread_mutex_lock(&making->lock);
        (void)err_set(&making->err, err.code, "%s", err.text);
        (void)pthread_mutex_unlock(&making->lock);
    }
    return NULL;
}

/* A thread that cannot be had is done without. */
static int read_all(struct making *making, struct err *err)
{
    struct reader *readers = calloc(READERS, sizeof *readers);

    if (!readers)
        return err_set_nomem(err, "the acts");
    for (int i = 0; i < READERS; i++)
        readers[i].making = making;
    for (int i = 1; i < READERS; i++)
        readers[i].started =
            pthread_create(&readers[i].thread, NULL, read_parts, &readers[i]) == 0;
    (void)read_parts(&readers[0]);
    for (int i = 0; i < READERS; i++) {
        if (readers[i].started)
            (void)pthread_join(readers[i].thread, NULL);
        buf_done(&readers[i].record);
        act_done(&readers[i].act);
    }
    free(readers);
    return making->err.code ? err_set(err, making->err.code, "%s", making->err.text) : 0;
}

static int write_rows(struct making *making, struct csv_file *file, const atomic_bool *stop,
                      struct err *err)
{
    const void *record;
    uint64_t seen = 0;
    size_t size;
    int r;

    while ((r = sorter_next(making->sorter, &record, &size, err)) > 0) {
        const unsigned char *bytes = record;

        if (++seen % CHECK_ROWS == 0 && atomic_load(stop))
            return err_set(err, ERR_CONFLICT, "the export is no longer ours");
        if (!repeats_is(making->repeats, get_number(bytes + size - NUMBER_BYTES)) &&
            csv_file_add(file, bytes + NUMBER_BYTES, size - (size_t)2 * NUMBER_BYTES, err) < 0)
            return err->code;
    }
    return r;
}

static int make(struct making *making, struct err *err)
{
    struct tables *tables = making->tables;

    if (read_all(making, err) < 0 || repeats_find(making->repeats, err) < 0)
        return err->code;
    tables->repeated = repeats_count(making->repeats);
    return write_rows(making, &tables->files[DATASET_INTERACTIONS], making->conf->stop, err);
}

int tables_acts(const struct tables_conf *conf, struct tables *tables, struct err *err)
{
    const struct sorter_conf sorting = {.dir = conf->dir, .memory_bytes = conf->memory_bytes};
    OWNED(sorter) sorter = sorter_new(&sorting, err);
    OWNED(repeats)
    repeats = sorter ? repeats_new(conf->dir,
                                   snapshot_records(&tables->snapshot, TOPIC_INTERACTIONS), err)
                     : NULL;
    struct making making = {
        .conf = conf, .tables = tables, .sorter = sorter, .repeats = repeats};
    int r;

    if (!repeats)
        return err->code;
    (void)pthread_mutex_init(&making.lock, NULL);
    r = make(&making, err);
    (void)pthread_mutex_destroy(&making.lock);
    return r;
}
