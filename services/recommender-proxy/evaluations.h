/* evaluations.h - POST /v1/evaluations and GET /v1/evaluations/{id}: one at a time, on a thread
 * of its own; the last ones are remembered until the service stops. */
#ifndef SERVICES_RECOMMENDER_PROXY_EVALUATIONS_H
#define SERVICES_RECOMMENDER_PROXY_EVALUATIONS_H

#include "lib/http/server.h"
#include "services/recommender-proxy/recommender_parts.h"

struct evaluations;

struct evaluations *evaluations_new(const struct recommender *recommender, struct err *err);
void evaluations_free(struct evaluations *evaluations); /* ends the one that is under way */
DEFINE_OWNED(evaluations)

/* Answers, on the loop. False: the path is another. */
bool evaluations_answer(struct evaluations *evaluations, struct http_request *request);

#endif
