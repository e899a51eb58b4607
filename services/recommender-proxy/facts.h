/* facts.h - all that the topics say, as the local engine needs it: pictures, visitors, and who
 * did what. A view: it can be dropped and read again.
 *
 * Of pictures and visitors the last event holds, as in their topics; acts may come in any order
 * and more than once. Acts may name pictures and visitors before their own events come.
 *
 * Not thread-safe. */
#ifndef SERVICES_RECOMMENDER_PROXY_FACTS_H
#define SERVICES_RECOMMENDER_PROXY_FACTS_H

#include "lib/base/err.h"
#include "lib/base/intern.h"
#include "lib/image/look.h"
#include "proto/interaction_event.h"
#include "proto/item_event.h"
#include "proto/user_event.h"
#include "services/recommender-proxy/marks.h"
#include "services/recommender-proxy/picture.h"

enum { GENERATIONS = 8, GENDERS = 3 }; /* 0: not known */

enum facts_look {
    LOOK_UNSEEN,
    LOOK_KNOWN,
    LOOK_NONE,  /* it has none: it is plain, or no picture */
    LOOK_LATER, /* its bytes were not to be had */
};

struct facts_item {
    struct picture picture;
    bool live; /* in the garden now */
    enum facts_look look_state;
    int64_t time_ms;        /* since when it is there */
    uint64_t content;       /* a hash of its bytes; 0: not known */
    struct image_look look; /* what it looks like, where that is known */
};

struct facts_visitor {
    uint8_t generation, gender; /* into user_generations and user_genders, from 1 */
    uint8_t emotion;            /* into emotion_names, from 1; 0: not known */
    uint32_t forgotten;         /* mark_time; what was done up to then is not known */
    uint32_t asked_time;        /* mark_time of the act that asked comes from */
    struct favorite asked;      /* what the visitor asked for last */
    struct marks marks;
};

struct facts {
    struct intern *item_ids, *visitor_ids;
    struct facts_item *items;       /* by number */
    struct facts_visitor *visitors; /* by number */
    uint32_t item_room, visitor_room;
    uint64_t changes; /* grows with each that training has to know of */
    uint64_t looks;   /* grows with each picture that was looked at */
};

/* False: no memory. */
bool facts_init(struct facts *facts);
void facts_done(struct facts *facts);

/* Each: 0 or ERR_NOMEM. */
int facts_put_item(struct facts *facts, const struct item_event *event, struct err *err);
int facts_remove_item(struct facts *facts, const char *item_id, struct err *err);
int facts_put_user(struct facts *facts, const struct user_event *event, struct err *err);
int facts_forget_user(struct facts *facts, const char *user_id, int64_t time_ms,
                      struct err *err);
int facts_act(struct facts *facts, const struct interaction_event *event, struct err *err);

/* Whether the picture is still the one of which this was known. */
bool facts_is_same(const struct facts_item *item, uint64_t content, int64_t time_ms);

/* Numbers, made where they are new; INTERN_NONE: no memory, or no picture's key. */
uint32_t facts_item_number(struct facts *facts, const char *item_id);
uint32_t facts_visitor_number(struct facts *facts, const char *user_id);

/* The word's number from 1, or 0. */
uint8_t facts_generation(const char *word);
uint8_t facts_gender(const char *word);

static inline const char *facts_item_id(const struct facts *facts, uint32_t item)
{
    return intern_text(facts->item_ids, item);
}

/* NULL where nothing is known of the visitor. */
static inline const struct facts_visitor *facts_visitor(const struct facts *facts,
                                                        const char *user_id)
{
    const uint32_t number = intern_find(facts->visitor_ids, user_id);

    return number == INTERN_NONE ? NULL : &facts->visitors[number];
}

#endif
