/* bus_kafka_producer.c - see bus_kafka_producer.h. */
#include "lib/bus/bus_kafka_producer.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { POLL_MS = 500, FLUSH_MS = 3000 };

struct kafka_producer {
    rd_kafka_t *rk;
    struct kafka_reason *reason; /* the bus's */
    pthread_t poller;
    bool polling;
    atomic_bool stop, broken;
    pthread_mutex_t lock; /* for topics */
    struct map *topics;   /* name -> rd_kafka_topic_t */
    int users;            /* guarded by the bus's lock */
    bool retired;
};

static void on_error(rd_kafka_t *rk, int rc, const char *text, void *opaque)
{
    struct kafka_producer *p = opaque;
    char why[KAFKA_REASON_MAX];

    if (rc == RD_KAFKA_RESP_ERR__FATAL) {
        (void)rd_kafka_fatal_error(rk, why, sizeof why);
        text = why;
        atomic_store(&p->broken, true);
    }
    kafka_reason_set(p->reason, text);
}

/* Delivery reports and errors arrive only while somebody polls. */
static void *poll_reports(void *arg)
{
    struct kafka_producer *p = arg;

    while (!atomic_load(&p->stop))
        (void)rd_kafka_poll(p->rk, POLL_MS);
    return NULL;
}

static int start_poller(struct kafka_producer *p, struct err *err)
{
    sigset_t all, before;

    (void)sigfillset(&all); /* signals are for the program's own threads */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    p->polling = pthread_create(&p->poller, NULL, poll_reports, p) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p->polling ? 0 : err_set_nomem(err, "a thread");
}

static int start_client(struct kafka_producer *p, struct kafka_bus *b, struct err *err)
{
    static const char *const options[][2] = {
        {"enable.idempotence", "true"},
        {"acks", "all"},
        /* A broker accepts any sequence number from a producer that a partition has not heard
         * of. Where the first request meets a leader that is not ready yet and the second one
         * does not, the first comes again with too low a number, counts as a duplicate, and is
         * lost though acknowledged (seen on new topics). One at a time cannot overtake. */
        {"max.in.flight.requests.per.connection", "1"},
        {"compression.codec", "lz4"},
        {"partitioner", "murmur2_random"},
        /* A call's records are queued together, so there is little to wait for: 1 ms lets
         * calls of several threads meet and keeps a hop of the chain short. */
        {"linger.ms", "1"},
        {"delivery.timeout.ms", "120000"},
        {"message.max.bytes", "2097152"},
        {"queue.buffering.max.kbytes", "32768"},
        {"queue.buffering.max.messages", "100000"},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = kafka_conf_new(b, options, err);
    char why[128];

    if (!conf)
        return err->code;
    rd_kafka_conf_set_dr_msg_cb(conf, kafka_on_delivery);
    rd_kafka_conf_set_error_cb(conf, on_error);
    rd_kafka_conf_set_opaque(conf, p);
    p->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (p->rk)
        return start_poller(p, err);
    rd_kafka_conf_destroy(conf);
    return err_set(err, ERR_INVALID, "kafka client for %s: %s", b->brokers, why);
}

struct kafka_producer *kafka_producer_new(struct kafka_bus *b, struct err *err)
{
    struct kafka_producer *p = calloc(1, sizeof *p);

    if (!p) {
        err_set_nomem(err, "a producer");
        return NULL;
    }
    (void)pthread_mutex_init(&p->lock, NULL);
    p->reason = &b->reason;
    p->topics = map_new();
    if (!p->topics)
        err_set_nomem(err, "a producer");
    else if (start_client(p, b, err) == 0)
        return p;
    kafka_producer_free(p);
    return NULL;
}

static void destroy_topic(void *ctx, const void *key, size_t key_size, void *value)
{
    (void)ctx;
    (void)key;
    (void)key_size;
    rd_kafka_topic_destroy(value);
}

static void stop_poller(struct kafka_producer *p)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_main(p->rk);

    atomic_store(&p->stop, true);
    rd_kafka_queue_yield(queue);
    (void)pthread_join(p->poller, NULL);
    rd_kafka_queue_destroy(queue);
}

void kafka_producer_free(struct kafka_producer *producer)
{
    if (!producer)
        return;
    if (producer->rk && !atomic_load(&producer->broken))
        (void)rd_kafka_flush(producer->rk, FLUSH_MS);
    if (producer->rk) /* what is left gets its report now, so that its call is freed */
        (void)rd_kafka_purge(producer->rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    if (producer->polling)
        stop_poller(producer);
    if (producer->rk)
        (void)rd_kafka_flush(producer->rk, 0);
    if (producer->topics)
        map_each(producer->topics, destroy_topic, NULL);
    map_free(producer->topics);
    if (producer->rk)
        rd_kafka_destroy(producer->rk);
    (void)pthread_mutex_destroy(&producer->lock);
    free(producer);
}

struct kafka_producer *kafka_producer_acquire(struct kafka_bus *b, struct err *err)
{
    struct kafka_producer *fresh, *old = NULL, *p;

    (void)pthread_mutex_lock(&b->lock);
    if (atomic_load(&b->producer->broken)) {
        fresh = kafka_producer_new(b, err);
        if (fresh) {
            old = b->producer;
            old->retired = true;
            b->producer = fresh;
        }
    }
    p = err->code ? NULL : b->producer;
    if (p)
        p->users++;
    if (old && old->users > 0) /* the last of them frees it */
        old = NULL;
    (void)pthread_mutex_unlock(&b->lock);
    kafka_producer_free(old);
    return p;
}

void kafka_producer_release(struct kafka_bus *b, struct kafka_producer *producer)
{
    bool last;

    (void)pthread_mutex_lock(&b->lock);
    last = --producer->users == 0 && producer->retired;
    (void)pthread_mutex_unlock(&b->lock);
    if (last)
        kafka_producer_free(producer);
}

rd_kafka_t *kafka_producer_handle(struct kafka_producer *producer)
{
    return producer->rk;
}

static rd_kafka_topic_t *known_topic(struct kafka_producer *p, const char *name)
{
    rd_kafka_topic_t *topic;

    (void)pthread_mutex_lock(&p->lock);
    topic = map_get(p->topics, name, strlen(name));
    (void)pthread_mutex_unlock(&p->lock);
    return topic;
}

static rd_kafka_topic_t *remember_topic(struct kafka_producer *p, const char *name,
                                        struct err *err)
{
    rd_kafka_topic_t *topic;

    (void)pthread_mutex_lock(&p->lock);
    topic = map_get(p->topics, name, strlen(name)); /* another thread may have been faster */
    if (!topic) {
        topic = rd_kafka_topic_new(p->rk, name, NULL);
        if (!topic || map_put(p->topics, name, strlen(name), topic) < 0) {
            if (topic)
                rd_kafka_topic_destroy(topic);
            topic = NULL;
            err_set_nomem(err, "a topic");
        }
    }
    (void)pthread_mutex_unlock(&p->lock);
    return topic;
}

/* Without asking first, librdkafka would keep a record for an unknown topic for 30 s. */
rd_kafka_topic_t *kafka_producer_topic(struct kafka_bus *b, struct kafka_producer *producer,
                                       const char *name, int timeout_ms, struct err *err)
{
    rd_kafka_topic_t *topic = known_topic(producer, name);

    if (topic)
        return topic;
    if (kafka_partition_count(b, producer->rk, name, timeout_ms, err) < 0)
        return NULL;
    return remember_topic(producer, name, err);
}
