/* export_request.h - the exporter's routes:
 *
 *   POST /v1/exports       202 with Location: asks for an export
 *   GET  /v1/exports       the newest, ?limit=1..1000 (default 50)
 *   GET  /v1/exports/{id}  one
 *
 * What needs the bus is done on a pool's threads. */
#ifndef SERVICES_CSV_EXPORTER_EXPORT_REQUEST_H
#define SERVICES_CSV_EXPORTER_EXPORT_REQUEST_H

#include "lib/http/server.h"
#include "services/common/pool.h"
#include "services/csv-exporter/export_watch.h"

#define EXPORT_PATHS                                                                \
    "there are POST /v1/exports, GET /v1/exports, GET /v1/exports/{id}, /healthz, " \
    "/readyz and /metrics\n"

struct export_requests { /* borrowed */
    struct bus *bus;
    struct export_watch *watch;
    struct pool *pool;
};

/* False: the path is none of these. On the front's loop. */
bool export_request(const struct export_requests *requests, struct http_request *request);

#endif
