/* engine_local.c - the engine that stands on the nets that ship: a file to words about faces.
 *
 * One picture at a time, on all threads: its pixels and all crops lie in one piece of secret
 * memory, which is zeroed after each picture, whatever became of it, and so are the nets'
 * memory and the stack that the decoders have used. What decoders take from the heap they give
 * back; a process that serves visitors has to zero what is given back (see
 * lib/base/wiping_heap.h).
 *
 * However many faces there are, time is bounded: the FULL_FACES largest are looked at by all
 * nets, of the others some are left out, which the answer says (brief). */
#include <stdlib.h>

#include "lib/base/secret.h"
#include "lib/nn/parallel.h"
#include "services/emotion/engine.h"
#include "services/emotion/face_look.h"

enum { FULL_FACES = 6 };

struct engine_local {
    struct face_engine base;
    struct nets *nets; /* owned */
    struct face_picture picture;
    int threads;
    uint64_t max_pixels;
};

static int look_at_all(struct engine_local *engine, const struct face_boxes *boxes,
                       struct analysis *analysis, struct err *err)
{
    struct face_looker looker = {engine->nets, &engine->picture, engine->threads, false};

    for (size_t i = 0; i < boxes->count; i++) {
        int r;

        looker.brief = analysis->count >= FULL_FACES;
        r = face_look(&looker, &boxes->boxes[i], &analysis->faces[analysis->count], err);
        if (r < 0)
            return r;
        analysis->count += (size_t)r;
    }
    return 0;
}

static int analyse_picture(struct engine_local *engine, const void *file, size_t size,
                           struct analysis *analysis, struct err *err)
{
    struct face_picture *picture = &engine->picture;
    struct face_boxes boxes = {0};
    int r = face_picture_read(picture, file, size, engine->max_pixels, err);

    secret_scrub(); /* a thread that is made for the nets starts with this one's registers */
    if (r == 0)
        r = face_detect(engine->nets, picture, engine->threads, &boxes, err);
    if (r < 0)
        return r;
    analysis->width = picture->full_width;
    analysis->height = picture->full_height;
    analysis->more = boxes.more;
    return look_at_all(engine, &boxes, analysis, err);
}

static int local_analyse(struct face_engine *base, const void *file, size_t size,
                         struct analysis *ret_analysis, struct err *err)
{
    struct engine_local *engine = (struct engine_local *)base;
    struct analysis analysis = {0};
    int r = analyse_picture(engine, file, size, &analysis, err);

    face_picture_wipe(&engine->picture);
    nets_wipe(engine->nets);
    secret_scrub();
    if (r == 0)
        *ret_analysis = analysis;
    return r;
}

static void local_free(struct face_engine *base)
{
    struct engine_local *engine = (struct engine_local *)base;

    face_picture_done(&engine->picture);
    nets_free(engine->nets);
    free(engine);
}

struct face_engine *engine_local_new(const struct engine_local_conf *conf, struct err *err)
{
    struct engine_local *engine = calloc(1, sizeof *engine);

    if (!engine) {
        (void)err_set_nomem(err, "the engine that looks at faces");
        return NULL;
    }
    engine->base = (struct face_engine){
        .name = "local", .analyse = local_analyse, .threads = 1, .free = local_free};
    engine->threads = conf->threads > 0 ? conf->threads : parallel_available();
    engine->max_pixels = conf->max_pixels;
    engine->nets = nets_open(conf->models, engine->threads, err);
    if (!engine->nets || face_picture_init(&engine->picture, err) < 0) {
        local_free(&engine->base);
        return NULL;
    }
    return &engine->base;
}
