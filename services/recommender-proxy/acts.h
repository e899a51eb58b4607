/* acts.h - what visitors do, as clients tell it: read, completed, published, learnt.
 *
 * What clients tell is taken as far as it makes sense: pictures of the impression that are none
 * are left out, more than INTERACTION_IMPRESSION_MAX are cut, the act's own picture is put in
 * front where it is missing, a time that cannot be is taken as now. Each says so. */
#ifndef SERVICES_RECOMMENDER_PROXY_ACTS_H
#define SERVICES_RECOMMENDER_PROXY_ACTS_H

#include "lib/json/json.h"
#include "lib/trace/trace.h"
#include "services/recommender-proxy/recommender_parts.h"

enum { ACTS_MAX = 1000 /* in a batch */ };

enum act_status { ACT_ACCEPTED, ACT_DUPLICATE, ACT_REFUSED };

struct client_act {
    enum act_status status;
    struct interaction_event event; /* texts point into storage */
    struct buf storage;
    char detail[200]; /* why it is refused, or what was changed; "": nothing */
};

void client_act_done(struct client_act *act);

void client_act_refuse(struct client_act *act, const char *why);

/* Reads one: user_id, item_id, event_type (also "click"), impression, timestamp (milliseconds
 * since the epoch, or RFC 3339), event_id. An act that is no good is no error: it is refused.
 */
void client_act_read(struct client_act *act, const json_t *object);

/* One with these, happening now. */
void client_act_like(struct client_act *act, const char *user_id, const char *item_id,
                     const json_t *impression);

/* Publishes those that are accepted so far, all at once, and teaches the local engine. Those
 * that were told already become ACT_DUPLICATE. On failure none is published. */
int acts_publish(struct recommender *recommender, struct client_act *acts, size_t count,
                 const struct trace *trace, struct err *err);

/* Remembers which acts were told lately. */
struct acts_seen *acts_seen_new(struct err *err);
void acts_seen_free(struct acts_seen *seen);

#endif
