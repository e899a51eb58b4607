/* acts.c - acts published; see acts.h. */
#include "services/recommender-proxy/acts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/intern.h"
#include "proto/envelope.h"
#include "proto/topics.h"

enum { PUBLISH_MS = 5000, SEEN = 1 << 16 };

/* By a hash of visitor and event id; a later act takes an earlier one's place. */
struct acts_seen {
    pthread_mutex_t lock;
    uint64_t hashes[SEEN];
};

struct acts_seen *acts_seen_new(struct err *err)
{
    struct acts_seen *seen = calloc(1, sizeof *seen);

    if (!seen) {
        (void)err_set_nomem(err, "what was told lately");
        return NULL;
    }
    (void)pthread_mutex_init(&seen->lock, NULL);
    return seen;
}

void acts_seen_free(struct acts_seen *seen)
{
    if (!seen)
        return;
    (void)pthread_mutex_destroy(&seen->lock);
    free(seen);
}

static uint64_t hash_of(const struct act *act)
{
    return (intern_hash_text(act->event.user_id) * 3 ^ intern_hash_text(act->event.event_id)) |
           1;
}

static void mark_seen(struct acts_seen *seen, const struct act *acts, size_t count)
{
    (void)pthread_mutex_lock(&seen->lock);
    for (size_t i = 0; i < count; i++)
        if (acts[i].status == ACT_ACCEPTED)
            seen->hashes[hash_of(&acts[i]) / 2 % SEEN] = hash_of(&acts[i]);
    (void)pthread_mutex_unlock(&seen->lock);
}

/* Also within the batch. */
static void find_duplicates(struct acts_seen *seen, struct act *acts, size_t count)
{
    (void)pthread_mutex_lock(&seen->lock);
    for (size_t i = 0; i < count; i++)
        if (acts[i].status == ACT_ACCEPTED &&
            seen->hashes[hash_of(&acts[i]) / 2 % SEEN] == hash_of(&acts[i]))
            acts[i].status = ACT_DUPLICATE;
    (void)pthread_mutex_unlock(&seen->lock);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i && acts[i].status == ACT_ACCEPTED; j++)
            if (acts[j].status == ACT_ACCEPTED &&
                strcmp(acts[i].event.event_id, acts[j].event.event_id) == 0 &&
                strcmp(acts[i].event.user_id, acts[j].event.user_id) == 0)
                acts[i].status = ACT_DUPLICATE;
}

/* What is known of how the pictures came to be shown. */
struct shown {
    char asked[RECENT_ASKED], id[RECENT_ID];
};

static void complete(struct recommender *recommender, struct act *act, struct shown *shown)
{
    struct interaction_event *event = &act->event;

    event->propensity_count =
        recent_find(recommender->recent, event->user_id, event->impression,
                    event->impression_count, (double *)(void *)event->propensities,
                    shown->asked, shown->id) > 0
            ? event->impression_count
            : 0;
    event->asked = shown->asked;
    event->recommendation_id = shown->id;
}

struct batch {
    struct bus_record records[ACTS_MAX];
    struct envelope envelopes[ACTS_MAX];
    struct buf values[ACTS_MAX];
    struct shown shown[ACTS_MAX];
    size_t count;
};

static void add(struct batch *batch, struct recommender *recommender, struct act *act,
                const struct trace *trace)
{
    const size_t i = batch->count;
    struct err err = {0};

    complete(recommender, act, &batch->shown[i]);
    buf_clear(&batch->values[i]);
    if (interaction_event_encode(&batch->values[i], &act->event, &err) < 0) {
        act->status = ACT_REFUSED;
        (void)strncpy(act->detail, err.text, sizeof act->detail - 1);
        return;
    }
    envelope_fill(&batch->envelopes[i], EVENT_INTERACTION_RECORDED, RECOMMENDER_SOURCE, NULL,
                  clock_wall_ms(), trace);
    batch->records[i] = (struct bus_record){.topic = TOPIC_INTERACTIONS,
                                            .key = act->event.user_id,
                                            .key_size = strlen(act->event.user_id),
                                            .value = batch->values[i].data,
                                            .value_size = batch->values[i].size,
                                            .headers = batch->envelopes[i].headers,
                                            .header_count = ENVELOPE_HEADERS};
    batch->count++;
}

/* Taking the same in once more, from the topic, changes nothing. */
static void teach(struct recommender *recommender, const struct act *acts, size_t count)
{
    struct err err = {0};

    for (size_t i = 0; i < count; i++)
        if (acts[i].status == ACT_ACCEPTED)
            (void)engine_local_interaction(recommender->local, &acts[i].event, &err);
}

int acts_publish(struct recommender *recommender, struct act *acts, size_t count,
                 const struct trace *trace, struct err *err)
{
    struct batch *batch = calloc(1, sizeof *batch);
    int r = 0;

    if (!batch)
        return err_set_nomem(err, "the acts");
    find_duplicates(recommender->seen, acts, count);
    for (size_t i = 0; i < count; i++)
        if (acts[i].status == ACT_ACCEPTED)
            add(batch, recommender, &acts[i], trace);
    if (batch->count)
        r = bus_publish(recommender->bus, batch->records, batch->count, PUBLISH_MS, err);
    if (r == 0) {
        mark_seen(recommender->seen, acts, count);
        teach(recommender, acts, count);
    }
    for (size_t i = 0; i < ACTS_MAX; i++)
        buf_done(&batch->values[i]);
    free(batch);
    return r;
}
