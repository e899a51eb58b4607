/* answers_gardens.h - POST /garden and GET /v1/users/{id}/recommendations. On a thread of the
 * pool. */
#ifndef SERVICES_RECOMMENDER_PROXY_ANSWERS_GARDENS_H
#define SERVICES_RECOMMENDER_PROXY_ANSWERS_GARDENS_H

#include "lib/http/server.h"
#include "services/recommender-proxy/recommender_parts.h"

void answers_garden(struct recommender *recommender, struct http_request *request);
void answers_recommendations(struct recommender *recommender, struct http_request *request);

#endif
