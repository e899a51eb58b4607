/* studio.h - a gateway alone, with the test in the generator's place (painter.h), and what
 * tests of pictures that are asked for say to it. Everything fails the test where it cannot be
 * done.
 */
#ifndef TESTS_SUPPORT_STUDIO_H
#define TESTS_SUPPORT_STUDIO_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/json/json.h"
#include "tests/support/gateway.h"
#include "tests/support/painter.h"

/* What POST /bulk's bodies are made of: index, and what the pictures are called. */
#define STUDIO_FNAME "imgPool/happy/spring,sunny,day/img_20260504-090807"
#define STUDIO_BULK(index, fname)                                                            \
    "{ \"index\": " index ", \"prompt\": \"{\\\"emotion\\\":\\\"HAPPY\\\","                  \
    "\\\"emotionText\\\":\\\"joy\\\",\\\"favorite\\\":\\\"\\\",\\\"others\\\":\\\"flowers, " \
    "art\\\"}\", \"fname\": \"" fname "\", \"more\": [1, 2] }"

struct studio {
    struct door door;
    struct painter painter;
    atomic_bool resting;
    atomic_int drawn; /* jobs, while the painter goes by itself */
};

/* setting: one of the gateway's, or NULL. */
void studio_start(struct studio *studio, const char *setting);
void studio_stop(struct studio *studio);

/* As the operator; returns the status. header is one more line. */
int studio_ask(struct studio *studio, const char *method, const char *path, const char *body);
int studio_post(struct studio *studio, const char *path, const char *body, const char *header);

/* The last answer, to be json_decref()ed; what its objects have to have. */
json_t *studio_answer(struct studio *studio);
const char *studio_text(struct studio *studio, const json_t *object, const char *name);
long long studio_number(struct studio *studio, const json_t *object, const char *name);

/* GETs path until the answer has the text. */
void studio_await(struct studio *studio, const char *path, const char *text);

/* Until there is known to be no such job, which takes until all events were read. */
void studio_await_unknown(struct studio *studio, const char *path);

/* The painter goes by itself. */
pthread_t studio_start_drawing(struct studio *studio);
void studio_stop_drawing(struct studio *studio, pthread_t thread);

#endif
