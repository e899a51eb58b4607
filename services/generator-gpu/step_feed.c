/* step_feed.c - see step_feed.h. */
#include "services/generator-gpu/step_feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "services/generator-gpu/step_preview.h"

enum {
    APART_MS = 100,
    PREVIEW_APART_MS = 500,
    PUBLISH_MS = 2000,
};

struct step_feed {
    const struct teller *teller;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake, idle;
    /* locked: */
    bool stop, pending, publishing;
    const struct job *job;
    struct generation_event event;
    struct image image; /* of the pending event; no pixels: none */
    /* the drawing thread's: */
    int64_t preview_ms;
};

/* What the thread publishes, taken out of the lock. */
struct parcel {
    const struct job *job;
    struct generation_event event;
    struct image image;
};

static void publish(const struct step_feed *progress, struct parcel *parcel)
{
    OWNED_VALUE(buf) preview = {0};
    struct err err = {0};

    if (parcel->image.rgb && step_preview_encode(&parcel->image, &preview, &err) == 0)
        parcel->event.preview = buf_text(&preview);
    else if (err.code)
        log_warn("a preview: %s", err.text);
    err_clear(&err);
    if (tell(progress->teller, parcel->job, &parcel->event, 1, PUBLISH_MS, &err) < 0)
        log_debug("a step is not published: %s", err.text);
    image_done(&parcel->image);
}

static bool is_last(const struct generation_event *event)
{
    return event->step == event->steps;
}

/* Waits for something to publish; not before until_ms unless it is a last step. False at the
 * end. */
static bool take(struct step_feed *progress, int64_t until_ms, struct parcel *ret)
{
    (void)pthread_mutex_lock(&progress->lock);
    while (!progress->stop) {
        const int64_t left_ms = until_ms - clock_mono_ms();
        struct timespec until;

        if (progress->pending && (left_ms <= 0 || is_last(&progress->event)))
            break;
        if (!progress->pending) {
            (void)pthread_cond_wait(&progress->wake, &progress->lock);
            continue;
        }
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += (long)left_ms * 1000000;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        (void)pthread_cond_timedwait(&progress->wake, &progress->lock, &until);
    }
    progress->publishing = progress->pending && !progress->stop;
    progress->pending = false;
    *ret = (struct parcel){progress->job, progress->event, progress->image};
    progress->image = (struct image){0};
    (void)pthread_mutex_unlock(&progress->lock);
    return progress->publishing;
}

static void *run(void *arg)
{
    struct step_feed *progress = arg;
    struct parcel parcel;
    int64_t until_ms = 0;

    (void)pthread_setname_np(pthread_self(), "progress");
    while (take(progress, until_ms, &parcel)) {
        until_ms = clock_mono_ms() + APART_MS;
        publish(progress, &parcel);
        (void)pthread_mutex_lock(&progress->lock);
        progress->publishing = false;
        (void)pthread_cond_signal(&progress->idle);
        (void)pthread_mutex_unlock(&progress->lock);
    }
    image_done(&parcel.image);
    return NULL;
}

struct step_feed *step_feed_start(const struct teller *teller, struct err *err)
{
    struct step_feed *progress = calloc(1, sizeof *progress);

    if (!progress) {
        err_set_nomem(err, "the steps' publisher");
        return NULL;
    }
    progress->teller = teller;
    (void)pthread_mutex_init(&progress->lock, NULL);
    (void)pthread_cond_init(&progress->wake, NULL);
    (void)pthread_cond_init(&progress->idle, NULL);
    if (pthread_create(&progress->thread, NULL, run, progress) == 0) {
        progress->started = true;
        return progress;
    }
    err_set_nomem(err, "the steps' publisher");
    step_feed_free(progress);
    return NULL;
}

void step_feed_begin(struct step_feed *progress, const struct job *job, uint32_t output)
{
    (void)pthread_mutex_lock(&progress->lock);
    progress->job = job;
    progress->event = (struct generation_event){.type = GENERATION_STEP, .output = output};
    (void)pthread_mutex_unlock(&progress->lock);
}

/* Only here the engine can be asked for one. */
static void make_preview(struct step_feed *progress, const struct draw_progress *step,
                         struct image *ret)
{
    struct err err = {0};

    if (!step->preview || !progress->job->request.preview ||
        clock_mono_ms() - progress->preview_ms < PREVIEW_APART_MS)
        return;
    if (step->preview(step, 0, ret, &err) < 0)
        log_warn("a preview: %s", err.text);
    progress->preview_ms = clock_mono_ms();
}

void step_feed_step(struct step_feed *progress, const struct draw_progress *step)
{
    struct image image = {0};

    if (step->step < 1 || step->step > step->steps)
        return;
    make_preview(progress, step, &image);
    (void)pthread_mutex_lock(&progress->lock);
    if (image.rgb) {
        image_done(&progress->image);
        progress->image = image;
    }
    progress->event.step = step->step;
    progress->event.steps = step->steps;
    progress->pending = true;
    (void)pthread_cond_signal(&progress->wake);
    (void)pthread_mutex_unlock(&progress->lock);
}

void step_feed_end(struct step_feed *progress)
{
    (void)pthread_mutex_lock(&progress->lock);
    if (progress->pending && !is_last(&progress->event)) { /* given up: nobody asks any more */
        progress->pending = false;
        image_done(&progress->image);
    }
    while (progress->pending || progress->publishing)
        (void)pthread_cond_wait(&progress->idle, &progress->lock);
    (void)pthread_mutex_unlock(&progress->lock);
}

void step_feed_free(struct step_feed *progress)
{
    if (!progress)
        return;
    if (progress->started) {
        (void)pthread_mutex_lock(&progress->lock);
        progress->stop = true;
        (void)pthread_cond_signal(&progress->wake);
        (void)pthread_mutex_unlock(&progress->lock);
        (void)pthread_join(progress->thread, NULL);
    }
    image_done(&progress->image);
    (void)pthread_cond_destroy(&progress->idle);
    (void)pthread_cond_destroy(&progress->wake);
    (void)pthread_mutex_destroy(&progress->lock);
    free(progress);
}
