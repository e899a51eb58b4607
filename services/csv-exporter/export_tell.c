/* export_tell.c - see export_tell.h. */
#include "services/csv-exporter/export_tell.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/csv-exporter/csv_exporter_conf.h"

enum { PUBLISH_MS = 10000 };

static int publish(struct bus *bus, const struct export_event *event,
                   const struct envelope *envelope, int timeout_ms, struct err *err)
{
    OWNED_VALUE(buf) value = {0};
    struct bus_record record = {.topic = TOPIC_EXPORTS,
                                .key = event->export_id,
                                .key_size = strlen(event->export_id),
                                .headers = envelope->headers,
                                .header_count = ENVELOPE_HEADERS};

    if (export_event_encode(&value, event, err) < 0)
        return err->code;
    record.value = value.data;
    record.value_size = value.size;
    return bus_publish(bus, &record, 1, timeout_ms, err);
}

static void prepare(struct export_event *event, struct envelope *envelope,
                    const struct trace *trace)
{
    event->timestamp_ms = clock_wall_ms();
    envelope_fill(envelope, EVENT_EXPORT_PROGRESSED, CSV_EXPORTER_SOURCE, NULL,
                  event->timestamp_ms, trace);
}

int export_tell(struct bus *bus, struct export_event *event, const struct trace *trace,
                int timeout_ms, struct err *err)
{
    struct envelope envelope;

    prepare(event, &envelope, trace);
    return publish(bus, event, &envelope, timeout_ms, err);
}

bool export_may_pass(int err_code)
{
    return err_code == ERR_UNAVAILABLE || err_code == ERR_TIMEOUT || err_code == ERR_REMOTE;
}

int export_tell_surely(struct bus *bus, struct export_event *event, const struct trace *trace,
                       struct trouble *trouble, struct err *err)
{
    struct envelope envelope;
    struct retry retry = {0};

    prepare(event, &envelope, trace);
    for (;;) {
        struct err why = {0};

        if (publish(bus, event, &envelope, PUBLISH_MS, &why) == 0)
            break;
        if (!export_may_pass(why.code) && why.code != ERR_IO)
            return err_set(err, why.code, "%s", why.text);
        trouble_set(trouble, "publishing to " TOPIC_EXPORTS ": %s", why.text);
        if (retry_loud(&retry))
            log_warn("publishing to " TOPIC_EXPORTS ": %s; trying again", why.text);
        if (!retry_wait(&retry))
            return err_set(err, ERR_UNAVAILABLE, "stopping");
    }
    if (retry.attempts)
        trouble_clear(trouble);
    return 0;
}
