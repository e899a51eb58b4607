/* emotion_mood.h - /v1/users/{id}/mood: a visitor says how they feel, without a camera or
 * against it; asks what stands; wants to be forgotten. */
#ifndef SERVICES_EMOTION_EMOTION_MOOD_H
#define SERVICES_EMOTION_EMOTION_MOOD_H

#include "lib/http/server.h"
#include "services/emotion/emotion_parts.h"

/* False where the request's path is another. On the loop; answers later. */
bool emotion_mood(struct emotion *emotion, struct http_request *request);

#endif
