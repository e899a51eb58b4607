/* recommender_parts.h - what the service's parts share. Made once by recommender_run;
 * thread-safe. */
#ifndef SERVICES_RECOMMENDER_PROXY_RECOMMENDER_PARTS_H
#define SERVICES_RECOMMENDER_PROXY_RECOMMENDER_PARTS_H

#include <stdatomic.h>

#include "lib/metrics/metrics.h"
#include "services/common/pool.h"
#include "services/common/trouble.h"
#include "services/recommender-proxy/rec_local.h"
#include "services/recommender-proxy/recent.h"
#include "services/recommender-proxy/recommender_conf.h"

struct recommender_figures {
    struct metric *answers, *fallbacks; /* given; given by the local engine for another */
    struct metric *seconds;             /* of an answer */
    struct metric *accepted, *duplicate, *refused; /* acts */
    struct metric *trainings, *training_seconds, *learnt_changes;
};

/* Whether a remote engine is asked at all: after failures in a row it is left alone for a
 * while, so that answers do not all wait for it. */
struct breaker {
    atomic_int failures;
    _Atomic int64_t closed_until_ms; /* clock_mono_ms */
};

struct acts_seen;

struct recommender {
    const struct recommender_conf *conf;
    struct bus *bus;
    struct rec_local *local;
    struct rec_engine *remote; /* NULL: the local one is all there is */
    struct breaker breaker;
    struct recent *recent;
    struct acts_seen *seen;
    struct pool *pool; /* threads that answer */
    struct recommender_figures figures;
};

#endif
