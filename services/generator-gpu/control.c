/* control.c - see control.h. */
#include "services/generator-gpu/control.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/stop.h"

static void lock(struct control *control)
{
    (void)pthread_mutex_lock(&control->lock);
}

static void unlock(struct control *control)
{
    (void)pthread_mutex_unlock(&control->lock);
}

void control_begin(struct control *control, const struct job *job, uint32_t attempt)
{
    lock(control);
    control->job = job;
    control->attempt = attempt;
    control->word = CONTROL_GO;
    control->drawing = control->given_back = false;
    unlock(control);
}

void control_end(struct control *control)
{
    lock(control);
    control->job = NULL;
    unlock(control);
}

void control_enter(struct control *control)
{
    lock(control);
    control->drawing = true;
    unlock(control);
}

bool control_leave(struct control *control)
{
    bool ours;

    lock(control);
    control->drawing = false;
    ours = !control->given_back;
    unlock(control);
    return ours;
}

static enum control_word look(const struct control *control)
{
    if (stopping())
        return CONTROL_STOP;
    if (!queue_owns(control->queue, control->job))
        return CONTROL_LOST;
    return job_expired(control->job, clock_wall_ms()) ? CONTROL_EXPIRED : CONTROL_GO;
}

enum control_word control_ask(struct control *control)
{
    enum control_word word;

    lock(control);
    if (control->word == CONTROL_GO)
        control->word = look(control);
    word = control->word;
    unlock(control);
    return word;
}

void control_event(struct control *control, const struct generation_event *event)
{
    lock(control);
    if (control->job && control->word == CONTROL_GO &&
        strcmp(control->job->request.job_id, event->job_id) == 0) {
        if (event->type == GENERATION_DONE || event->type == GENERATION_FAILED ||
            event->type == GENERATION_CANCELLED)
            control->word = CONTROL_ENDED;
        else if (event->type == GENERATION_STARTED && event->attempt > control->attempt)
            control->word = CONTROL_TAKEN;
    }
    unlock(control);
}

void control_stop(struct control *control,
                  void (*give_back)(void *ctx, const struct job *job, uint32_t attempt),
                  void *ctx)
{
    lock(control);
    if (control->job && control->word == CONTROL_GO) {
        control->word = CONTROL_STOP;
        if (control->drawing) {
            control->given_back = true;
            give_back(ctx, control->job, control->attempt);
        }
    }
    unlock(control);
}
