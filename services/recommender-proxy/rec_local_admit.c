/* rec_local_admit.c - what of another engine's answer may be shown; see rec_local.h. */
#include <string.h>

#include "services/recommender-proxy/choose.h"
#include "services/recommender-proxy/rec_local_parts.h"

struct admitted {
    uint32_t item;
    struct choose_look look;
};

/* The picture as it is compared; false: it must not be shown. */
static bool look_up(const struct rec_local *local, const struct rec_query *query,
                    const char *item_id, struct admitted *ret)
{
    const uint32_t number = intern_find(local->facts.item_ids, item_id);
    const struct facts_item *item;
    struct favorite favorite;
    int emotion;

    if (number == INTERN_NONE || !picture_ask(query->emotion, &emotion, &favorite))
        return false;
    item = &local->facts.items[number];
    *ret = (struct admitted){.item = number,
                             .look = {.content = item->content,
                                      .look = item->look,
                                      .known = item->look_state == LOOK_KNOWN}};
    return item->live && item->picture.emotion == emotion &&
           (!query->orientation || query->orientation == item->picture.orientation);
}

static bool is_near_any(const struct admitted *one, const struct admitted *others, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (one->item == others[i].item || choose_is_near(&one->look, &others[i].look))
            return true;
    return false;
}

void rec_local_admit(struct rec_local *local, const struct rec_query *query,
                     struct rec_answer *answer)
{
    struct admitted admitted[REC_COUNT_MAX];
    size_t kept = 0;

    (void)pthread_rwlock_rdlock(&local->lock);
    for (size_t i = 0; i < answer->count; i++) {
        if (!look_up(local, query, answer->results[i].item_id, &admitted[kept]) ||
            is_near_any(&admitted[kept], admitted, kept))
            continue;
        answer->results[kept++] = answer->results[i];
    }
    (void)pthread_rwlock_unlock(&local->lock);
    answer->count = kept;
}
