/* marks.c - see marks.h. */
#include "services/recommender-proxy/marks.h"

#include <stdlib.h>
#include <string.h>

#define YEAR_2020_MS INT64_C(1577836800000)

uint32_t mark_time(int64_t time_ms)
{
    const int64_t time = (time_ms - YEAR_2020_MS) / MARK_UNIT_MS;

    return time < 1 ? 1 : time > UINT32_MAX ? UINT32_MAX : (uint32_t)time;
}

void marks_done(struct marks *marks)
{
    free(marks->marks);
    *marks = (struct marks){0};
}

/* Where the item's mark is, or would be. */
static uint32_t place_of(const struct marks *marks, uint32_t item)
{
    uint32_t low = 0, high = marks->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (marks->marks[middle].item < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct mark *marks_find(const struct marks *marks, uint32_t item)
{
    const uint32_t place = place_of(marks, item);

    return place < marks->count && marks->marks[place].item == item ? &marks->marks[place]
                                                                    : NULL;
}

/* When the picture was met that was met longest ago. */
static uint32_t oldest(const struct marks *marks)
{
    uint32_t found = UINT32_MAX;

    for (uint32_t i = 0; i < marks->count; i++) {
        const uint32_t last = mark_last(&marks->marks[i]);

        found = last < found ? last : found;
    }
    return found;
}

static bool make_room(struct marks *marks)
{
    uint32_t room;
    struct mark *more;

    if (marks->count < marks->room)
        return true;
    room = marks->room ? marks->room + marks->room / 2 + 1 : 4;
    more = realloc(marks->marks, room * sizeof *more);
    if (!more)
        return false;
    marks->marks = more;
    marks->room = room;
    return true;
}

static void apply(struct mark *mark, enum mark_act act, uint32_t time)
{
    if (act == MARK_LIKE || act == MARK_DISLIKE) {
        const bool liked = act == MARK_LIKE;

        /* At the same moment a dislike wins: who takes something back means it. */
        if (time > mark->verdict || (time == mark->verdict && !liked)) {
            mark->verdict = time;
            mark->liked = liked;
        }
        return;
    }
    if (act == MARK_SKIP && time > mark->skipped)
        mark->skipped = time;
    if (time > mark->shown)
        mark->shown = time;
}

bool marks_take(struct marks *marks, uint32_t item, enum mark_act act, uint32_t time)
{
    const uint32_t place = place_of(marks, item);

    if (time <= marks->floor)
        return true;
    if (place >= marks->count || marks->marks[place].item != item) {
        if (!make_room(marks))
            return false;
        memmove(marks->marks + place + 1, marks->marks + place,
                (marks->count - place) * sizeof *marks->marks);
        marks->marks[place] = (struct mark){.item = item & INT32_MAX};
        marks->count++;
    }
    apply(&marks->marks[place], act, time);
    if (marks->count > MARKS_MAX)
        marks_forget(marks, oldest(marks));
    return true;
}

void marks_forget(struct marks *marks, uint32_t until)
{
    uint32_t kept = 0;

    marks->floor = until > marks->floor ? until : marks->floor;
    for (uint32_t i = 0; i < marks->count; i++) {
        struct mark mark = marks->marks[i];

        if (mark.verdict <= until)
            mark.verdict = mark.liked = 0;
        if (mark.shown <= until)
            mark.shown = 0;
        if (mark.skipped <= until)
            mark.skipped = 0;
        if (mark_last(&mark))
            marks->marks[kept++] = mark;
    }
    marks->count = kept;
}
