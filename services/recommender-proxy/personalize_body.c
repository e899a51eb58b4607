/* personalize_body.c - see personalize_body.h. */
#include "services/recommender-proxy/personalize_body.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/json/json_write.h"
#include "proto/key.h"
#include "services/recommender-proxy/remote_answer.h"
#include "services/recommender-proxy/remote_batch.h"

#define NOBODY "nobody" /* a visitor without an id: Personalize wants one */

static const char *orientation_name(char orientation)
{
    return orientation == 'v' ? "portrait" : "landscape";
}

/* Not "": what is not known is left out. */
static void put_known(struct buf *out, const char *name, const char *text)
{
    if (*text)
        json_put_str(out, name, text);
}

/* -- the question -- */

/* Values of a filter's parameter are quoted, and separated by commas. */
static void put_filter_value(struct buf *out, const char *name, const struct buf *values)
{
    json_put_str(out, name, buf_text(values));
}

static void add_value(struct buf *values, const char *text, size_t size)
{
    buf_printf(values, "%s\"%.*s\"", values->size ? "," : "", (int)size, text);
}

static void put_filter(struct buf *out, const char *filter, const struct rec_query *query)
{
    OWNED_VALUE(buf) moods = {0};
    OWNED_VALUE(buf) orientations = {0};
    const size_t mood = remote_mood_size(query->emotion);

    if (mood)
        add_value(&moods, query->emotion, mood);
    for (int i = 0; !mood && i < EMOTION_COUNT; i++)
        add_value(&moods, emotion_names[i], strlen(emotion_names[i]));
    if (query->orientation != 'v')
        add_value(&orientations, "landscape", strlen("landscape"));
    if (query->orientation != 'h')
        add_value(&orientations, "portrait", strlen("portrait"));
    json_put_str(out, "filterArn", filter);
    json_write_name(out, "filterValues");
    json_write_open(out, '{');
    put_filter_value(out, "MOOD", &moods);
    put_filter_value(out, "ORIENTATION", &orientations);
    json_write_close(out, '}');
}

static void put_context(struct buf *out, const struct rec_query *query)
{
    json_write_name(out, "context");
    json_write_open(out, '{');
    put_known(out, "EMOTION", query->emotion);
    put_known(out, "GENERATION", query->generation);
    put_known(out, "GENDER", query->gender);
    json_write_close(out, '}');
}

void personalize_write_query(struct buf *out, const struct personalize_query *conf,
                             const struct rec_query *query)
{
    const bool recommender = strstr(conf->campaign, ":recommender/") != NULL;

    json_write_open(out, '{');
    json_put_str(out, recommender ? "recommenderArn" : "campaignArn", conf->campaign);
    json_put_str(out, "userId", *query->user_id ? query->user_id : NOBODY);
    json_put_int(out, "numResults", *conf->filter ? (int64_t)query->count : REC_COUNT_MAX);
    if (conf->context && (*query->emotion || *query->generation || *query->gender))
        put_context(out, query);
    if (*conf->filter)
        put_filter(out, conf->filter, query);
    json_write_close(out, '}');
}

/* -- what happened -- */

int personalize_check_id(const char *id, struct err *err)
{
    size_t characters = 0;

    for (const char *c = id; *c; c++)
        characters += ((unsigned char)*c & 0xC0) != 0x80;
    if (characters >= 1 && characters <= PERSONALIZE_ID_MAX)
        return 0;
    return err_set(err, ERR_INVALID,
                   "'%.60s' is no id for Personalize: it takes 1 to %d characters", id,
                   PERSONALIZE_ID_MAX);
}

static bool is_shown(const struct interaction_event *event, size_t before, const char *id)
{
    for (size_t i = 0; i < before; i++)
        if (strcmp(event->impression[i], id) == 0)
            return true;
    return false;
}

/* The picture itself first, which has to be among them. */
static void put_impression(struct buf *out, const struct interaction_event *event)
{
    size_t room = PERSONALIZE_IMPRESSION - 1;

    if (event->impression_count == 0)
        return;
    json_write_name(out, "impression");
    json_write_open(out, '[');
    json_write_str(out, event->item_id);
    for (size_t i = 0; i < event->impression_count && room > 0; i++) {
        const char *id = event->impression[i];
        struct err too_long = {0};

        if (strcmp(id, event->item_id) == 0 || is_shown(event, i, id) ||
            personalize_check_id(id, &too_long) < 0)
            continue;
        json_write_str(out, id);
        room--;
    }
    json_write_close(out, ']');
}

