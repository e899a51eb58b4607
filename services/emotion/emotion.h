/* emotion.h - the service put together: engine, threads, moods, health, HTTP. */
#ifndef SERVICES_EMOTION_EMOTION_H
#define SERVICES_EMOTION_EMOTION_H

#include "services/emotion/emotion_conf.h"
#include "services/emotion/engine.h"

/* Runs until stopping(). sent_to: who else is shown the pictures by this engine, or "". */
int emotion_run(const struct emotion_conf *conf, struct face_engine *engine,
                const char *sent_to, struct err *err);

#endif
