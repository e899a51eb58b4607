/* moods.c - see moods.h. */
#include "services/emotion/moods.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "proto/key.h"

struct visitor {
    struct visitor *prev, *next; /* in the order of when they were heard of last */
    struct mood mood;
    bool unsaid;
    char user_id[];
};

struct moods {
    struct map *by_id;
    struct visitor *first, *last;
    int64_t visit_ms;
    size_t most, unsaid;
};

struct moods *moods_new(int64_t visit_ms, size_t most, struct err *err)
{
    struct moods *moods = calloc(1, sizeof *moods);

    if (moods) {
        moods->visit_ms = visit_ms;
        moods->most = most;
        moods->by_id = map_new();
    }
    if (moods && moods->by_id)
        return moods;
    err_set_nomem(err, "the table of moods");
    free(moods);
    return NULL;
}

/* -- the list -- */

static void unlink_visitor(struct moods *moods, struct visitor *v)
{
    if (v->prev)
        v->prev->next = v->next;
    else
        moods->first = v->next;
    if (v->next)
        v->next->prev = v->prev;
    else
        moods->last = v->prev;
}

static void append_visitor(struct moods *moods, struct visitor *v)
{
    v->prev = moods->last;
    v->next = NULL;
    if (v->prev)
        v->prev->next = v;
    else
        moods->first = v;
    moods->last = v;
}

static void forget(struct moods *moods, struct visitor *v)
{
    (void)map_remove(moods->by_id, v->user_id, strlen(v->user_id));
    unlink_visitor(moods, v);
    moods->unsaid -= v->unsaid;
    free(v);
}

void moods_free(struct moods *moods)
{
    if (!moods)
        return;
    for (struct visitor *v = moods->first, *next; v; v = next) {
        next = v->next;
        free(v);
    }
    map_free(moods->by_id);
    free(moods);
}

static void prune(struct moods *moods, int64_t now_ms)
{
    for (struct visitor *v = moods->first, *next; v; v = next) {
        next = v->next;
        if (map_count(moods->by_id) <= moods->most &&
            v->mood.time_ms + moods->visit_ms > now_ms)
            break;
        forget(moods, v);
    }
}

/* What is known at this time; NULL: nothing. */
static struct visitor *find(const struct moods *moods, const char *user_id, int64_t at_ms)
{
    struct visitor *v = map_get(moods->by_id, user_id, strlen(user_id));

    return v && v->mood.time_ms + moods->visit_ms > at_ms ? v : NULL;
}

/* With nothing known of it yet. */
static struct visitor *add(struct moods *moods, const char *user_id)
{
    size_t size = strlen(user_id);
    struct visitor *v = map_get(moods->by_id, user_id, size);

    if (v) { /* of a visit that is over */
        moods->unsaid -= v->unsaid;
        v->unsaid = false;
        v->mood = (struct mood){.analysed = -1};
        return v;
    }
    v = calloc(1, sizeof *v + size + 1);
    if (!v || map_put(moods->by_id, user_id, size, v) < 0) {
        free(v);
        return NULL;
    }
    memcpy(v->user_id, user_id, size + 1);
    v->mood.analysed = -1;
    append_visitor(moods, v);
    return v;
}

/* -- what stands -- */

/* The list's own text that is equal, or "". */
static const char *constant(const char *const *list, const char *text)
{
    for (; *list; list++)
        if (strcmp(*list, text) == 0)
            return *list;
    return "";
}

static int emotion_index(const char *emotion)
{
    for (int i = 0; i < EMOTION_COUNT; i++)
        if (strcmp(emotion_names[i], emotion) == 0)
            return i;
    return -1;
}

static bool is_visitors(const struct user_event *event)
{
    return strcmp(event->source, USER_SOURCE_VISITOR) == 0;
}

