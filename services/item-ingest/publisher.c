/* publisher.c - see publisher.h. */
#include "services/item-ingest/publisher.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/item-ingest/pack.h"
#include "services/item-ingest/recover.h"
#include "services/item-ingest/ring.h"
#include "services/item-ingest/sent.h"

enum {
    RING_PARCELS = 6,
    TOGETHER = 16, /* parcels that share a publish */
    TOGETHER_BYTES = 2 << 20,
    FORGET_MS = 100, /* how long published batches may stay in the outbox: each forgetting is a
                        transaction beside the applier's */
    MARKS_MS = 2000,
    IDLE_MS = 1000,
};

/* What one applied batch has to publish; without bytes: a partition was assigned. */
struct parcel {
    bool assigned;
    int32_t partition;
    uint64_t epoch;
    int64_t next;
    struct buf bytes;
};

struct publisher {
    struct publisher_conf conf;
    struct ring *ring;
    struct pack *pack;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    struct outbox_marks marks;      /* locked */
    int64_t marks_ms;               /* the following are the thread's own */
    bool marks_stale;               /* something was published since */
    struct hashset letters;         /* dead letters that are on the topic */
    int64_t forget[PARTITIONS_MAX]; /* next offset up to which the outbox can go; 0: none */
    bool to_forget;
    int64_t forgot_ms;
};

static void parcel_free(struct parcel *parcel)
{
    if (!parcel)
        return;
    buf_done(&parcel->bytes);
    free(parcel);
}

static void refresh_marks(struct publisher *publisher)
{
    struct outbox_marks marks;
    struct err ignored = {0};

    publisher->marks_ms = clock_mono_ms();
    if (sent_marks(publisher->conf.bus, &marks, &ignored) < 0)
        return; /* the old ones are true still, only further back */
    (void)pthread_mutex_lock(&publisher->lock);
    publisher->marks = marks;
    (void)pthread_mutex_unlock(&publisher->lock);
    publisher->marks_stale = false;
}

void publisher_marks(struct publisher *publisher, struct outbox_marks *ret_marks)
{
    (void)pthread_mutex_lock(&publisher->lock);
    *ret_marks = publisher->marks;
    (void)pthread_mutex_unlock(&publisher->lock);
}

/* Empties the outbox up to what is published. What fails is tried again next time. */
static void forget_published(struct publisher *publisher)
{
    publisher->forgot_ms = clock_mono_ms();
    publisher->to_forget = false;
    for (int32_t p = 0; p < PARTITIONS_MAX; p++) {
        struct err err = {0};

        if (!publisher->forget[p])
            continue;
        if (catalog_outbox_done(publisher->conf.catalog, TOPIC_OBJECTS, p, publisher->forget[p],
                                &err) < 0) {
            metric_add(publisher->conf.figures->retries_catalog, 1);
            publisher->to_forget = true;
            continue;
        }
        publisher->forget[p] = 0;
    }
}

struct adding {
    struct publisher *publisher;
    const struct outbox_marks *marks;
};

static int on_event(void *ctx, const struct outbox_event *event, struct err *err)
{
    struct adding *adding = ctx;
    struct publisher *publisher = adding->publisher;

    if (event->topic == OUTBOX_DEAD) {
        uint64_t hash = sent_hash(event);

        if (hashset_has(&publisher->letters, hash)) {
            metric_add(publisher->conf.figures->republish_skipped, 1);
            return 0;
        }
        if (hashset_add(&publisher->letters, hash, err) < 0)
            return err->code;
    }
    return pack_add(publisher->pack, event, adding->marks, err);
}

static int publish(struct publisher *publisher, struct parcel *const *parcels, size_t count,
                   struct err *err)
{
    struct outbox_marks marks;
    struct adding adding = {publisher, &marks};

    publisher_marks(publisher, &marks);
    for (size_t i = 0; i < count; i++) {
        const struct buf *bytes = &parcels[i]->bytes;

        if (outbox_each(bytes->data, bytes->size, on_event, &adding, err) < 0)
            return err->code;
    }
    return pack_send(publisher->pack, &marks, err);
}

/* Publishes those whose partition is ours still; the others are in the outbox for its next
 * owner. */
static void handle_parcels(struct publisher *publisher, struct parcel **parcels, size_t count)
{
    struct partitions *partitions = publisher->conf.partitions;
    int64_t start_ns = clock_mono_ns();
    struct parcel *ours[TOGETHER];
    struct err err = {0};
    size_t ours_count = 0;

    for (size_t i = 0; i < count; i++)
        if (partitions_enter(partitions, parcels[i]->partition, parcels[i]->epoch))
            ours[ours_count++] = parcels[i];
    if (ours_count && publish(publisher, ours, ours_count, &err) < 0) {
        log_warn("publishing: %s; it stays in the outbox", err.text);
        pack_clear(publisher->pack);
    }
    for (size_t i = 0; i < ours_count; i++) {
        int32_t partition = ours[i]->partition;

        if (err.code == 0) {
            publisher->forget[partition] = ours[i]->next;
            publisher->to_forget = true;
        } else { /* taking it over again publishes it before what comes after it */
            partitions_lose(partitions, partition, ours[i]->epoch);
        }
        partitions_leave(partitions, partition);
    }
    publisher->marks_stale = true;
    figures_stage(publisher->conf.figures, FIGURE_PUBLISH, start_ns);
    for (size_t i = 0; i < count; i++)
        parcel_free(parcels[i]);
}

