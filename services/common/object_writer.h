/* object_writer.h - changes an object and tells garden.objects, in that order: the bytes are
 * durable before anybody hears of them. A crash between the two is healed by item-ingest's
 * reconciliation.
 *
 * Where the object store publishes its own events (GARDEN_STORE_EVENTS=1) only the first half
 * happens here; OBJECT_CLEAR, which no store knows, is published all the same. Thread-safe. */
#ifndef SERVICES_COMMON_OBJECT_WRITER_H
#define SERVICES_COMMON_OBJECT_WRITER_H

#include "lib/bus/bus.h"
#include "lib/store/store.h"
#include "lib/trace/trace.h"

struct object_writer_conf {
    struct store *store;
    struct bus *bus;
    bool silent;        /* the store publishes by itself */
    const char *source; /* ce_source, e.g. "/gateway" */
    int timeout_ms;     /* for publishing */
};

struct object_change_request {
    enum { OBJECT_PUT, OBJECT_COPY, OBJECT_REMOVE, OBJECT_MOVE, OBJECT_CLEAR } what;
    const char *key;
    const char *to;   /* COPY, MOVE */
    const void *data; /* PUT */
    size_t size;      /* of data; COPY and MOVE with meta: of the picture that was measured */
    /* PUT, and COPY and MOVE where the caller knows it: what was measured. It goes into the
     * event, so that item-ingest need not fetch and decode the picture; but where what was
     * copied has another size than measured, nothing of meta is told. May be NULL */
    const struct store_meta *meta;
    const char *control; /* pool pictures: key of the control picture; NULL: none */
};

/* What became of one request. */
struct object_change_result {
    int code; /* 0, or ERR_ */
    char reason[160];
};

/* Does all of them - the store first, then one publish for all that worked - and says for each
 * what became of it. Returns how many worked; < 0 only where the publish failed, after the
 * store was changed (ERR_UNAVAILABLE or ERR_TIMEOUT: the change is in the store, the caller may
 * repeat the request). */
int object_writer_apply(const struct object_writer_conf *writer,
                        const struct object_change_request *requests, size_t count,
                        const struct trace *trace, struct object_change_result *ret_results,
                        struct err *err);

#endif
