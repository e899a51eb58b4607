/* engine_local_parts.h - what the files of the local engine share. For engine_local*.c only. */
#ifndef SERVICES_RECOMMENDER_PROXY_ENGINE_LOCAL_PARTS_H
#define SERVICES_RECOMMENDER_PROXY_ENGINE_LOCAL_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "services/recommender-proxy/engine_local.h"
#include "services/recommender-proxy/model.h"

struct engine_local {
    struct rec_engine engine; /* first */
    struct engine_local_conf conf;
    pthread_rwlock_t lock;
    struct facts facts;  /* locked */
    struct model *model; /* locked; never NULL once it is made */
    pthread_mutex_t training;
    _Atomic uint64_t learnt; /* facts.changes at the start of the last training */
};

/* Answers; with the lock held for reading. */
int engine_local_rank(const struct engine_local *local, const struct rec_query *query,
                      struct rec_answer *ret_answer, struct err *err);

#endif
