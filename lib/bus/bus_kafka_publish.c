/* bus_kafka_publish.c - bus_publish on Kafka: hands the records to librdkafka and waits for the
 * report on every one of them.
 *
 * When the time is up, what was not sent yet is taken out of librdkafka's queue. It only has
 * one queue for everybody, so records of other calls come out, too; those calls put theirs in
 * again while they have time left. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_kafka_producer.h"

enum fate { TO_SEND, QUEUED, DELIVERED, NOT_SENT, UNKNOWN };

struct call;

/* One record of a call; what librdkafka hands back with the report. */
struct slot {
    struct call *call;
    enum fate fate;
};

/* Lives until the last report, which may come after bus_publish gave up. */
struct call {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t count, waiting; /* waiting: queued, no report yet */
    bool abandoned;
    rd_kafka_resp_err_t rc; /* of the first record that failed */
    struct slot slots[];
};

static struct call *call_new(size_t count)
{
    struct call *call = calloc(1, sizeof *call + count * sizeof *call->slots);
    pthread_condattr_t attributes;

    if (!call)
        return NULL;
    (void)pthread_mutex_init(&call->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&call->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    call->count = count;
    for (size_t i = 0; i < count; i++)
        call->slots[i].call = call;
    return call;
}

static void call_free(struct call *call)
{
    (void)pthread_cond_destroy(&call->changed);
    (void)pthread_mutex_destroy(&call->lock);
    free(call);
}

static enum fate fate_of(const rd_kafka_message_t *message)
{
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
        return DELIVERED;
    return rd_kafka_message_status(message) == RD_KAFKA_MSG_STATUS_NOT_PERSISTED ? NOT_SENT
                                                                                 : UNKNOWN;
}

void kafka_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
    struct slot *slot = message->_private;
    struct call *call = slot->call;
    bool last;

    (void)rk;
    (void)opaque;
    (void)pthread_mutex_lock(&call->lock);
    slot->fate = fate_of(message);
    if (slot->fate == NOT_SENT && message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE) {
        slot->fate = TO_SEND;
    } else if (message->err && !call->rc) {
        call->rc = message->err;
    }
    call->waiting--;
    last = call->waiting == 0;
    if (last && !call->abandoned)
        (void)pthread_cond_signal(&call->changed);
    last = last && call->abandoned;
    (void)pthread_mutex_unlock(&call->lock);
    if (last)
        call_free(call);
}

/* librdkafka owns the headers once the record is queued. NULL where there are none. */
static int make_headers(const struct bus_record *record, rd_kafka_headers_t **ret,
                        struct err *err)
{
    *ret = record->header_count ? rd_kafka_headers_new(record->header_count) : NULL;
    for (size_t i = 0; i < record->header_count; i++) {
        const struct bus_header *h = &record->headers[i];

        if (rd_kafka_header_add(*ret, h->name, -1, h->value ? h->value : "",
                                (ssize_t)h->value_size)) {
            rd_kafka_headers_destroy(*ret);
            return err_set_nomem(err, "headers");
        }
    }
    return 0;
}

static rd_kafka_resp_err_t produce(rd_kafka_t *rk, rd_kafka_topic_t *topic,
                                   const struct bus_record *record, rd_kafka_headers_t *headers,
                                   struct slot *slot)
{
    const rd_kafka_vu_t fields[] = {
        {.vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic},
        {.vtype = RD_KAFKA_VTYPE_KEY, .u.mem = {(void *)record->key, record->key_size}},
        {.vtype = RD_KAFKA_VTYPE_VALUE, .u.mem = {(void *)record->value, record->value_size}},
        {.vtype = RD_KAFKA_VTYPE_TIMESTAMP, .u.i64 = record->timestamp_ms},
        {.vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY},
        {.vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = slot},
        {.vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers},
    };
    const size_t count = sizeof fields / sizeof *fields - (headers == NULL);
    rd_kafka_error_t *error = rd_kafka_produceva(rk, fields, count);
    const rd_kafka_resp_err_t rc = rd_kafka_error_code(error);

    rd_kafka_error_destroy(error);
    return rc;
}

/* One publish on its way. */
struct publishing {
    struct kafka_bus *bus;
    struct kafka_producer *producer;
    const struct bus_record *records;
    struct call *call;
    int64_t deadline_ms;
};

/* Queues record i. Returns 1, or 0 where librdkafka's queue is full. */
static int queue_record(struct publishing *p, size_t i, struct err *err)
{
    struct slot *slot = &p->call->slots[i];
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_resp_err_t rc;
    rd_kafka_topic_t *topic = kafka_producer_topic(p->bus, p->producer, p->records[i].topic,
                                                   kafka_ms_until(p->deadline_ms), err);

    if (!topic || make_headers(&p->records[i], &headers, err) < 0)
        return err->code;
    (void)pthread_mutex_lock(&p->call->lock);
    slot->fate = QUEUED;
    p->call->waiting++;
    (void)pthread_mutex_unlock(&p->call->lock);
    rc = produce(kafka_producer_handle(p->producer), topic, &p->records[i], headers, slot);
    if (rc == RD_KAFKA_RESP_ERR_NO_ERROR)
        return 1;
    if (headers)
        rd_kafka_headers_destroy(headers);
    (void)pthread_mutex_lock(&p->call->lock);
    slot->fate = TO_SEND;
    p->call->waiting--;
    (void)pthread_mutex_unlock(&p->call->lock);
    return rc == RD_KAFKA_RESP_ERR__QUEUE_FULL
               ? 0
               : kafka_fail(p->bus, err, rc, p->records[i].topic);
}

