/* copies.c - see copies.h. */
#include "services/display-feed/copies.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/map.h"
#include "lib/base/stop.h"
#include "lib/json/json.h"
#include "proto/key.h"

enum {
    KEY_MAX = 128,
    EARLY_MS = 5000, /* a change that is so near is copied at once */
};

/* Which version a zone's copies are of. */
struct copied {
    int64_t version;
};

struct copies {
    struct store *store;
    struct zones *zones;
    struct trouble *trouble;
    pthread_mutex_t lock; /* one zone at a time: of two changes the later has to win */
    struct map *copied;   /* by zone */
    struct buf names;     /* catch_up only: of zones, each with its NUL */
};

struct copies *copies_new(struct store *store, struct zones *zones, struct trouble *trouble,
                          struct err *err)
{
    struct copies *copies = calloc(1, sizeof *copies);

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
    return copies;
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
    map_each(copies->copied, free_copied, NULL);
    map_free(copies->copied);
    buf_done(&copies->names);
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

static struct copied *find_copied(struct copies *copies, const char *zone, struct err *err)
{
    struct copied *copied = map_get(copies->copied, zone, strlen(zone));

    if (copied)
        return copied;
    copied = calloc(1, sizeof *copied);
    if (!copied || map_put(copies->copied, zone, strlen(zone), copied) < 0) {
        free(copied);
        (void)err_set_nomem(err, "a zone's copies");
        return NULL;
    }
    (void)read_note(copies, zone, &copied->version, err);
    return err->code ? NULL : copied;
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

static int make(struct copies *copies, const char *zone, struct err *err)
{
    OWNED(manifest) manifest = zones_manifest(copies->zones, zone);
    struct copied *copied = manifest ? find_copied(copies, zone, err) : NULL;

    if (!copied || copied->version >= manifest->event.version ||
        manifest->event.effective_at_ms > clock_wall_ms() + EARLY_MS)
        return err->code;
    if (copy_places(copies, manifest, 'h', err) < 0 ||
        copy_places(copies, manifest, 'v', err) < 0 ||
        write_note(copies, zone, manifest->event.version, err) < 0)
        return err->code;
    copied->version = manifest->event.version;
    return 0;
}

int copies_make(struct copies *copies, const char *zone, struct err *err)
{
    (void)pthread_mutex_lock(&copies->lock);
    (void)make(copies, zone, err);
    (void)pthread_mutex_unlock(&copies->lock);
    return err->code;
}

static void note_name(void *ctx, const struct zones_view *view)
{
    struct copies *copies = ctx;

    if (view->manifest)
        buf_append(&copies->names, view->zone, strlen(view->zone) + 1);
}

void copies_catch_up(struct copies *copies)
{
    struct err first = {0};

    buf_clear(&copies->names);
    zones_each(copies->zones, note_name, copies);
    for (size_t at = 0; at < copies->names.size && !stopping();
         at += strlen(copies->names.data + at) + 1) {
        struct err err = {0};

        if (copies_make(copies, copies->names.data + at, &err) < 0 && !first.code)
            first = err;
    }
    if (first.code)
        trouble_set(copies->trouble, "%s", first.text);
    else
        trouble_clear(copies->trouble);
}
