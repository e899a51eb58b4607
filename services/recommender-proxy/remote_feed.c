/* remote_feed.c - see remote_feed.h: the thread, its place in the topics, and its end. */
#include "services/recommender-proxy/remote_feed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "proto/topics.h"
#include "services/recommender-proxy/remote_feed_local.h"

enum { POLL_MS = 500, TOPICS = 3 };

static size_t choose_topics(const struct rec_engine *engine, const char *topics[TOPICS])
{
    size_t count = 0;

    if (engine->put_items)
        topics[count++] = TOPIC_ITEMS;
    if (engine->put_users)
        topics[count++] = TOPIC_USERS;
    if (engine->put_interactions)
        topics[count++] = TOPIC_INTERACTIONS;
    return count;
}

static int open_consumer(struct remote_feed *feed, struct err *err)
{
    const char *topics[TOPICS];
    const struct bus_consumer_conf conf = {.group = feed->name,
                                           .topics = topics,
                                           .topic_count =
                                               choose_topics(feed->conf.engine, topics)};
    struct bus_consumer *consumer;

    if (feed->consumer)
        return 0;
    consumer = bus_consumer_new(feed->conf.bus, &conf, err);
    (void)pthread_mutex_lock(&feed->lock);
    feed->consumer = consumer;
    (void)pthread_mutex_unlock(&feed->lock);
    return consumer ? 0 : err->code;
}

/* What was read and not committed comes again. */
static void close_consumer(struct remote_feed *feed)
{
    struct bus_consumer *consumer = feed->consumer;

    (void)pthread_mutex_lock(&feed->lock);
    feed->consumer = NULL;
    (void)pthread_mutex_unlock(&feed->lock);
    bus_consumer_free(consumer);
}

/* A partition's next offset. The records themselves are gone with the first commit. */
struct place {
    const char *topic;
    int32_t partition;
    int64_t next;
};

static const char *lasting_topic(const char *topic)
{
    return strcmp(topic, TOPIC_ITEMS) == 0   ? TOPIC_ITEMS
           : strcmp(topic, TOPIC_USERS) == 0 ? TOPIC_USERS
                                             : TOPIC_INTERACTIONS;
}

static size_t find_places(const struct remote_feed *feed, size_t count,
                          struct place places[FEED_RECORDS])
{
    size_t found = 0;

    for (size_t i = 0; i < count; i++) {
        const struct bus_record *record = &feed->records[i];
        const char *topic = lasting_topic(record->topic);
        size_t p = 0;

        while (p < found &&
               (places[p].topic != topic || places[p].partition != record->partition))
            p++;
        found += p == found;
        places[p] = (struct place){topic, record->partition, record->offset + 1};
    }
    return found;
}

static int commit(struct remote_feed *feed, size_t count, struct err *err)
{
    struct place places[FEED_RECORDS];
    const size_t found = find_places(feed, count, places);

    for (size_t p = 0; p < found; p++)
        if (bus_consumer_commit(feed->consumer, places[p].topic, places[p].partition,
                                places[p].next, err) < 0)
            return err->code;
    return 0;
}

/* Reads some, tells them, moves on. */
static int go_on(struct remote_feed *feed, struct err *err)
{
    int count;

    if (open_consumer(feed, err) < 0)
        return err->code;
    count = bus_consumer_poll(feed->consumer, feed->records, feed->at_once, POLL_MS, err);
    if (count <= 0)
        return count;
    feed->polled_ms = clock_mono_ms();
    if (feed_tell(feed, (size_t)count, err) == 0 && commit(feed, (size_t)count, err) == 0)
        return 0;
    close_consumer(feed);
    return err->code;
}

static void *feed_run(void *arg)
{
    struct remote_feed *feed = arg;

    (void)pthread_setname_np(pthread_self(), "feed");
    while (!atomic_load(&feed->stop) && !stopping()) {
        struct err err = {0};

        if (go_on(feed, &err) == 0) {
            trouble_clear(feed->conf.trouble);
            feed->retry.attempts = 0;
            continue;
        }
        if (atomic_load(&feed->stop))
            break;
        feed_pause(feed, &err);
    }
    return NULL;
}

struct remote_feed *remote_feed_start(const struct remote_feed_conf *conf, struct err *err)
{
    struct remote_feed *feed = calloc(1, sizeof *feed);

    if (!feed) {
        err_set_nomem(err, "the feed");
        return NULL;
    }
    feed->conf = *conf;
    feed->at_once = FEED_RECORDS;
    (void)snprintf(feed->name, sizeof feed->name, "recommender-%s", conf->engine->name);
    (void)pthread_mutex_init(&feed->lock, NULL);
    if (!conf->engine->put_items && !conf->engine->put_users && !conf->engine->put_interactions)
        return feed; /* there is nothing that it wants to hear */
    if (pthread_create(&feed->thread, NULL, feed_run, feed) == 0) {
        feed->started = true;
        return feed;
    }
    err_set_nomem(err, "the feed's thread");
    remote_feed_free(feed);
    return NULL;
}

void remote_feed_free(struct remote_feed *feed)
{
    if (!feed)
        return;
    atomic_store(&feed->stop, true);
    (void)pthread_mutex_lock(&feed->lock);
    if (feed->consumer)
        bus_consumer_wake(feed->consumer);
    (void)pthread_mutex_unlock(&feed->lock);
    if (feed->started)
        (void)pthread_join(feed->thread, NULL);
    bus_consumer_free(feed->consumer);
    for (size_t i = 0; i < FEED_RECORDS; i++)
        buf_done(&feed->storages[i]);
    (void)pthread_mutex_destroy(&feed->lock);
    free(feed);
}

uint64_t remote_feed_told(const struct remote_feed *feed)
{
    return atomic_load(&feed->told);
}

uint64_t remote_feed_refused(const struct remote_feed *feed)
{
    return atomic_load(&feed->refused);
}
