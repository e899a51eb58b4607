/* emotion_visit.h - POST /emotion and POST /v1/faces: a picture comes in, is looked at, is
 * erased, and what was seen is published and answered.
 *
 *   the loop    admits it while there is room, before its body is read
 *   an eye      looks at it, erases it (emotion_parts.h)
 *   a teller    publishes, signs the receipt, answers
 *
 * A picture whose client has gone before its turn is erased without being looked at. */
#ifndef SERVICES_EMOTION_EMOTION_VISIT_H
#define SERVICES_EMOTION_EMOTION_VISIT_H

#include "lib/http/server.h"
#include "services/emotion/emotion_parts.h"

/* When the head of such a request is there: admits it, or answers. */
void emotion_visit_head(struct emotion *emotion, struct http_request *request);

/* When it was answered: gives its room back. */
void emotion_visit_answered(struct emotion *emotion, const struct http_request *request);

/* When all of it is there. full: the answer of /v1/faces. */
void emotion_visit(struct emotion *emotion, struct http_request *request, bool full);

#endif
