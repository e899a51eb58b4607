/* csv_exporter.h - the service put together: engines, watch, worker, health, HTTP. */
#ifndef SERVICES_CSV_EXPORTER_CSV_EXPORTER_H
#define SERVICES_CSV_EXPORTER_CSV_EXPORTER_H

#include "services/csv-exporter/csv_exporter_conf.h"

/* Runs until stopping(). */
int csv_exporter_run(const struct csv_exporter_conf *conf, struct err *err);

#endif
