/* rec_local_looks.c - which pictures have not been looked at, and what those look like that
 * have been; see rec_local.h. */
#include <stdio.h>

#include "services/recommender-proxy/rec_local_parts.h"

/* Pictures that are passed under one lock: who looks is in no hurry, and may be put aside by
 * the system while it holds the lock. */
enum { AT_ONCE = 4096 };

static bool is_unseen(const struct facts_item *item)
{
    return item->live && item->look_state == LOOK_UNSEEN;
}

/* Passes over some pictures, up to one that is unseen. False: it came to the end. */
static bool pass_some(const struct facts *facts, uint32_t *at, bool *ret_found)
{
    const uint32_t count = intern_count(facts->item_ids);
    const uint32_t end = count - *at > AT_ONCE ? *at + AT_ONCE : count;

    while (*at < end && !is_unseen(&facts->items[*at]))
        ++*at;
    *ret_found = *at < end;
    return *at < count;
}

bool rec_local_next_unseen(struct rec_local *local, uint32_t *at, struct rec_unseen *ret_unseen)
{
    bool found = false, more = true;

    while (!found && more) {
        (void)pthread_rwlock_rdlock(&local->lock);
        more = pass_some(&local->facts, at, &found);
        if (found) {
            const struct facts_item *item = &local->facts.items[*at];

            (void)snprintf(ret_unseen->item_id, sizeof ret_unseen->item_id, "%s",
                           facts_item_id(&local->facts, (*at)++));
            ret_unseen->content = item->content;
            ret_unseen->time_ms = item->time_ms;
        }
        (void)pthread_rwlock_unlock(&local->lock);
    }
    return found;
}

size_t rec_local_unseen_count(struct rec_local *local)
{
    bool found, more = true;
    uint32_t at = 0;
    size_t count = 0;

    while (more) {
        (void)pthread_rwlock_rdlock(&local->lock);
        more = pass_some(&local->facts, &at, &found);
        (void)pthread_rwlock_unlock(&local->lock);
        count += found;
        at += found;
    }
    return count;
}

static void note(struct rec_local *local, const struct rec_unseen *unseen,
                 enum facts_look state, struct image_look look)
{
    uint32_t number;

    (void)pthread_rwlock_wrlock(&local->lock);
    number = intern_find(local->facts.item_ids, unseen->item_id);
    if (number != INTERN_NONE &&
        facts_is_same(&local->facts.items[number], unseen->content, unseen->time_ms)) {
        local->facts.items[number].look_state = state;
        local->facts.items[number].look = look;
        local->facts.looks++;
    }
    (void)pthread_rwlock_unlock(&local->lock);
}

void rec_local_look(struct rec_local *local, const struct rec_unseen *unseen,
                    const struct image_look *look)
{
    note(local, unseen, look ? LOOK_KNOWN : LOOK_NONE, look ? *look : (struct image_look){0});
}

void rec_local_look_later(struct rec_local *local, const struct rec_unseen *unseen)
{
    note(local, unseen, LOOK_LATER, (struct image_look){0});
}

uint64_t rec_local_looks(struct rec_local *local)
{
    uint64_t looks;

    (void)pthread_rwlock_rdlock(&local->lock);
    looks = local->facts.looks;
    (void)pthread_rwlock_unlock(&local->lock);
    return looks;
}
