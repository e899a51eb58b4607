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

static int take_item(void *ctx, const struct bus_record *record, struct err *err)
{
    struct intake *intake = ctx;
    struct item_event event;
    char key[KEY_BYTES];

    if (!record->value)
        return key_of(record, key, sizeof key) ? rec_local_remove(intake->conf.local, key, err)
                                               : 0;
    if (item_event_decode(record->value, record->value_size, &event,
                          &intake->storage[INTAKE_ITEMS], err) < 0)
        return pass_over(record, err);
    if (rec_local_item(intake->conf.local, &event, err) < 0)
        return err->code;
    if (intake->conf.on_item)
        intake->conf.on_item(intake->conf.ctx, &event);
    return 0;
}

static int take_user(void *ctx, const struct bus_record *record, struct err *err)
{
    struct intake *intake = ctx;
    struct user_event event;
    char key[USER_ID_MAX + 1];

    if (!record->value)
        return key_of(record, key, sizeof key)
                   ? rec_local_forget(intake->conf.local, key, record->timestamp_ms, err)
                   : 0;
    if (user_event_decode(record->value, record->value_size, &event,
                          &intake->storage[INTAKE_USERS], err) < 0)
        return pass_over(record, err);
    return rec_local_user(intake->conf.local, &event, err);
}

static int take_interaction(void *ctx, const struct bus_record *record, struct err *err)
{
    struct intake *intake = ctx;
    struct interaction_event event;

    if (!record->value)
        return 0;
    if (interaction_event_decode(record->value, record->value_size, &event,
                                 &intake->storage[INTAKE_INTERACTIONS], err) < 0)
        return pass_over(record, err);
    if (event.timestamp_ms > record->timestamp_ms + AHEAD_MS)
        event.timestamp_ms = record->timestamp_ms;
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
