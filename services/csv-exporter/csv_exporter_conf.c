/* csv_exporter_conf.c - see csv_exporter_conf.h. */
#include "services/csv-exporter/csv_exporter_conf.h"

#define FIELD(member) offsetof(struct csv_exporter_conf, member)

const struct conf_field csv_exporter_fields[] = {
    {"CSV_EXPORTER_LISTEN", CONF_STRING, "127.0.0.1:8095", FIELD(listen),
     "address that the gateway reaches it by; it has no keys of its own", 0, 0},
    {"CSV_EXPORTER_SCHEDULE_S", CONF_INT, "0", FIELD(schedule_s),
     "an export for each so many seconds, counted from 1970 in UTC (86400: at midnight); 0: "
     "only "
     "when asked for",
     0, 2592000},
    {"CSV_EXPORTER_GROUP", CONF_STRING, CSV_EXPORTER_SERVICE, FIELD(group),
     "consumer group that shares the exports", 0, 0},
    {"CSV_EXPORTER_SORT_MB", CONF_INT, "16", FIELD(sort_mb),
     "memory for sorting, in MiB; what does not fit is written to GARDEN_DATA/tmp", 2, 4096},
    {"CSV_EXPORTER_AWAY_S", CONF_INT, "300", FIELD(away_s),
     "how long bus or store may be away before an export fails, in s", 1, 86400},
};
const size_t csv_exporter_field_count =
    sizeof csv_exporter_fields / sizeof *csv_exporter_fields;

int csv_exporter_conf_load(struct csv_exporter_conf *conf, struct err *err)
{
    struct csv_exporter_conf read = {.group = NULL};
    int r = garden_conf_load(&read.garden, err);

    if (r == 0)
        r = conf_load(&read, csv_exporter_fields, csv_exporter_field_count, err);
    if (r == 0)
        *conf = read;
    return r;
}
