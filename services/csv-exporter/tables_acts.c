/* tables_acts.c - interactions; see tables.h. Sorted are records of
 *
 *   time, 8 bytes | row | the act's number, 8 bytes
 *
 * while the acts' ids go another way (repeats.h). Which acts are repeats is known once all are
 * read, and then those are left out of what comes back sorted.
 *
 * Partitions are read by two threads, since most of the time goes into reading and parsing,
 * each with a sorter of its own; ids go a batch at a time through a lock into the one place
 * where they are compared. An act's number is its place among all offsets, so that it does not
 * depend on which thread was first. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/sort/sort.h"
#include "proto/topics.h"
#include "services/csv-exporter/act.h"
#include "services/csv-exporter/forgotten.h"
#include "services/csv-exporter/repeats.h"
#include "services/csv-exporter/tables_local.h"

enum { NUMBER_BYTES = 8, CHECK_ROWS = 4096, READERS = 2, BATCH_BYTES = 64 << 10 };

/* One thread's. */
struct reader {
    struct making *making;
    pthread_t thread;
    bool started;
    uint64_t first_number, from; /* of the partition that is read */
    struct sorter *sorter;
    struct buf record;
    struct buf ids; /* struct batched_id, its text, and so on */
    struct act act;
    const unsigned char *head; /* what the sorter gave, and is not written yet; NULL: nothing */
    size_t head_size;
};

struct making {
    const struct tables_conf *conf;
    struct tables *tables;
    struct reader readers[READERS];
    pthread_mutex_t lock; /* of all below, and of the tables' counts */
    struct repeats *repeats;
    struct forgotten *forgotten;
    size_t next;          /* of the snapshot's partitions: not begun */
    uint64_t next_number; /* of its first act */
    struct err err;       /* the first failure */
};

struct batched_id {
    uint64_t number;
    size_t size;
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

/* The ids that the thread has met go to where all of them go. */
static int add_ids(struct reader *reader, struct err *err)
{
    const char *at = reader->ids.data, *end = at + reader->ids.size;
    int r = buf_ok(&reader->ids) ? 0 : err_set_nomem(err, "ids");

    (void)pthread_mutex_lock(&reader->making->lock);
    while (r == 0 && at < end) {
        struct batched_id id;

        memcpy(&id, at, sizeof id);
        at += sizeof id;
        r = repeats_add(reader->making->repeats, id.number, at, id.size, err);
        at += id.size;
    }
    (void)pthread_mutex_unlock(&reader->making->lock);
    buf_clear(&reader->ids);
    return r;
}

static int add(struct reader *reader, uint64_t number, struct err *err)
{
    const struct csv_field *text = &reader->act.event_id;
    const struct batched_id id = {.number = number, .size = text->size};

    buf_append(&reader->ids, &id, sizeof id);
    buf_append(&reader->ids, text->text, text->size);
    if (reader->ids.size >= BATCH_BYTES && add_ids(reader, err) < 0)
        return err->code;
    return sorter_add(reader->sorter, reader->record.data, reader->record.size, err);
}

/* A record without a value. */
static int forget(struct making *making, const struct bus_record *record, struct err *err)
{
    int r;

    (void)pthread_mutex_lock(&making->lock);
    r = forgotten_add(making->forgotten, record->key ? record->key : "", record->key_size,
                      record->timestamp_ms / 1000, err);
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
        return forget(reader->making, record, err);
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
                               &err) == 0 &&
            add_ids(reader, &err) == 0)
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
    struct reader *readers = making->readers;

    for (int i = 1; i < READERS; i++)
        readers[i].started =
            pthread_create(&readers[i].thread, NULL, read_parts, &readers[i]) == 0;
    (void)read_parts(&readers[0]);
    for (int i = 1; i < READERS; i++)
        if (readers[i].started)
            (void)pthread_join(readers[i].thread, NULL);
    return making->err.code ? err_set(err, making->err.code, "%s", making->err.text) : 0;
}

/* record: as it comes back sorted. */
static bool is_left_out(const struct making *making, const unsigned char *record, size_t size)
{
    return repeats_is(making->repeats, get_number(record + size - NUMBER_BYTES)) ||
           forgotten_is(making->forgotten, (const char *)record + NUMBER_BYTES,
                        size - (size_t)2 * NUMBER_BYTES, (int64_t)get_number(record));
}

/* Whose sorter has the record that comes first, at its head; NULL: there is none left, or err
 * says why it cannot be had. */
static struct reader *find_first(struct making *making, struct err *err)
{
    struct reader *first = NULL;

    for (int i = 0; i < READERS; i++) {
        struct reader *reader = &making->readers[i];
        const void *record = reader->head;

        if (!record && sorter_next(reader->sorter, &record, &reader->head_size, err) < 0)
            return NULL;
        reader->head = record;
        if (record && (!first || sorter_compare(record, reader->head_size, first->head,
                                                first->head_size) < 0))
            first = reader;
    }
    return first;
}

static int write_rows(struct making *making, struct csv_file *file, const atomic_bool *stop,
                      struct err *err)
{
    struct reader *first;
    uint64_t seen = 0;

    while ((first = find_first(making, err))) {
        const unsigned char *record = first->head;
        const size_t size = first->head_size;

        if (++seen % CHECK_ROWS == 0 && atomic_load(stop))
            return err_set(err, ERR_CONFLICT, "the export is no longer ours");
        if (!is_left_out(making, record, size) &&
            csv_file_add(file, record + NUMBER_BYTES, size - (size_t)2 * NUMBER_BYTES, err) < 0)
            return err->code;
        first->head = NULL;
    }
    return err->code;
}

static int make(struct making *making, struct err *err)
{
    struct tables *tables = making->tables;

    if (read_all(making, err) < 0 || repeats_find(making->repeats, err) < 0)
        return err->code;
    tables->repeated = repeats_count(making->repeats);
    return write_rows(making, &tables->files[DATASET_INTERACTIONS], making->conf->stop, err);
}

static int init_readers(struct making *making, struct err *err)
{
    const struct sorter_conf sorting = {.dir = making->conf->dir,
                                        .memory_bytes = making->conf->memory_bytes / READERS};

    for (int i = 0; i < READERS; i++) {
        making->readers[i] =
            (struct reader){.making = making, .sorter = sorter_new(&sorting, err)};
        if (!making->readers[i].sorter)
            return err->code;
    }
    return 0;
}

static void readers_done(struct making *making)
{
    for (int i = 0; i < READERS; i++) {
        sorter_free(making->readers[i].sorter);
        buf_done(&making->readers[i].record);
        buf_done(&making->readers[i].ids);
        act_done(&making->readers[i].act);
    }
}

int tables_acts(const struct tables_conf *conf, struct tables *tables, struct err *err)
{
    OWNED(repeats)
    repeats =
        repeats_new(conf->dir, snapshot_records(&tables->snapshot, TOPIC_INTERACTIONS), err);
    OWNED(forgotten) forgotten = repeats ? forgotten_new(err) : NULL;
    struct making *making = forgotten ? calloc(1, sizeof *making) : NULL;
    int r;

    if (!making)
        return forgotten ? err_set_nomem(err, "the acts") : err->code;
    making->conf = conf;
    making->tables = tables;
    making->repeats = repeats;
    making->forgotten = forgotten;
    (void)pthread_mutex_init(&making->lock, NULL);
    r = init_readers(making, err) < 0 ? err->code : make(making, err);
    readers_done(making);
    (void)pthread_mutex_destroy(&making->lock);
    free(making);
    return r;
}
