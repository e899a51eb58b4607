/* model.h - what was learnt at one time, and the shelves of pictures that it is asked about.
 *
 * Made by training from a sample; afterwards only pictures that are newer are added to it. */
#ifndef SERVICES_RECOMMENDER_PROXY_MODEL_H
#define SERVICES_RECOMMENDER_PROXY_MODEL_H

#include "lib/rec/als.h"
#include "services/recommender-proxy/crowd.h"
#include "services/recommender-proxy/kinds.h"
#include "services/recommender-proxy/rates.h"
#include "services/recommender-proxy/shelf.h"
#include "services/recommender-proxy/weights.h"

struct model {
    uint64_t id;         /* of the sample and the settings: the same for the same facts */
    int factors;         /* 1 where there is no als */
    struct rec_als *als; /* NULL: too little is known */
    struct rec_als_conf als_conf; /* what it was made with */
    struct rates rates;
    struct crowd crowd;
    struct kinds kinds;
    struct weights weights[2]; /* of visitors of whom nothing, or something, is known */
    int64_t newest_ms;         /* of the pictures */
    struct shelf shelves[EMOTION_COUNT];
    uint32_t
        *places; /* by item number: its place on its mood's shelf + 1; 0: it is not there */
    uint32_t place_room;
};

/* Learns. conf's unobserved and regularisation may be 0: then they follow from how much is
 * known (see model.c). NULL: ERR_NOMEM, or ERR_TIMEOUT where conf's go_on ended it. */
struct model *model_learn(const struct sample *sample, const struct rec_als_conf *conf,
                          struct err *err);
void model_free(struct model *model);
DEFINE_OWNED(model)

/* Puts a picture on its shelf where it is not there yet; else notes when it came last, and
 * whether it is in the garden now. hash: of its id. False: no memory. */
bool model_put(struct model *model, uint32_t item, uint64_t hash, const struct facts_item *of);

/* Notes that a picture is in the garden no more. */
void model_take_off(struct model *model, uint32_t item, int emotion);

/* Puts back what was on a shelf. */
bool model_restore(struct model *model, const struct shelf_item *item, int emotion,
                   const float *vector);

/* The column of an item in the model's matrix, or INTERN_NONE. */
uint32_t model_column(const struct model *model, uint32_t item, int emotion);

#endif
