/* exports.h - what is known of each export, folded from garden.exports. Every replica comes to
 * the same, because all read the same partition. Not thread-safe: see export_watch.h. */
#ifndef SERVICES_CSV_EXPORTER_EXPORTS_H
#define SERVICES_CSV_EXPORTER_EXPORTS_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "proto/export_event.h"

struct export
{
    char id[EXPORT_ID_MAX + 1];
    enum export_type state;                     /* the event that counts; STARTED: running */
    int64_t requested_ms, started_ms, ended_ms; /* 0: not yet */
    int starts;      /* since it was requested, or given back: more than one is a death */
    struct buf last; /* the event that ended it, as JSON; borrowed until the next take */
    struct export *older, *newer;
};

struct exports;

/* The newest so many are remembered. */
struct exports *exports_new(size_t most, struct err *err);
void exports_free(struct exports *exports);
DEFINE_OWNED(exports)

/* Takes in an event; json is how it was written. False: no memory. */
bool exports_take(struct exports *exports, const struct export_event *event, const void *json,
                  size_t size);

/* NULL: not known. Borrowed until the next take. */
const struct export *exports_find(const struct exports *exports, const char *id);

/* Of older ones follow ->older. NULL: there are none. */
const struct export *exports_newest(const struct exports *exports);

bool export_has_ended(const struct export *export);

#endif
