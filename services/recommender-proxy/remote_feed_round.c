/* remote_feed_round.c - what the feeder does with the records of one poll: topic by topic it
 * reads them, tells the engine as many at once as it takes, and buries what is at fault; see
 * remote_feed.h.
 *
 * After a failure the engine is told one event, then two, four, ...: so one that is refused is
 * found, and an engine that needs the whole time of a call for a few still gets somewhere. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "proto/dead_letter.h"
#include "proto/topics.h"
#include "services/recommender-proxy/remote_feed_local.h"

enum { PUBLISH_MS = 10000 };

void feed_pause(struct remote_feed *feed, const struct err *err)
{
    trouble_set(feed->conf.trouble, "telling %s: %s", feed->conf.engine->name, err->text);
    if (retry_loud(&feed->retry))
        log_warn("telling %s: %s; trying again", feed->conf.engine->name, err->text);
    (void)retry_wait(&feed->retry);
}

/* -- what is at fault -- */

static int bury(struct remote_feed *feed, const struct bus_record *record, const char *reason,
                struct err *err)
{
    OWNED_VALUE(dead_letter) letter = {.headers = NULL};
    struct bus_record dead;

    if (dead_letter_fill(&letter, record, feed->name, reason, &dead, err) < 0)
        return err->code;
    if (bus_publish(feed->conf.bus, &dead, 1, PUBLISH_MS, err) < 0)
        return err_wrap(err, "publishing to " TOPIC_DEAD_LETTERS);
    atomic_fetch_add(&feed->refused, 1);
    log_warn("partition %d, offset %lld of %s: %s; it is in " TOPIC_DEAD_LETTERS,
             (int)record->partition, (long long)record->offset, record->topic, reason);
    return 0;
}

/* -- reading -- */

/* The key as a text in storage, of a tombstone. */
static int key_text(const struct bus_record *record, struct buf *storage, const char **ret,
                    struct err *err)
{
    buf_clear(storage);
    if (!record->key || record->key_size == 0 || memchr(record->key, '\0', record->key_size))
        return err_set(err, ERR_INVALID, "a tombstone without a key, or with a NUL in it");
    buf_append(storage, record->key, record->key_size);
    *ret = buf_text(storage);
    return buf_ok(storage) ? 0 : err_set_nomem(err, "a key");
}

static int read_item(const struct bus_record *record, struct item_event *event,
                     struct buf *storage, struct err *err)
{
    if (record->value)
        return item_event_decode(record->value, record->value_size, event, storage, err);
    *event = (struct item_event){.emotion = "", .sha256 = ""};
    return key_text(record, storage, &event->item_id, err);
}

static int read_user(const struct bus_record *record, struct user_event *event,
                     struct buf *storage, struct err *err)
{
    if (record->value)
        return user_event_decode(record->value, record->value_size, event, storage, err);
    *event = (struct user_event){.generation = "", .gender = "", .emotion = "", .source = ""};
    return key_text(record, storage, &event->user_id, err);
}

static int read_interaction(const struct bus_record *record, struct interaction_event *event,
                            struct buf *storage, struct err *err)
{
    return interaction_event_decode(record->value ? record->value : "", record->value_size,
                                    event, storage, err);
}

static int read_record(const char *topic, const struct bus_record *record,
                       struct feed_round *round, struct buf *storage, struct err *err)
{
    const size_t i = round->count;

    if (strcmp(topic, TOPIC_ITEMS) == 0)
        return read_item(record, &round->events.items[i], storage, err);
    if (strcmp(topic, TOPIC_USERS) == 0)
        return read_user(record, &round->events.users[i], storage, err);
    return read_interaction(record, &round->events.interactions[i], storage, err);
}

/* The topic's events of this poll, in order. */
static int read_topic(struct remote_feed *feed, const char *topic, size_t count,
                      struct err *err)
{
    struct feed_round *round = &feed->round;

    round->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bus_record *record = &feed->records[i];
        struct err why = {0};

        if (strcmp(record->topic, topic) != 0)
            continue;
        if (read_record(topic, record, round, &feed->storages[round->count], &why) == 0)
            round->records[round->count++] = record;
        else if (why.code != ERR_INVALID)
            return err_set(err, why.code, "%s", why.text);
        else if (bury(feed, record, why.text, err) < 0)
            return err->code;
    }
    return 0;
}

/* -- telling -- */

static int put_some(struct remote_feed *feed, const char *topic, size_t from, size_t count,
                    struct err *err)
{
    struct rec_engine *engine = feed->conf.engine;
    const struct feed_round *round = &feed->round;

    if (strcmp(topic, TOPIC_ITEMS) == 0)
        return engine->put_items(engine, &round->events.items[from], count, err);
    if (strcmp(topic, TOPIC_USERS) == 0)
        return engine->put_users(engine, &round->events.users[from], count, err);
    return engine->put_interactions(engine, &round->events.interactions[from], count, err);
}

/* The next events, or a dead letter of the first. Returns how many are done with. */
static int tell_some(struct remote_feed *feed, const char *topic, size_t from, struct err *err)
{
    const size_t left = feed->round.count - from;
    const size_t count = feed->at_once < left ? feed->at_once : left;
    struct err why = {0};

    if (put_some(feed, topic, from, count, &why) == 0) {
        atomic_fetch_add(&feed->told, count);
        feed->at_once = feed->at_once < FEED_RECORDS / 2 ? feed->at_once * 2 : FEED_RECORDS;
        return (int)count;
    }
    feed->at_once = 1;
    if (why.code == ERR_INVALID)
        return bury(feed, feed->round.records[from], why.text, err) < 0 ? err->code : 1;
    if (count > 1 && why.code == ERR_REMOTE)
        return 0; /* one of them is at fault: at once, with fewer */
    return err_set(err, why.code, "%s", why.text);
}

/* False: not now. Waits for an engine that is away, as long as the records may be held. */
static bool wait_for_engine(struct remote_feed *feed, const struct err *err)
{
    if (atomic_load(&feed->stop) || clock_mono_ms() - feed->polled_ms >= FEED_HOLD_MS)
        return false;
    feed_pause(feed, err);
    return !stopping() && !atomic_load(&feed->stop);
}

static int tell_topic(struct remote_feed *feed, const char *topic, struct err *err)
{
    for (size_t done = 0; done < feed->round.count && !atomic_load(&feed->stop);) {
        const int r = tell_some(feed, topic, done, err);

        if (r > 0) {
            done += (size_t)r;
            feed->retry.attempts = 0;
            trouble_clear(feed->conf.trouble);
        } else if (r < 0) {
            if (!wait_for_engine(feed, err))
                return err->code;
            err_clear(err);
        }
    }
    return atomic_load(&feed->stop) ? err_set(err, ERR_UNAVAILABLE, "stopping") : 0;
}

int feed_tell(struct remote_feed *feed, size_t count, struct err *err)
{
    static const char *const topics[] = {TOPIC_ITEMS, TOPIC_USERS, TOPIC_INTERACTIONS};

    for (size_t t = 0; t < sizeof topics / sizeof *topics; t++)
        if (read_topic(feed, topics[t], count, err) < 0 || tell_topic(feed, topics[t], err) < 0)
            return err->code;
    return 0;
}
