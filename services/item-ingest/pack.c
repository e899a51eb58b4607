/* pack.c - see pack.h. */
#include "services/item-ingest/pack.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/item-ingest/ingest_conf.h"
#include "services/item-ingest/sent.h"

enum {
    PACK_RECORDS = 2000,
    PUBLISH_MS = 15000,
};

struct entry {
    struct envelope envelope;   /* of an item */
    struct bus_header *headers; /* owned; of a dead letter */
};

struct pack {
    struct pack_conf conf;
    size_t count;
    struct bus_record records[PACK_RECORDS];
    uint64_t hashes[PACK_RECORDS]; /* sent_hash of each record */
    struct entry entries[PACK_RECORDS];
};

struct pack *pack_new(const struct pack_conf *conf, struct err *err)
{
    struct pack *pack = calloc(1, sizeof *pack);

    if (!pack)
        err_set_nomem(err, "what is to be published");
    else
        pack->conf = *conf;
    return pack;
}

void pack_clear(struct pack *pack)
{
    for (size_t i = 0; i < pack->count; i++) {
        free(pack->entries[i].headers);
        pack->entries[i].headers = NULL;
    }
    pack->count = 0;
}

void pack_free(struct pack *pack)
{
    if (!pack)
        return;
    pack_clear(pack);
    free(pack);
}

/* A dead letter keeps the envelope of the record that it was. */
static int copy_headers(struct entry *entry, const struct outbox_event *event, struct err *err)
{
    entry->headers = calloc(event->header_count + 1, sizeof *entry->headers);
    if (!entry->headers)
        return err_set_nomem(err, "the headers of a record");
    memcpy(entry->headers, event->headers, event->header_count * sizeof *event->headers);
    return 0;
}

static void make_envelope(struct entry *entry, const struct outbox_event *event)
{
    char id[ENVELOPE_ID];

    outbox_event_id(event, id);
    envelope_fill(&entry->envelope, EVENT_ITEM_CHANGED, INGEST_SOURCE, id, event->time_ms,
                  &event->trace);
}

int pack_add(struct pack *pack, const struct outbox_event *event,
             const struct outbox_marks *marks, struct err *err)
{
    struct entry *entry;
    bool letter = event->topic == OUTBOX_DEAD;

    if (pack->count == PACK_RECORDS && pack_send(pack, marks, err) < 0)
        return err->code;
    entry = &pack->entries[pack->count];
    if (!letter)
        make_envelope(entry, event);
    else if (copy_headers(entry, event, err) < 0)
        return err->code;
    pack->hashes[pack->count] = sent_hash(event);
    pack->records[pack->count] = (struct bus_record){
        .topic = outbox_topic_name(event->topic),
        .key = event->key,
        .key_size = event->key_size,
        .value = event->value,
        .value_size = event->value_size,
        .headers = letter ? entry->headers : entry->envelope.headers,
        .header_count = letter ? event->header_count : ENVELOPE_HEADERS,
    };
    pack->count++;
    return 0;
}

/* Leaves out what the topics have. Entries stay where they are, only records move up. */
static int leave_out_sent(struct pack *pack, size_t *count, const struct outbox_marks *marks,
                          struct err *err)
{
    struct hashset sent = {0};
    size_t kept = 0;
    int r = sent_scan(pack->conf.bus, marks, &sent, err);

    for (size_t i = 0; r == 0 && i < *count; i++) {
        if (hashset_has(&sent, pack->hashes[i]))
            continue;
        pack->hashes[kept] = pack->hashes[i];
        pack->records[kept++] = pack->records[i];
    }
    if (r == 0) {
        metric_add(pack->conf.figures->republish_skipped, (double)(*count - kept));
        *count = kept;
    }
    hashset_done(&sent);
    return r;
}

/* A record that the bus refuses for itself must not hold up the others for ever. */
static int publish_singly(struct pack *pack, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct err why = {0};
        int r = bus_publish(pack->conf.bus, &pack->records[i], 1, PUBLISH_MS, &why);

        if (r == ERR_TOO_LARGE || r == ERR_INVALID)
            log_error("%s: a record is lost, because the bus does not take it: %s",
                      pack->records[i].topic, why.text);
        else if (r < 0)
            return err_set(err, ERR_TIMEOUT, "%s", why.text); /* some of them are there now */
    }
    return 0;
}

static int publish(struct pack *pack, size_t count, struct err *err)
{
    int r = bus_publish(pack->conf.bus, pack->records, count, PUBLISH_MS, err);

    if (r != ERR_TOO_LARGE && r != ERR_INVALID)
        return r;
    err_clear(err);
    return publish_singly(pack, count, err);
}

int pack_send(struct pack *pack, const struct outbox_marks *marks, struct err *err)
{
    struct retry retry = {0};
    size_t count = pack->count;
    bool unsure = false;

    while (count) {
        struct err why = {0};
        int r = unsure ? leave_out_sent(pack, &count, marks, &why) : 0;

        if (r == 0) {
            r = count ? publish(pack, count, &why) : 0;
            unsure = r == ERR_TIMEOUT;
        }
        if (r == 0)
            break;
        metric_add(pack->conf.figures->retries_bus, 1);
        trouble_set(pack->conf.trouble, "publishing: %s", why.text);
        if (retry_loud(&retry))
            log_warn("publishing: %s; trying again", why.text);
        if (!retry_wait(&retry))
            return err_set(err, ERR_UNAVAILABLE, "stopped before the bus came back");
    }
    metric_add(pack->conf.figures->published, (double)count);
    if (retry.attempts)
        trouble_clear(pack->conf.trouble);
    pack_clear(pack);
    return 0;
}
