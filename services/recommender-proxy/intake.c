/* intake.c - see intake.h. Records that cannot be read are passed over with a line in the log:
 * they are dead letters of whoever acts on the topics, and this is a view. */
#include "services/recommender-proxy/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "proto/topics.h"

/* An act that says it will happen later than this is taken as happening when it was told: a
 * clock that is years ahead must not have the last word for years. */
enum { AHEAD_MS = 24 * 3600 * 1000 };

struct intake {
    struct intake_conf conf;
    struct follow *follows[INTAKE_TOPICS];
    struct buf storage[INTAKE_TOPICS]; /* of the event that is taken in, by thread */
};

const char *const intake_topics[INTAKE_TOPICS] = {TOPIC_ITEMS, TOPIC_USERS, TOPIC_INTERACTIONS};

static int pass_over(const struct bus_record *record, struct err *err)
{
    log_warn("partition %d, offset %lld of %s: %s", (int)record->partition,
             (long long)record->offset, record->topic, err->text);
    *err = (struct err){0};
    return 0;
}

/* The record's key as a text; false: it is none. */
static bool key_of(const struct bus_record *record, char *out, size_t size)
{
    if (!record->key || record->key_size >= size || memchr(record->key, '\0', record->key_size))
        return false;
    (void)snprintf(out, size, "%.*s", (int)record->key_size, record->key);
    return true;
}

int intake_item(struct rec_local *local, const struct bus_record *record, struct buf *storage,
                struct item_event *ret_event, struct err *err)
{
    struct item_event event = {0};
    char key[KEY_BYTES];
    int r;

    if (!record->value)
        return key_of(record, key, sizeof key) ? rec_local_remove(local, key, err) : 0;
    if (item_event_decode(record->value, record->value_size, &event, storage, err) < 0)
        return pass_over(record, err);
    r = rec_local_item(local, &event, err);
    if (r == 0 && ret_event)
        *ret_event = event;
    return r;
}

/* A tombstone, on either topic: garden.users drops its own after a while, garden.interactions
 * keeps it as long as the acts that it is about. */
static int forget(struct rec_local *local, const struct bus_record *record, struct err *err)
{
    char key[USER_ID_MAX + 1];

    return key_of(record, key, sizeof key)
               ? rec_local_forget(local, key, record->timestamp_ms, err)
               : 0;
}

int intake_user(struct rec_local *local, const struct bus_record *record, struct buf *storage,
                struct err *err)
{
    struct user_event event;

    if (!record->value)
        return forget(local, record, err);
    if (user_event_decode(record->value, record->value_size, &event, storage, err) < 0)
        return pass_over(record, err);
    return rec_local_user(local, &event, err);
}

int intake_read_act(const struct bus_record *record, struct interaction_event *ret_event,
                    struct buf *storage, struct err *err)
{
    if (interaction_event_decode(record->value, record->value_size, ret_event, storage, err) <
        0)
        return err->code;
    if (ret_event->timestamp_ms > record->timestamp_ms + AHEAD_MS)
        ret_event->timestamp_ms = record->timestamp_ms;
    return 0;
}

/* -- on the followers' threads -- */

static int take_item(void *ctx, const struct bus_record *record, struct err *err)
{
    struct intake *intake = ctx;
    struct item_event event = {0};
    int r =
        intake_item(intake->conf.local, record, &intake->storage[INTAKE_ITEMS], &event, err);

    if (r == 0 && event.item_id && intake->conf.on_item)
        intake->conf.on_item(intake->conf.ctx, &event);
    return r;
}

static int take_user(void *ctx, const struct bus_record *record, struct err *err)
{
    struct intake *intake = ctx;

    return intake_user(intake->conf.local, record, &intake->storage[INTAKE_USERS], err);
}

static int take_interaction(void *ctx, const struct bus_record *record, struct err *err)
{
    struct intake *intake = ctx;
    struct interaction_event event;

    if (!record->value)
        return forget(intake->conf.local, record, err);
    if (intake_read_act(record, &event, &intake->storage[INTAKE_INTERACTIONS], err) < 0)
        return pass_over(record, err);
    return rec_local_interaction(intake->conf.local, &event, err);
}

struct intake *intake_start(const struct intake_conf *conf, struct err *err)
{
    int (*const takes[INTAKE_TOPICS])(void *, const struct bus_record *, struct err *) = {
        [INTAKE_ITEMS] = take_item,
        [INTAKE_USERS] = take_user,
        [INTAKE_INTERACTIONS] = take_interaction};
    struct intake *intake = calloc(1, sizeof *intake);

    if (!intake) {
        (void)err_set_nomem(err, "the followers");
        return NULL;
    }
    intake->conf = *conf;
    for (int i = 0; i < INTAKE_TOPICS; i++) {
        struct follow_conf follow = {.bus = conf->bus,
                                     .topic = intake_topics[i],
                                     .take = takes[i],
                                     .ctx = intake,
                                     .trouble = &conf->troubles[i]};

        if (conf->from)
            follow.from = conf->from[i];
        intake->follows[i] = follow_start(&follow, err);
        if (!intake->follows[i]) {
            intake_free(intake);
            return NULL;
        }
    }
    intake->conf.from = NULL; /* the caller's */
    return intake;
}

void intake_free(struct intake *intake)
{
    if (!intake)
        return;
    for (int i = 0; i < INTAKE_TOPICS; i++) {
        follow_free(intake->follows[i]);
        buf_done(&intake->storage[i]);
    }
    free(intake);
}

bool intake_is_whole(struct intake *intake)
{
    for (int i = 0; i < INTAKE_TOPICS; i++)
        if (!follow_is_whole(intake->follows[i]))
            return false;
    return true;
}

void intake_at(struct intake *intake, struct follow_offsets ret_offsets[INTAKE_TOPICS])
{
    for (int i = 0; i < INTAKE_TOPICS; i++)
        follow_at(intake->follows[i], &ret_offsets[i]);
}
