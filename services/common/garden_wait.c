/* garden_wait.c - see garden_wait.h. */
#include "services/common/garden_wait.h"

#include "proto/topics.h"
#include "services/common/retry.h"

struct wanted {
    const struct garden_conf *conf;
    const char *client_id;
    struct bus **bus;
    struct store **store;
};

/* Opens what is not open yet. */
static int open_missing(void *ctx, struct err *err)
{
    const struct wanted *wanted = ctx;

    if (!*wanted->bus)
        *wanted->bus = garden_open_bus(wanted->conf, wanted->client_id, err);
    if (!*wanted->bus)
        return err_wrap(err, "opening the bus");
    if (wanted->store && !*wanted->store)
        *wanted->store = garden_open_store(wanted->conf, err);
    if (wanted->store && !*wanted->store)
        return err_wrap(err, "opening the store");
    if (bus_create_topics(*wanted->bus, garden_topics, garden_topic_count, err) < 0)
        return err_wrap(err, "making the topics");
    return 0;
}

int garden_wait(const struct garden_conf *conf, const char *client_id, struct bus **ret_bus,
                struct store **ret_store, struct err *err)
{
    struct wanted wanted = {
        .conf = conf, .client_id = client_id, .bus = ret_bus, .store = ret_store};

    return retry_until(open_missing, &wanted, err);
}
