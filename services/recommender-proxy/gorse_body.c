/* gorse_body.c - see gorse_body.h. */
#include "services/recommender-proxy/gorse_body.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/json/json_write.h"
#include "proto/key.h"
#include "services/recommender-proxy/gorse_id.h"
#include "services/recommender-proxy/remote_answer.h"
#include "services/recommender-proxy/remote_batch.h"

/* -- categories -- */

static const char *orientation_name(char orientation)
{
    return orientation == 'v' ? "portrait" : "landscape";
}

/* "happy", "happy:portrait", "portrait". Nothing is appended where there is no such one. */
static int write_category(struct buf *out, const char *search_key, char orientation,
                          struct err *err)
{
    const size_t start = out->size;

    if (*search_key && gorse_id_write(out, search_key, err) < 0) {
        out->size = start;
        return err->code;
    }
    if (*search_key && orientation)
        buf_append_char(out, ':');
    if (orientation)
        buf_append_str(out, orientation_name(orientation));
    return 0;
}

static void put_category(struct buf *out, const char *search_key, char orientation)
{
    OWNED_VALUE(buf) category = {0};
    struct err too_long = {0};

    if (write_category(&category, search_key, orientation, &too_long) == 0)
        json_write_str(out, buf_text(&category));
}

static void put_categories(struct buf *out, const char *search_key, char orientation)
{
    const int mood_size = (int)remote_mood_size(search_key);
    char mood[KEY_BYTES];

    (void)snprintf(mood, sizeof mood, "%.*s", mood_size, search_key);
    json_write_name(out, "Categories");
    json_write_open(out, '[');
    put_category(out, "", orientation);
    put_category(out, mood, 0);
    put_category(out, mood, orientation);
    if (search_key[mood_size]) {
        put_category(out, search_key, 0);
        put_category(out, search_key, orientation);
    }
    json_write_close(out, ']');
}

/* -- the question -- */

static int write_user_id(struct buf *out, const char *user_id, struct err *err)
{
    OWNED_VALUE(buf) id = {0};

    if (!*user_id)
        buf_append_str(&id, GORSE_NOBODY);
    else if (gorse_id_write(&id, user_id, err) < 0)
        return err->code;
    text_url_encode(out, buf_text(&id), id.size, false);
    return 0;
}

int gorse_write_query(struct buf *out, const struct rec_query *query, bool favourite,
                      struct err *err)
{
    OWNED_VALUE(buf) category = {0};
    const int mood_size = (int)remote_mood_size(query->emotion);
    char mood[KEY_BYTES];

    (void)snprintf(mood, sizeof mood, "%.*s", mood_size, query->emotion);
    if (write_category(&category, favourite ? query->emotion : mood, query->orientation, err) <
        0)
        return err->code;
    buf_append_str(out, "/api/recommend/");
    if (write_user_id(out, query->user_id, err) < 0)
        return err->code;
    buf_printf(out, "?n=%zu", query->count);
    if (category.size > 0) {
        buf_append_str(out, "&category=");
        text_url_encode(out, category.data, category.size, false);
    }
    return buf_ok(out) ? 0 : err_set_nomem(err, "a question to Gorse");
}

/* -- what there is and what happened -- */

static void put_id(struct buf *out, const char *name, const char *id)
{
    OWNED_VALUE(buf) written = {0};
    struct err ignored = {0};

    (void)gorse_id_write(&written, id, &ignored);
    json_put_str(out, name, buf_text(&written));
}

static void put_time(struct buf *out, int64_t time_ms)
{
    char text[CLOCK_TEXT];

    clock_format_rfc3339(remote_batch_time_ms(time_ms), text);
    json_put_str(out, "Timestamp", text);
}

/* A list of words: the mood, and the parts of the favourite. */
static void put_item_labels(struct buf *out, const char *search_key)
{
    json_write_name(out, "Labels");
    json_write_open(out, '[');
    for (const char *at = search_key; *at;) {
        const size_t size = strcspn(at, "/,");

        if (size > 0)
            json_write_str_n(out, at, size);
        at += size + (at[size] != '\0');
    }
    json_write_close(out, ']');
}

void gorse_write_item(struct buf *out, const struct item_event *event)
{
    const bool removed = !*event->emotion;
    struct item_event full = *event;
    struct key key = {.search_key = "", .orientation = 'h'};
    struct err ignored = {0};

    if (removed) { /* the rest follows from its id */
        (void)key_parse(event->item_id, strlen(event->item_id), &key, &ignored);
        full.emotion = key.search_key;
        full.orientation = key.orientation;
    }
    json_write_open(out, '{');
    put_id(out, "ItemId", full.item_id);
    json_put_bool(out, "IsHidden", removed);
    put_categories(out, full.emotion, full.orientation);
    put_time(out, full.timestamp_ms);
    put_item_labels(out, full.emotion);
    json_put_str(out, "Comment", full.item_id);
    json_write_close(out, '}');
}

void gorse_write_user(struct buf *out, const struct user_event *event)
{
    const char *const labels[] = {event->generation, event->gender, event->emotion};

    json_write_open(out, '{');
    put_id(out, "UserId", event->user_id);
    json_write_name(out, "Labels");
    json_write_open(out, '[');
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (*labels[i])
            json_write_str(out, labels[i]);
    json_write_close(out, ']');
    json_write_close(out, '}');
}

static void write_feedback(struct buf *out, const struct interaction_event *event,
                           const char *type, const char *item_id)
{
    json_write_open(out, '{');
    json_put_str(out, "FeedbackType", type);
    put_id(out, "UserId", event->user_id);
    put_id(out, "ItemId", item_id);
    json_put_int(out, "Value", 1);
    put_time(out, event->timestamp_ms);
    json_write_close(out, '}');
}

void gorse_write_feedback(struct buf *out, const struct interaction_event *event)
{
    write_feedback(out, event, interaction_type_names[event->type], event->item_id);
    for (size_t i = 0; i < event->impression_count; i++) {
        const char *id = event->impression[i];
        struct err too_long = {0};

        if (strcmp(id, event->item_id) != 0 && gorse_id_check(id, &too_long) == 0)
            write_feedback(out, event, "shown", id);
    }
}
