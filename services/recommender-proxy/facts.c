/* facts.c - see facts.h. */
#include "services/recommender-proxy/facts.h"

#include <string.h>

#include "proto/key.h"

enum { FIRST_ROOM = 64 };

bool facts_init(struct facts *facts)
{
    *facts = (struct facts){.item_ids = intern_new(), .visitor_ids = intern_new()};
    if (facts->item_ids && facts->visitor_ids)
        return true;
    facts_done(facts);
    return false;
}

void facts_done(struct facts *facts)
{
    const uint32_t count = facts->visitor_ids ? intern_count(facts->visitor_ids) : 0;

    for (uint32_t i = 0; i < count && i < facts->visitor_room; i++)
        marks_done(&facts->visitors[i].marks);
    intern_free(facts->item_ids);
    intern_free(facts->visitor_ids);
    free(facts->items);
    free(facts->visitors);
    *facts = (struct facts){0};
}

/* Makes a table long enough for one more than count; what is new is zeroed. */
static bool make_room(void **table, uint32_t *room, uint32_t count, size_t size)
{
    const uint32_t more = *room ? *room * 2 : FIRST_ROOM;
    char *grown;

    if (count < *room)
        return true;
    grown = realloc(*table, more * size);
    if (!grown)
        return false;
    memset(grown + *room * size, 0, (more - *room) * size);
    *table = grown;
    *room = more;
    return true;
}

uint32_t facts_item_number(struct facts *facts, const char *item_id)
{
    uint32_t number = intern_find(facts->item_ids, item_id);
    struct picture picture;

    if (number != INTERN_NONE)
        return number;
    if (!picture_parse(item_id, &picture) ||
        !make_room((void **)&facts->items, &facts->item_room, intern_count(facts->item_ids),
                   sizeof *facts->items))
        return INTERN_NONE;
    number = intern_add(facts->item_ids, item_id);
    if (number != INTERN_NONE)
        facts->items[number].picture = picture;
    return number;
}

uint32_t facts_visitor_number(struct facts *facts, const char *user_id)
{
    uint32_t number = intern_find(facts->visitor_ids, user_id);

    if (number == INTERN_NONE &&
        make_room((void **)&facts->visitors, &facts->visitor_room,
                  intern_count(facts->visitor_ids), sizeof *facts->visitors))
        number = intern_add(facts->visitor_ids, user_id);
    return number;
}

static uint8_t number_in(const char *const *words, const char *word)
{
    for (uint8_t i = 0; words[i]; i++)
        if (*word && strcmp(words[i], word) == 0)
            return i + 1;
    return 0;
}

uint8_t facts_generation(const char *word)
{
    return number_in(user_generations, word);
}

uint8_t facts_gender(const char *word)
{
    return number_in(user_genders, word);
}

/* -- pictures and visitors -- */

bool facts_is_same(const struct facts_item *item, uint64_t content, int64_t time_ms)
{
    return item->content == content && (content || item->time_ms == time_ms);
}

int facts_put_item(struct facts *facts, const struct item_event *event, struct err *err)
{
    const uint32_t number = facts_item_number(facts, event->item_id);
    const uint64_t content = *event->sha256 ? intern_hash_text(event->sha256) : 0;
    struct facts_item *item;

    if (number == INTERN_NONE)
        return err_set_nomem(err, "a picture");
    item = &facts->items[number];
    if (item->look_state == LOOK_LATER || !facts_is_same(item, content, event->timestamp_ms))
        item->look_state = LOOK_UNSEEN;
    item->live = item->picture.garden;
    item->time_ms = event->timestamp_ms;
    item->content = content;
    facts->changes++;
    return 0;
}

int facts_remove_item(struct facts *facts, const char *item_id, struct err *err)
{
    const uint32_t number = intern_find(facts->item_ids, item_id);

    (void)err;
    if (number == INTERN_NONE)
        return 0;
    facts->items[number].live = false;
    facts->changes++;
    return 0;
}

int facts_put_user(struct facts *facts, const struct user_event *event, struct err *err)
{
    const uint32_t number = facts_visitor_number(facts, event->user_id);

    if (number == INTERN_NONE)
        return err_set_nomem(err, "a visitor");
    facts->visitors[number].generation = facts_generation(event->generation);
    facts->visitors[number].gender = facts_gender(event->gender);
    facts->visitors[number].emotion = number_in(emotion_names, event->emotion);
    facts->changes++;
    return 0;
}

int facts_forget_user(struct facts *facts, const char *user_id, int64_t time_ms,
                      struct err *err)
{
    const uint32_t number = facts_visitor_number(facts, user_id);
    struct facts_visitor *visitor;

    if (number == INTERN_NONE)
        return err_set_nomem(err, "a visitor");
    visitor = &facts->visitors[number];
    visitor->generation = visitor->gender = visitor->emotion = 0;
    if (mark_time(time_ms) > visitor->forgotten)
        visitor->forgotten = mark_time(time_ms);
    if (visitor->asked_time <= visitor->forgotten) {
        visitor->asked_time = 0;
        visitor->asked = (struct favorite){0};
    }
    marks_forget(&visitor->marks, visitor->forgotten);
    facts->changes++;
    return 0;
}

/* -- acts -- */

static enum mark_act act_of(enum interaction_type type)
{
    switch (type) {
    case INTERACTION_LIKE:
        return MARK_LIKE;
    case INTERACTION_DISLIKE:
        return MARK_DISLIKE;
    case INTERACTION_SKIP:
        return MARK_SKIP;
    case INTERACTION_VIEW:
        break;
    }
    return MARK_SHOWN;
}

static int take(struct facts *facts, uint32_t visitor, const char *item_id, enum mark_act act,
                uint32_t time, struct err *err)
{
    const uint32_t item = facts_item_number(facts, item_id);

    if (item == INTERN_NONE || !marks_take(&facts->visitors[visitor].marks, item, act, time))
        return err_set_nomem(err, "an act");
    return 0;
}

/* What was asked for is in the latest act; of several at the same moment one wins, whatever
 * came first. */
static void note_asked(struct facts_visitor *visitor, const char *asked, uint32_t time)
{
    const char *slash = strchr(asked, '/');
    const struct favorite favorite = favorite_parse(slash ? slash + 1 : "");

    if (!*asked || time < visitor->asked_time ||
        (time == visitor->asked_time && favorite.hash < visitor->asked.hash))
        return;
    visitor->asked_time = time;
    visitor->asked = favorite;
}

int facts_act(struct facts *facts, const struct interaction_event *event, struct err *err)
{
    const uint32_t number = facts_visitor_number(facts, event->user_id);
    const uint32_t time = mark_time(event->timestamp_ms);
    int r = 0;

    if (number == INTERN_NONE)
        return err_set_nomem(err, "a visitor");
    if (time <= facts->visitors[number].forgotten)
        return 0;
    note_asked(&facts->visitors[number], event->asked, time);
    for (size_t i = 0; i < event->impression_count && r == 0; i++)
        r = take(facts, number, event->impression[i], MARK_SHOWN, time, err);
    if (r == 0)
        r = take(facts, number, event->item_id, act_of(event->type), time, err);
    facts->changes++;
    return r;
}
