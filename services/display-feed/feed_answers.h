/* feed_answers.h - the routes one by one, for feed_routes.c. name is the zone of the path,
 * checked, or what else stands there; "" where the path has none. */
#ifndef SERVICES_DISPLAY_FEED_FEED_ANSWERS_H
#define SERVICES_DISPLAY_FEED_FEED_ANSWERS_H

#include "lib/json/json.h"
#include "services/common/refuse.h"
#include "services/display-feed/feed_routes.h"

enum { FEED_NAME = 72 };

typedef void feed_answer_fn(struct display_feed_parts *parts, struct http_request *request,
                            const char *name);

feed_answer_fn feed_answer_zones;      /* GET /v1/zones */
feed_answer_fn feed_answer_zone;       /* GET /v1/zones/{zone} */
feed_answer_fn feed_answer_feed;       /* GET /v1/zones/{zone}/feed */
feed_answer_fn feed_answer_put;        /* PUT /v1/zones/{zone}: a thread */
feed_answer_fn feed_answer_update;     /* POST /updateDisplay: a thread */
feed_answer_fn feed_answer_heartbeat;  /* POST /v1/zones/{zone}/heartbeat */
feed_answer_fn feed_answer_screens;    /* GET /v1/screens */
feed_answer_fn feed_answer_withdraw;   /* POST /v1/withdrawals: a thread */
feed_answer_fn feed_answer_withdrawal; /* GET /v1/withdrawals/{id}: a thread */
feed_answer_fn feed_answer_plays;      /* GET /v1/plays: a thread */

/* plays_conf.answer: a heartbeat whose plays were written. ctx is the parts. */
void feed_answer_played(void *ctx, struct http_request *request, const char *zone, size_t count,
                        const struct err *err);

/* True, and it was refused, while the topic is being read. */
bool feed_refuse_start(struct display_feed_parts *parts, struct http_request *request);

/* Answers with the JSON, which it takes. */
void feed_answer_json(struct http_request *request, int status, struct buf *body);

/* The body as a JSON object, to be json_decref()ed; NULL: it was refused. */
json_t *feed_answer_body(struct http_request *request);

#endif
