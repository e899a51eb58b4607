/* front.h - item-ingest's own HTTP: /healthz, /readyz, /metrics, and /reconcile (GET: how far
 * it is, POST: begin one). Bound to loopback unless told otherwise: it has no keys. */
#ifndef SERVICES_ITEM_INGEST_FRONT_H
#define SERVICES_ITEM_INGEST_FRONT_H

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "services/item-ingest/health.h"
#include "services/item-ingest/reader.h"
#include "services/item-ingest/reconcile.h"

struct front;

/* Starts to answer; /readyz says "starting" until front_connect. */
struct front *front_start(const char *listen, struct err *err);

int front_port(const struct front *front);

/* Borrowed until front_free. */
void front_connect(struct front *front, struct health *health, struct reader *reader,
                   struct reconcile *reconcile);

void front_free(struct front *front);
DEFINE_OWNED(front)

#endif
