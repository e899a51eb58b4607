/* mood_publish.h - records of garden.users, durable when these return. */
#ifndef SERVICES_EMOTION_MOOD_PUBLISH_H
#define SERVICES_EMOTION_MOOD_PUBLISH_H

#include "lib/bus/bus.h"
#include "lib/trace/trace.h"
#include "proto/user_event.h"

/* trace may be NULL. */
int mood_publish(struct bus *bus, const struct user_event *event, const struct trace *trace,
                 struct err *err);

/* A tombstone of this time, and one on garden.interactions, which keeps what the visitor did
 * for ever: the one on garden.users is dropped after a while, and the acts would be believed
 * again. */
int mood_publish_tombstone(struct bus *bus, const char *user_id, int64_t time_ms,
                           const struct trace *trace, struct err *err);

#endif
