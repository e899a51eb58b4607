/* screens.c - see screens.h. A list in the order of the last beats, and a map into it. */
#include "services/display-feed/screens.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"

const char *const screen_state_names[] = {"live", "stale", "dark"};

struct entry {
    struct screen screen;
    struct entry *older, *newer;
};

struct screens {
    pthread_mutex_t lock;
    size_t most;
    int64_t forget_ms;
    struct map *by_name;
    struct entry *oldest, *newest;
};

enum { NAME_BYTES = PLAY_SCREEN_MAX + DISPLAY_ZONE_MAX + 2 };

/* Neither has a slash inside. */
static size_t write_name(const char *zone, const char *id, char ret_name[NAME_BYTES])
{
    return (size_t)snprintf(ret_name, NAME_BYTES, "%s/%s", zone, id);
}

struct screens *screens_new(size_t most, int64_t forget_ms, struct err *err)
{
    struct screens *screens = calloc(1, sizeof *screens);

    if (screens)
        screens->by_name = map_new();
    if (!screens || !screens->by_name) {
        free(screens);
        (void)err_set_nomem(err, "the screens");
        return NULL;
    }
    screens->most = most;
    screens->forget_ms = forget_ms;
    (void)pthread_mutex_init(&screens->lock, NULL);
    return screens;
}

void screens_free(struct screens *screens)
{
    if (!screens)
        return;
    while (screens->oldest) {
        struct entry *entry = screens->oldest;

        screens->oldest = entry->newer;
        free(entry);
    }
    map_free(screens->by_name);
    (void)pthread_mutex_destroy(&screens->lock);
    free(screens);
}

/* -- the list -- */

static void take_out(struct screens *screens, struct entry *entry)
{
    *(entry->older ? &entry->older->newer : &screens->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &screens->newest) = entry->older;
}

static void put_newest(struct screens *screens, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = screens->newest;
    *(screens->newest ? &screens->newest->newer : &screens->oldest) = entry;
    screens->newest = entry;
}

static void forget_oldest(struct screens *screens)
{
    struct entry *entry = screens->oldest;
    char name[NAME_BYTES];
    const size_t size = write_name(entry->screen.zone, entry->screen.id, name);

    (void)map_remove(screens->by_name, name, size);
    screens->oldest = entry->newer;
    *(entry->newer ? &entry->newer->older : &screens->newest) = NULL;
    free(entry);
}

static struct entry *add(struct screens *screens, const char *name, size_t size, int64_t now_ms,
                         struct err *err)
{
    struct entry *entry;

    if (map_count(screens->by_name) >= screens->most) {
        if (now_ms - screens->oldest->screen.seen_ms <= SCREEN_DARK_MS) {
            (void)err_set(err, ERR_UNAVAILABLE,
                          "%zu screens are remembered already, and none of them is dark: raise "
                          "DISPLAY_FEED_SCREENS",
                          screens->most);
            return NULL;
        }
        forget_oldest(screens);
    }
    entry = calloc(1, sizeof *entry);
    if (entry && map_put(screens->by_name, name, size, entry) == 0)
        return entry;
    free(entry);
    (void)err_set_nomem(err, "a screen");
    return NULL;
}

int screens_beat(struct screens *screens, const struct screen *screen, struct err *err)
{
    char name[NAME_BYTES];
    const size_t size = write_name(screen->zone, screen->id, name);
    struct entry *entry;

    (void)pthread_mutex_lock(&screens->lock);
    entry = map_get(screens->by_name, name, size);
    if (entry)
        take_out(screens, entry);
    else
        entry = add(screens, name, size, screen->seen_ms, err);
    if (entry) {
        entry->screen = *screen;
        put_newest(screens, entry);
    }
    (void)pthread_mutex_unlock(&screens->lock);
    return err->code;
}

int64_t screens_version(struct screens *screens, const char *zone, const char *id)
{
    char name[NAME_BYTES];
    const struct entry *entry;
    int64_t version;

    (void)pthread_mutex_lock(&screens->lock);
    entry = map_get(screens->by_name, name, write_name(zone, id, name));
    version = entry ? entry->screen.version : -1;
    (void)pthread_mutex_unlock(&screens->lock);
    return version;
}

void screens_tick(struct screens *screens, int64_t now_ms)
{
    (void)pthread_mutex_lock(&screens->lock);
    while (screens->oldest && now_ms - screens->oldest->screen.seen_ms > screens->forget_ms)
        forget_oldest(screens);
    (void)pthread_mutex_unlock(&screens->lock);
}

/* -- what they are -- */

/* Of a zone that has nothing for screens that hang like this, they show what they like. */
static bool shows_right(const struct screen *screen, const struct manifest *manifest)
{
    size_t count;
    const struct display_picture *pictures =
        manifest_pictures(manifest, screen->orientation, &count);

    if (screen->version != manifest->event.version)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(pictures[i].sha256, screen->showing) == 0)
            return true;
    return count == 0;
}

enum screen_state screen_state(const struct screen *screen, const struct manifest *manifest,
                               int64_t now_ms)
{
    if (now_ms - screen->seen_ms > SCREEN_DARK_MS)
        return SCREEN_DARK;
    if (!manifest || shows_right(screen, manifest) ||
        screen->seen_ms <= manifest->event.effective_at_ms + SCREEN_LATE_MS)
        return SCREEN_LIVE;
    return SCREEN_STALE;
}

void screens_each(struct screens *screens, void (*fn)(void *ctx, const struct screen *screen),
                  void *ctx)
{
    (void)pthread_mutex_lock(&screens->lock);
    for (const struct entry *entry = screens->oldest; entry; entry = entry->newer)
        fn(ctx, &entry->screen);
    (void)pthread_mutex_unlock(&screens->lock);
}

size_t screens_count(struct screens *screens)
{
    size_t count;

    (void)pthread_mutex_lock(&screens->lock);
    count = map_count(screens->by_name);
    (void)pthread_mutex_unlock(&screens->lock);
    return count;
}
