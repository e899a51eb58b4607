/* client_act.c - acts as clients tell them; see acts.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/codec.h"
#include "proto/envelope.h"
#include "proto/key.h"
#include "services/recommender-proxy/acts.h"

#define DAY_MS INT64_C(86400000)

enum { AHEAD_MS = 5 * 60 * 1000, EVENT_ID_MAX = 128 };
#define BEHIND_MS (366 * DAY_MS)

void client_act_done(struct client_act *act)
{
    buf_done(&act->storage);
}

void client_act_refuse(struct client_act *act, const char *why)
{
    act->status = ACT_REFUSED;
    (void)snprintf(act->detail, sizeof act->detail, "%s", why);
}

static void remark(struct client_act *act, const char *text)
{
    const size_t used = strlen(act->detail);

    (void)snprintf(act->detail + used, sizeof act->detail - used, "%s%s", used ? "; " : "",
                   text);
}

/* -- texts: offsets into the storage while it still moves -- */

static size_t put(struct client_act *act, const char *text)
{
    const size_t at = act->storage.size;

    buf_append(&act->storage, text, strlen(text) + 1);
    return at;
}

/* A picture's key, or the URL that an answer had it by. */
static bool put_item(struct client_act *act, const char *text, size_t *ret_at)
{
    const char *scheme = strstr(text, "://"), *path = scheme ? strchr(scheme + 3, '/') : NULL;
    OWNED_VALUE(buf) decoded = {0};
    struct err err = {0};
    struct key key;

    if (path) {
        path++;
        if (text_url_decode(&decoded, path, strcspn(path, "?#"), false, &err) < 0)
            return false;
        text = buf_text(&decoded);
    }
    if (key_parse(text, strlen(text), &key, &err) < 0)
        return false;
    *ret_at = put(act, text);
    return true;
}

struct offsets {
    size_t user, item, id, impression[INTERACTION_IMPRESSION_MAX];
    size_t count;
};

static void point(struct client_act *act, const struct offsets *at)
{
    const size_t lists = (act->storage.size + 15) / 16 * 16;
    const size_t bytes = at->count * (sizeof(char *) + sizeof(double));
    const char **impression;

    if (!buf_reserve(&act->storage, lists - act->storage.size + bytes + 16)) {
        client_act_refuse(act, "there is no memory for it: send it again later");
        return;
    }
    impression = (const char **)(void *)(act->storage.data + lists);
    for (size_t i = 0; i < at->count; i++)
        impression[i] = act->storage.data + at->impression[i];
    act->event.user_id = act->storage.data + at->user;
    act->event.item_id = act->storage.data + at->item;
    act->event.event_id = act->storage.data + at->id;
    act->event.impression = impression;
    act->event.impression_count = at->count;
    act->event.propensities = (double *)(void *)(impression + at->count);
    act->event.asked = act->event.recommendation_id = "";
}

/* -- members -- */

static bool read_id(struct client_act *act, const json_t *value, const char *name, size_t max,
                    size_t *ret_at)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";
    char line[100];
    struct err err = {0};

    if (!*text)
        (void)snprintf(line, sizeof line, "%s is missing, or no text", name);
    else if (strlen(text) > max)
        (void)snprintf(line, sizeof line, "%s has more than %zu bytes", name, max);
    else if (codec_check_id(text, &err) < 0)
        (void)snprintf(line, sizeof line, "%s %.60s", name, err.text);
    else {
        *ret_at = put(act, text);
        return true;
    }
    client_act_refuse(act, line);
    return false;
}

static bool read_item(struct client_act *act, const char *text, size_t *ret_at)
{
    if (text && put_item(act, text, ret_at))
        return true;
    client_act_refuse(act, "the item is no picture's key: it is like "
                           "emotions/happy/spring,sunny,day/img_1h.jpeg, as an answer had it");
    return false;
}

static bool is_in(const struct client_act *act, const struct offsets *at, size_t item)
{
    for (size_t i = 0; i < at->count; i++)
        if (strcmp(act->storage.data + at->impression[i], act->storage.data + item) == 0)
            return true;
    return false;
}

