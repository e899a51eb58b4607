/* object_writer.c - see object_writer.h. */
#include "services/common/object_writer.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/object_event.h"
#include "proto/topics.h"
#include "services/common/object_notice.h"

/* What is known of the event before the store is changed, so that a bad request changes
 * nothing. */
static int event_of(const struct object_change_request *request, enum object_change change,
                    const char *key, struct object_event *ret_event, struct err *err)
{
    struct object_event *event = ret_event;

    memset(event, 0, sizeof *event);
    event->change = change;
    (void)text_copy(event->bucket, sizeof event->bucket, OBJECT_BUCKET);
    if (!key || text_copy(event->key, sizeof event->key, key) < 0)
        return err_set(err, ERR_INVALID, "the key is missing or longer than %d bytes",
                       KEY_BYTES - 1);
    if (change != OBJECT_CREATED)
        return 0;
    if (request->control && text_copy(event->control, sizeof event->control, request->control))
        return err_set(err, ERR_INVALID, "the control picture's key is longer than %d bytes",
                       KEY_BYTES - 1);
    if (!request->meta)
        return 0;
    if (request->meta->sha256 &&
        text_copy(event->sha256, sizeof event->sha256, request->meta->sha256) < 0)
        return err_set(err, ERR_INVALID, "the sha256 has more than 64 digits");
    event->width = request->meta->width;
    event->height = request->meta->height;
    return 0;
}

static int note(struct object_notices *notices, const struct object_writer_conf *writer,
                struct object_event *event, const struct trace *trace, struct err *err)
{
    event->event_time_ms = clock_wall_ms();
    /* A store that publishes by itself numbers in a way of its own: where its numbers and ours
     * would meet, the event time has to decide. */
    if (!writer->silent)
        object_sequencer_now(event->sequencer);
    return object_notices_add(notices, event, trace, err);
}

/* Copies for a COPY or a MOVE. A move that was cut short after its store half (the publish
 * failed and the caller asks again) finds the picture in its new place already. */
static int copy_object(const struct object_writer_conf *writer,
                       const struct object_change_request *request, struct store_info *info,
                       struct err *err)
{
    int r = store_copy(writer->store, request->key, request->to, info, err);

    if (r == ERR_NOT_FOUND && request->what == OBJECT_MOVE) {
        struct err missing = {0};

        if (store_head(writer->store, request->to, info, &missing) == 0) {
            err_clear(err);
            return 0;
        }
    }
    return r;
}

/* The source was replaced since it was measured. */
static void forget_measured(struct object_event *event)
{
    event->sha256[0] = '\0';
    event->width = event->height = 0;
}

static int put_or_copy(const struct object_writer_conf *writer,
                       const struct object_change_request *request,
                       struct object_notices *notices, const struct trace *trace,
                       struct err *err)
{
    struct store_info info = {0};
    struct object_event event;
    int r = event_of(request, OBJECT_CREATED,
                     request->what == OBJECT_PUT ? request->key : request->to, &event, err);

    if (r < 0)
        return r;
    if (request->what == OBJECT_PUT)
        r = store_put(writer->store, request->key, request->data, request->size, request->meta,
                      &info, err);
    else
        r = copy_object(writer, request, &info, err);
    if (r < 0 || writer->silent)
        return r;
    if (request->what != OBJECT_PUT && info.size != request->size)
        forget_measured(&event);
    event.size_bytes = info.size;
    (void)text_copy(event.etag, sizeof event.etag, info.etag);
    return note(notices, writer, &event, trace, err);
}

static int remove_object(const struct object_writer_conf *writer,
                         const struct object_change_request *request,
                         struct object_notices *notices, const struct trace *trace,
                         struct err *err)
{
    struct object_event event;
    int r = event_of(request, OBJECT_REMOVED, request->key, &event, err);

    if (r == 0)
        r = store_remove(writer->store, request->key, NULL, err);
    /* also where nothing was there: the catalogue may know of it still */
    if (r < 0 || writer->silent)
        return r;
    return note(notices, writer, &event, trace, err);
}

static int clear_object(const struct object_writer_conf *writer,
                        const struct object_change_request *request,
                        struct object_notices *notices, const struct trace *trace,
                        struct err *err)
{
    struct object_event event;
    int r = event_of(request, OBJECT_CLEARED, request->key, &event, err);

    return r < 0 ? r : note(notices, writer, &event, trace, err);
}

static int change_object(const struct object_writer_conf *writer,
                         const struct object_change_request *request,
                         struct object_notices *notices, const struct trace *trace,
                         struct err *err)
{
    int r;

    if (request->what == OBJECT_CLEAR)
        return clear_object(writer, request, notices, trace, err);
    if (request->what == OBJECT_REMOVE)
        return remove_object(writer, request, notices, trace, err);
    r = put_or_copy(writer, request, notices, trace, err);
    if (r == 0 && request->what == OBJECT_MOVE)
        r = remove_object(writer, request, notices, trace, err);
    return r;
}

int object_writer_apply(const struct object_writer_conf *writer,
                        const struct object_change_request *requests, size_t count,
                        const struct trace *trace, struct object_change_result *ret_results,
                        struct err *err)
{
    OWNED(object_notices) notices = object_notices_new(writer->bus, writer->source, err);
    int worked = 0;

    if (!notices)
        return err->code;
    for (size_t i = 0; i < count; i++) {
        struct object_change_result *result = &ret_results[i];
        struct err why = {0};

        result->code = change_object(writer, &requests[i], notices, trace, &why);
        (void)snprintf(result->reason, sizeof result->reason, "%.159s", why.text);
        worked += result->code == 0;
    }
    if (object_notices_send(notices, writer->timeout_ms, err) < 0)
        return err_wrap(err, "the objects were changed, but telling %s failed", TOPIC_OBJECTS);
    return worked;
}
