/* tables_local.h - what tables.c, tables_latest.c and tables_acts.c share. */
#ifndef SERVICES_CSV_EXPORTER_TABLES_LOCAL_H
#define SERVICES_CSV_EXPORTER_TABLES_LOCAL_H

#include "services/csv-exporter/tables.h"

/* Counts a record that cannot be read, whose reason is forgotten; returns 0. */
int tables_unreadable(struct tables *tables, const struct bus_record *record, struct err *why);

int tables_users(const struct tables_conf *conf, struct tables *tables, struct err *err);
int tables_items(const struct tables_conf *conf, struct tables *tables, struct err *err);
int tables_acts(const struct tables_conf *conf, struct tables *tables, struct err *err);

#endif