/* The act's own picture is put in front where it is not named. */
static void complete(const struct client_act *act, struct offsets *at)
{
    if (is_in(act, at, at->item))
        return;
    if (at->count == INTERACTION_IMPRESSION_MAX)
        at->count--;
    memmove(at->impression + 1, at->impression, at->count * sizeof *at->impression);
    at->impression[0] = at->item;
    at->count++;
}

static void read_impression(struct client_act *act, const json_t *list, struct offsets *at)
{
    const size_t given = json_array_size(list);
    size_t i, bad = 0;
    const json_t *element;

    json_array_foreach(list, i, element)
    {
        const char *text = json_string_value(element);
        size_t item;

        if (at->count == INTERACTION_IMPRESSION_MAX)
            break;
        if (!text || !put_item(act, text, &item))
            bad++;
        else if (!is_in(act, at, item))
            at->impression[at->count++] = item;
    }
    if (given) /* else nobody said what was shown */
        complete(act, at);
    if (bad)
        remark(act, "pictures of the impression that are none were left out");
    if (given > INTERACTION_IMPRESSION_MAX)
        remark(act, "of the impression the first 100 pictures were taken");
}

static void read_time(struct client_act *act, const json_t *value)
{
    const int64_t now = clock_wall_ms();
    struct err err = {0};
    int64_t time = now;

    if (json_is_integer(value))
        time = json_integer_value(value);
    else if (json_is_string(value)) {
        if (clock_parse_rfc3339(json_string_value(value), &time, &err) < 0) {
            client_act_refuse(act, "timestamp is neither milliseconds since 1970 nor like "
                                   "2026-05-04T09:08:07Z");
            return;
        }
    } else if (value && !json_is_null(value)) {
        client_act_refuse(act,
                          "timestamp is neither a whole number of milliseconds nor a text");
        return;
    }
    if (time > now + AHEAD_MS || time < now - BEHIND_MS) {
        remark(act, time > now ? "its time is ahead of ours: taken as now"
                               : "its time is more than a year ago: taken as now");
        time = now;
    }
    act->event.timestamp_ms = time;
}

static bool read_type(struct client_act *act, const json_t *value)
{
    const char *text = json_is_string(value) ? json_string_value(value) : "";

    if (strcmp(text, "click") == 0)
        text = "like";
    for (int i = 0; interaction_type_names[i]; i++)
        if (strcmp(interaction_type_names[i], text) == 0) {
            act->event.type = (enum interaction_type)i;
            return true;
        }
    client_act_refuse(act, "event_type must be one of like, dislike, skip, view");
    return false;
}

void client_act_read(struct client_act *act, const json_t *object)
{
    struct offsets at = {0};
    const json_t *impression = json_object_get(object, "impression");

    *act = (struct client_act){0};
    if (!json_is_object(object)) {
        client_act_refuse(act, "an event is a JSON object");
        return;
    }
    if (!read_type(act, json_object_get(object, "event_type")) ||
        !read_id(act, json_object_get(object, "event_id"), "event_id", EVENT_ID_MAX, &at.id) ||
        !read_id(act, json_object_get(object, "user_id"), "user_id", USER_ID_MAX, &at.user) ||
        !read_item(act, json_string_value(json_object_get(object, "item_id")), &at.item))
        return;
    read_time(act, json_object_get(object, "timestamp"));
    if (act->status == ACT_REFUSED)
        return;
    if (impression && !json_is_array(impression) && !json_is_null(impression))
        client_act_refuse(act, "impression is no list");
    else
        read_impression(act, impression, &at);
    if (act->status == ACT_ACCEPTED)
        point(act, &at);
}

void client_act_like(struct client_act *act, const char *user_id, const char *item_id,
                     const json_t *impression)
{
    struct offsets at = {0};
    char id[37];

    *act = (struct client_act){
        .event = {.type = INTERACTION_LIKE, .timestamp_ms = clock_wall_ms()}};
    envelope_uuid(id);
    at.id = put(act, id);
    at.user = put(act, user_id);
    if (!read_item(act, item_id, &at.item))
        return;
    read_impression(act, impression, &at);
    point(act, &at);
}
