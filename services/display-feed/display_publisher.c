/* display_publisher.c - see display_publisher.h. */
#include "services/display-feed/display_publisher.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/log.h"
#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/display-feed/display_feed_conf.h"

enum {
    PUBLISH_MS = 4000,
    SEEN_MS = 4000, /* until the record comes back from the topic */
    ATTEMPTS = 16,
};

struct display_publisher {
    struct bus *bus;
    struct zones *zones;
    pthread_mutex_t turn; /* one change at a time */
    pthread_mutex_t lock; /* of the rest */
    pthread_cond_t news;
    char id[ENVELOPE_ID]; /* of the record that is waited for, or "" */
    bool seen, closed;
    enum zones_taken taken;
    struct buf left; /* repair only: names of zones, each with its NUL */
};

struct display_publisher *display_publisher_new(struct bus *bus, struct zones *zones,
                                                struct err *err)
{
    struct display_publisher *publisher = calloc(1, sizeof *publisher);
    pthread_condattr_t attributes;

    if (!publisher) {
        (void)err_set_nomem(err, "the publisher");
        return NULL;
    }
    publisher->bus = bus;
    publisher->zones = zones;
    (void)pthread_mutex_init(&publisher->turn, NULL);
    (void)pthread_mutex_init(&publisher->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&publisher->news, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return publisher;
}

void display_publisher_free(struct display_publisher *publisher)
{
    if (!publisher)
        return;
    buf_done(&publisher->left);
    (void)pthread_cond_destroy(&publisher->news);
    (void)pthread_mutex_destroy(&publisher->lock);
    (void)pthread_mutex_destroy(&publisher->turn);
    free(publisher);
}

void display_publisher_close(struct display_publisher *publisher)
{
    (void)pthread_mutex_lock(&publisher->lock);
    publisher->closed = true;
    (void)pthread_cond_broadcast(&publisher->news);
    (void)pthread_mutex_unlock(&publisher->lock);
}

void display_publisher_seen(struct display_publisher *publisher,
                            const struct bus_record *record, enum zones_taken taken)
{
    size_t size = 0;
    const char *id = bus_record_header(record, "ce_id", &size);

    (void)pthread_mutex_lock(&publisher->lock);
    if (id && size > 0 && strlen(publisher->id) == size &&
        memcmp(publisher->id, id, size) == 0) {
        publisher->id[0] = '\0';
        publisher->seen = true;
        publisher->taken = taken;
        (void)pthread_cond_broadcast(&publisher->news);
    }
    (void)pthread_mutex_unlock(&publisher->lock);
}

static void expect(struct display_publisher *publisher, const char *id)
{
    (void)pthread_mutex_lock(&publisher->lock);
    (void)snprintf(publisher->id, sizeof publisher->id, "%s", id);
    publisher->seen = false;
    (void)pthread_mutex_unlock(&publisher->lock);
}

/* Until the follower has the record. */
static int await(struct display_publisher *publisher, enum zones_taken *ret_taken,
                 struct err *err)
{
    struct timespec until;
    int r = 0;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SEEN_MS / 1000;
    (void)pthread_mutex_lock(&publisher->lock);
    while (!publisher->seen && !publisher->closed && r != ETIMEDOUT)
        r = pthread_cond_timedwait(&publisher->news, &publisher->lock, &until);
    if (publisher->seen)
        *ret_taken = publisher->taken;
    else if (publisher->closed)
        (void)err_set(err, ERR_UNAVAILABLE, "the service stops: try again in a moment");
    else
        (void)err_set(err, ERR_TIMEOUT,
                      "garden.displays did not give back what was written to it within %d s: "
                      "it will be shown once the bus is well again",
                      SEEN_MS / 1000);
    publisher->id[0] = '\0';
    (void)pthread_mutex_unlock(&publisher->lock);
    return err->code;
}

static int write_record(struct display_publisher *publisher, const struct display_event *event,
                        const struct trace *trace, struct err *err)
{
    OWNED_VALUE(buf) value = {0};
    struct envelope envelope;
    struct bus_record record = {.topic = TOPIC_DISPLAYS,
                                .key = event->zone,
                                .key_size = strlen(event->zone),
                                .headers = envelope.headers,
                                .header_count = ENVELOPE_HEADERS};

    if (display_event_encode(&value, event, err) < 0)
        return err->code;
    envelope_fill(&envelope, EVENT_DISPLAY_CHANGED, DISPLAY_FEED_SOURCE, NULL, clock_wall_ms(),
                  trace);
    record.value = value.data;
    record.value_size = value.size;
    expect(publisher, envelope.id);
    return bus_publish(publisher->bus, &record, 1, PUBLISH_MS, err);
}

/* Once. 1: there is nothing to change. *ret_taken: what became of it. */
static int attempt(struct display_publisher *publisher,
                   const struct display_publisher_change *change, enum zones_taken *ret_taken,
                   struct err *err)
{
    OWNED(manifest) now = zones_manifest(publisher->zones, change->zone);
    struct display_event event = {.zone = change->zone};
    int r = change->make(change->ctx, now, &event, err);

