/* latest.c - see latest.h. Sorted are records of
 *
 *   key | NUL | partition, 4 bytes | offset, 8 bytes | 1 and the row, or 0
 *
 * so that a key's last record is the last of those that begin with it. A key is in one
 * partition unless somebody published it to another by hand: then the higher one is believed.
 */
#include "services/csv-exporter/latest.h"

#include <string.h>

#include "lib/sort/sort.h"

enum { PLACE_BYTES = 12 };

struct latest {
    struct sorter *sorter;
    struct buf record, last; /* last: while writing */
};

struct latest *latest_new(const char *dir, size_t memory_bytes, struct err *err)
{
    const struct sorter_conf conf = {.dir = dir, .memory_bytes = memory_bytes};
    struct latest *latest = calloc(1, sizeof *latest);

    if (latest)
        latest->sorter = sorter_new(&conf, err);
    if (latest && latest->sorter)
        return latest;
    free(latest);
    err_set_nomem(err, "the last records");
    return NULL;
}

void latest_free(struct latest *latest)
{
    if (!latest)
        return;
    sorter_free(latest->sorter);
    buf_done(&latest->record);
    buf_done(&latest->last);
    free(latest);
}

static void put_number(struct buf *out, uint64_t number, int bytes)
{
    for (int i = bytes; i-- > 0;)
        buf_append_char(out, (char)(number >> (8 * i)));
}

int latest_put(struct latest *latest, const struct bus_record *record, const struct buf *row,
               struct err *err)
{
    struct buf *out = &latest->record;

    buf_clear(out);
    buf_append(out, record->key, record->key_size);
    buf_append_char(out, '\0');
    put_number(out, (uint64_t)record->partition, 4);
    put_number(out, (uint64_t)record->offset, 8);
    buf_append_char(out, (char)(row != NULL));
    if (row)
        buf_append(out, row->data, row->size);
    if (!buf_ok(out))
        return err_set_nomem(err, "the last records");
    return sorter_add(latest->sorter, out->data, out->size, err);
}

/* The row of what is known to be its key's last. */
static int write_last(const struct latest *latest, struct csv_file *file, struct err *err)
{
    const char *key = latest->last.data, *row;

    if (latest->last.size == 0)
        return 0;
    row = key + strlen(key) + 1 + PLACE_BYTES;
    if (*row++ == 0)
        return 0;
    return csv_file_add(file, row, latest->last.size - (size_t)(row - key), err);
}

int latest_write(struct latest *latest, struct csv_file *file, struct err *err)
{
    const void *record;
    size_t size;
    int r;

    while ((r = sorter_next(latest->sorter, &record, &size, err)) > 0) {
        if (latest->last.size > 0 && strcmp(latest->last.data, record) != 0 &&
            write_last(latest, file, err) < 0)
            return err->code;
        buf_clear(&latest->last);
        buf_append(&latest->last, record, size);
        if (!buf_ok(&latest->last))
            return err_set_nomem(err, "the last records");
    }
    return r < 0 ? r : write_last(latest, file, err);
}