/* Queues what is to be sent, in order. Stops early where the queue is full: the rest goes in
 * after the reports on this part. No purge may come in between: it would take out the first
 * records of a key and leave the later ones. */
static int queue_records(struct publishing *p, struct err *err)
{
    int queued = 0, r = 1;

    (void)pthread_rwlock_rdlock(&p->bus->purging);
    for (size_t i = 0; i < p->call->count && r > 0; i++)
        if (p->call->slots[i].fate == TO_SEND) { /* nobody else touches it meanwhile */
            r = queue_record(p, i, err);
            queued += r > 0;
        }
    (void)pthread_rwlock_unlock(&p->bus->purging);
    if (r == 0 && queued == 0)
        return err_set(err, ERR_UNAVAILABLE,
                       "the queue to %s is full; publish more slowly or try again",
                       p->bus->brokers);
    return r < 0 ? r : 0;
}

/* Waits for the reports on everything that is queued, at most until the time. True when all
 * are there. */
static bool wait_reports(struct call *call, int64_t until_ms)
{
    const struct timespec until = {.tv_sec = until_ms / 1000,
                                   .tv_nsec = until_ms % 1000 * 1000000};
    int rc = 0;

    (void)pthread_mutex_lock(&call->lock);
    while (call->waiting > 0 && rc == 0)
        rc = pthread_cond_timedwait(&call->changed, &call->lock, &until);
    rc = call->waiting > 0;
    (void)pthread_mutex_unlock(&call->lock);
    return !rc;
}

static size_t count_fate(const struct call *call, enum fate fate)
{
    size_t count = 0;

    for (size_t i = 0; i < call->count; i++)
        count += call->slots[i].fate == fate;
    return count;
}

/* What became of the call, told by its slots. Called with its lock held. */
static int judge(struct publishing *p, struct err *err)
{
    struct call *call = p->call;
    const size_t delivered = count_fate(call, DELIVERED);
    const rd_kafka_resp_err_t rc = call->rc ? call->rc : RD_KAFKA_RESP_ERR__TIMED_OUT;
    const char *topic = p->records[0].topic;

    if (delivered == call->count)
        return 0;
    if (delivered + count_fate(call, UNKNOWN) + count_fate(call, QUEUED) == 0)
        return kafka_fail(p->bus, err, rc, topic);
    (void)kafka_fail(p->bus, err, rc, topic);
    err->code = ERR_TIMEOUT;
    return err_wrap(err, "%zu of %zu records were acknowledged in time", delivered,
                    call->count);
}

static void purge(struct publishing *p)
{
    (void)pthread_rwlock_wrlock(&p->bus->purging);
    (void)rd_kafka_purge(kafka_producer_handle(p->producer), RD_KAFKA_PURGE_F_QUEUE);
    (void)pthread_rwlock_unlock(&p->bus->purging);
}

static bool has_more_to_send(struct call *call)
{
    bool more;

    (void)pthread_mutex_lock(&call->lock);
    more = call->rc == 0 && count_fate(call, TO_SEND) > 0;
    (void)pthread_mutex_unlock(&call->lock);
    return more;
}

/* Queues and waits, again for what others purged, until all is told or the time is up. The
 * last part of the time is kept for the purge. */
static void send_all(struct publishing *p, int timeout_ms, struct err *err)
{
    const int64_t purge_ms = p->deadline_ms - (timeout_ms < 800 ? timeout_ms / 4 : 200);
    bool told = true;

    while (err->code == 0 && has_more_to_send(p->call) && clock_mono_ms() < purge_ms) {
        (void)queue_records(p, err);
        told = wait_reports(p->call, purge_ms);
    }
    if (!told) {
        purge(p);
        (void)wait_reports(p->call, p->deadline_ms);
    }
}

static int finish(struct publishing *p, struct err *err)
{
    struct call *call = p->call;
    struct err fate = {0};
    bool last;

    (void)pthread_mutex_lock(&call->lock);
    (void)judge(p, &fate);
    last = call->waiting == 0;
    call->abandoned = true;
    (void)pthread_mutex_unlock(&call->lock);
    if (last)
        call_free(call);
    if (fate.code == ERR_TIMEOUT)
        err_clear(err); /* what stopped it matters less than that some of it is out */
    return err->code || !fate.code ? err->code : err_set(err, fate.code, "%s", fate.text);
}

int bus_kafka_publish(struct bus *bus, const struct bus_record *records, size_t count,
                      int timeout_ms, struct err *err)
{
    struct publishing p = {.bus = kafka_bus_of(bus),
                           .records = records,
                           .deadline_ms = clock_mono_ms() + timeout_ms};
    int r;

    p.producer = kafka_producer_acquire(p.bus, err);
    if (!p.producer)
        return err->code;
    for (size_t i = 0; i < count && err->code == 0; i++) /* before anything is sent */
        if (i == 0 || strcmp(records[i].topic, records[i - 1].topic) != 0)
            (void)kafka_producer_topic(p.bus, p.producer, records[i].topic,
                                       kafka_ms_until(p.deadline_ms), err);
    p.call = err->code ? NULL : call_new(count);
    if (!p.call) {
        r = err->code ? err->code : err_set_nomem(err, "a publish");
    } else {
        send_all(&p, timeout_ms, err);
        r = finish(&p, err);
    }
    kafka_producer_release(p.bus, p.producer);
    return r;
}
