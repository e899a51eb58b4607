/* tables_acts.c - interactions; see tables.h. Sorted are records of
 *
 *   time, 8 bytes | row | the act's number, 8 bytes
 *
 * while the acts' ids go another way (repeats.h). Which acts are repeats is known once all are
 * read, and then those are left out of what comes back sorted. */
#include <string.h>

#include "lib/sort/sort.h"
#include "proto/topics.h"
#include "services/csv-exporter/act.h"
#include "services/csv-exporter/repeats.h"
#include "services/csv-exporter/tables_local.h"

enum { NUMBER_BYTES = 8, CHECK_ROWS = 4096 };

struct making {
    struct tables *tables;
    struct sorter *sorter;
    struct repeats *repeats;
    uint64_t number;
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

static int take(void *ctx, const struct bus_record *record, struct err *err)
{
    struct making *making = ctx;
    struct act *act = &making->act;
    struct err why = {0};

    if (!record->value)
        (void)err_set(&why, ERR_INVALID, "it has no value");
    else
        (void)act_read(act, record->value, record->value_size, &why);
    if (why.code == ERR_INVALID)
        return tables_unreadable(making->tables, record, &why);
    if (why.code)
        return err_set(err, why.code, "%s", why.text);
    buf_clear(&making->record);
    put_number(&making->record, (uint64_t)act->row.timestamp_s);
    dataset_write_interaction(&making->record, &act->row);
    put_number(&making->record, making->number++);
    if (!buf_ok(&making->record))
        return err_set_nomem(err, "a row");
    if (repeats_add(making->repeats, act->event_id.text, act->event_id.size, err) < 0)
        return err->code;
    return sorter_add(making->sorter, making->record.data, making->record.size, err);
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

static int make(const struct tables_conf *conf, struct making *making, struct err *err)
{
    struct tables *tables = making->tables;

    if (snapshot_read(conf->bus, &tables->snapshot, TOPIC_INTERACTIONS, conf->stop, take,
                      making, err) < 0 ||
        repeats_find(making->repeats, err) < 0)
        return err->code;
    tables->repeated = repeats_count(making->repeats);
    return write_rows(making, &tables->files[DATASET_INTERACTIONS], conf->stop, err);
}

int tables_acts(const struct tables_conf *conf, struct tables *tables, struct err *err)
{
    const struct sorter_conf sorting = {.dir = conf->dir, .memory_bytes = conf->memory_bytes};
    OWNED(sorter) sorter = sorter_new(&sorting, err);
    OWNED(repeats)
    repeats = sorter ? repeats_new(conf->dir,
                                   snapshot_records(&tables->snapshot, TOPIC_INTERACTIONS), err)
                     : NULL;
    struct making *making = repeats ? calloc(1, sizeof *making) : NULL;
    int r;

    if (!making)
        return err_set_nomem(err, "the acts");
    making->tables = tables;
    making->sorter = sorter;
    making->repeats = repeats;
    r = make(conf, making, err);
    buf_done(&making->record);
    act_done(&making->act);
    free(making);
    return r;
}
