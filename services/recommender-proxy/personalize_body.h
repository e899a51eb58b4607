/* personalize_body.h - the bodies of requests to Amazon Personalize.
 *
 * Source: the API reference of GetRecommendations, PutEvents, PutItems and PutUsers, and the
 * quotas of Personalize. Members of `properties` are the names of the schemas' columns in camel
 * case; docs/recommender.md has the schemas. */
#ifndef SERVICES_RECOMMENDER_PROXY_PERSONALIZE_BODY_H
#define SERVICES_RECOMMENDER_PROXY_PERSONALIZE_BODY_H

#include "services/recommender-proxy/engine.h"

enum {
    PERSONALIZE_TOGETHER = 10,  /* events, items or users in a call */
    PERSONALIZE_ID_MAX = 256,   /* characters of an id */
    PERSONALIZE_IMPRESSION = 25 /* pictures that an event can say were shown */
};

struct personalize_query {
    const char *campaign, *filter; /* as in engine_personalize_conf */
    bool context;
};

/* What engine_personalize asks. Without a filter the most results there can be, since the
 * answer has those of other moods. */
void personalize_write_query(struct buf *out, const struct personalize_query *conf,
                             const struct rec_query *query);

/* ERR_INVALID: no such id can be told. */
int personalize_check_id(const char *id, struct err *err);

/* One call's worth: count is at most PERSONALIZE_TOGETHER, the ids have been checked. */

/* The events are of one user. */
void personalize_write_events(struct buf *out, const char *tracking_id, bool context,
                              const struct interaction_event *const *events, size_t count);

/* Items and users are told alike. */
struct personalize_kind {
    const char *path, *list; /* "/items", "items" */
    size_t size;             /* of an event */
    const char *(*id)(const void *event);
    void (*write)(struct buf *out, const void *event);
};
extern const struct personalize_kind personalize_items; /* of struct item_event */
extern const struct personalize_kind personalize_users; /* of struct user_event */

void personalize_write_records(struct buf *out, const struct personalize_kind *kind,
                               const char *dataset, const void *const *events, size_t count);

#endif
