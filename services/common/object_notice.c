/* object_notice.c - see object_notice.h. */
#include "services/common/object_notice.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "proto/envelope.h"
#include "proto/topics.h"

/* Has an address of its own: the record points into the envelope. */
struct notice {
    struct notice *next;
    char key[KEY_BYTES];
    struct buf value;
    struct envelope envelope;
};

struct object_notices {
    struct bus *bus;
    const char *source;
    struct notice *first, **last;
    size_t count;
};

struct object_notices *object_notices_new(struct bus *bus, const char *source, struct err *err)
{
    struct object_notices *notices = calloc(1, sizeof *notices);

    if (!notices) {
        err_set_nomem(err, "the events of objects");
        return NULL;
    }
    notices->bus = bus;
    notices->source = source;
    notices->last = &notices->first;
    return notices;
}

static void forget(struct object_notices *notices)
{
    struct notice *notice, *next;

    for (notice = notices->first; notice; notice = next) {
        next = notice->next;
        buf_done(&notice->value);
        free(notice);
    }
    notices->first = NULL;
    notices->last = &notices->first;
    notices->count = 0;
}

void object_notices_free(struct object_notices *notices)
{
    if (!notices)
        return;
    forget(notices);
    free(notices);
}

int object_notices_add(struct object_notices *notices, const struct object_event *event,
                       const struct trace *trace, struct err *err)
{
    struct notice *notice = calloc(1, sizeof *notice);

    if (!notice)
        return err_set_nomem(err, "the event of an object");
    if (object_event_encode(&notice->value, event, err) < 0) {
        buf_done(&notice->value);
        free(notice);
        return err->code;
    }
    memcpy(notice->key, event->key, sizeof notice->key);
    envelope_fill(&notice->envelope, EVENT_OBJECT_CHANGED, notices->source, NULL,
                  event->event_time_ms, trace);
    *notices->last = notice;
    notices->last = &notice->next;
    notices->count++;
    return 0;
}

size_t object_notices_count(const struct object_notices *notices)
{
    return notices->count;
}

int object_notices_send(struct object_notices *notices, int timeout_ms, struct err *err)
{
    const struct notice *notice = notices->first;
    struct bus_record *records;
    int r;

    if (notices->count == 0)
        return 0;
    records = calloc(notices->count, sizeof *records);
    if (!records)
        return err_set_nomem(err, "the events of objects");
    for (size_t i = 0; notice; i++, notice = notice->next) {
        records[i] = (struct bus_record){
            .topic = TOPIC_OBJECTS,
            .key = notice->key,
            .key_size = strlen(notice->key),
            .value = notice->value.data,
            .value_size = notice->value.size,
            .headers = notice->envelope.headers,
            .header_count = ENVELOPE_HEADERS,
        };
    }
    r = bus_publish(notices->bus, records, notices->count, timeout_ms, err);
    free(records);
    if (r == 0)
        forget(notices);
    return r;
}
