/* tables.c - see tables.h. */
#include "services/csv-exporter/tables.h"

#include "lib/base/log.h"
#include "services/csv-exporter/tables_local.h"

enum { LOGGED_MAX = 10 };

int tables_unreadable(struct tables *tables, const struct bus_record *record, struct err *why)
{
    if (tables->unreadable++ < LOGGED_MAX)
        log_warn("partition %d, offset %lld of %s is left out: %s", (int)record->partition,
                 (long long)record->offset, record->topic, why->text);
    err_clear(why);
    return 0;
}

int tables_make(const struct tables_conf *conf, struct tables *ret_tables, struct err *err)
{
    struct tables *tables = ret_tables;

    *tables = (struct tables){.unreadable = 0};
    if (snapshot_fix(conf->bus, &tables->snapshot, err) < 0)
        return err->code;
    for (int i = 0; i < DATASET_KINDS; i++)
        if (csv_file_begin(&tables->files[i], (enum dataset_kind)i, conf->dir, err) < 0)
            return err->code;
    if (tables_users(conf, tables, err) < 0 || tables_items(conf, tables, err) < 0 ||
        tables_acts(conf, tables, err) < 0)
        return err->code;
    for (int i = 0; i < DATASET_KINDS; i++)
        if (csv_file_end(&tables->files[i], err) < 0)
            return err->code;
    return 0;
}

void tables_done(struct tables *tables)
{
    for (int i = 0; i < DATASET_KINDS; i++)
        csv_file_done(&tables->files[i]);
}
