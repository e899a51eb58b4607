/* recommender_conf.h - the recommender's settings. */
#ifndef SERVICES_RECOMMENDER_PROXY_RECOMMENDER_CONF_H
#define SERVICES_RECOMMENDER_PROXY_RECOMMENDER_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/conf.h"
#include "services/common/garden_conf.h"
#include "services/recommender-proxy/rec_local.h"
#include "services/recommender-proxy/remote_conf.h"

#define RECOMMENDER_SERVICE "recommender-proxy"
#define RECOMMENDER_SOURCE "/recommender-proxy"

struct recommender_conf {
    struct garden_conf garden;
    struct remote_conf remote;
    const char *listen;
    const char *engine;
    int64_t engine_ms; /* for a remote engine */
    int64_t threads, queue;
    int64_t garden_count; /* of each orientation, in /garden */
    int64_t exploration_percent, exploration_days;
    int64_t factors, sweeps;
    int64_t train_s, train_threads;
    bool looks;
};

extern const struct conf_field recommender_fields[];
extern const size_t recommender_field_count;

int recommender_conf_load(struct recommender_conf *conf, struct err *err);

/* The local engine's part. */
struct rec_local_conf recommender_conf_local(const struct recommender_conf *conf);

#endif
