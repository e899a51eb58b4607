/* answer.h - the bodies of the service's answers. */
#ifndef SERVICES_EMOTION_ANSWER_H
#define SERVICES_EMOTION_ANSWER_H

#include "lib/base/buf.h"
#include "services/emotion/analysis.h"
#include "services/emotion/moods.h"

/* The compatible one, of the largest face. user is what was published: its emotion and
 * generation are what stands, the visitor's own word where there is one. */
void answer_emotion(const struct face *face, const struct user_event *user, const char *bucket,
                    struct buf *out);

/* All faces with all that is known of them. user: what was published, or NULL. receipt: the
 * JWS.
 */
struct answer_faces {
    const struct analysis *analysis;
    const char *user_id;
    const struct user_event *user;
    const char *engine;
    const char *receipt;
};
void answer_faces(const struct answer_faces *faces, struct buf *out);

/* What stands of a visitor. */
void answer_mood(const char *user_id, const struct mood *mood, struct buf *out);

#endif
