/* evaluation.h - what another policy would have earned, judged by the log of
 * garden.interactions before it goes live.
 *
 * The log is cut in time. A fresh engine with the policy's settings learns from the first part;
 * then the second part is gone through act by act: each impression whose propensities are known
 * is judged with what the visitor had done until then (rec_local_judge), and the act taken in.
 * A picture that is shown earns 1 where it is liked. */
#ifndef SERVICES_RECOMMENDER_PROXY_EVALUATION_H
#define SERVICES_RECOMMENDER_PROXY_EVALUATION_H

#include "lib/bus/bus.h"
#include "lib/rec/off_policy.h"
#include "services/recommender-proxy/rec_local.h"

struct evaluation_conf {
    struct bus *bus;                       /* borrowed */
    struct rec_local_conf policy;          /* to be judged */
    double learn_share;                    /* 0 to 1: of the acts, which it learns from */
    double clip;                           /* of weights; 0: none */
    bool (*go_on)(void *ctx, double done); /* false ends it: ERR_TIMEOUT. NULL: none */
    void *ctx;
};

struct evaluation_result {
    struct rec_off_policy_result policy;
    double logged;          /* likes for each picture that was shown: what the log earned */
    uint64_t acts;          /* in the log */
    uint64_t judged_acts;   /* of the second part, with propensities */
    uint64_t judged_places; /* pictures in them */
    uint64_t unknown;       /* acts of the second part without propensities */
};

/* Blocks for as long as it takes. ERR_NOT_FOUND: the log has nothing that a policy can be
 * judged by, and err says what is missing. */
int evaluation_run(const struct evaluation_conf *conf, struct evaluation_result *ret_result,
                   struct err *err);

#endif
