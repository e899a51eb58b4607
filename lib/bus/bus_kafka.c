/* bus_kafka.c - the Kafka backend: until it is in, its addresses are refused. */
#include "lib/bus/bus_internal.h"

struct bus *bus_kafka_open(const struct bus_conf *conf, const char *brokers, struct err *err)
{
    (void)conf;
    err_set(err, ERR_INVALID, "this build has no Kafka backend to reach %s", brokers);
    return NULL;
}
