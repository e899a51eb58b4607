/* rec_local_parts.h - what the files of the local engine share. For rec_local*.c only. */
#ifndef SERVICES_RECOMMENDER_PROXY_REC_LOCAL_PARTS_H
#define SERVICES_RECOMMENDER_PROXY_REC_LOCAL_PARTS_H

#include <pthread.h>
#include <stdatomic.h>

#include "services/recommender-proxy/model.h"
#include "services/recommender-proxy/rec_local.h"
#include "services/recommender-proxy/sample.h"

struct rec_local {
    struct rec_engine engine; /* first */
    struct rec_local_conf conf;
    pthread_rwlock_t lock;
    struct facts facts;  /* locked */
    struct model *model; /* locked; never NULL once it is made */
    pthread_mutex_t training;
    _Atomic uint64_t learnt; /* facts.changes at the start of the last training */
};

struct sample_conf rec_local_weights(const struct rec_local_conf *conf);

/* Answers; with the lock held for reading. */
int rec_local_rank(const struct rec_local *local, const struct rec_query *query,
                   struct rec_answer *ret_answer, struct err *err);

#endif
