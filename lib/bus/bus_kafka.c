#include "lib/bus/bus_internal.h"
struct bus *bus_kafka_open(const struct bus_conf *conf, const char *brokers, struct err *err)
{
    (void)conf;
    err_set(err, ERR_INVALID, "no %s", brokers);
    return NULL;
}
