/* gorse_body.h - paths and bodies of Gorse's REST API.
 *
 * Source: "RESTful APIs" and "Data Source" of Gorse's documentation. An item's categories are
 * its mood, its search key, its orientation, and the first two of one orientation each: so that
 * any question is about one category. */
#ifndef SERVICES_RECOMMENDER_PROXY_GORSE_BODY_H
#define SERVICES_RECOMMENDER_PROXY_GORSE_BODY_H

#include "services/recommender-proxy/engine.h"

/* Appends the path and query that ask for a query's recommendations. favourite: by the whole
 * search key, else by its mood. ERR_INVALID: there is no such category, or the user's id is
 * none for Gorse. */
int gorse_write_query(struct buf *out, const struct rec_query *query, bool favourite,
                      struct err *err);

/* Each appends elements of a list, with the comma before them. Ids have been checked by
 * gorse_id_check. */

/* Of a removed item only the id is set; it becomes hidden. */
void gorse_write_item(struct buf *out, const struct item_event *event);
void gorse_write_user(struct buf *out, const struct user_event *event);
/* The act, and of each other picture that was seen with it that it was "shown". */
void gorse_write_feedback(struct buf *out, const struct interaction_event *event);

#endif
