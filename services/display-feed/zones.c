/* zones.c - see zones.h. The table; who waits is zones_wait.c. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "services/display-feed/zones_local.h"

struct zones *zones_new(size_t most_zones, struct err *err)
{
    struct zones *zones = calloc(1, sizeof *zones);
    pthread_condattr_t attributes;

    if (zones)
        zones->by_name = map_new();
    if (!zones || !zones->by_name) {
        free(zones);
        (void)err_set_nomem(err, "the zones");
        return NULL;
    }
    zones->most = most_zones;
    (void)pthread_mutex_init(&zones->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&zones->whole_now, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return zones;
}

static void free_zone(void *ctx, const void *name, size_t size, void *value)
{
    struct zone *zone = value;

    (void)ctx;
    (void)name;
    (void)size;
    manifest_free(zone->manifest);
    manifest_free(zone->previous);
    manifest_free(zone->refused);
    free(zone);
}

void zones_free(struct zones *zones)
{
    if (!zones)
        return;
    map_each(zones->by_name, free_zone, NULL);
    map_free(zones->by_name);
    (void)pthread_cond_destroy(&zones->whole_now);
    (void)pthread_mutex_destroy(&zones->lock);
    free(zones);
}

struct zone *zones_find(struct zones *zones, const char *name)
{
    return map_get(zones->by_name, name, strlen(name));
}

struct zone *zones_make(struct zones *zones, const char *name)
{
    struct zone *zone = zones_find(zones, name);

    if (zone)
        return zone;
    zone = calloc(1, sizeof *zone);
    if (!zone || text_copy(zone->name, sizeof zone->name, name) < 0 ||
        map_put(zones->by_name, name, strlen(name), zone) < 0) {
        free(zone);
        return NULL;
    }
    return zone;
}

void zones_drop_if_idle(struct zones *zones, struct zone *zone)
{
    if (zone->manifest || zone->refused || zone->followers || zone->waiters || zone->version)
        return;
    (void)map_remove(zones->by_name, zone->name, strlen(zone->name));
    free(zone);
}

/* -- what the topic says -- */

static void set_refused(struct zone *zone, struct manifest *manifest)
{
    manifest_free(zone->refused);
    zone->refused = manifest_ref(manifest);
}

/* Of several changes that wait for their time only the last comes to be. */
static void supersede(struct zone *zone)
{
    if (zone->manifest && zone->manifest->event.effective_at_ms > clock_wall_ms()) {
        manifest_free(zone->manifest);
    } else {
        manifest_free(zone->previous);
        zone->previous = zone->manifest;
    }
    zone->manifest = NULL;
}

static enum zones_taken take(struct zones *zones, struct zone *zone, struct manifest *manifest)
{
    if (manifest->event.version <= zone->version && zone->manifest) {
        const bool same = manifest_same(zone->manifest, manifest);

        set_refused(zone, same ? NULL : manifest);
        return same ? ZONES_SAME : ZONES_REFUSED;
    }
    set_refused(zone, NULL);
    supersede(zone);
    zone->manifest = manifest_ref(manifest);
    zone->version = manifest->event.version;
    if (zones->whole)
        zones_tell(zones, zone);
    return ZONES_CURRENT;
}

/* Its version is remembered, so that what screens have is never taken for what comes. */
static void forget(struct zones *zones, const struct bus_record *record)
{
    struct zone *zone = map_get(zones->by_name, record->key, record->key_size);

    if (!zone)
        return;
    manifest_free(zone->manifest);
    manifest_free(zone->previous);
    manifest_free(zone->refused);
    zone->manifest = zone->previous = zone->refused = NULL;
}

int zones_take(struct zones *zones, const struct bus_record *record,
               enum zones_taken *ret_taken, struct err *err)
{
    OWNED(manifest) manifest = NULL;
    struct zone *zone;

