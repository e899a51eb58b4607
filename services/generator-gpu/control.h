/* control.h - whether the job that is drawn should go on. The drawing asks after each step;
 * the watch over events and the end of the process answer. Thread-safe. */
#ifndef SERVICES_GENERATOR_GPU_CONTROL_H
#define SERVICES_GENERATOR_GPU_CONTROL_H

#include <pthread.h>
#include <stdbool.h>

#include "proto/generation_event.h"
#include "services/generator-gpu/queue.h"

enum control_word {
    CONTROL_GO,
    CONTROL_STOP,    /* the process ends */
    CONTROL_ENDED,   /* the job was cancelled, or ended by another worker */
    CONTROL_TAKEN,   /* another worker has begun it */
    CONTROL_LOST,    /* its partition is another worker's */
    CONTROL_EXPIRED, /* its deadline came */
};

struct control {
    struct queue *queue;
    pthread_mutex_t lock;
    const struct job *job; /* locked, as all below; NULL: none */
    uint32_t attempt;
    enum control_word word;
    bool drawing;    /* inside the engine */
    bool given_back; /* by the one who stops: the engine may take long to notice */
};

/* A job begins, and ends. */
void control_begin(struct control *control, const struct job *job, uint32_t attempt);
void control_end(struct control *control);

/* The engine is entered and left. Leaving returns false where the job was given back meanwhile:
 * what was drawn is not ours to publish. */
void control_enter(struct control *control);
bool control_leave(struct control *control);

enum control_word control_ask(struct control *control);

/* Something happened to a job, perhaps to this one. */
void control_event(struct control *control, const struct generation_event *event);

/* The process ends. Calls give_back where a job is inside the engine, which then has not to be
 * waited for. */
void control_stop(struct control *control,
                  void (*give_back)(void *ctx, const struct job *job, uint32_t attempt),
                  void *ctx);

#endif
