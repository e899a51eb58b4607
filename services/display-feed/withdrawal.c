/* withdrawal.c - see withdrawal.h. */
#include "services/display-feed/withdrawal.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "proto/envelope.h"
#include "proto/key.h"

enum { KEY_MAX = 96, COPIES_MS = 3000 };

static bool is_withdrawn(const json_t *keys, const char *key)
{
    for (size_t i = 0; i < json_array_size(keys); i++)
        if (strcmp(json_string_value(json_array_get(keys, i)), key) == 0)
            return true;
    return false;
}

static bool shows_any(const struct manifest *manifest, const json_t *keys)
{
    static const char orientations[] = {'h', 'v'};

    for (size_t o = 0; manifest && o < sizeof orientations; o++) {
        size_t count;
        const struct display_picture *pictures =
            manifest_pictures(manifest, orientations[o], &count);

        for (size_t i = 0; i < count; i++)
            if (is_withdrawn(keys, pictures[i].key))
                return true;
    }
    return false;
}

/* -- what is to be done -- */

struct plan {
    const json_t *keys;
    json_t *zones, *screens; /* the note's */
    int64_t now_ms;
    bool failed; /* no memory */
};

/* Also where the picture is still shown, and will not be once the next set's time has come. */
static void add_zone(void *ctx, const struct zones_view *view)
{
    struct plan *plan = ctx;
    const bool waits = view->manifest && view->manifest->event.effective_at_ms > plan->now_ms;

    if (!shows_any(view->manifest, plan->keys) &&
        !(waits && shows_any(view->previous, plan->keys)))
        return;
    if (json_array_append_new(plan->zones,
                              json_pack("{s:s,s:i}", "zone", view->zone, "version", 0)) < 0)
        plan->failed = true;
}

static bool is_planned(const struct plan *plan, const char *zone)
{
    for (size_t i = 0; i < json_array_size(plan->zones); i++)
        if (strcmp(json_string_value(json_object_get(json_array_get(plan->zones, i), "zone")),
                   zone) == 0)
            return true;
    return false;
}

static void add_screen(void *ctx, const struct screen *screen)
{
    struct plan *plan = ctx;

    if (is_planned(plan, screen->zone) &&
        json_array_append_new(plan->screens, json_pack("{s:s,s:s}", "screen", screen->id,
                                                       "zone", screen->zone)) < 0)
        plan->failed = true;
}

/* NULL: no memory. */
static json_t *new_note(struct display_feed_parts *parts, json_t *keys)
{
    struct plan plan = {.keys = keys, .now_ms = clock_wall_ms()};
    char id[WITHDRAWAL_ID];
    json_t *note;

    envelope_uuid(id);
    plan.zones = json_array();
    plan.screens = json_array();
    note = json_pack("{s:s,s:O,s:I,s:o,s:o}", "id", id, "keys", keys, "at",
                     (json_int_t)plan.now_ms, "zones", plan.zones, "screens", plan.screens);
    if (!note)
        return NULL;
    zones_each(parts->zones, add_zone, &plan);
    screens_each(parts->screens, add_screen, &plan);
    if (!plan.failed)
        return note;
    json_decref(note);
    return NULL;
}

/* -- doing it -- */

struct rest {
    const json_t *keys;
    int64_t now_ms;
    struct display_picture pictures[2 * DISPLAY_PLACES];
};

static size_t keep(const struct rest *rest, const struct manifest *now, char orientation,
                   struct display_picture *out)
{
    size_t count, kept = 0;
    const struct display_picture *pictures = manifest_pictures(now, orientation, &count);

    for (size_t i = 0; i < count; i++)
        if (!is_withdrawn(rest->keys, pictures[i].key))
            out[kept++] = pictures[i];
    return kept;
}

/* display_publisher_make. Nothing is left to do where the zone has come to show something else
 * by now. */
static int make_rest(void *ctx, const struct manifest *now, struct display_event *event,
                     struct err *err)
{
    struct rest *rest = ctx;

    (void)err;
    if (!now || (!shows_any(now, rest->keys) && now->event.effective_at_ms <= rest->now_ms))
        return 1;
    event->effective_at_ms = rest->now_ms;
    event->landscape = rest->pictures;
    event->landscape_count = keep(rest, now, 'h', rest->pictures);
    event->portrait = rest->pictures + event->landscape_count;
    event->portrait_count = keep(rest, now, 'v', rest->pictures + event->landscape_count);
    return 0;
}

static int withdraw_from(struct display_feed_parts *parts, const json_t *keys, json_t *zone,
                         const struct trace *trace, struct err *err)
{
    struct rest rest = {.keys = keys, .now_ms = clock_wall_ms()};
    const char *name = json_string_value(json_object_get(zone, "zone"));
    const struct display_publisher_change change = {
        .zone = name, .make = make_rest, .ctx = &rest, .trace = trace};
    OWNED(manifest) manifest = NULL;

    if (display_publisher_publish(parts->publisher, &change, &manifest, err) < 0)
        return err_wrap(err, "zone %s", name);
    (void)json_object_set_new(zone, "version",
                              json_integer(manifest ? manifest->event.version : 0));
    return 0;
}

