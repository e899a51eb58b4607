/* exports.c - see exports.h. */
#include "services/csv-exporter/exports.h"

#include <string.h>

#include "lib/base/map.h"
#include "lib/base/text.h"

struct exports {
    size_t most;
    struct map *by_id;
    struct export *newest, *oldest;
};

struct exports *exports_new(size_t most, struct err *err)
{
    struct exports *exports = calloc(1, sizeof *exports);

    if (exports)
        exports->by_id = map_new();
    if (!exports || !exports->by_id) {
        free(exports);
        err_set_nomem(err, "the exports");
        return NULL;
    }
    exports->most = most;
    return exports;
}

static void export_free(struct export *export)
{
    buf_done(&export->last);
    free(export);
}

void exports_free(struct exports *exports)
{
    struct export *older;

    if (!exports)
        return;
    for (struct export *export = exports->newest; export; export = older) {
        older = export->older;
        export_free(export);
    }
    map_free(exports->by_id);
    free(exports);
}

static void forget_oldest(struct exports *exports)
{
    struct export *oldest = exports->oldest;

    (void)map_remove(exports->by_id, oldest->id, strlen(oldest->id));
    exports->oldest = oldest->newer;
    if (oldest->newer)
        oldest->newer->older = NULL;
    else
        exports->newest = NULL;
    export_free(oldest);
}

static struct export *add(struct exports *exports, const char *id)
{
    struct export *export = calloc(1, sizeof *export);

    if (exports->oldest && map_count(exports->by_id) >= exports->most)
        forget_oldest(exports);
    if (!export || text_copy(export->id, sizeof export->id, id) < 0 ||
        map_put(exports->by_id, id, strlen(id), export) < 0) {
        free(export);
        return NULL;
    }
    export->older = exports->newest;
    if (exports->newest)
        exports->newest->newer = export;
    else
        exports->oldest = export;
    exports->newest = export;
    return export;
}

bool export_has_ended(const struct export *export)
{
    return export->state == EXPORT_DONE || export->state == EXPORT_FAILED;
}

/* Requested again before its end: given back, or asked for by another replica, too. */
static void take_request(struct export *export, const struct export_event *event)
{
    if (export->requested_ms == 0)
        export->requested_ms = event->timestamp_ms;
    export->state = EXPORT_REQUESTED;
    export->starts = 0;
}

bool exports_take(struct exports *exports, const struct export_event *event, const void *json,
                  size_t size)
{
    struct export *export = map_get(exports->by_id, event->export_id, strlen(event->export_id));

    if (!export)
        export = add(exports, event->export_id);
    if (!export)
        return false;
    if (export_has_ended(export))
        return true;
    if (event->type == EXPORT_REQUESTED) {
        take_request(export, event);
        return true;
    }
    export->state = event->type;
    if (event->type == EXPORT_STARTED) {
        export->started_ms = event->timestamp_ms;
        export->starts++;
        return true;
    }
    export->ended_ms = event->timestamp_ms;
    buf_append(&export->last, json, size);
    return buf_ok(&export->last);
}

const struct export *exports_find(const struct exports *exports, const char *id)
{
    return map_get(exports->by_id, id, strlen(id));
}

const struct export *exports_newest(const struct exports *exports)
{
    return exports->newest;
}
