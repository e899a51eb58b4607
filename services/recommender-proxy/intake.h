/* intake.h - the three topics that the local engine learns from, followed into it. */
#ifndef SERVICES_RECOMMENDER_PROXY_INTAKE_H
#define SERVICES_RECOMMENDER_PROXY_INTAKE_H

#include "services/common/follow.h"
#include "services/recommender-proxy/rec_local.h"

enum { INTAKE_ITEMS, INTAKE_USERS, INTAKE_INTERACTIONS, INTAKE_TOPICS };

struct intake_conf { /* borrowed */
    struct bus *bus;
    struct rec_local *local;
    struct trouble *troubles; /* [INTAKE_TOPICS] */
    /* Called after a picture came; may be NULL. */
    void (*on_item)(void *ctx, const struct item_event *event);
    void *ctx;
    const struct follow_offsets *from; /* [INTAKE_TOPICS]; NULL: from the beginning */
};

struct intake;

struct intake *intake_start(const struct intake_conf *conf, struct err *err);
void intake_free(struct intake *intake);
DEFINE_OWNED(intake)

/* True once all that was in the topics at the start is in the engine. */
bool intake_is_whole(struct intake *intake);

/* How far each topic has been read. */
void intake_at(struct intake *intake, struct follow_offsets ret_offsets[INTAKE_TOPICS]);

extern const char *const intake_topics[INTAKE_TOPICS];

/* One record each, into an engine; one that cannot be read is passed over with a line in the
 * log. storage is for what the event points into. ret_event: what it was, untouched for a
 * tombstone or an unreadable one; may be NULL. */
int intake_item(struct rec_local *local, const struct bus_record *record, struct buf *storage,
                struct item_event *ret_event, struct err *err);
int intake_user(struct rec_local *local, const struct bus_record *record, struct buf *storage,
                struct err *err);

/* An act as it is believed: one that says it will happen more than a day after it was told is
 * taken as happening then. ERR_INVALID: it cannot be read. The record has a value. */
int intake_read_act(const struct bus_record *record, struct interaction_event *ret_event,
                    struct buf *storage, struct err *err);

#endif
