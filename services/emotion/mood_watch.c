/* mood_watch.c - see mood_watch.h. */
#include <stdlib.h>
#include <time.h>

#include "lib/base/clock.h"
#include "services/emotion/mood_publish.h"
#include "services/emotion/mood_watch_local.h"

enum { SYNC_MS = 8000 };

struct mood_watch *mood_watch_start(const struct mood_watch_conf *conf, struct err *err)
{
    struct mood_watch *watch = calloc(1, sizeof *watch);
    pthread_condattr_t attributes;

    if (!watch) {
        err_set_nomem(err, "the watch over moods");
        return NULL;
    }
    watch->conf = *conf;
    (void)pthread_mutex_init(&watch->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch->synced, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    watch->moods = moods_new(conf->visit_ms, MOOD_VISITORS_MAX, err);
    watch->records = calloc(MOOD_POLL_RECORDS, sizeof *watch->records);
    if (watch->moods && watch->records &&
        pthread_create(&watch->thread, NULL, mood_follow, watch) == 0) {
        watch->started = true;
        return watch;
    }
    err_set_nomem(err, "the watch over moods");
    mood_watch_free(watch);
    return NULL;
}

void mood_watch_free(struct mood_watch *watch)
{
    if (!watch)
        return;
    atomic_store(&watch->stop, true);
    if (watch->started) {
        (void)pthread_mutex_lock(&watch->lock);
        mood_follow_wake(watch);
        (void)pthread_cond_broadcast(&watch->synced);
        (void)pthread_mutex_unlock(&watch->lock);
        (void)pthread_join(watch->thread, NULL);
    }
    bus_consumer_free(watch->consumer);
    moods_free(watch->moods);
    buf_done(&watch->storage);
    free(watch->records);
    (void)pthread_cond_destroy(&watch->synced);
    (void)pthread_mutex_destroy(&watch->lock);
    free(watch);
}

/* -- who asks -- */

bool mood_watch_is_whole(struct mood_watch *watch)
{
    return atomic_load(&watch->whole);
}

size_t mood_watch_count(struct mood_watch *watch)
{
    size_t count;

    (void)pthread_mutex_lock(&watch->lock);
    count = moods_count(watch->moods);
    (void)pthread_mutex_unlock(&watch->lock);
    return count;
}

/* Waits until what is in the topic now is known; with the lock. */
static int sync_locked(struct mood_watch *watch, struct err *err)
{
    const uint64_t wanted = ++watch->asked;
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SYNC_MS / 1000;
    mood_follow_wake(watch);
    while (watch->answered < wanted && !atomic_load(&watch->stop)) {
        if (watch->failure.code)
            return err_set(err, ERR_UNAVAILABLE, "%s", watch->failure.text);
        if (pthread_cond_timedwait(&watch->synced, &watch->lock, &until) != 0)
            return err_set(err, ERR_TIMEOUT,
                           "the bus did not say within %d s what visitors "
                           "have said",
                           SYNC_MS / 1000);
    }
    return watch->answered < wanted ? err_set(err, ERR_UNAVAILABLE, "stopping") : 0;
}

int mood_watch_find(struct mood_watch *watch, const char *user_id, struct mood *ret_mood,
                    struct err *err)
{
    int r;

    (void)pthread_mutex_lock(&watch->lock);
    r = sync_locked(watch, err);
    if (r == 0 && !moods_find(watch->moods, user_id, clock_wall_ms(), ret_mood))
        r = err_set(err, ERR_NOT_FOUND, "nothing is known of this visitor now");
    (void)pthread_mutex_unlock(&watch->lock);
    return r;
}

/* What was just published holds here before it has come back on the topic. */
static void take_own(struct mood_watch *watch, const char *user_id,
                     const struct user_event *event, int64_t time_ms)
{
    (void)pthread_mutex_lock(&watch->lock);
    (void)moods_take(watch->moods, user_id, event, time_ms);
    (void)pthread_mutex_unlock(&watch->lock);
}

int mood_watch_analysed(struct mood_watch *watch, struct user_event *event,
                        const struct trace *trace, bool *ret_published, struct err *err)
{
    struct user_event merged = *event;
    bool wanted;

    (void)pthread_mutex_lock(&watch->lock);
    wanted = moods_merge(watch->moods, &merged);
    (void)pthread_mutex_unlock(&watch->lock);
    if (wanted && mood_publish(watch->conf.bus, &merged, trace, err) < 0)
        return err->code;
    if (wanted) {
        *event = merged;
        take_own(watch, event->user_id, event, event->timestamp_ms);
    }
    *ret_published = wanted;
    return 0;
}

static void take_own_word(struct mood_watch *watch, const char *user_id,
                          const struct mood *mood)
{
    const struct user_event event = mood_event(user_id, mood);

    take_own(watch, user_id, &event, event.timestamp_ms);
}

int mood_watch_choose(struct mood_watch *watch, const struct mood_word *word,
                      const struct trace *trace, struct mood *ret_mood, struct err *err)
{
    struct mood mood = {.analysed = -1, .generation = "", .gender = ""};
    int r;

    (void)pthread_mutex_lock(&watch->lock);
    r = sync_locked(watch, err);
    if (r == 0) {
        (void)moods_find(watch->moods, word->user_id, clock_wall_ms(), &mood);
        mood.time_ms = moods_time(watch->moods, word->user_id, clock_wall_ms());
    }
    (void)pthread_mutex_unlock(&watch->lock);
    mood.by_visitor = true;
    mood.emotion = word->emotion;
    mood.generation = word->generation ? word->generation : mood.generation;
    mood.gender = word->gender ? word->gender : mood.gender;
    if (r < 0 || mood_say(watch, word->user_id, &mood, trace, err) < 0)
        return err->code;
    take_own_word(watch, word->user_id, &mood);
    *ret_mood = mood;
    return 0;
}

int mood_watch_forget(struct mood_watch *watch, const char *user_id, const struct trace *trace,
                      struct err *err)
{
    int64_t time_ms = 0;
    int r;

    (void)pthread_mutex_lock(&watch->lock);
    r = sync_locked(watch, err);
    if (r == 0)
        time_ms = moods_time(watch->moods, user_id, clock_wall_ms());
    (void)pthread_mutex_unlock(&watch->lock);
    if (r < 0 || mood_publish_tombstone(watch->conf.bus, user_id, time_ms, trace, err) < 0)
        return err->code;
    take_own(watch, user_id, NULL, time_ms);
    return 0;
}
