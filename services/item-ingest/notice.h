/* notice.h - events about objects that reconciliation has to tell, collected and published
 * together. */
#ifndef SERVICES_ITEM_INGEST_NOTICE_H
#define SERVICES_ITEM_INGEST_NOTICE_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "proto/object_event.h"

struct notices;

/* The bus is borrowed. */
struct notices *notices_new(struct bus *bus, struct err *err);
void notices_free(struct notices *notices);
DEFINE_OWNED(notices)

/* Adds one; publishes them where there are many. */
int notices_add(struct notices *notices, const struct object_event *event, struct err *err);

/* Publishes what was added. */
int notices_send(struct notices *notices, struct err *err);

#endif
