/* copies.c - see copies.h. */
#include "services/display-feed/copies.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/json/json.h"
#include "proto/key.h"

enum {
    KEY_MAX = 128,
    EARLY_MS = 5000, /* a change that is so near is copied at once */
    LOOK_MS = 2000,
};

/* Which version a zone's copies are of. */
struct copied {
    int64_t version;
};

struct copies {
    struct store *store;
    struct zones *zones;
    struct trouble *trouble;
    struct buf names; /* the thread's: of zones, each with its NUL */
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;  /* of the rest */
    pthread_cond_t wanted; /* the thread has something to do */
    pthread_cond_t done;   /* it has done something */
    bool asked, ending;
    struct map *copied; /* by zone */
};

static void *run(void *ctx);

struct copies *copies_new(struct store *store, struct zones *zones, struct trouble *trouble,
                          struct err *err)
{
    struct copies *copies = calloc(1, sizeof *copies);
    pthread_condattr_t attributes;

    if (copies)
        copies->copied = map_new();
    if (!copies || !copies->copied) {
        free(copies);
        (void)err_set_nomem(err, "the copies");
        return NULL;
    }
    copies->store = store;
    copies->zones = zones;
    copies->trouble = trouble;
    (void)pthread_mutex_init(&copies->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&copies->wanted, &attributes);
    (void)pthread_cond_init(&copies->done, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    copies->started = pthread_create(&copies->thread, NULL, run, copies) == 0;
    if (copies->started)
        return copies;
    (void)err_set(err, ERR_UNAVAILABLE, "starting the thread that makes copies failed");
    copies_free(copies);
    return NULL;
}

static void free_copied(void *ctx, const void *name, size_t size, void *value)
{
    (void)ctx;
    (void)name;
    (void)size;
    free(value);
}

void copies_free(struct copies *copies)
{
    if (!copies)
        return;
    (void)pthread_mutex_lock(&copies->lock);
    copies->ending = true;
    (void)pthread_cond_signal(&copies->wanted);
    (void)pthread_mutex_unlock(&copies->lock);
    if (copies->started)
        (void)pthread_join(copies->thread, NULL);
    map_each(copies->copied, free_copied, NULL);
    map_free(copies->copied);
    buf_done(&copies->names);
    (void)pthread_cond_destroy(&copies->wanted);
    (void)pthread_cond_destroy(&copies->done);
    (void)pthread_mutex_destroy(&copies->lock);
    free(copies);
}

/* -- which version was copied -- */

static void note_key(const char *zone, char ret_key[KEY_MAX])
{
    (void)snprintf(ret_key, KEY_MAX, KEY_STATE_PREFIX "display/%s.json", zone);
}

/* 0 where there is no note, or none that can be read. */
static int read_note(struct copies *copies, const char *zone, int64_t *ret_version,
                     struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    OWNED_JSON root = NULL;
    struct err failure = {0};
    char key[KEY_MAX];

    *ret_version = 0;
    note_key(zone, key);
    if (store_get(copies->store, key, &data, NULL, &failure) < 0) {
        if (failure.code != ERR_NOT_FOUND)
            *err = failure;
        return err->code;
    }
    root = json_parse(data.data, data.size, &failure);
    if (root)
        (void)json_get_int(root, "version", ret_version, &failure);
    return 0;
}

static int write_note(struct copies *copies, const char *zone, int64_t version, struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    char key[KEY_MAX];

    note_key(zone, key);
    json_write_open(&data, '{');
    json_put_str(&data, "zone", zone);
    json_put_int(&data, "version", version);
    json_write_close(&data, '}');
    return store_put(copies->store, key, data.data, data.size, NULL, NULL, err);
}

/* 0 where the zone was not looked at yet. */
static int64_t copied_version(struct copies *copies, const char *zone)
{
    const struct copied *copied;
    int64_t version;

    (void)pthread_mutex_lock(&copies->lock);
    copied = map_get(copies->copied, zone, strlen(zone));
    version = copied ? copied->version : 0;
    (void)pthread_mutex_unlock(&copies->lock);
    return version;
}

static int set_copied(struct copies *copies, const char *zone, int64_t version, struct err *err)
{
    struct copied *copied;

    (void)pthread_mutex_lock(&copies->lock);
    copied = map_get(copies->copied, zone, strlen(zone));
    if (!copied) {
        copied = calloc(1, sizeof *copied);
        if (!copied || map_put(copies->copied, zone, strlen(zone), copied) < 0) {
            free(copied);
            copied = NULL;
            (void)err_set_nomem(err, "a zone's copies");
        }
    }
    if (copied)
        copied->version = version;
    (void)pthread_cond_broadcast(&copies->done);
    (void)pthread_mutex_unlock(&copies->lock);
    return err->code;
}

/* -- copying -- */

/* The picture of this place, or, where that has gone meanwhile, the next one that is there. */
static int copy_place(struct copies *copies, const struct display_picture *pictures,
                      size_t count, int place, const char *to, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct display_picture *picture = &pictures[((size_t)place - 1 + i) % count];
        struct err failure = {0};

        if (store_copy(copies->store, picture->key, to, NULL, &failure) == 0)
            return 0;
        if (failure.code != ERR_NOT_FOUND)
            return err_set(err, failure.code, "%s", failure.text);
    }
    return store_remove(copies->store, to, NULL, err);
}

