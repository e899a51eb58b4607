/* engine_remote.h - the engines that are other programs: Amazon Personalize and Gorse.
 *
 * What they answer is not trusted (remote_answer.h): an entry that is no picture of the garden,
 * was there before or is of another mood or orientation than was asked for is left out.
 *
 * Beyond what engine.h says: put_users: of a visitor who is to be forgotten only user_id is
 * set, the rest is "" and 0. The texts of both confs are copied. */
#ifndef SERVICES_RECOMMENDER_PROXY_ENGINE_REMOTE_H
#define SERVICES_RECOMMENDER_PROXY_ENGINE_REMOTE_H

#include "services/recommender-proxy/engine.h"

struct engine_personalize_conf {
    const char *region;           /* "ap-northeast-2" */
    const char *runtime_endpoint; /* "": https://personalize-runtime.<region>.amazonaws.com */
    const char *events_endpoint;  /* "": https://personalize-events.<region>.amazonaws.com */
    const char *access_key, *secret_key, *session_token; /* session_token may be "" */
    const char *campaign;      /* ARN of a campaign or of a recommender */
    const char *filter;        /* ARN of the filter with $MOOD and $ORIENTATION, or "" */
    bool context;              /* send EMOTION, GENERATION and GENDER as context */
    const char *tracking_id;   /* "": it is told of no interactions */
    const char *items_dataset; /* ARN, "": of no items */
    const char *users_dataset; /* ARN, "": of no users */
};

/* "personalize". ERR_INVALID: an endpoint is none. */
struct rec_engine *engine_personalize_new(const struct engine_personalize_conf *conf,
                                          struct err *err);

struct engine_gorse_conf {
    const char *url; /* "http://gorse:8087" */
    const char *key; /* "": it wants none */
};

/* "gorse". ERR_INVALID: the URL is none. */
struct rec_engine *engine_gorse_new(const struct engine_gorse_conf *conf, struct err *err);

#endif
