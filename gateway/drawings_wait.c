/* drawings_wait.c - who waits for a job of the generator, and who follows its events: see
 * drawings.h. */
#include <stdlib.h>
#include <string.h>

#include "gateway/drawings_local.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

enum {
    MAX_WAITERS = 1024,
    MAX_LISTENERS = 1024,
    PRUNE_MS = 2000, /* how often listeners that left are looked for */
};

struct drawing_listener {
    struct drawing_listener *next;
    struct http_stream *stream;
};

/* -- answers that wait -- */

static void make_answer(struct drawings *drawings, const struct drawings_wait *wait,
                        struct drawing *drawing, struct reply *reply)
{
    bool in_time = drawing_ended(drawing);

    if (in_time && wait->fetches)
        drawing->unseen = false;
    wait->answer(drawings->gateway, wait, drawing, in_time, reply);
    if (wait->joined)
        reply_header(reply, "Idempotency-Replayed", "true");
    if (wait->applied)
        reply_header(reply, "Preference-Applied", wait->applied);
}

static bool is_over(const struct drawings_wait *wait, int64_t now_ms)
{
    return now_ms - wait->started_ms >= wait->wait_ms;
}

void drawings_answer_waiters(struct drawings *drawings, struct drawing *drawing, bool all,
                             const struct err *why, struct drawing_waiter **ready)
{
    struct drawing_waiter **at = &drawing->waiters;
    int64_t now_ms = clock_mono_ms();

    while (*at) {
        struct drawing_waiter *waiter = *at;

        if (!all && !is_over(&waiter->wait, now_ms)) {
            at = &waiter->next;
            continue;
        }
        *at = waiter->next;
        drawings->waiter_count--;
        if (why)
            reply_error(&waiter->reply, waiter->wait.request, why);
        else
            make_answer(drawings, &waiter->wait, drawing, &waiter->reply);
        waiter->next = *ready;
        *ready = waiter;
    }
}

void drawings_send_ready(struct drawings *drawings, struct drawing_waiter *ready)
{
    while (ready) {
        struct drawing_waiter *waiter = ready;

        ready = waiter->next;
        gateway_answer(drawings->gateway, waiter->wait.request, &waiter->reply);
        free(waiter);
    }
}

static struct drawing *find_or_say_why(struct drawings *drawings, const char *id,
                                       struct err *err)
{
    struct drawing *drawing = drawings_find(drawings, id);

    if (!drawing && !drawings->whole)
        (void)err_set(err, ERR_UNAVAILABLE,
                      "the gateway is still reading what jobs there are: try again");
    else if (!drawing)
        (void)err_set(err, ERR_NOT_FOUND, "there is no job %.80s (or it is long forgotten)",
                      id);
    return drawing;
}

int drawings_state(struct drawings *drawings, const char *id, enum drawing_state *ret_state,
                   struct err *err)
{
    const struct drawing *drawing;

    (void)pthread_mutex_lock(&drawings->lock);
    drawing = find_or_say_why(drawings, id, err);
    if (drawing)
        *ret_state = drawing->state;
    (void)pthread_mutex_unlock(&drawings->lock);
    return err->code;
}

/* True where the answer will come later. */
static bool wait_for(struct drawings *drawings, struct drawing *drawing,
                     const struct drawings_wait *wait)
{
    struct drawing_waiter *waiter;

    if (drawing_ended(drawing) || drawings->closing || drawings->waiter_count >= MAX_WAITERS ||
        is_over(wait, clock_mono_ms()))
        return false;
    waiter = calloc(1, sizeof *waiter);
    if (!waiter)
        return false;
    waiter->wait = *wait;
    waiter->next = drawing->waiters;
    drawing->waiters = waiter;
    drawings->waiter_count++;
    return true;
}

int drawings_await(struct drawings *drawings, const char *id, const struct drawings_wait *wait,
                   struct reply *reply, struct err *err)
{
    struct drawing *drawing;

    (void)pthread_mutex_lock(&drawings->lock);
    drawing = find_or_say_why(drawings, id, err);
    if (drawing) {
        reply->later = wait_for(drawings, drawing, wait);
        if (!reply->later)
            make_answer(drawings, wait, drawing, reply);
    }
    (void)pthread_mutex_unlock(&drawings->lock);
    return err->code;
}

/* -- listeners -- */

