/* drawing.c - see drawing.h. */
#include "gateway/drawing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/site.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/http/sse.h"
#include "lib/json/json.h"

enum { NOTES_MAX = 128 }; /* a job that is begun again and again */

const char *const drawing_state_names[] = {"waiting", "running",   "done",
                                           "failed",  "cancelled", NULL};

struct drawing *drawing_new(const char *id, size_t size)
{
    struct drawing *drawing = calloc(1, sizeof *drawing);

    if (drawing)
        drawing->id = strndup(id, size);
    if (drawing && drawing->id)
        return drawing;
    free(drawing);
    return NULL;
}

void drawing_free(struct drawing *drawing)
{
    if (!drawing)
        return;
    for (size_t i = 0; i < drawing->image_count; i++)
        free(drawing->images[i].key);
    for (size_t i = 0; i < drawing->note_count; i++)
        http_chunk_free(drawing->notes[i].chunk);
    http_chunk_free(drawing->last_step.chunk);
    free(drawing->images);
    free(drawing->notes);
    free(drawing->text);
    buf_done(&drawing->storage);
    free(drawing->id);
    free(drawing);
}

bool drawing_ended(const struct drawing *drawing)
{
    return drawing->state >= DRAWING_DONE;
}

void drawing_learn(struct drawing *drawing, const struct generation_request *request,
                   struct buf *storage)
{
    buf_done(&drawing->storage);
    drawing->storage = *storage;
    *storage = (struct buf){0};
    drawing->request = *request;
    drawing->known = true;
    drawing->created_ms = request->timestamp_ms;
    if (drawing->steps == 0)
        drawing->steps = request->steps;
}

/* -- events -- */

static void set_text(struct drawing *drawing, const char *text)
{
    char *copy = *text ? strdup(text) : NULL;

    if (!copy)
        return;
    free(drawing->text);
    drawing->text = copy;
}

static void take_image(struct drawing *drawing, const struct generation_event *event)
{
    struct drawing_image *image;

    if (event->output >= drawing->image_count) {
        size_t count = event->output + 1;
        struct drawing_image *images =
            realloc(drawing->images, count * sizeof *drawing->images);

        if (!images)
            return;
        memset(images + drawing->image_count, 0,
               (count - drawing->image_count) * sizeof *images);
        drawing->images = images;
        drawing->image_count = count;
    }
    image = &drawing->images[event->output];
    free(image->key);
    image->key = strdup(event->key);
    (void)text_copy(image->sha256, sizeof image->sha256, event->sha256);
    (void)text_copy(image->recipe, sizeof image->recipe, event->recipe);
    image->seed = event->seed;
    image->width = event->width;
    image->height = event->height;
    image->drawn_width = event->drawn_width;
    image->drawn_height = event->drawn_height;
    image->stored = event->stored;
}

static void end(struct drawing *drawing, enum drawing_state state,
                const struct generation_event *event)
{
    drawing->state = state;
    drawing->ended_ms = event->timestamp_ms;
    http_chunk_free(drawing->last_step.chunk); /* a preview is large */
    drawing->last_step = (struct drawing_note){0};
}

/* It waits: for the first time, or again, since the worker that drew it was told to stop. */
static bool take_accepted(struct drawing *drawing, const struct generation_event *event)
{
    bool given_back = event->attempt > 0 && drawing->state == DRAWING_RUNNING;

    if (drawing->created_ms == 0)
        drawing->created_ms = event->timestamp_ms;
    if (event->steps)
        drawing->steps = event->steps;
    if (event->guidance > 0)
        drawing->guidance = event->guidance;
    if (given_back)
        drawing->state = DRAWING_WAITING;
    return given_back || drawing->note_count == 0;
}

/* False where the event tells nothing new. */
static bool take(struct drawing *drawing, const struct generation_event *event)
{
    if (drawing_ended(drawing))
        return false; /* the first end counts */
    switch (event->type) {
    case GENERATION_ACCEPTED:
        return take_accepted(drawing, event);
    case GENERATION_STARTED:
        drawing->state = DRAWING_RUNNING;
        drawing->started_ms = event->timestamp_ms;
        drawing->attempt = event->attempt;
        drawing->output = drawing->step = 0;
        set_text(drawing, event->note);
        return true;
    case GENERATION_STEP:
        drawing->state = DRAWING_RUNNING;
        drawing->output = event->output;
        drawing->step = event->step;
        drawing->steps = event->steps;
        return true;
    case GENERATION_IMAGE:
        take_image(drawing, event);
        if (*event->note)
            set_text(drawing, event->note);
        return true;
    case GENERATION_DONE:
        end(drawing, DRAWING_DONE, event);
        return true;
    case GENERATION_FAILED:
        end(drawing, DRAWING_FAILED, event);
        set_text(drawing, event->reason);
        return true;
    case GENERATION_CANCELLED:
        end(drawing, DRAWING_CANCELLED, event);
        return true;
    }
    return false;
}

/* The event's own JSON, and where its picture is. */
static struct http_chunk *make_chunk(const struct generation_event *event, int64_t offset,
                                     const char *base)
{
    OWNED_VALUE(buf) data = {0}, text = {0};
    struct err ignored = {0};
    char id[24];

    if (generation_event_encode(&data, event, &ignored) < 0 || data.size == 0)
        return NULL;
    if (event->type == GENERATION_IMAGE) {
        OWNED_VALUE(buf) url = {0};

        site_object_url(&url, base, event->key);
        data.size--; /* the closing brace */
        json_put_str(&data, "url", buf_text(&url));
        json_write_close(&data, '}');
    }
    (void)snprintf(id, sizeof id, "%" PRId64, offset);
    sse_write(&text, id, generation_event_names[event->type], buf_text(&data), data.size);
    return buf_ok(&data) && buf_ok(&text) ? http_chunk_new(text.data, text.size) : NULL;
}

static struct http_chunk *add_note(struct drawing *drawing, const struct drawing_note *note)
{
    struct drawing_note *notes;

    if (drawing->note_count == NOTES_MAX) {
        http_chunk_free(drawing->notes[0].chunk);
        memmove(drawing->notes, drawing->notes + 1, (NOTES_MAX - 1) * sizeof *drawing->notes);
        drawing->note_count--;
    }
    notes = realloc(drawing->notes, (drawing->note_count + 1) * sizeof *notes);
    if (!notes) {
        http_chunk_free(note->chunk);
        return NULL;
    }
    drawing->notes = notes;
    notes[drawing->note_count++] = *note;
    return note->chunk;
}

struct http_chunk *drawing_apply(struct drawing *drawing, const struct generation_event *event,
                                 int64_t offset, const char *base)
{
    struct drawing_note note = {.offset = offset};

    if (!take(drawing, event))
        return NULL;
    note.chunk = make_chunk(event, offset, base);
    if (!note.chunk)
        return NULL;
    if (event->type != GENERATION_STEP)
        return add_note(drawing, &note);
    http_chunk_free(drawing->last_step.chunk);
    drawing->last_step = note;
    return note.chunk;
}
