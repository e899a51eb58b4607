/* mood_watch.h - the table of moods (moods.h) of this replica: a thread follows garden.users
 * into it, and says again what stands where another record came last.
 *
 * All of it is thread-safe. What publishes or waits blocks for up to some seconds. */
#ifndef SERVICES_EMOTION_MOOD_WATCH_H
#define SERVICES_EMOTION_MOOD_WATCH_H

#include "lib/bus/bus.h"
#include "lib/trace/trace.h"
#include "services/common/trouble.h"
#include "services/emotion/moods.h"

struct mood_watch_conf { /* borrowed */
    struct bus *bus;
    int64_t visit_ms;
    struct trouble *trouble;
};

struct mood_watch;

struct mood_watch *mood_watch_start(const struct mood_watch_conf *conf, struct err *err);
void mood_watch_free(struct mood_watch *watch);
DEFINE_OWNED(mood_watch)

/* True once it has read what there was at the start. */
bool mood_watch_is_whole(struct mood_watch *watch);

/* How many visitors are known. */
size_t mood_watch_count(struct mood_watch *watch);

/* Publishes an analysis, or what stands against it as far as is known here: what another
 * replica published in this moment is not waited for, since it will be said again. The event is
 * what was published then; nothing was (and it is as it was) where the visitor was forgotten
 * after its time. */
int mood_watch_analysed(struct mood_watch *watch, struct user_event *event,
                        const struct trace *trace, bool *ret_published, struct err *err);

/* Each of these first waits until all that is in the topic now is known here.
 * ERR_UNAVAILABLE, ERR_TIMEOUT: the bus is away. */

/* What stands. ERR_NOT_FOUND: nothing is known of the visitor. */
int mood_watch_find(struct mood_watch *watch, const char *user_id, struct mood *ret_mood,
                    struct err *err);

/* Publishes the visitor's own word. generation and gender may be NULL: as they are known.
 * *ret_mood: what stands now. */
struct mood_word {
    const char *user_id;
    int emotion;
    const char *generation, *gender;
};
int mood_watch_choose(struct mood_watch *watch, const struct mood_word *word,
                      const struct trace *trace, struct mood *ret_mood, struct err *err);

/* Publishes a tombstone. */
int mood_watch_forget(struct mood_watch *watch, const char *user_id, const struct trace *trace,
                      struct err *err);

#endif