/* JSON in a string. */
static void put_properties(struct buf *out, const struct buf *properties)
{
    json_write_name(out, "properties");
    json_write_str_n(out, buf_text(properties), properties->size);
}

static void write_event(struct buf *out, bool context, const struct interaction_event *event)
{
    OWNED_VALUE(buf) properties = {0};
    char search_key[KEY_BYTES];

    json_write_open(out, '{');
    json_put_str(out, "eventId", event->event_id);
    json_put_str(out, "eventType",
                 event->type == INTERACTION_LIKE ? "click"
                                                 : interaction_type_names[event->type]);
    json_put_str(out, "itemId", event->item_id);
    json_put_int(out, "sentAt", remote_batch_time_ms(event->timestamp_ms) / 1000);
    put_impression(out, event);
    /* an answer that the local engine gave in its place is not known there */
    if (!text_starts_with(event->recommendation_id, "local"))
        put_known(out, "recommendationId", event->recommendation_id);
    if (context) {
        json_write_open(&properties, '{');
        put_known(&properties, "emotion", remote_batch_asked(event, search_key));
        json_write_close(&properties, '}');
        put_properties(out, &properties);
    }
    json_write_close(out, '}');
}

void personalize_write_events(struct buf *out, const char *tracking_id, bool context,
                              const struct interaction_event *const *events, size_t count)
{
    json_write_open(out, '{');
    json_put_str(out, "trackingId", tracking_id);
    json_put_str(out, "userId", events[0]->user_id);
    json_put_str(out, "sessionId", events[0]->user_id); /* a visitor's id is of one visit */
    json_write_name(out, "eventList");
    json_write_open(out, '[');
    for (size_t i = 0; i < count; i++)
        write_event(out, context, events[i]);
    json_write_close(out, ']');
    json_write_close(out, '}');
}

/* -- what there is -- */

/* Of a removed picture only the id is told us; the rest follows from it, but for its age, which
 * Personalize wants of each. */
static void write_item_properties(struct buf *out, const struct item_event *event)
{
    const bool removed = !*event->emotion;
    struct item_event full = *event;
    struct key key = {.search_key = "", .orientation = 'h'};
    struct err ignored = {0};

    if (removed) {
        (void)key_parse(event->item_id, strlen(event->item_id), &key, &ignored);
        full.emotion = key.search_key;
        full.orientation = key.orientation;
        full.timestamp_ms = clock_wall_ms();
    }
    json_write_open(out, '{');
    json_put_int(out, "creationTimestamp", full.timestamp_ms / 1000);
    put_known(out, "emotion", full.emotion);
    json_write_name(out, "mood");
    json_write_str_n(out, full.emotion, remote_mood_size(full.emotion));
    json_put_str(out, "orientation", orientation_name(full.orientation));
    json_put_str(out, "available", removed ? "0" : "1");
    json_write_close(out, '}');
}

static void write_item(struct buf *out, const void *of)
{
    const struct item_event *event = of;
    OWNED_VALUE(buf) properties = {0};

    write_item_properties(&properties, event);
    json_write_open(out, '{');
    json_put_str(out, "itemId", event->item_id);
    put_properties(out, &properties);
    json_write_close(out, '}');
}

static const char *item_id(const void *event)
{
    return ((const struct item_event *)event)->item_id;
}

const struct personalize_kind personalize_items = {"/items", "items", sizeof(struct item_event),
                                                   item_id, write_item};

static void write_user(struct buf *out, const void *of)
{
    const struct user_event *event = of;
    OWNED_VALUE(buf) properties = {0};

    json_write_open(&properties, '{');
    put_known(&properties, "generation", event->generation);
    put_known(&properties, "gender", event->gender);
    put_known(&properties, "emotion", event->emotion);
    json_write_close(&properties, '}');
    json_write_open(out, '{');
    json_put_str(out, "userId", event->user_id);
    put_properties(out, &properties);
    json_write_close(out, '}');
}

static const char *user_id(const void *event)
{
    return ((const struct user_event *)event)->user_id;
}

const struct personalize_kind personalize_users = {"/users", "users", sizeof(struct user_event),
                                                   user_id, write_user};

void personalize_write_records(struct buf *out, const struct personalize_kind *kind,
                               const char *dataset, const void *const *events, size_t count)
{
    json_write_open(out, '{');
    json_put_str(out, "datasetArn", dataset);
    json_write_name(out, kind->list);
    json_write_open(out, '[');
    for (size_t i = 0; i < count; i++)
        kind->write(out, events[i]);
    json_write_close(out, ']');
    json_write_close(out, '}');
}
