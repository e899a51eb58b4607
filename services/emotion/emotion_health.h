/* emotion_health.h - looks every second how the bus is; handlers of HTTP requests must not
 * block, so they read what was found last. */
#ifndef SERVICES_EMOTION_EMOTION_HEALTH_H
#define SERVICES_EMOTION_EMOTION_HEALTH_H

#include "services/emotion/emotion_parts.h"

struct emotion_health;

/* Borrows the parts. */
struct emotion_health *emotion_health_start(struct emotion *emotion, struct err *err);
void emotion_health_free(struct emotion_health *health);
DEFINE_OWNED(emotion_health)

/* Appends the answer of /readyz and returns whether it is ready. On the loop. */
bool emotion_health_render(struct emotion_health *health, struct buf *out);

#endif
