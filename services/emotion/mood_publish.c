/* mood_publish.c - see mood_publish.h. */
#include "services/emotion/mood_publish.h"

#include <string.h>

#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/emotion/emotion_conf.h"

enum { PUBLISH_MS = 5000 };

static struct bus_record record_of(const char *topic, const char *user_id,
                                   const struct buf *value, int64_t time_ms,
                                   const struct envelope *envelope)
{
    return (struct bus_record){.topic = topic,
                               .timestamp_ms = time_ms,
                               .key = user_id,
                               .key_size = strlen(user_id),
                               .value = value ? value->data : NULL, /* else a tombstone */
                               .value_size = value ? value->size : 0,
                               .headers = envelope->headers,
                               .header_count = ENVELOPE_HEADERS};
}

int mood_publish(struct bus *bus, const struct user_event *event, const struct trace *trace,
                 struct err *err)
{
    OWNED_VALUE(buf) value = {0};
    struct envelope envelope;
    struct bus_record record;

    if (user_event_encode(&value, event, err) < 0)
        return err->code;
    if (!buf_ok(&value))
        return err_set_nomem(err, "a user event");
    envelope_fill(&envelope, EVENT_USER_CHANGED, EMOTION_SOURCE, NULL, event->timestamp_ms,
                  trace);
    record = record_of(TOPIC_USERS, event->user_id, &value, event->timestamp_ms, &envelope);
    return bus_publish(bus, &record, 1, PUBLISH_MS, err);
}

int mood_publish_tombstone(struct bus *bus, const char *user_id, int64_t time_ms,
                           const struct trace *trace, struct err *err)
{
    struct envelope envelopes[2];
    struct bus_record records[2];

    envelope_fill(&envelopes[0], EVENT_USER_CHANGED, EMOTION_SOURCE, NULL, time_ms, trace);
    envelope_fill(&envelopes[1], EVENT_USER_CHANGED, EMOTION_SOURCE, NULL, time_ms, trace);
    records[0] = record_of(TOPIC_INTERACTIONS, user_id, NULL, time_ms, &envelopes[0]);
    records[1] = record_of(TOPIC_USERS, user_id, NULL, time_ms, &envelopes[1]);
    return bus_publish(bus, records, 2, PUBLISH_MS, err);
}
