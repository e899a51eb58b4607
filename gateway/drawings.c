/* drawings.c - see drawings.h: the table. Who waits for a job is in drawings_wait.c. */
#include "gateway/drawings.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/drawings_local.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"

enum { WINDOW_MS = 300000, UNSEEN_MS = 600000 };

struct drawings *drawings_new(struct gateway *gateway, struct err *err)
{
    struct drawings *drawings = calloc(1, sizeof *drawings);

    if (drawings) {
        drawings->gateway = gateway;
        (void)pthread_mutex_init(&drawings->lock, NULL);
        drawings->by_id = map_new();
        drawings->by_dedupe = map_new();
    }
    if (drawings && drawings->by_id && drawings->by_dedupe)
        return drawings;
    drawings_free(drawings);
    err_set_nomem(err, "the table of jobs");
    return NULL;
}

struct drawing *drawings_find(const struct drawings *drawings, const char *id)
{
    return map_get(drawings->by_id, id, strlen(id));
}

/* -- lists -- */

static struct drawing_list *list_of(struct drawings *drawings, const struct drawing *drawing)
{
    return drawing_ended(drawing) ? &drawings->ended : &drawings->going;
}

static void append(struct drawing_list *list, struct drawing *drawing)
{
    drawing->next = NULL;
    drawing->prev = list->last;
    if (list->last)
        list->last->next = drawing;
    else
        list->first = drawing;
    list->last = drawing;
}

static void take_out(struct drawing_list *list, struct drawing *drawing)
{
    if (drawing->prev)
        drawing->prev->next = drawing->next;
    else
        list->first = drawing->next;
    if (drawing->next)
        drawing->next->prev = drawing->prev;
    else
        list->last = drawing->prev;
}

/* -- by dedupe id -- */

/* What of a dedupe id says which jobs are the same: see DRAWINGS_CONTENT_PREFIX. */
static size_t same_size(const char *dedupe_id)
{
    if (text_starts_with(dedupe_id, DRAWINGS_CONTENT_PREFIX))
        return (size_t)(strrchr(dedupe_id, ':') - dedupe_id);
    return strlen(dedupe_id);
}

static struct drawing *find_same(const struct drawings *drawings, const char *dedupe_id)
{
    return map_get(drawings->by_dedupe, dedupe_id, same_size(dedupe_id));
}

static void add_dedupe(struct drawings *drawings, struct drawing *drawing)
{
    const char *dedupe_id = drawing->request.dedupe_id;

    (void)map_put(drawings->by_dedupe, dedupe_id, same_size(dedupe_id), drawing);
}

static void drop_dedupe(struct drawings *drawings, const struct drawing *drawing)
{
    const char *dedupe_id = drawing->known ? drawing->request.dedupe_id : "";

    if (*dedupe_id && find_same(drawings, dedupe_id) == drawing)
        (void)map_remove(drawings->by_dedupe, dedupe_id, same_size(dedupe_id));
}

/* -- adding and forgetting -- */

static void drop(struct drawings *drawings, struct drawing *drawing)
{
    drawings_end_listeners(drawings, drawing);
    drop_dedupe(drawings, drawing);
    (void)map_remove(drawings->by_id, drawing->id, strlen(drawing->id));
    take_out(list_of(drawings, drawing), drawing);
    drawing_free(drawing);
}

void drawings_free(struct drawings *drawings)
{
    if (!drawings)
        return;
    drawings_close(drawings);
    while (drawings->going.first)
        drop(drawings, drawings->going.first);
    while (drawings->ended.first)
        drop(drawings, drawings->ended.first);
    map_free(drawings->by_id);
    map_free(drawings->by_dedupe);
    (void)pthread_mutex_destroy(&drawings->lock);
    free(drawings);
}

/* Keeps to the bound: forgets what ended longest ago, else what was asked for first. */
static void make_room(struct drawings *drawings, struct drawing_waiter **ready)
{
    size_t most = (size_t)drawings->gateway->settings->generation_jobs;

    while (map_count(drawings->by_id) >= most) {
        struct drawing *oldest =
            drawings->ended.first ? drawings->ended.first : drawings->going.first;

        drawings_answer_waiters(drawings, oldest, true, NULL, ready);
        drop(drawings, oldest);
    }
}

/* Finds the job or adds it; NULL: no memory. */
static struct drawing *get(struct drawings *drawings, const char *id,
                           struct drawing_waiter **ready)
{
    struct drawing *drawing = drawings_find(drawings, id);

    if (drawing)
        return drawing;
    make_room(drawings, ready);
    drawing = drawing_new(id, strlen(id));
    if (!drawing || map_put(drawings->by_id, id, strlen(id), drawing) < 0) {
        drawing_free(drawing);
        return NULL;
    }
    append(&drawings->going, drawing);
    return drawing;
}

static void learn(struct drawings *drawings, struct drawing *drawing,
                  const struct generation_request *request, struct buf *storage)
{
    drop_dedupe(drawings, drawing);
    drawing_learn(drawing, request, storage);
    add_dedupe(drawings, drawing);
}

/* -- offers -- */

