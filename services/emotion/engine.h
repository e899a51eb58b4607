/* engine.h - what looks at a picture: the nets that ship (engine_local.c) or Amazon Rekognition
 * (engine_rekognition.c). */
#ifndef SERVICES_EMOTION_ENGINE_H
#define SERVICES_EMOTION_ENGINE_H

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "services/emotion/analysis.h"

struct face_engine {
    const char *name; /* "local", "rekognition" */

    /* Finds all faces. picture: a JPEG, PNG or WebP file, borrowed. Leaves nothing of the
     * picture in memory of its own. No face is a success with count 0. ERR_INVALID and
     * ERR_TOO_LARGE: the picture is at fault; anything else: the engine is. */
    int (*analyse)(struct face_engine *engine, const void *picture, size_t size,
                   struct analysis *ret_analysis, struct err *err);

    /* How many threads may be inside analyse at once, 1 or more. */
    int threads;

    void (*free)(struct face_engine *engine);
};

/* NULL is fine. */
void face_engine_free(struct face_engine *engine);
DEFINE_OWNED(face_engine)

struct engine_local_conf {
    const char *models; /* the folder models/face */
    int threads;        /* 0: every core that this process may use */
    uint64_t max_pixels;
};

struct face_engine *engine_local_new(const struct engine_local_conf *conf, struct err *err);

struct engine_rekognition_conf {
    const char *region;   /* "ap-northeast-2" */
    const char *endpoint; /* "": https://rekognition.<region>.amazonaws.com */
    const char *access_key, *secret_key, *session_token; /* session_token may be "" */
    int deadline_ms;
};

struct face_engine *engine_rekognition_new(const struct engine_rekognition_conf *conf,
                                           struct err *err);

#endif
