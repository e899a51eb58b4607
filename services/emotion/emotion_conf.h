/* emotion_conf.h - the emotion service's settings. */
#ifndef SERVICES_EMOTION_EMOTION_CONF_H
#define SERVICES_EMOTION_EMOTION_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/conf.h"
#include "services/common/garden_conf.h"

#define EMOTION_SERVICE "emotion"
#define EMOTION_SOURCE "/emotion"

struct emotion_conf {
    struct garden_conf garden;
    const char *listen;
    const char *engine;
    const char *models;
    int64_t threads;
    int64_t max_picture_mb;
    int64_t max_pixels;
    int64_t queue;
    int64_t queue_mb;
    int64_t visit_s;
    const char *receipt_key;
    bool require_locked;
    const char *region, *endpoint, *access_key, *secret_key, *session_token;
    int64_t deadline_ms;
};

extern const struct conf_field emotion_fields[];
extern const size_t emotion_field_count;

int emotion_conf_load(struct emotion_conf *conf, struct err *err);

#endif
