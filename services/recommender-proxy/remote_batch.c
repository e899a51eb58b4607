/* remote_batch.c - see remote_batch.h. */
#include "services/recommender-proxy/remote_batch.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "proto/key.h"

int remote_batch_init(struct remote_batch *batch, size_t count, struct err *err)
{
    batch->count = count;
    batch->ids = calloc(count + 1, sizeof(const char *));
    batch->keep = calloc(count + 1, sizeof *batch->keep);
    return batch->ids && batch->keep ? 0 : err_set_nomem(err, "a batch of events");
}

void remote_batch_done(struct remote_batch *batch)
{
    free((void *)batch->ids);
    free(batch->keep);
}

void remote_batch_check(struct remote_batch *batch, int (*check)(const char *id, struct err *),
                        struct err *ret_why)
{
    for (size_t i = 0; i < batch->count; i++)
        if (check(batch->ids[i], ret_why) < 0)
            batch->count = i;
}

int remote_batch_latest(struct remote_batch *batch, struct err *err)
{
    OWNED(map) later = map_new();

    for (size_t i = batch->count; later && i-- > 0;) {
        const char *id = batch->ids[i];
        const size_t size = strlen(id);

        batch->keep[i] = !map_get(later, id, size);
        if (batch->keep[i] && map_put(later, id, size, batch) < 0)
            return err_set_nomem(err, "a batch of events");
    }
    return later ? 0 : err_set_nomem(err, "a batch of events");
}

int remote_batch_end(const struct remote_batch *batch, int r, const struct err *why,
                     struct err *err)
{
    if (r == 0 && why->code == 0)
        return 0;
    if (r == 0)
        return err_set(err, batch->count == 0 ? why->code : ERR_REMOTE, "%s", why->text);
    if (err->code == ERR_INVALID && batch->count > 1)
        err->code = ERR_REMOTE;
    return err->code;
}

int64_t remote_batch_time_ms(int64_t timestamp_ms)
{
    const int64_t now_ms = clock_wall_ms();

    return timestamp_ms < now_ms ? timestamp_ms : now_ms;
}

const char *remote_batch_asked(const struct interaction_event *event, char *out)
{
    struct err ignored = {0};
    struct key key;

    if (*event->asked)
        return event->asked;
    if (key_parse(event->item_id, strlen(event->item_id), &key, &ignored) < 0)
        return "";
    memcpy(out, key.search_key, strlen(key.search_key) + 1);
    return out;
}
