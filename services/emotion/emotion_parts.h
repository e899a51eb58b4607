/* emotion_parts.h - what the service's parts share. Made once by emotion_run; thread-safe. */
#ifndef SERVICES_EMOTION_EMOTION_PARTS_H
#define SERVICES_EMOTION_EMOTION_PARTS_H

#include "services/common/pool.h"
#include "services/emotion/emotion_conf.h"
#include "services/emotion/emotion_figures.h"
#include "services/emotion/engine.h"
#include "services/emotion/mood_watch.h"
#include "services/emotion/receipt.h"

struct emotion {
    const struct emotion_conf *conf;
    struct face_engine *engine;
    struct bus *bus;
    struct mood_watch *moods;
    struct receipts *receipts;
    struct pool *eyes;    /* threads that look at pictures: as many as the engine can use */
    struct pool *tellers; /* threads that wait for the bus */
    struct emotion_figures figures;
    struct trouble trouble;
    const char *bucket;        /* of the compatible answer */
    char sent_to[64];          /* who else is shown the pictures; "": nobody */
    bool locked;               /* pictures are not swapped out */
    long long pictures, bytes; /* that come in, wait or are looked at; the loop's thread only */
};

#endif
