/* trainer.h - a thread that trains the local engine when there is something new, and keeps the
 * snapshot. */
#ifndef SERVICES_RECOMMENDER_PROXY_TRAINER_H
#define SERVICES_RECOMMENDER_PROXY_TRAINER_H

#include "services/common/trouble.h"
#include "services/recommender-proxy/intake.h"
#include "services/recommender-proxy/recommender_parts.h"

struct trainer_conf { /* borrowed */
    struct recommender *recommender;
    struct intake *intake;
    const char *snapshot; /* the file's path */
    struct trouble *trouble;
    bool restored; /* the engine came from the snapshot */
};

struct trainer;

/* It waits until the intake is whole before it trains. */
struct trainer *trainer_start(const struct trainer_conf *conf, struct err *err);

/* Ends a training that is under way, and writes the snapshot a last time. */
void trainer_free(struct trainer *trainer);
DEFINE_OWNED(trainer)

/* True once answers come from all that was there at the start. */
bool trainer_is_ready(struct trainer *trainer);

#endif
