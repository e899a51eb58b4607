/* mood_follow.c - the watch's thread: reads garden.users into the table, and says again what
 * stands; see mood_watch.h.
 *
 * Who needs to know what is in the topic now asks this thread, which asks the bus where the
 * topic ends and reads up to there: one question for all who wait. */
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "proto/key.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/emotion/mood_publish.h"
#include "services/emotion/mood_watch_local.h"

enum {
    RECORDS_BACK = MOOD_VISITORS_MAX, /* of each partition, read at the start */
    ASK_MS = 5000,
    POLL_MS = 500,
    LAST_MS = 20, /* for what a topic's end promises but compaction took away */
};

static void take(struct mood_watch *watch, const struct bus_record *record)
{
    char user_id[USER_ID_MAX + 1];
    struct user_event event;
    struct err err = {0};
    bool taken;

    if (record->timestamp_ms + watch->conf.visit_ms <= clock_wall_ms())
        return; /* of a visit that is over */
    if (!record->key || record->key_size > USER_ID_MAX ||
        memchr(record->key, '\0', record->key_size))
        return;
    memcpy(user_id, record->key, record->key_size);
    user_id[record->key_size] = '\0';
    if (record->value && user_event_decode(record->value, record->value_size, &event,
                                           &watch->storage, &err) < 0) {
        log_warn("partition %d, offset %lld of " TOPIC_USERS ": %s", (int)record->partition,
                 (long long)record->offset, err.text);
        return;
    }
    (void)pthread_mutex_lock(&watch->lock);
    taken = moods_take(watch->moods, user_id, record->value ? &event : NULL,
                       record->value ? event.timestamp_ms : record->timestamp_ms);
    (void)pthread_mutex_unlock(&watch->lock);
    if (!taken)
        log_error("no memory for what visitors say");
}

/* bus_assigned: where to start. */
static int64_t start_at(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    const struct mood_watch *watch = ctx;

    (void)topic;
    (void)err;
    for (int i = 0; i < watch->partitions; i++)
        if (watch->infos[i].partition == partition &&
            watch->infos[i].high - RECORDS_BACK > watch->infos[i].low)
            return watch->infos[i].high - RECORDS_BACK;
    return BUS_START_EARLIEST;
}

static int ask_ends(struct mood_watch *watch, struct err *err)
{
    int count = bus_topic_info(watch->conf.bus, TOPIC_USERS, watch->infos, MOOD_PARTITIONS,
                               ASK_MS, err);

    if (count < 0)
        return count;
    watch->partitions = count < MOOD_PARTITIONS ? count : MOOD_PARTITIONS;
    return 0;
}

static int open_view(struct mood_watch *watch, struct err *err)
{
    static const char *const topics[] = {TOPIC_USERS};
    const struct bus_consumer_conf conf = {
        .topics = topics, .topic_count = 1, .on_assigned = start_at, .ctx = watch};
    struct bus_consumer *consumer;

    if (watch->consumer)
        return 0;
    if (ask_ends(watch, err) < 0)
        return err->code;
    consumer = bus_consumer_new(watch->conf.bus, &conf, err);
    (void)pthread_mutex_lock(&watch->lock);
    watch->consumer = consumer;
    (void)pthread_mutex_unlock(&watch->lock);
    return consumer ? 0 : err->code;
}

static int read_some(struct mood_watch *watch, int timeout_ms, struct err *err)
{
    int count =
        bus_consumer_poll(watch->consumer, watch->records, MOOD_POLL_RECORDS, timeout_ms, err);

    for (int i = 0; i < count; i++) {
        take(watch, &watch->records[i]);
        if (watch->records[i].partition < MOOD_PARTITIONS)
            watch->next[watch->records[i].partition] = watch->records[i].offset + 1;
    }
    return count;
}

static bool in_step(const struct mood_watch *watch)
{
    for (int i = 0; i < watch->partitions; i++)
        if (watch->infos[i].partition < MOOD_PARTITIONS &&
            watch->next[watch->infos[i].partition] < watch->infos[i].high)
            return false;
    return true;
}

