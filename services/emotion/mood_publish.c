/* mood_publish.c - see mood_publish.h. */
#include "services/emotion/mood_publish.h"

#include <string.h>

#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/emotion/emotion_conf.h"

enum { PUBLISH_MS = 5000 };

/* value NULL: a tombstone. */
static int publish(struct bus *bus, const char *user_id, const struct buf *value,
                   int64_t time_ms, const struct trace *trace, struct err *err)
{
    struct envelope envelope;
    const struct bus_record record = {.topic = TOPIC_USERS,
                                      .timestamp_ms = time_ms,
                                      .key = user_id,
                                      .key_size = strlen(user_id),
                                      .value = value ? value->data : NULL,
                                      .value_size = value ? value->size : 0,
                                      .headers = envelope.headers,
                                      .header_count = ENVELOPE_HEADERS};

    envelope_fill(&envelope, EVENT_USER_CHANGED, EMOTION_SOURCE, NULL, time_ms, trace);
    return bus_publish(bus, &record, 1, PUBLISH_MS, err);
}

int mood_publish(struct bus *bus, const struct user_event *event, const struct trace *trace,
                 struct err *err)
{
    OWNED_VALUE(buf) value = {0};

    if (user_event_encode(&value, event, err) < 0)
        return err->code;
    if (!buf_ok(&value))
        return err_set_nomem(err, "a user event");
    return publish(bus, event->user_id, &value, event->timestamp_ms, trace, err);
}

int mood_publish_tombstone(struct bus *bus, const char *user_id, int64_t time_ms,
                           const struct trace *trace, struct err *err)
{
    return publish(bus, user_id, NULL, time_ms, trace, err);
}
