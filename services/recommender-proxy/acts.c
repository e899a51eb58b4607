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

static uint64_t hash_of(const struct client_act *act)
{
    return (intern_hash_text(act->event.user_id) * 3 ^ intern_hash_text(act->event.event_id)) |
           1;
}

static void mark_seen(struct acts_seen *seen, const struct client_act *acts, size_t count)
{
    (void)pthread_mutex_lock(&seen->lock);
    for (size_t i = 0; i < count; i++)
        if (acts[i].status == ACT_ACCEPTED)
            seen->hashes[hash_of(&acts[i]) / 2 % SEEN] = hash_of(&acts[i]);
    (void)pthread_mutex_unlock(&seen->lock);
}

/* Also within the batch. */
static void find_duplicates(struct acts_seen *seen, struct client_act *acts, size_t count)
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
static void complete(struct recommender *recommender, struct client_act *act,
                     struct recent_question *question)
{
    struct interaction_event *event = &act->event;

    event->propensity_count = recent_find(recommender->recent, event->user_id,
                                          event->impression, event->impression_count,
                                          (double *)(void *)event->propensities, question) > 0
                                  ? event->impression_count
                                  : 0;
    event->asked = question->asked;
    event->recommendation_id = question->recommendation_id;
}

/* What a record points into. */
struct entry {
    struct envelope envelope;
    struct buf value;
    struct recent_question question;
};

static int make_record(struct recommender *recommender, struct client_act *act,
                       struct entry *entry, const struct trace *trace,
                       struct bus_record *ret_record, struct err *err)
{
    complete(recommender, act, &entry->question);
    if (interaction_event_encode(&entry->value, &act->event, err) < 0)
        return err->code;
    envelope_fill(&entry->envelope, EVENT_INTERACTION_RECORDED, RECOMMENDER_SOURCE, NULL,
                  clock_wall_ms(), trace);
    *ret_record = (struct bus_record){.topic = TOPIC_INTERACTIONS,
                                      .key = act->event.user_id,
                                      .key_size = strlen(act->event.user_id),
                                      .value = entry->value.data,
                                      .value_size = entry->value.size,
                                      .headers = entry->envelope.headers,
                                      .header_count = ENVELOPE_HEADERS};
    return 0;
}

/* Taking the same in once more, from the topic, changes nothing. */
static void teach(struct recommender *recommender, const struct client_act *acts, size_t count)
{
    struct err err = {0};

    for (size_t i = 0; i < count; i++)
        if (acts[i].status == ACT_ACCEPTED)
            (void)rec_local_interaction(recommender->local, &acts[i].event, &err);
}

int acts_publish(struct recommender *recommender, struct client_act *acts, size_t count,
                 const struct trace *trace, struct err *err)
{
    struct bus_record *records = calloc(count + 1, sizeof *records);
    struct entry *entries = calloc(count + 1, sizeof *entries);
    size_t made = 0;
    int r = 0;

    if (!records || !entries) {
        free(records);
        free(entries);
        return err_set_nomem(err, "the acts");
    }
    find_duplicates(recommender->seen, acts, count);
    for (size_t i = 0; i < count; i++) {
        struct err wrong = {0};

        if (acts[i].status != ACT_ACCEPTED)
            continue;
        if (make_record(recommender, &acts[i], &entries[i], trace, &records[made], &wrong) < 0)
            client_act_refuse(&acts[i], wrong.text);
        else
            made++;
    }
    if (made)
        r = bus_publish(recommender->bus, records, made, PUBLISH_MS, err);
    if (r == 0) {
        mark_seen(recommender->seen, acts, count);
        teach(recommender, acts, count);
    }
    for (size_t i = 0; i < count; i++)
        buf_done(&entries[i].value);
    free(records);
    free(entries);
    return r;
}