static bool may_join(const struct drawing *drawing, enum drawings_join join,
                     const struct generation_request *request)
{
    switch (join) {
    case DRAWINGS_SAME_ID:
        return true;
    case DRAWINGS_WINDOW:
        return request->timestamp_ms - drawing->created_ms < WINDOW_MS;
    case DRAWINGS_CONTENT:
        if (!drawing_ended(drawing))
            return true;
        return drawing->unseen && drawing->state == DRAWING_DONE &&
               request->timestamp_ms - drawing->ended_ms < UNSEEN_MS;
    case DRAWINGS_NEW:
        break;
    }
    return false;
}

/* The job that this one is the same as, or NULL. ERR_CONFLICT. */
static struct drawing *find_joined(const struct drawings *drawings, enum drawings_join join,
                                   const struct generation_request *request, struct err *err)
{
    struct drawing *drawing = join == DRAWINGS_SAME_ID
                                  ? drawings_find(drawings, request->job_id)
                                  : find_same(drawings, request->dedupe_id);

    if (!drawing || !may_join(drawing, join, request))
        return NULL;
    if (join == DRAWINGS_SAME_ID && drawing->known &&
        strcmp(drawing->request.dedupe_id, request->dedupe_id) != 0)
        (void)err_set(err, ERR_CONFLICT,
                      "this Idempotency-Key was used for another request: use a new one");
    return drawing;
}

int drawings_offer(struct drawings *drawings, const struct drawings_offer *offer,
                   char ret_id[DRAWING_ID], bool *ret_joined, struct err *err)
{
    struct drawing_waiter *ready = NULL;
    struct generation_request request;
    OWNED_VALUE(buf) storage = {0};
    struct drawing *drawing;

    if (generation_request_decode(offer->bytes, offer->size, &request, &storage, err) < 0)
        return err->code;
    (void)pthread_mutex_lock(&drawings->lock);
    drawing = find_joined(drawings, offer->join, &request, err);
    *ret_joined = drawing != NULL;
    if (!drawing) {
        drawing = get(drawings, request.job_id, &ready);
        if (drawing) {
            learn(drawings, drawing, &request, &storage);
            drawing->unseen = offer->unseen;
        }
    }
    if (drawing)
        (void)text_copy(ret_id, DRAWING_ID, drawing->id);
    else
        (void)err_set_nomem(err, "a job");
    (void)pthread_mutex_unlock(&drawings->lock);
    drawings_send_ready(drawings, ready);
    return err->code;
}

void drawings_withdraw(struct drawings *drawings, const char *id, const struct err *why)
{
    struct drawing_waiter *ready = NULL;
    struct drawing *drawing;

    (void)pthread_mutex_lock(&drawings->lock);
    drawing = drawings_find(drawings, id);
    if (drawing) {
        drawings_answer_waiters(drawings, drawing, true, why, &ready);
        drop(drawings, drawing);
    }
    (void)pthread_mutex_unlock(&drawings->lock);
    drawings_send_ready(drawings, ready);
}

/* -- what the topics tell -- */

int drawings_learn(struct drawings *drawings, const void *bytes, size_t size, struct err *err)
{
    struct drawing_waiter *ready = NULL;
    struct generation_request request;
    OWNED_VALUE(buf) storage = {0};
    struct drawing *drawing;

    if (generation_request_decode(bytes, size, &request, &storage, err) < 0)
        return err->code;
    (void)pthread_mutex_lock(&drawings->lock);
    drawing = get(drawings, request.job_id, &ready);
    if (!drawing)
        (void)err_set_nomem(err, "a job");
    else if (!drawing->known || request.timestamp_ms > drawing->created_ms)
        learn(drawings, drawing, &request, &storage);
    (void)pthread_mutex_unlock(&drawings->lock);
    drawings_send_ready(drawings, ready);
    return err->code;
}

int drawings_apply(struct drawings *drawings, const void *bytes, size_t size, int64_t offset,
                   struct err *err)
{
    const char *base = drawings->gateway->settings->public_url;
    struct drawing_waiter *ready = NULL;
    struct generation_event event;
    OWNED_VALUE(buf) storage = {0};
    struct drawing *drawing;

    if (generation_event_decode(bytes, size, &event, &storage, err) < 0)
        return err->code;
    (void)pthread_mutex_lock(&drawings->lock);
    drawing = get(drawings, event.job_id, &ready);
    if (drawing) {
        struct http_chunk *chunk;

        take_out(list_of(drawings, drawing), drawing);
        chunk = drawing_apply(drawing, &event, offset, base);
        append(list_of(drawings, drawing), drawing);
        if (chunk)
            drawings_tell(drawings, drawing, chunk);
        if (drawing_ended(drawing))
            drawings_answer_waiters(drawings, drawing, true, NULL, &ready);
    } else {
        (void)err_set_nomem(err, "a job");
    }
    (void)pthread_mutex_unlock(&drawings->lock);
    drawings_send_ready(drawings, ready);
    return err->code;
}

void drawings_set_whole(struct drawings *drawings)
{
    (void)pthread_mutex_lock(&drawings->lock);
    drawings->whole = true;
    (void)pthread_mutex_unlock(&drawings->lock);
}

void drawings_count(struct drawings *drawings, size_t *ret_waiting, size_t *ret_running)
{
    *ret_waiting = *ret_running = 0;
    (void)pthread_mutex_lock(&drawings->lock);
    for (const struct drawing *at = drawings->going.first; at; at = at->next) {
        *ret_waiting += at->state == DRAWING_WAITING;
        *ret_running += at->state == DRAWING_RUNNING;
    }
    (void)pthread_mutex_unlock(&drawings->lock);
}
