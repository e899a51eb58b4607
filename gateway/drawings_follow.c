/* drawings_follow.c - see drawings_follow.h. */
#include "gateway/drawings_follow.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/log.h"
#include "proto/topics.h"

enum {
    REQUESTS_BACK = 5000, /* records of each partition that are read at start */
    EVENTS_BACK = 20000,
    PARTITIONS = 256,
    BATCH = 256,
    POLL_MS = 100, /* also how late an answer whose time is over may be */
    PAUSE_MS = 1000,
    INFO_MS = 5000,
};

/* One topic. */
struct source {
    const char *topic;
    int64_t back;
    struct bus_consumer *consumer; /* NULL while it could not be opened */
    struct bus_partition_info infos[PARTITIONS];
    int partitions;
};

struct drawings_follow {
    struct bus *bus;
    struct drawings *drawings;
    struct source requests, events;
    pthread_t thread;
    bool started, whole, failing;
    pthread_mutex_t lock; /* of ending */
    pthread_cond_t wake;
    bool ending;
};

/* bus_assigned: where to start. */
static int64_t start_at(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    const struct source *source = ctx;

    (void)topic;
    (void)err;
    for (int i = 0; i < source->partitions; i++)
        if (source->infos[i].partition == partition &&
            source->infos[i].high - source->back > source->infos[i].low)
            return source->infos[i].high - source->back;
    return BUS_START_EARLIEST;
}

static int open_source(struct drawings_follow *follow, struct source *source, struct err *err)
{
    const struct bus_consumer_conf conf = {
        .topics = &source->topic, .topic_count = 1, .on_assigned = start_at, .ctx = source};

    if (source->consumer)
        return 0;
    source->partitions =
        bus_topic_info(follow->bus, source->topic, source->infos, PARTITIONS, INFO_MS, err);
    if (source->partitions < 0)
        return err->code;
    if (source->partitions > PARTITIONS)
        source->partitions = PARTITIONS;
    source->consumer = bus_consumer_new(follow->bus, &conf, err);
    return source->consumer ? 0 : err->code;
}

static void take(struct drawings_follow *follow, const struct source *source,
                 const struct bus_record *record)
{
    struct err err = {0};
    int r = 0;

    if (!record->value)
        return;
    if (source == &follow->requests)
        r = drawings_learn(follow->drawings, record->value, record->value_size, &err);
    else
        r = drawings_apply(follow->drawings, record->value, record->value_size, record->offset,
                           &err);
    if (r < 0)
        log_warn("leaving out record %" PRId64 " of %s, partition %d: %s", record->offset,
                 source->topic, (int)record->partition, err.text);
}

/* Returns how many records there were. */
static int read_some(struct drawings_follow *follow, struct source *source, int timeout_ms,
                     struct err *err)
{
    struct bus_record records[BATCH];
    int count = bus_consumer_poll(source->consumer, records, BATCH, timeout_ms, err);

    for (int i = 0; i < count; i++)
        take(follow, source, &records[i]);
    return count;
}

static int read_both(struct drawings_follow *follow, struct err *err)
{
    int requests, events;

    if (open_source(follow, &follow->requests, err) < 0 ||
        open_source(follow, &follow->events, err) < 0)
        return err->code;
    requests = read_some(follow, &follow->requests, 0, err);
    events = requests < 0 ? requests
                          : read_some(follow, &follow->events, requests ? 0 : POLL_MS, err);
    if (events < 0)
        return events;
    if (!follow->whole && bus_consumer_caught_up(follow->requests.consumer) &&
        bus_consumer_caught_up(follow->events.consumer)) {
        drawings_set_whole(follow->drawings);
        follow->whole = true;
    }
    return 0;
}

/* True once the thread has to end, after at most pause_ms. */
static bool is_ending(struct drawings_follow *follow, int pause_ms)
{
    struct timespec until;
    bool ending;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += pause_ms / 1000;
    (void)pthread_mutex_lock(&follow->lock);
    while (pause_ms > 0 && !follow->ending &&
           pthread_cond_timedwait(&follow->wake, &follow->lock, &until) == 0)
        ;
    ending = follow->ending;
    (void)pthread_mutex_unlock(&follow->lock);
    return ending;
}

static void *run(void *ctx)
{
    struct drawings_follow *follow = ctx;
    int pause_ms = 0;

    while (!is_ending(follow, pause_ms)) {
        struct err err = {0};
        bool failed = read_both(follow, &err) < 0;

        if (failed && !follow->failing)
            log_warn("following the generator's jobs: %s", err.text);
        else if (!failed && follow->failing)
            log_info("following the generator's jobs again");
        follow->failing = failed;
        pause_ms = failed ? PAUSE_MS : 0;
        drawings_tick(follow->drawings);
    }
    bus_consumer_free(follow->requests.consumer);
    bus_consumer_free(follow->events.consumer);
    return NULL;
}

struct drawings_follow *drawings_follow_new(struct bus *bus, struct drawings *drawings,
                                            struct err *err)
{
    struct drawings_follow *follow = calloc(1, sizeof *follow);
    pthread_condattr_t attributes;

    if (!follow) {
        err_set_nomem(err, "following the generator's jobs");
        return NULL;
    }
    follow->bus = bus;
    follow->drawings = drawings;
    follow->requests = (struct source){.topic = TOPIC_GENERATION_REQUESTS, REQUESTS_BACK};
    follow->events = (struct source){.topic = TOPIC_GENERATION_EVENTS, EVENTS_BACK};
    (void)pthread_mutex_init(&follow->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&follow->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    follow->started = pthread_create(&follow->thread, NULL, run, follow) == 0;
    if (follow->started)
        return follow;
    (void)err_set(err, ERR_UNAVAILABLE,
                  "starting the thread that follows the generator's jobs failed");
    drawings_follow_free(follow);
    return NULL;
}

void drawings_follow_free(struct drawings_follow *follow)
{
    if (!follow)
        return;
    if (follow->started) {
        (void)pthread_mutex_lock(&follow->lock);
        follow->ending = true;
        (void)pthread_cond_signal(&follow->wake);
        (void)pthread_mutex_unlock(&follow->lock);
        (void)pthread_join(follow->thread, NULL);
    }
    (void)pthread_cond_destroy(&follow->wake);
    (void)pthread_mutex_destroy(&follow->lock);
    free(follow);
}
