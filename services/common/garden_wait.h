/* garden_wait.h - the engines that a service needs at its start, waited for where they are
 * away. */
#ifndef SERVICES_COMMON_GARDEN_WAIT_H
#define SERVICES_COMMON_GARDEN_WAIT_H

#include "services/common/garden_conf.h"

/* Opens the bus, with the garden's topics on it, and the store (NULL: it is not needed), again
 * and again until both are there; what was opened is the caller's also where it fails. The
 * error is that of the last attempt, when stopping or where waiting does not help (retry.h). */
int garden_wait(const struct garden_conf *conf, const char *client_id, struct bus **ret_bus,
                struct store **ret_store, struct err *err);

#endif
