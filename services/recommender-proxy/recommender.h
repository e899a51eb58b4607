/* recommender.h - the service put together: engines, followers, training, HTTP. */
#ifndef SERVICES_RECOMMENDER_PROXY_RECOMMENDER_H
#define SERVICES_RECOMMENDER_PROXY_RECOMMENDER_H

#include "services/recommender-proxy/engine.h"
#include "services/recommender-proxy/recommender_conf.h"

/* Runs until stopping(). remote: the engine that answers first, or NULL. */
int recommender_run(const struct recommender_conf *conf, struct rec_engine *remote,
                    struct err *err);

#endif
