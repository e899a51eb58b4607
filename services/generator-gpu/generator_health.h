/* generator_health.h - looks every second how bus and store are and how much work there is;
 * handlers of HTTP requests must not block, so they read what was found last. */
#ifndef SERVICES_GENERATOR_GPU_GENERATOR_HEALTH_H
#define SERVICES_GENERATOR_GPU_GENERATOR_HEALTH_H

#include "lib/base/buf.h"
#include "services/generator-gpu/request_reader.h"

enum { HEALTH_TROUBLES = 4 };

struct generator_health_conf { /* borrowed */
    struct bus *bus;
    struct store *store;
    struct queue *queue;
    struct request_reader *reader;
    const struct output_conf *output;
    struct trouble *troubles; /* HEALTH_TROUBLES of them */
};

struct generator_health;

struct generator_health *generator_health_start(const struct generator_health_conf *conf,
                                                struct err *err);
void generator_health_free(struct generator_health *health);
DEFINE_OWNED(generator_health)

/* Appends the answer of /readyz and returns whether it is ready; ctx is the struct
 * generator_health (front.h). Any thread. */
bool generator_health_render(void *ctx, struct buf *out);

#endif
