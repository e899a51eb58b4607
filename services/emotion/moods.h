/* moods.h - what stands of each visitor of the last while, folded from garden.users.
 *
 * A visitor's own word (a choice without a camera, a correction) stands against every analysis
 * that was made before it or comes within a visit's time after it. Each replica of the service
 * folds the same records and so comes to the same end, whatever order they were published in.
 * Where the last record of a visitor is not what stands (an analysis slipped in after a
 * correction that its replica had not heard of), the table says so: what stands is published
 * again, because others believe the last record. That is the same record for all replicas, so
 * it does no harm twice.
 *
 *   the visitor's word   stands, unless a later one of theirs or a later tombstone does
 *   an analysis          stands, unless the visitor's word does, or a later tombstone
 *   a tombstone          stands, unless anything later does
 *
 * "Later" is by the records' timestamps. Not thread-safe: see mood_watch.h. */
#ifndef SERVICES_EMOTION_MOODS_H
#define SERVICES_EMOTION_MOODS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "proto/user_event.h"

struct moods;

/* Visitors are forgotten visit_ms after their last record, or when there are more than most. */
struct moods *moods_new(int64_t visit_ms, size_t most, struct err *err);
void moods_free(struct moods *moods);
DEFINE_OWNED(moods)

struct mood {
    bool forgotten;  /* the visitor asked for it: nothing is known */
    bool by_visitor; /* else by an analysis */
    int emotion;     /* into emotion_names */
    int analysed;    /* what the last analysis of this visit saw; -1: there was none */
    const char *generation, *gender; /* "" where they are not known; live for ever */
    int64_t time_ms;
};

/* Takes in a record; event NULL: a tombstone of this time. False: no memory. */
bool moods_take(struct moods *moods, const char *user_id, const struct user_event *event,
                int64_t time_ms);

/* False where nothing is known of the visitor now. */
bool moods_find(struct moods *moods, const char *user_id, int64_t now_ms,
                struct mood *ret_mood);

/* Makes an analysis that is about to be published into what stands after it: unchanged, or the
 * visitor's word with what it left open. False: nothing is to be published, because the visitor
 * was forgotten since. Texts of the event stay borrowed. */
bool moods_merge(struct moods *moods, struct user_event *event);

/* The time for a word of the visitor's that is said now: later than all that is known. */
int64_t moods_time(struct moods *moods, const char *user_id, int64_t now_ms);

/* A visitor whose last record is not what stands; NULL: none. Borrowed until the next call. It
 * counts as said again from here on. */
const char *moods_unsaid(struct moods *moods, struct mood *ret_mood);

/* That it could not be said again. */
void moods_still_unsaid(struct moods *moods, const char *user_id);

size_t moods_count(const struct moods *moods);

#endif