/* Of all zones, in one time limit. */
static void wait_copies(struct display_feed_parts *parts, const json_t *zones)
{
    const int64_t until_ms = clock_mono_ms() + COPIES_MS;

    for (size_t i = 0; i < json_array_size(zones); i++) {
        const char *name = json_string_value(json_object_get(json_array_get(zones, i), "zone"));
        OWNED(manifest) manifest = zones_manifest(parts->zones, name);
        const int64_t left_ms = until_ms - clock_mono_ms();

        if (manifest && !copies_wait(parts->copies, manifest, left_ms > 0 ? (int)left_ms : 0))
            log_warn("zone %s is changed, its copies for old screens are not yet", name);
    }
}

static void note_key(const char *id, char ret_key[KEY_MAX])
{
    (void)snprintf(ret_key, KEY_MAX, KEY_STATE_PREFIX "withdrawals/%.40s.json", id);
}

static int write_note(struct display_feed_parts *parts, const json_t *note, struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    char key[KEY_MAX];

    note_key(json_string_value(json_object_get(note, "id")), key);
    json_write_tree(&data, note);
    if (!buf_ok(&data))
        return err_set_nomem(err, "the withdrawal");
    return store_put(parts->store, key, data.data, data.size, NULL, NULL, err);
}

int withdrawal_make(struct display_feed_parts *parts, json_t *keys, const struct trace *trace,
                    json_t **ret_note, struct err *err)
{
    OWNED_JSON note = new_note(parts, keys);
    json_t *zones = json_object_get(note, "zones");
    struct err late = {0};

    if (!note)
        return err_set_nomem(err, "the withdrawal");
    if (write_note(parts, note, err) < 0)
        return err_wrap(err, "nothing was withdrawn: noting it");
    for (size_t i = 0; i < json_array_size(zones); i++)
        if (withdraw_from(parts, keys, json_array_get(zones, i), trace, err) < 0)
            return err_wrap(err, "withdrawn from %zu of %zu zones, ask again", i,
                            json_array_size(zones));
    wait_copies(parts, zones);
    if (write_note(parts, note, &late) < 0)
        log_warn("noting the versions of a withdrawal: %s", late.text);
    *ret_note = json_incref(note);
    return 0;
}

/* -- what became of it -- */

int withdrawal_read(struct display_feed_parts *parts, const char *id, json_t **ret_note,
                    struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    char key[KEY_MAX];

    if (strlen(id) != WITHDRAWAL_ID - 1 || strspn(id, "0123456789abcdef-") != strlen(id))
        return err_set(err, ERR_NOT_FOUND, "there is no such withdrawal");
    note_key(id, key);
    if (store_get(parts->store, key, &data, NULL, err) < 0)
        return err->code;
    *ret_note = json_parse(data.data, data.size, err);
    return *ret_note ? 0 : err->code;
}

/* The version that a screen of the zone has to have: where the service was cut off before it
 * noted that, the one that the zone has now. */
static int64_t version_of(struct display_feed_parts *parts, const json_t *zones,
                          const char *name)
{
    for (size_t i = 0; i < json_array_size(zones); i++) {
        const json_t *zone = json_array_get(zones, i);
        const int64_t version = json_integer_value(json_object_get(zone, "version"));

        if (strcmp(json_string_value(json_object_get(zone, "zone")), name) == 0 && version > 0)
            return version;
    }
    return zones_next_version(parts->zones, name) - 1;
}

static bool write_screen(struct display_feed_parts *parts, const json_t *note,
                         const json_t *screen, struct buf *out)
{
    const char *id = json_string_value(json_object_get(screen, "screen")),
               *zone = json_string_value(json_object_get(screen, "zone"));
    const bool acknowledged = screens_version(parts->screens, zone, id) >=
                              version_of(parts, json_object_get(note, "zones"), zone);

    json_write_open(out, '{');
    json_put_str(out, "screen", id);
    json_put_str(out, "zone", zone);
    json_put_bool(out, "acknowledged", acknowledged);
    json_write_close(out, '}');
    return acknowledged;
}

void withdrawal_answer(struct display_feed_parts *parts, const json_t *note, struct buf *out)
{
    static const char *const plain[] = {"id", "keys", "at", "zones"};
    const json_t *screens = json_object_get(note, "screens");
    size_t acknowledged = 0;

    json_write_open(out, '{');
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        json_write_name(out, plain[i]);
        json_write_tree(out, json_object_get(note, plain[i]));
    }
    json_write_name(out, "screens");
    json_write_open(out, '[');
    for (size_t i = 0; i < json_array_size(screens); i++)
        acknowledged += write_screen(parts, note, json_array_get(screens, i), out);
    json_write_close(out, ']');
    json_put_int(out, "acknowledged", (int64_t)acknowledged);
    json_put_int(out, "outstanding", (int64_t)(json_array_size(screens) - acknowledged));
    json_write_close(out, '}');
}