    if (!record->value) {
        (void)pthread_mutex_lock(&zones->lock);
        if (record->key)
            forget(zones, record);
        (void)pthread_mutex_unlock(&zones->lock);
        *ret_taken = ZONES_SAME;
        return 0;
    }
    manifest = manifest_new(record->value, record->value_size, record->offset, err);
    if (!manifest)
        return err->code;
    (void)pthread_mutex_lock(&zones->lock);
    zone = zones_make(zones, manifest->event.zone);
    if (zone)
        *ret_taken = take(zones, zone, manifest);
    (void)pthread_mutex_unlock(&zones->lock);
    return zone ? 0 : err_set_nomem(err, "a zone");
}

static void tell_one(void *ctx, const void *name, size_t size, void *value)
{
    struct zone *zone = value;

    (void)name;
    (void)size;
    if (zone->manifest)
        zones_tell(ctx, zone);
}

void zones_set_whole(struct zones *zones)
{
    (void)pthread_mutex_lock(&zones->lock);
    if (!zones->whole) {
        zones->whole = true;
        map_each(zones->by_name, tell_one, zones);
        (void)pthread_cond_broadcast(&zones->whole_now);
    }
    (void)pthread_mutex_unlock(&zones->lock);
}

bool zones_is_whole(struct zones *zones)
{
    bool whole;

    (void)pthread_mutex_lock(&zones->lock);
    whole = zones->whole;
    (void)pthread_mutex_unlock(&zones->lock);
    return whole;
}

bool zones_await_whole(struct zones *zones, int timeout_ms)
{
    struct timespec until;
    bool whole;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += timeout_ms / 1000;
    (void)pthread_mutex_lock(&zones->lock);
    while (!zones->whole && !zones->closed &&
           pthread_cond_timedwait(&zones->whole_now, &zones->lock, &until) == 0)
        ;
    whole = zones->whole;
    (void)pthread_mutex_unlock(&zones->lock);
    return whole;
}

/* -- who asks -- */

struct manifest *zones_manifest(struct zones *zones, const char *name)
{
    struct manifest *manifest;
    struct zone *zone;

    (void)pthread_mutex_lock(&zones->lock);
    zone = zones_find(zones, name);
    manifest = manifest_ref(zone ? zone->manifest : NULL);
    (void)pthread_mutex_unlock(&zones->lock);
    return manifest;
}

struct manifest *zones_refused(struct zones *zones, const char *name)
{
    struct manifest *manifest;
    struct zone *zone;

    (void)pthread_mutex_lock(&zones->lock);
    zone = zones_find(zones, name);
    manifest = manifest_ref(zone ? zone->refused : NULL);
    (void)pthread_mutex_unlock(&zones->lock);
    return manifest;
}

int64_t zones_next_version(struct zones *zones, const char *name)
{
    int64_t version = 0;
    struct zone *zone;

    (void)pthread_mutex_lock(&zones->lock);
    zone = zones_find(zones, name);
    if (zone)
        version = zone->version;
    if (zone && zone->refused && zone->refused->event.version > version)
        version = zone->refused->event.version;
    (void)pthread_mutex_unlock(&zones->lock);
    return version + 1;
}

bool zones_has_room(struct zones *zones, const char *name)
{
    bool room;

    (void)pthread_mutex_lock(&zones->lock);
    room = zones_find(zones, name) || map_count(zones->by_name) < zones->most;
    (void)pthread_mutex_unlock(&zones->lock);
    return room;
}

struct each {
    zones_fn *fn;
    void *ctx;
};

static void call(void *ctx, const void *name, size_t size, void *value)
{
    const struct each *each = ctx;
    const struct zone *zone = value;

    (void)name;
    (void)size;
    each->fn(each->ctx, &(struct zones_view){.zone = zone->name,
                                             .manifest = zone->manifest,
                                             .previous = zone->previous,
                                             .refused = zone->refused});
}

void zones_each(struct zones *zones, zones_fn *fn, void *ctx)
{
    struct each each = {fn, ctx};

    (void)pthread_mutex_lock(&zones->lock);
    map_each(zones->by_name, call, &each);
    (void)pthread_mutex_unlock(&zones->lock);
}
