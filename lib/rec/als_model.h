/* als_model.h - what training hands over to the model. */
#ifndef LIB_REC_ALS_MODEL_H
#define LIB_REC_ALS_MODEL_H

#include "lib/rec/als.h"

/* As rec_als_new, but takes items, in any case; conf->threads is above 0. ERR_NOMEM. */
struct rec_als *als_model_new(const struct rec_als_conf *conf, float *items, uint32_t count,
                              struct err *err);

/* How many threads conf asks for. */
int als_threads(const struct rec_als_conf *conf);

#endif
