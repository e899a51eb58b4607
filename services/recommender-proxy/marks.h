/* marks.h - what one visitor did with which pictures: the last word on each.
 *
 * A mark is a set of latest times, so taking the same act in again changes nothing, and acts
 * may come in any order. A visitor has at most MARKS_MAX of them. Where there would be more,
 * all that was done up to a moment is forgotten, the latest one that leaves no more than
 * MARKS_MAX pictures: that, too, does not depend on the order. */
#ifndef SERVICES_RECOMMENDER_PROXY_MARKS_H
#define SERVICES_RECOMMENDER_PROXY_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARKS_MAX = 1000 };

/* Times in MARK_UNIT_MS since the year 2020, from 1; 0: never. They last until 2054. */
enum { MARK_UNIT_MS = 256 };
uint32_t mark_time(int64_t time_ms);

struct mark {
    uint32_t item : 31;
    uint32_t liked : 1; /* the verdict: liked, else disliked */
    uint32_t verdict;   /* when it was liked or disliked last */
    uint32_t shown;     /* when it was shown last, or skipped, or looked at */
    uint32_t skipped;   /* when it was passed over last in so many words, not only shown */
};

struct marks {
    struct mark *marks; /* by item, ascending */
    uint32_t count, room;
    uint32_t floor; /* what was done up to then is forgotten, and not taken in again */
};

void marks_done(struct marks *marks);

/* Takes in an act; item is below 2^31. False: no memory, nothing changed. */
enum mark_act { MARK_LIKE, MARK_DISLIKE, MARK_SKIP, MARK_SHOWN };
bool marks_take(struct marks *marks, uint32_t item, enum mark_act act, uint32_t time);

/* The item's mark, or NULL. */
const struct mark *marks_find(const struct marks *marks, uint32_t item);

/* Drops what was done up to that time: the visitor asked to be forgotten. */
void marks_forget(struct marks *marks, uint32_t until);

/* When it was touched last. */
static inline uint32_t mark_last(const struct mark *mark)
{
    return mark->verdict > mark->shown ? mark->verdict : mark->shown; /* skipped is shown */
}

static inline bool mark_is_like(const struct mark *mark)
{
    return mark->verdict && mark->liked;
}

#endif
