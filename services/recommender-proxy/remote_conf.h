/* remote_conf.h - the settings of the engines that are other programs. */
#ifndef SERVICES_RECOMMENDER_PROXY_REMOTE_CONF_H
#define SERVICES_RECOMMENDER_PROXY_REMOTE_CONF_H

#include <stddef.h>

#include "lib/base/conf.h"
#include "services/recommender-proxy/engine_remote.h"

struct remote_conf { /* filled by conf_load with remote_fields */
    struct engine_personalize_conf personalize;
    struct engine_gorse_conf gorse;
};

extern const struct conf_field remote_fields[];
extern const size_t remote_field_count;

/* Opens the engine of this name: "personalize" or "gorse". ERR_INVALID names the setting that
 * it lacks or that is wrong. */
struct rec_engine *remote_conf_open(const struct remote_conf *conf, const char *engine,
                                    struct err *err);

#endif
