/* generator_conf.h - the generator's settings. */
#ifndef SERVICES_GENERATOR_GPU_GENERATOR_CONF_H
#define SERVICES_GENERATOR_GPU_GENERATOR_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/conf.h"
#include "services/common/garden_conf.h"

#define GENERATOR_SERVICE "generator-gpu"
#define GENERATOR_SOURCE "/generator-gpu"

struct generator_conf {
    struct garden_conf garden;
    const char *listen;
    const char *group;
    const char *model;
    const char *backend;
    const char *precision;
    int64_t threads;
    int64_t max_pixels;
    int64_t jpeg_quality;
    int64_t queue_jobs;
};

extern const struct conf_field generator_fields[];
extern const size_t generator_field_count;

int generator_conf_load(struct generator_conf *conf, struct err *err);

#endif