/* Whether what is known stands against a record of this time; event NULL: a tombstone. */
static bool stands_against(const struct moods *moods, const struct mood *known,
                           const struct user_event *event, int64_t time_ms)
{
    if (!event)
        return !known->forgotten && time_ms < known->time_ms;
    if (known->forgotten)
        return is_visitors(event) ? time_ms < known->time_ms : time_ms <= known->time_ms;
    if (is_visitors(event))
        return known->by_visitor && time_ms < known->time_ms;
    return known->by_visitor && time_ms < known->time_ms + moods->visit_ms;
}

static void replace(struct mood *mood, const struct user_event *event, int64_t time_ms)
{
    const int analysed = mood->forgotten ? -1 : mood->analysed;

    *mood = (struct mood){.forgotten = !event,
                          .analysed = -1,
                          .generation = "",
                          .gender = "",
                          .time_ms = time_ms};
    if (!event)
        return;
    mood->by_visitor = is_visitors(event);
    mood->emotion = emotion_index(event->emotion);
    mood->analysed = mood->by_visitor ? analysed : mood->emotion;
    mood->generation = constant(user_generations, event->generation);
    mood->gender = constant(user_genders, event->gender);
}

/* An analysis that came after the visitor's word: it says what that left open. */
static void fill(struct mood *mood, const struct user_event *event)
{
    mood->analysed = emotion_index(event->emotion);
    if (!*mood->generation)
        mood->generation = constant(user_generations, event->generation);
    if (!*mood->gender)
        mood->gender = constant(user_genders, event->gender);
}

bool moods_take(struct moods *moods, const char *user_id, const struct user_event *event,
                int64_t time_ms)
{
    struct visitor *v = find(moods, user_id, time_ms);
    bool lost = v && stands_against(moods, &v->mood, event, time_ms);

    if (!v)
        v = add(moods, user_id);
    if (!v)
        return false;
    unlink_visitor(moods, v);
    append_visitor(moods, v);
    if (!lost)
        replace(&v->mood, event, time_ms);
    else if (event && !is_visitors(event) && !v->mood.forgotten)
        fill(&v->mood, event);
    moods->unsaid += (size_t)lost - (size_t)v->unsaid;
    v->unsaid = lost;
    prune(moods, time_ms);
    return true;
}

bool moods_find(struct moods *moods, const char *user_id, int64_t now_ms, struct mood *ret_mood)
{
    const struct visitor *v;

    prune(moods, now_ms);
    v = find(moods, user_id, now_ms);
    if (!v || v->mood.forgotten)
        return false;
    *ret_mood = v->mood;
    return true;
}

bool moods_merge(struct moods *moods, struct user_event *event)
{
    const struct visitor *v = find(moods, event->user_id, event->timestamp_ms);
    const struct mood *known = v ? &v->mood : NULL;

    if (!known || !stands_against(moods, known, event, event->timestamp_ms))
        return true;
    if (known->forgotten)
        return false;
    event->emotion = emotion_names[known->emotion];
    if (*known->generation)
        event->generation = known->generation;
    if (*known->gender)
        event->gender = known->gender;
    event->source = USER_SOURCE_VISITOR;
    event->timestamp_ms = known->time_ms;
    return true;
}

int64_t moods_time(struct moods *moods, const char *user_id, int64_t now_ms)
{
    const struct visitor *v = find(moods, user_id, now_ms);

    return v && v->mood.time_ms >= now_ms ? v->mood.time_ms + 1 : now_ms;
}

const char *moods_unsaid(struct moods *moods, struct mood *ret_mood)
{
    struct visitor *v = moods->last;

    while (moods->unsaid && v && !v->unsaid)
        v = v->prev;
    if (!moods->unsaid || !v)
        return NULL;
    v->unsaid = false;
    moods->unsaid--;
    *ret_mood = v->mood;
    return v->user_id;
}

void moods_still_unsaid(struct moods *moods, const char *user_id)
{
    struct visitor *v = map_get(moods->by_id, user_id, strlen(user_id));

    if (v && !v->unsaid) {
        v->unsaid = true;
        moods->unsaid++;
    }
}

size_t moods_count(const struct moods *moods)
{
    return map_count(moods->by_id);
}
