/* weigh.h - the weights of a model, from the visitors that it did not learn from. */
#ifndef SERVICES_RECOMMENDER_PROXY_WEIGH_H
#define SERVICES_RECOMMENDER_PROXY_WEIGH_H

#include "services/recommender-proxy/model.h"

/* Sets model->weights. Each visitor is looked at as one of whom nothing is known yet, and as
 * one of whom half is known, the other half being what is to be foretold. False: no memory. */
bool weigh(struct model *model, const struct sample *sample);

#endif
