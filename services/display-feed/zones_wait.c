/* zones_wait.c - who waits for a zone's next change: screens that follow it, long polls.
 *
 * The lock is held while all of a zone are told. That hands each stream one more reference to
 * the same chunk, a microsecond or so for each, and nothing is called that could come back for
 * the lock: a stream tells that it has left from its loop only. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "lib/http/sse.h"
#include "services/common/etag.h"
#include "services/common/refuse.h"
#include "services/display-feed/zones_local.h"

/* After a restart all screens come back at once; not all in the same instant. */
enum { RETRY_LEAST_MS = 300, RETRY_SPREAD_MS = 700, WAITING_MOST = 20000 };

/* A replica is behind another by as much as the bus takes to tell both. */
enum { BEHIND_MS = 3000 };

struct follower {
    struct zones *zones;
    struct zone *zone;
    struct http_stream *stream;
    int64_t known;   /* offset that the client came with; -1: none, or told since */
    int64_t hold_ms; /* clock_mono_ms: until then nothing older is sent; 0: it is not ahead */
    struct follower *prev, *next;
};

struct waiter {
    struct http_request *request;
    int64_t after, deadline_ms;
    int64_t hold_ms; /* from then on something older is news, too */
    struct waiter *next;
};

/* -- answers -- */

static void respond(struct http_request *request, struct http_response *response,
                    const char *etag)
{
    if (response && etag)
        http_response_header(response, "ETag", etag);
    if (response)
        http_response_header(response, "Cache-Control", "no-cache");
    http_respond(request, response);
}

static void respond_unchanged(struct http_request *request, const char *etag)
{
    respond(request, http_response_static(304, "application/json", "", 0), etag);
}

static void respond_manifest(struct http_request *request, const struct manifest *manifest)
{
    respond(
        request,
        http_response_copy(200, "application/json", manifest->json.data, manifest->json.size),
        manifest->etag);
}

/* -- streams -- */

/* on_left */
static void leave(void *ctx)
{
    struct follower *follower = ctx;
    struct zones *zones = follower->zones;
    struct zone *zone = follower->zone;

    (void)pthread_mutex_lock(&zones->lock);
    if (follower->prev)
        follower->prev->next = follower->next;
    else
        zone->followers = follower->next;
    if (follower->next)
        follower->next->prev = follower->prev;
    zones->following--;
    zones->holding -= follower->hold_ms != 0;
    zones_drop_if_idle(zones, zone);
    (void)pthread_mutex_unlock(&zones->lock);
    http_stream_free(follower->stream);
    free(follower);
}

/* Those that left are ignored: they say so by themselves. */
static void send(const struct follower *follower, struct http_chunk *chunk)
{
    struct err gone = {0};

    (void)http_stream_write(follower->stream, chunk, &gone);
}

/* Unless the client has it, or is ahead of us. */
static void tell(struct zones *zones, struct follower *follower,
                 const struct manifest *manifest, int64_t now_ms)
{
    if (manifest->offset == follower->known)
        return;
    if (manifest->offset < follower->known && follower->hold_ms == 0) {
        follower->hold_ms = now_ms + BEHIND_MS;
        zones->holding++;
    }
    if (manifest->offset < follower->known && now_ms < follower->hold_ms)
        return;
    zones->holding -= follower->hold_ms != 0;
    follower->hold_ms = 0;
    follower->known = -1;
    send(follower, manifest->chunk);
}

static struct http_chunk *new_greeting(void)
{
    OWNED_VALUE(buf) text = {0};
    uint16_t chance;

    random_bytes(&chance, sizeof chance);
    sse_write_retry(&text, RETRY_LEAST_MS + chance % RETRY_SPREAD_MS);
    return buf_ok(&text) ? http_chunk_new(text.data, text.size) : NULL;
}

/* False: no memory. */
static bool join(struct zones *zones, const char *name, struct follower *follower)
{
    OWNED(http_chunk) greeting = new_greeting();
    struct zone *zone;

    (void)pthread_mutex_lock(&zones->lock);
    zone = greeting ? zones_make(zones, name) : NULL;
    if (zone) {
        follower->zone = zone;
        follower->next = zone->followers;
        if (zone->followers)
            zone->followers->prev = follower;
        zone->followers = follower;
        zones->following++;
        send(follower, greeting);
        if (zones->whole && zone->manifest)
            tell(zones, follower, zone->manifest, clock_mono_ms());
    }
    (void)pthread_mutex_unlock(&zones->lock);
    return zone != NULL;
}

static struct follower *follower_new(struct zones *zones, int64_t known)
{
    struct follower *follower = calloc(1, sizeof *follower);
    const struct http_stream_conf conf = {.beat = SSE_BEAT, .on_left = leave, .ctx = follower};
    struct err err = {0};

    if (!follower)
        return NULL;
    follower->zones = zones;
    follower->known = known;
    follower->stream = http_stream_new(&conf, &err);
    if (follower->stream)
        return follower;
    free(follower);
    return NULL;
}

void zones_follow(struct zones *zones, const char *name, int64_t known,
                  struct http_request *request)
{
    struct follower *follower = follower_new(zones, known);
    struct http_stream *stream = follower ? follower->stream : NULL;
    struct http_response *response;

    if (!follower || !join(zones, name, follower)) {
        http_stream_free(stream);
        free(follower);
        refuse(request, 503, "no memory for one more screen: try again in a moment");
        return;
    }
    response = http_response_stream(200, SSE_TYPE, stream); /* NULL: it has left by now */
    if (response)
        http_response_header(response, "Cache-Control", "no-store");
    http_respond(request, response);
}

/* -- long polls -- */