    if (r != 0)
        return r;
    event.version = zones_next_version(publisher->zones, change->zone);
    r = write_record(publisher, &event, change->trace, err);
    return r < 0 ? r : await(publisher, ret_taken, err);
}

int display_publisher_publish(struct display_publisher *publisher,
                              const struct display_publisher_change *change,
                              struct manifest **ret_manifest, struct err *err)
{
    enum zones_taken taken = ZONES_REFUSED;
    int r = 0;

    (void)pthread_mutex_lock(&publisher->turn);
    for (int i = 0; i < ATTEMPTS && r == 0 && taken == ZONES_REFUSED; i++)
        r = attempt(publisher, change, &taken, err);
    if (r == 0 && taken == ZONES_REFUSED)
        r = err_set(err, ERR_UNAVAILABLE,
                    "too many change zone %s at once: try again in a moment", change->zone);
    if (r >= 0)
        *ret_manifest = zones_manifest(publisher->zones, change->zone);
    (void)pthread_mutex_unlock(&publisher->turn);
    return r;
}

/* -- repair -- */

static void note_left(void *ctx, const struct zones_view *view)
{
    struct display_publisher *publisher = ctx;

    if (view->refused)
        buf_append(&publisher->left, view->zone, strlen(view->zone) + 1);
}

struct again {
    struct zones *zones;
    const char *zone;
    struct manifest *refused;
};

/* display_publisher_make: unless its writer has done it by now. */
static int make_again(void *ctx, const struct manifest *now, struct display_event *event,
                      struct err *err)
{
    const struct again *again = ctx;
    const struct manifest *refused = again->refused;
    OWNED(manifest) still = zones_refused(again->zones, again->zone);

    (void)now;
    (void)err;
    if (still != refused)
        return 1;
    event->effective_at_ms = refused->event.effective_at_ms;
    event->landscape = refused->event.landscape;
    event->landscape_count = refused->event.landscape_count;
    event->portrait = refused->event.portrait;
    event->portrait_count = refused->event.portrait_count;
    return 0;
}

static void repair(struct display_publisher *publisher, const char *zone)
{
    OWNED(manifest) refused = zones_refused(publisher->zones, zone);
    OWNED(manifest) manifest = NULL;
    struct again again = {publisher->zones, zone, refused};
    const struct display_publisher_change change = {
        .zone = zone, .make = make_again, .ctx = &again};
    struct err err = {0};
    int r = refused ? display_publisher_publish(publisher, &change, &manifest, &err) : 1;

    if (r < 0)
        log_warn("writing what zone %s shows again: %s", zone, err.text);
    else if (r == 0)
        log_info("zone %s was written by two at once: what came last is version %lld", zone,
                 (long long)manifest->event.version);
}

void display_publisher_repair(struct display_publisher *publisher)
{
    buf_clear(&publisher->left);
    zones_each(publisher->zones, note_left, publisher);
    for (size_t at = 0; buf_ok(&publisher->left) && at < publisher->left.size;
         at += strlen(publisher->left.data + at) + 1)
        repair(publisher, publisher->left.data + at);
}
