/* generator_front.h - the generator's own HTTP: /healthz, /readyz, /metrics. Bound to loopback
 * unless told otherwise: it has no keys. */
#ifndef SERVICES_GENERATOR_GPU_GENERATOR_FRONT_H
#define SERVICES_GENERATOR_GPU_GENERATOR_FRONT_H

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "services/generator-gpu/generator_health.h"

struct generator_front;

/* Starts to answer; /readyz says "starting" until front_connect. */
struct generator_front *generator_front_start(const char *listen, struct err *err);

int generator_front_port(const struct generator_front *front);

/* Borrowed until front_free. */
void generator_front_connect(struct generator_front *front, struct generator_health *health);

void generator_front_free(struct generator_front *front);
DEFINE_OWNED(generator_front)

#endif
