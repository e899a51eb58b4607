/* face_look.h - everything about one face. */
#ifndef SERVICES_EMOTION_FACE_LOOK_H
#define SERVICES_EMOTION_FACE_LOOK_H

#include "services/emotion/face_score.h"

/* What looks, and at which picture. */
struct face_looker {
    struct nets *nets;
    struct face_picture *picture;
    int threads;
    bool brief; /* without mirror images and the largest net: a third of the time */
};

/* Returns 1, or 0 where a closer look shows no face. */
int face_look(const struct face_looker *looker, const struct face_box *box,
              struct face *ret_face, struct err *err);

#endif
