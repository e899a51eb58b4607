/* tell.c - see tell.h. */
#include "services/generator-gpu/tell.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "proto/dead_letter.h"
#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/generator-gpu/generator_conf.h"

enum { PUBLISH_MS = 10000 };

/* Events ready to be published, as often as it takes: their ids stay the same. */
struct letters {
    struct bus_record records[TELL_EVENTS];
    struct envelope envelopes[TELL_EVENTS];
    struct buf values[TELL_EVENTS];
    size_t count;
};

static void letters_done(struct letters *letters)
{
    for (size_t i = 0; i < TELL_EVENTS; i++)
        buf_done(&letters->values[i]);
}

static int write_letters(struct letters *letters, const struct job *job,
                         struct generation_event *events, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct envelope *envelope = &letters->envelopes[i];

        events[i].job_id = job->request.job_id;
        events[i].timestamp_ms = clock_wall_ms();
        if (generation_event_encode(&letters->values[i], &events[i], err) < 0)
            return err->code;
        if (!buf_ok(&letters->values[i]))
            return err_set_nomem(err, "an event");
        envelope_fill(envelope, EVENT_GENERATION_PROGRESSED, GENERATOR_SOURCE, NULL,
                      events[i].timestamp_ms, &job->trace);
        letters->records[i] = (struct bus_record){
            .topic = TOPIC_GENERATION_EVENTS,
            .key = events[i].job_id,
            .key_size = strlen(events[i].job_id),
            .value = letters->values[i].data,
            .value_size = letters->values[i].size,
            .headers = envelope->headers,
            .header_count = ENVELOPE_HEADERS,
        };
    }
    letters->count = count;
    return 0;
}

int tell(const struct teller *teller, const struct job *job, struct generation_event *events,
         size_t count, int timeout_ms, struct err *err)
{
    OWNED_VALUE(letters) letters = {.count = 0};

    if (write_letters(&letters, job, events, count, err) < 0)
        return err->code;
    return bus_publish(teller->bus, letters.records, count, timeout_ms, err);
}

static bool may_pass(int code)
{
    return code == ERR_UNAVAILABLE || code == ERR_TIMEOUT || code == ERR_IO ||
           code == ERR_REMOTE || code == ERR_NOT_FOUND || code == ERR_NOMEM;
}

static int publish_surely(const struct teller *teller, const struct bus_record *records,
                          size_t count, struct err *err)
{
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};

        if (bus_publish(teller->bus, records, count, PUBLISH_MS, &why) == 0)
            break;
        if (!may_pass(why.code))
            return err_set(err, why.code, "%s", why.text);
        trouble_set(teller->trouble, "publishing to %s: %s", records[0].topic, why.text);
        if (retry_loud(&retry))
            log_warn("publishing to %s: %s; trying again", records[0].topic, why.text);
        if (!retry_wait(&retry))
            return err_set(err, ERR_UNAVAILABLE, "stopping");
    }
    if (retry.attempts)
        trouble_clear(teller->trouble);
    return 0;
}

int tell_surely(const struct teller *teller, const struct job *job,
                struct generation_event *events, size_t count, struct err *err)
{
    OWNED_VALUE(letters) letters = {.count = 0};

    if (write_letters(&letters, job, events, count, err) < 0)
        return err->code;
    return publish_surely(teller, letters.records, count, err);
}

int tell_dead(const struct teller *teller, const struct bus_record *record, const char *reason,
              struct err *err)
{
    OWNED_VALUE(dead_letter) letter = {.headers = NULL};
    struct bus_record dead;
    int r;

    if (dead_letter_fill(&letter, record, GENERATOR_SERVICE, reason, &dead, err) < 0)
        return err->code;
    r = publish_surely(teller, &dead, 1, err);
    if (r != ERR_TOO_LARGE)
        return r;
    err_clear(err); /* with what was added it is over the bus's limit: without its value */
    dead.value_size = 0;
    return publish_surely(teller, &dead, 1, err);
}

struct burial {
    const struct teller *teller;
    const struct job *job;
    const char *reason;
};

static int bury(void *ctx, const struct bus_record *record, struct err *err)
{
    const struct burial *burial = ctx;

    return record->offset == burial->job->offset
               ? tell_dead(burial->teller, record, burial->reason, err)
               : 0;
}

int tell_dead_job(const struct teller *teller, const struct job *job, const char *reason,
                  struct err *err)
{
    struct burial burial = {teller, job, reason};
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};

        if (bus_read(teller->bus, TOPIC_GENERATION_REQUESTS, job->partition, job->offset, 1,
                     bury, &burial, &why) >= 0)
            return 0;
        if (!may_pass(why.code))
            return err_set(err, why.code, "%s", why.text);
        trouble_set(teller->trouble, "sending job %s to %s: %s", job->request.job_id,
                    TOPIC_DEAD_LETTERS, why.text);
        if (!retry_wait(&retry))
            return err_set(err, ERR_UNAVAILABLE, "stopping");
        trouble_clear(teller->trouble);
    }
}