static bool is_news(const struct zones *zones, const struct zone *zone, int64_t after)
{
    return zones->whole && zone->manifest && zone->manifest->event.version > after;
}

static bool is_behind(const struct zone *zone, int64_t after)
{
    return zone->manifest && zone->manifest->event.version < after;
}

static void answer_late(const struct zones *zones, const struct zone *zone,
                        const struct waiter *waiter)
{
    if (is_behind(zone, waiter->after) && zones->closed)
        refuse(waiter->request, 503, "the service stops: try again in a moment");
    else if (is_behind(zone, waiter->after))
        respond_manifest(waiter->request, zone->manifest);
    else
        respond_unchanged(waiter->request, zone->manifest ? zone->manifest->etag : NULL);
}

static bool add_waiter(struct zones *zones, struct zone *zone, const struct waiter *wanted)
{
    struct waiter *waiter =
        zones->waiting < WAITING_MOST && !zones->closed ? malloc(sizeof *waiter) : NULL;

    if (!waiter)
        return false;
    *waiter = *wanted;
    waiter->next = zone->waiters;
    zone->waiters = waiter;
    zones->waiting++;
    return true;
}

void zones_await(struct zones *zones, const char *name, int64_t after, int64_t deadline_ms,
                 struct http_request *request)
{
    const struct waiter waiter = {.request = request,
                                  .after = after,
                                  .deadline_ms = deadline_ms,
                                  .hold_ms = clock_mono_ms() + BEHIND_MS};
    struct manifest *manifest = NULL;
    struct zone *zone;
    bool waits = false;

    (void)pthread_mutex_lock(&zones->lock);
    zone = zones_make(zones, name);
    if (zone && is_news(zones, zone, after))
        manifest = manifest_ref(zone->manifest);
    else if (zone)
        waits = add_waiter(zones, zone, &waiter);
    if (zone && !waits)
        zones_drop_if_idle(zones, zone);
    (void)pthread_mutex_unlock(&zones->lock);
    if (manifest)
        respond_manifest(request, manifest);
    else if (!waits)
        refuse(request, 503, "too many wait for a change: try again in a moment");
    manifest_free(manifest);
}

/* The version of an entity tag of this zone, or -1. */
static int64_t version_of(const char *etag, const char *zone)
{
    const size_t size = strlen(zone);
    char *end;
    int64_t version;

    if (!etag || etag[0] != '"' || strncmp(etag + 1, zone, size) != 0 || etag[1 + size] != '-')
        return -1;
    version = strtoll(etag + size + 2, &end, 10);
    return *end == '"' ? version : -1;
}

void zones_answer(struct zones *zones, const char *name, struct http_request *request)
{
    const char *known = http_header(request, "If-None-Match");
    const int64_t version = version_of(known, name);
    OWNED(manifest) manifest = zones_manifest(zones, name);

    if (!manifest)
        refuse(request, 404, "nobody has chosen anything for this zone yet");
    else if (known && etag_is_listed(known, manifest->etag))
        respond_unchanged(request, manifest->etag);
    else if (version > manifest->event.version)
        zones_await(zones, name, version, clock_mono_ms() + BEHIND_MS, request);
    else
        respond_manifest(request, manifest);
}

static void tell_waiters(struct zones *zones, struct zone *zone)
{
    struct waiter **at = &zone->waiters, *waiter;

    while ((waiter = *at)) {
        if (!is_news(zones, zone, waiter->after)) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        zones->waiting--;
        respond_manifest(waiter->request, zone->manifest);
        free(waiter);
    }
}

void zones_tell(struct zones *zones, struct zone *zone)
{
    const int64_t now_ms = clock_mono_ms();

    for (struct follower *at = zone->followers; at; at = at->next)
        tell(zones, at, zone->manifest, now_ms);
    tell_waiters(zones, zone);
}

/* -- time -- */

struct expiry {
    struct zones *zones;
    int64_t now_ms;
};

static bool is_over(const struct zone *zone, const struct waiter *waiter, int64_t now_ms)
{
    return now_ms >= waiter->deadline_ms ||
           (now_ms >= waiter->hold_ms && is_behind(zone, waiter->after));
}

static void expire(void *ctx, const void *name, size_t size, void *value)
{
    const struct expiry *expiry = ctx;
    struct zone *zone = value;
    struct waiter **at = &zone->waiters, *waiter;

    (void)name;
    (void)size;
    for (struct follower *follower = zone->followers; follower; follower = follower->next)
        if (follower->hold_ms && zone->manifest && !expiry->zones->closed)
            tell(expiry->zones, follower, zone->manifest, expiry->now_ms);
    while ((waiter = *at)) {
        if (!is_over(zone, waiter, expiry->now_ms)) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        expiry->zones->waiting--;
        answer_late(expiry->zones, zone, waiter);
        free(waiter);
    }
    zones_drop_if_idle(expiry->zones, zone);
}

void zones_tick(struct zones *zones, int64_t now_ms)
{
    struct expiry expiry = {zones, now_ms};

    (void)pthread_mutex_lock(&zones->lock);
    if (zones->waiting > 0 || zones->holding > 0)
        map_each(zones->by_name, expire, &expiry);
    (void)pthread_mutex_unlock(&zones->lock);
}

void zones_close(struct zones *zones)
{
    (void)pthread_mutex_lock(&zones->lock);
    zones->closed = true;
    (void)pthread_cond_broadcast(&zones->whole_now);
    (void)pthread_mutex_unlock(&zones->lock);
    zones_tick(zones, INT64_MAX);
}

size_t zones_following(struct zones *zones)
{
    size_t following;

    (void)pthread_mutex_lock(&zones->lock);
    following = zones->following;
    (void)pthread_mutex_unlock(&zones->lock);
    return following;
}
