/* answers.h - the routes: POST /garden, /like, /v1/events, GET /v1/users/{id}/recommendations.
 *
 * Requests are read and answered on the pool's threads. */
#ifndef SERVICES_RECOMMENDER_PROXY_ANSWERS_H
#define SERVICES_RECOMMENDER_PROXY_ANSWERS_H

#include "lib/http/server.h"
#include "services/recommender-proxy/recommender_parts.h"

/* On the loop, at the head of a POST: how large its body may be. */
void answers_head(struct http_request *request);

/* On the loop. False: there is no such path. */
bool answers(struct recommender *recommender, struct http_request *request);

#define ANSWERS_PATHS                                                                    \
    "there are POST /garden, /like and /v1/events, GET /v1/users/{id}/recommendations, " \
    "/healthz, /readyz and /metrics\n"

#endif