static void drop_listener(struct drawings *drawings, struct drawing_listener **at)
{
    struct drawing_listener *listener = *at;

    *at = listener->next;
    http_stream_free(listener->stream);
    free(listener);
    drawings->listener_count--;
}

void drawings_end_listeners(struct drawings *drawings, struct drawing *drawing)
{
    while (drawing->listeners) {
        http_stream_end(drawing->listeners->stream);
        drop_listener(drawings, &drawing->listeners);
    }
}

void drawings_tell(struct drawings *drawings, struct drawing *drawing, struct http_chunk *chunk)
{
    struct drawing_listener **at = &drawing->listeners;

    while (*at) {
        struct err gone = {0};

        if (http_stream_write((*at)->stream, chunk, &gone) < 0)
            drop_listener(drawings, at);
        else
            at = &(*at)->next;
    }
    if (drawing_ended(drawing))
        drawings_end_listeners(drawings, drawing);
}

/* Sends what was told before; returns how many events that were. */
static size_t send_missed(const struct drawing *drawing, struct http_stream *stream,
                          int64_t after)
{
    const struct drawing_note *step = &drawing->last_step;
    struct err ignored = {0};
    bool step_due = step->chunk && step->offset > after;
    size_t sent = 0;

    for (size_t i = 0; i < drawing->note_count; i++) {
        const struct drawing_note *note = &drawing->notes[i];

        if (step_due && step->offset < note->offset) {
            (void)http_stream_write(stream, step->chunk, &ignored);
            step_due = false;
            sent++;
        }
        if (note->offset > after) {
            (void)http_stream_write(stream, note->chunk, &ignored);
            sent++;
        }
    }
    if (step_due)
        (void)http_stream_write(stream, step->chunk, &ignored);
    return sent + step_due;
}

static int add_listener(struct drawings *drawings, struct drawing *drawing,
                        struct http_stream *stream, struct err *err)
{
    struct drawing_listener *listener =
        drawings->listener_count < MAX_LISTENERS ? malloc(sizeof *listener) : NULL;

    if (!listener)
        return err_set(err, ERR_UNAVAILABLE, "too many follow the generator: try again later");
    *listener = (struct drawing_listener){drawing->listeners, http_stream_ref(stream)};
    drawing->listeners = listener;
    drawings->listener_count++;
    return 0;
}

int drawings_listen(struct drawings *drawings, const char *id, struct http_stream *stream,
                    int64_t after, bool *ret_over, struct err *err)
{
    struct drawing *drawing;
    bool over = false;

    (void)pthread_mutex_lock(&drawings->lock);
    drawing = find_or_say_why(drawings, id, err);
    if (drawing && drawing_ended(drawing)) {
        over = send_missed(drawing, stream, after) == 0;
        http_stream_end(stream);
    } else if (drawing && add_listener(drawings, drawing, stream, err) == 0) {
        (void)send_missed(drawing, stream, after);
    }
    (void)pthread_mutex_unlock(&drawings->lock);
    if (err->code == 0)
        *ret_over = over;
    return err->code;
}

static void prune(struct drawings *drawings, struct drawing *drawing)
{
    struct drawing_listener **at = &drawing->listeners;

    while (*at) {
        if (http_stream_has_left((*at)->stream))
            drop_listener(drawings, at);
        else
            at = &(*at)->next;
    }
}

/* -- time -- */

static void sweep(struct drawings *drawings, bool all)
{
    struct drawing_waiter *ready = NULL;
    int64_t now_ms = clock_mono_ms();
    bool pruning;

    (void)pthread_mutex_lock(&drawings->lock);
    pruning = drawings->listener_count > 0 && now_ms - drawings->pruned_ms >= PRUNE_MS;
    if (pruning)
        drawings->pruned_ms = now_ms;
    drawings->closing = drawings->closing || all;
    for (struct drawing *at = drawings->going.first;
         at && (pruning || drawings->waiter_count > 0); at = at->next) {
        drawings_answer_waiters(drawings, at, all, NULL, &ready);
        if (pruning)
            prune(drawings, at);
    }
    (void)pthread_mutex_unlock(&drawings->lock);
    drawings_send_ready(drawings, ready);
}

void drawings_tick(struct drawings *drawings)
{
    sweep(drawings, false);
}

void drawings_close(struct drawings *drawings)
{
    sweep(drawings, true);
}