/* Reads up to where the topic ends now. */
static int catch_up(struct mood_watch *watch, struct err *err)
{
    if (ask_ends(watch, err) < 0)
        return err->code;
    while (!in_step(watch) && !atomic_load(&watch->stop)) {
        int count = read_some(watch, LAST_MS, err);

        if (count < 0)
            return count;
        if (count == 0 && bus_consumer_caught_up(watch->consumer))
            break;
    }
    for (int i = 0; i < watch->partitions; i++)
        if (watch->infos[i].partition < MOOD_PARTITIONS &&
            watch->next[watch->infos[i].partition] < watch->infos[i].high)
            watch->next[watch->infos[i].partition] = watch->infos[i].high;
    return 0;
}

struct user_event mood_event(const char *user_id, const struct mood *mood)
{
    return (struct user_event){.user_id = user_id,
                               .generation = mood->generation,
                               .gender = mood->gender,
                               .emotion = emotion_names[mood->emotion],
                               .source = mood->by_visitor ? USER_SOURCE_VISITOR
                                                          : USER_SOURCE_ANALYSIS,
                               .timestamp_ms = mood->time_ms};
}

int mood_say(struct mood_watch *watch, const char *user_id, const struct mood *mood,
             const struct trace *trace, struct err *err)
{
    const struct user_event event = mood_event(user_id, mood);

    return mood->forgotten
               ? mood_publish_tombstone(watch->conf.bus, user_id, mood->time_ms, trace, err)
               : mood_publish(watch->conf.bus, &event, trace, err);
}

/* What stands and was not said last is said again. */
static int mend(struct mood_watch *watch, struct err *err)
{
    for (;;) {
        char user_id[USER_ID_MAX + 1];
        struct mood mood;
        const char *unsaid;

        (void)pthread_mutex_lock(&watch->lock);
        unsaid = moods_unsaid(watch->moods, &mood);
        if (unsaid)
            (void)snprintf(user_id, sizeof user_id, "%s", unsaid);
        (void)pthread_mutex_unlock(&watch->lock);
        if (!unsaid)
            return 0;
        if (mood_say(watch, user_id, &mood, NULL, err) == 0)
            continue;
        (void)pthread_mutex_lock(&watch->lock);
        moods_still_unsaid(watch->moods, user_id);
        (void)pthread_mutex_unlock(&watch->lock);
        return err->code;
    }
}

/* One round: catches up for all who asked before it, or waits for news. */
static int follow(struct mood_watch *watch, struct err *err)
{
    uint64_t asked;
    bool wanted;
    int r;

    (void)pthread_mutex_lock(&watch->lock);
    asked = watch->asked;
    wanted = asked != watch->answered;
    (void)pthread_mutex_unlock(&watch->lock);
    if (wanted || !atomic_load(&watch->whole)) {
        r = catch_up(watch, err);
        if (r == 0)
            atomic_store(&watch->whole, true);
        (void)pthread_mutex_lock(&watch->lock);
        watch->answered = r == 0 ? asked : watch->answered;
        (void)pthread_cond_broadcast(&watch->synced);
        (void)pthread_mutex_unlock(&watch->lock);
    } else {
        r = read_some(watch, POLL_MS, err);
    }
    return r < 0 ? r : mend(watch, err);
}

/* Tells who waits why they wait in vain. */
static void note_failure(struct mood_watch *watch, const struct err *err)
{
    (void)pthread_mutex_lock(&watch->lock);
    watch->failure = *err;
    if (err->code)
        (void)pthread_cond_broadcast(&watch->synced);
    (void)pthread_mutex_unlock(&watch->lock);
}

void *mood_follow(void *arg)
{
    struct mood_watch *watch = arg;
    struct retry retry = {0};

    (void)pthread_setname_np(pthread_self(), "moods");
    while (!atomic_load(&watch->stop)) {
        struct err err = {0};

        if (open_view(watch, &err) == 0 && follow(watch, &err) == 0) {
            if (retry.attempts) {
                trouble_clear(watch->conf.trouble);
                note_failure(watch, &err);
            }
            retry.attempts = 0;
            continue;
        }
        note_failure(watch, &err);
        trouble_set(watch->conf.trouble, "following " TOPIC_USERS ": %s", err.text);
        if (retry_loud(&retry))
            log_warn("following %s: %s; trying again", TOPIC_USERS, err.text);
        (void)retry_wait(&retry);
    }
    return NULL;
}

void mood_follow_wake(struct mood_watch *watch)
{
    if (watch->consumer)
        bus_consumer_wake(watch->consumer);
}
