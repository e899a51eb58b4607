/* notice.c - see notice.h. */
#include "services/item-ingest/notice.h"

#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/item-ingest/ingest_conf.h"

#define SOURCE INGEST_SOURCE "/reconcile"

enum {
    TOGETHER = 200,
    PUBLISH_MS = 15000,
};

struct notice {
    char key[KEY_BYTES];
    struct buf value;
    struct envelope envelope;
};

struct notices {
    struct bus *bus;
    size_t count;
    struct notice list[TOGETHER];
};

struct notices *notices_new(struct bus *bus, struct err *err)
{
    struct notices *notices = calloc(1, sizeof *notices);

    if (!notices)
        err_set_nomem(err, "the events of a reconciliation");
    else
        notices->bus = bus;
    return notices;
}

void notices_free(struct notices *notices)
{
    if (!notices)
        return;
    for (size_t i = 0; i < TOGETHER; i++)
        buf_done(&notices->list[i].value);
    free(notices);
}

int notices_add(struct notices *notices, const struct object_event *event, struct err *err)
{
    struct notice *notice;

    if (notices->count == TOGETHER && notices_send(notices, err) < 0)
        return err->code;
    notice = &notices->list[notices->count];
    buf_clear(&notice->value);
    if (object_event_encode(&notice->value, event, err) < 0)
        return err->code;
    memcpy(notice->key, event->key, sizeof notice->key);
    envelope_fill(&notice->envelope, EVENT_OBJECT_CHANGED, SOURCE, NULL, event->event_time_ms,
                  NULL);
    notices->count++;
    return 0;
}

int notices_send(struct notices *notices, struct err *err)
{
    struct bus_record records[TOGETHER];

    for (size_t i = 0; i < notices->count; i++) {
        const struct notice *notice = &notices->list[i];

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
    if (notices->count &&
        bus_publish(notices->bus, records, notices->count, PUBLISH_MS, err) < 0)
        return err->code;
    notices->count = 0;
    return 0;
}