static int copy_places(struct copies *copies, const struct manifest *manifest, char orientation,
                       struct err *err)
{
    size_t count;
    const struct display_picture *pictures = manifest_pictures(manifest, orientation, &count);

    for (int place = 1; place <= DISPLAY_PLACES; place++) {
        char to[KEY_MAX];

        (void)snprintf(to, sizeof to, "display/%s/img%d%c.jpeg", manifest->event.zone, place,
                       orientation);
        if (copy_place(copies, pictures, count, place, to, err) < 0)
            return err_wrap(err, "copying to %s", to);
    }
    return 0;
}

static bool is_due(const struct manifest *manifest)
{
    return manifest->event.effective_at_ms <= clock_wall_ms() + EARLY_MS;
}

/* What the store notes is asked once; from then on it is known here. */
static int make(struct copies *copies, const char *zone, struct err *err)
{
    OWNED(manifest) manifest = zones_manifest(copies->zones, zone);
    int64_t version = copied_version(copies, zone);

    if (!manifest || !is_due(manifest) || version >= manifest->event.version)
        return 0;
    if (version == 0 && read_note(copies, zone, &version, err) < 0)
        return err->code;
    if (version < manifest->event.version &&
        (copy_places(copies, manifest, 'h', err) < 0 ||
         copy_places(copies, manifest, 'v', err) < 0 ||
         write_note(copies, zone, manifest->event.version, err) < 0))
        return err->code;
    return set_copied(copies, zone, manifest->event.version, err);
}

static void note_name(void *ctx, const struct zones_view *view)
{
    struct copies *copies = ctx;

    if (view->manifest)
        buf_append(&copies->names, view->zone, strlen(view->zone) + 1);
}

static bool is_ending(struct copies *copies)
{
    bool ending;

    (void)pthread_mutex_lock(&copies->lock);
    ending = copies->ending;
    (void)pthread_mutex_unlock(&copies->lock);
    return ending;
}

/* All zones, as far as it works. */
static void make_all(struct copies *copies)
{
    struct err first = {0};

    buf_clear(&copies->names);
    zones_each(copies->zones, note_name, copies);
    for (size_t at = 0; at < copies->names.size && !is_ending(copies);
         at += strlen(copies->names.data + at) + 1) {
        struct err err = {0};

        if (make(copies, copies->names.data + at, &err) < 0 && !first.code)
            first = err;
    }
    if (first.code)
        trouble_set(copies->trouble, "%s", first.text);
    else
        trouble_clear(copies->trouble);
}

static struct timespec after_ms(int ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    return until;
}

/* Also without being asked: a set's time comes, another replica wrote, the store is back. */
static void *run(void *ctx)
{
    struct copies *copies = ctx;

    (void)pthread_setname_np(pthread_self(), "copies");
    while (!is_ending(copies)) {
        const struct timespec until = after_ms(LOOK_MS);

        if (zones_is_whole(copies->zones))
            make_all(copies);
        (void)pthread_mutex_lock(&copies->lock);
        while (!copies->asked && !copies->ending &&
               pthread_cond_timedwait(&copies->wanted, &copies->lock, &until) == 0)
            ;
        copies->asked = false;
        (void)pthread_mutex_unlock(&copies->lock);
    }
    return NULL;
}

bool copies_wait(struct copies *copies, const struct manifest *manifest, int timeout_ms)
{
    const struct timespec until = after_ms(timeout_ms);
    const char *zone = manifest->event.zone;
    const struct copied *copied = NULL;
    bool done = false;
    int r = 0;

    if (!is_due(manifest))
        return true;
    (void)pthread_mutex_lock(&copies->lock);
    copies->asked = true;
    (void)pthread_cond_signal(&copies->wanted);
    while (!done && r == 0) {
        copied = map_get(copies->copied, zone, strlen(zone));
        done = copied && copied->version >= manifest->event.version;
        if (!done)
            r = pthread_cond_timedwait(&copies->done, &copies->lock, &until);
    }
    (void)pthread_mutex_unlock(&copies->lock);
    return done;
}
