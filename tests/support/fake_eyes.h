/* fake_eyes.h - an engine of the emotion service that sees what the picture says in words:
 *
 *   "happy"            one face, HAPPY; any emotion
 *   "sad male 30-40"   the same with more
 *   "happy two"        a second, smaller face, which is ANGRY
 *   "nobody"           no face
 *   "damaged", "huge"  the picture is at fault: ERR_INVALID, ERR_TOO_LARGE
 *   "blind", "denied"  the engine is: ERR_UNAVAILABLE, ERR_DENIED
 *   "happy until PATH" waits until there is such a file
 *
 * Two threads. A program that links this becomes the service where fake_eyes_setting is in its
 * environment. */
#ifndef TESTS_SUPPORT_FAKE_EYES_H
#define TESTS_SUPPORT_FAKE_EYES_H

#include "services/emotion/engine.h"

enum { FAKE_EYES_THREADS = 2 };

struct face_engine *fake_eyes(void);

/* "NAME=value" for the environment of /proc/self/exe. */
const char *fake_eyes_setting(void);

#endif
