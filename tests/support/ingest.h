/* ingest.h - item-ingest under test, alone: the real program on engines of its own, and the
 * test on the same engines as whoever writes to the store and reads the catalogue.
 *
 * Everything fails the test where it cannot be done. */
#ifndef TESTS_SUPPORT_INGEST_H
#define TESTS_SUPPORT_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "lib/base/buf.h"
#include "lib/http/client.h"
#include "proto/object_event.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"

struct ingest {
    struct garden_conf conf;
    struct bus *bus;
    struct store *store;
    struct catalog *catalog;
    struct http_client *http;
    char url[64]; /* "http://127.0.0.1:port" */
    char log[300];
    char settings[5][512];
    const char *env[8];
    pid_t pid; /* 0: not running */
    int64_t start[3]
                 [64]; /* where garden.objects, items and dead-letters ended before the test */
};

/* A new folder, a free port, the engines opened; NULL: the embedded one. What is on the bus
 * from other tests counts as handled. Reconciliation at start is off. */
void ingest_prepare(struct ingest *in, const char *bus, const char *catalog);

/* Adds "NAME=value" for the next start; borrowed. */
void ingest_set(struct ingest *in, const char *setting);

/* Starts it and waits until it is ready. */
void ingest_start(struct ingest *in);

/* SIGTERM; it has to end with status 0. */
void ingest_stop(struct ingest *in);

/* kill -9, if it runs. */
void ingest_kill(struct ingest *in);

/* Stops it if it runs, and closes the engines. */
void ingest_done(struct ingest *in);

/* Publishes events to garden.objects as our own writers do, some at a time. */
void ingest_tell(struct ingest *in, const struct object_event *events, size_t count);

/* Publishes bytes under a key (NULL: none) with headers; returns nothing: where they went is
 * asked of the bus. */
void ingest_tell_raw(struct ingest *in, const char *key, const void *value, size_t size,
                     const struct bus_header *headers, size_t header_count);

/* Waits until the catalogue's offsets are at the end of garden.objects. */
void ingest_settle(struct ingest *in);

/* Makes the next start read all of garden.objects again that the test has written. */
void ingest_rewind(struct ingest *in);

/* The row of an object key; false: there is none. */
bool ingest_row(struct ingest *in, const char *key, struct catalog_item *ret_item);

/* Calls fn for every record that the topic (one of those three) got since the test began. */
void ingest_each(struct ingest *in, const char *topic,
                 int (*fn)(void *ctx, const struct bus_record *record, struct err *err),
                 void *ctx);

/* How many those are. */
int64_t ingest_count(struct ingest *in, const char *topic);

/* The sum of all versions: it moves with every change of what is catalogued. */
uint64_t ingest_versions(struct ingest *in);

/* Asks its HTTP; returns the status, 0 where there was no answer. */
int ingest_ask(struct ingest *in, const char *method, const char *path, struct buf *ret_body);

/* Asks until the answer contains text. */
void ingest_wait_answer(struct ingest *in, const char *path, const char *text);

/* A figure of /metrics by its whole name with labels. */
double ingest_figure(struct ingest *in, const char *name);

#endif
