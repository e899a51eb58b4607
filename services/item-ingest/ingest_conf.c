/* ingest_conf.c - see ingest_conf.h. */
#include "services/item-ingest/ingest_conf.h"

#define FIELD(member) offsetof(struct ingest_conf, member)

const struct conf_field ingest_fields[] = {
    {"ITEM_INGEST_LISTEN", CONF_STRING, "127.0.0.1:8091", FIELD(listen),
     "address of /healthz, /readyz, /metrics and /reconcile", 0, 0},
    {"ITEM_INGEST_GROUP", CONF_STRING, "item-ingest", FIELD(group),
     "consumer group; those of one group share the work", 0, 0},
    {"ITEM_INGEST_BATCH", CONF_INT, "2000", FIELD(batch_records),
     "most records in one transaction", 1, 10000},
    {"ITEM_INGEST_FETCH_THREADS", CONF_INT, "4", FIELD(fetch_threads),
     "pictures of foreign events that are checked at the same time", 1, 64},
    {"ITEM_INGEST_PICTURE_BYTES", CONF_INT, "41943040", FIELD(picture_bytes),
     "largest picture that is catalogued, in bytes", 1024, 1073741824},
    {"ITEM_INGEST_RECONCILE", CONF_BOOL, "1", FIELD(reconcile),
     "compare store and catalogue at start, once the topic is caught up with", 0, 0},
};
const size_t ingest_field_count = sizeof ingest_fields / sizeof *ingest_fields;

int ingest_conf_load(struct ingest_conf *conf, struct err *err)
{
    struct ingest_conf read = {0};
    int r = garden_conf_load(&read.garden, err);

    if (r == 0)
        r = conf_load(&read, ingest_fields, ingest_field_count, err);
    if (r == 0)
        *conf = read;
    return r;
}