static int recover(struct publisher *publisher, int32_t partition, struct err *err)
{
    const struct recovery recovery = {publisher->conf.bus, publisher->conf.catalog,
                                      publisher->pack, publisher->conf.figures};

    if (recover_outbox(&recovery, partition, err) < 0)
        return err->code;
    return sent_dead_letters(publisher->conf.bus, &publisher->letters, err);
}

static void handle_assigned(struct publisher *publisher, const struct parcel *parcel)
{
    struct partitions *partitions = publisher->conf.partitions;
    struct retry retry = {0};

    publisher->forget[parcel->partition] =
        0; /* of the epoch before: the outbox says it again */
    while (partitions_enter(partitions, parcel->partition, parcel->epoch)) {
        struct err err = {0};
        int r = recover(publisher, parcel->partition, &err);

        partitions_leave(partitions, parcel->partition);
        if (r == 0) {
            refresh_marks(publisher);
            partitions_open(partitions, parcel->partition, parcel->epoch);
            break;
        }
        trouble_set(publisher->conf.trouble, "taking over partition %d: %s",
                    (int)parcel->partition, err.text);
        if (retry_loud(&retry))
            log_warn("taking over partition %d: %s; trying again", (int)parcel->partition,
                     err.text);
        if (!retry_wait(&retry))
            return;
    }
    if (retry.attempts)
        trouble_clear(publisher->conf.trouble);
}

/* Takes what else is there, as long as it is to be published, too. Returns what is not. */
static struct parcel *gather(struct publisher *publisher, struct parcel **parcels,
                             size_t *count)
{
    size_t bytes = parcels[0]->bytes.size;

    while (*count < TOGETHER && bytes < TOGETHER_BYTES) {
        struct parcel *parcel = ring_pop(publisher->ring, 0);

        if (!parcel || parcel->assigned)
            return parcel;
        bytes += parcel->bytes.size;
        parcels[(*count)++] = parcel;
    }
    return NULL;
}

static void housekeep(struct publisher *publisher, bool idle)
{
    int64_t now = clock_mono_ms();

    if (publisher->to_forget && (idle || now - publisher->forgot_ms >= FORGET_MS))
        forget_published(publisher);
    if (publisher->marks_stale && now - publisher->marks_ms >= MARKS_MS)
        refresh_marks(publisher);
    metric_set(publisher->conf.figures->outbox_backlog, (double)ring_count(publisher->ring));
}

static void *run(void *arg)
{
    struct publisher *publisher = arg;
    struct parcel *held = NULL;

    (void)pthread_setname_np(pthread_self(), "publisher");
    while (held || !ring_closed(publisher->ring)) {
        struct parcel *parcels[TOGETHER];
        size_t count = 1;

        parcels[0] =
            held ? held : ring_pop(publisher->ring, publisher->to_forget ? FORGET_MS : IDLE_MS);
        held = NULL;
        if (parcels[0] && parcels[0]->assigned) {
            handle_assigned(publisher, parcels[0]);
            parcel_free(parcels[0]);
        } else if (parcels[0]) {
            held = gather(publisher, parcels, &count);
            handle_parcels(publisher, parcels, count);
        }
        housekeep(publisher, !parcels[0]);
    }
    forget_published(publisher);
    return NULL;
}

struct publisher *publisher_start(const struct publisher_conf *conf, struct err *err)
{
    const struct pack_conf pack = {conf->bus, conf->figures, conf->trouble};
    struct publisher *publisher = calloc(1, sizeof *publisher);

    if (!publisher) {
        err_set_nomem(err, "the publisher");
        return NULL;
    }
    publisher->conf = *conf;
    (void)pthread_mutex_init(&publisher->lock, NULL);
    publisher->ring = ring_new(RING_PARCELS);
    publisher->pack = pack_new(&pack, err);
    if (publisher->ring && publisher->pack &&
        pthread_create(&publisher->thread, NULL, run, publisher) == 0) {
        publisher->started = true;
        return publisher;
    }
    err_set_nomem(err, "the publisher");
    publisher_free(publisher);
    return NULL;
}

void publisher_free(struct publisher *publisher)
{
    if (!publisher)
        return;
    if (publisher->started) {
        ring_close(publisher->ring);
        (void)pthread_join(publisher->thread, NULL);
    }
    ring_free(publisher->ring);
    pack_free(publisher->pack);
    hashset_done(&publisher->letters);
    (void)pthread_mutex_destroy(&publisher->lock);
    free(publisher);
}

static int push(struct publisher *publisher, const struct parcel *parcel)
{
    struct parcel *copy = malloc(sizeof *copy);

    if (copy) {
        *copy = *parcel;
        if (ring_push(publisher->ring, copy) == 0)
            return 0;
    }
    free(copy);
    return -1;
}

int publisher_assigned(struct publisher *publisher, int32_t partition, uint64_t epoch)
{
    const struct parcel parcel = {.assigned = true, .partition = partition, .epoch = epoch};

    return push(publisher, &parcel);
}

int publisher_push(struct publisher *publisher, int32_t partition, uint64_t epoch, int64_t next,
                   struct buf *bytes)
{
    const struct parcel parcel = {
        .partition = partition, .epoch = epoch, .next = next, .bytes = *bytes};

    memset(bytes, 0, sizeof *bytes);
    if (push(publisher, &parcel) == 0)
        return 0;
    *bytes = parcel.bytes; /* the caller's again */
    return -1;
}

size_t publisher_backlog(struct publisher *publisher)
{
    return ring_count(publisher->ring);
}
