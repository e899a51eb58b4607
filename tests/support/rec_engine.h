/* rec_engine.h - the local engine as one more recommender of a split: told of each like of the
 * training part, trained, and asked for rankings. */
#ifndef TESTS_SUPPORT_REC_ENGINE_H
#define TESTS_SUPPORT_REC_ENGINE_H

#include "services/recommender-proxy/rec_local.h"
#include "tests/support/rec_split.h"

/* Nothing is known but who liked what (all pictures of one mood, one age, landscape; visitors
 * without a group), so that its personal part alone is judged. An answer has at most
 * REC_COUNT_MAX items; those that the user liked before are taken out afterwards. seconds are
 * those of training, the events' taking in left out. */
int rec_engine_try(const struct rec_local_conf *conf, const struct rec_split *split,
                   uint32_t *ret_ranking, struct rec_metrics *ret_metrics, struct err *err);

#endif
