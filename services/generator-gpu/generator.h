/* generator.h - the service put together: reader, queue, worker, watch, health, HTTP. */
#ifndef SERVICES_GENERATOR_GPU_GENERATOR_H
#define SERVICES_GENERATOR_GPU_GENERATOR_H

#include "services/generator-gpu/drawer.h"
#include "services/generator-gpu/generator_conf.h"

/* Runs until stopping(). Does not come back where the engine is in the middle of a long step
 * then: everything is settled and the process ends at once, with status 0. */
int generator_run(const struct generator_conf *conf, const struct drawer *drawer,
                  struct err *err);

#endif
