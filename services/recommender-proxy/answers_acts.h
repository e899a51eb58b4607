/* answers_acts.h - POST /like and /v1/events. On a thread of the pool. */
#ifndef SERVICES_RECOMMENDER_PROXY_ANSWERS_ACTS_H
#define SERVICES_RECOMMENDER_PROXY_ANSWERS_ACTS_H

#include "lib/http/server.h"
#include "lib/json/json.h"
#include "services/recommender-proxy/recommender_parts.h"

void answers_like(struct recommender *recommender, struct http_request *request);
void answers_events(struct recommender *recommender, struct http_request *request);

/* The body's JSON object, or NULL with the request refused. A new reference. */

json_t *answers_body(struct http_request *request);

/* "" too is refused; NULL: it was. */
const char *answers_user(struct http_request *request, const json_t *body, const char *name);

#endif
