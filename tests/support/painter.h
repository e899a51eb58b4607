/* painter.h - the generator under a test's hand: it says that it is well, reads the jobs that
 * the gateway sends, and the test tells what becomes of them. Where it is
 * told a folder, it draws stripes. */
#ifndef TESTS_SUPPORT_PAINTER_H
#define TESTS_SUPPORT_PAINTER_H

#include "lib/bus/bus.h"
#include "proto/generation_event.h"
#include "proto/generation_request.h"
#include "services/common/garden_conf.h"

struct http_server;

struct painter {
    struct http_server *server;
    char setting[96];   /* "GARDEN_GENERATOR_URL=..." */
    const char *folder; /* the gateway's data: painter_draw puts pictures there, with their
                           recipe in them; NULL: none */
    int flaw;           /* added to every value of these */
    struct bus *bus;
    struct bus_consumer *jobs;
    struct generation_request job; /* the last that painter_next read */
    struct buf storage;
};

/* Its HTTP side, before the gateway is started. */
void painter_open(struct painter *painter);

/* Its bus, once the gateway has made the topics; jobs from now on. */
void painter_join(struct painter *painter, const struct garden_conf *conf);
void painter_done(struct painter *painter);

/* Waits for a job (painter->job); false where none came within timeout_ms. */
bool painter_next(struct painter *painter, int timeout_ms);

/* Publishes an event of the last job, in whole words: its text members may be NULL. */
void painter_tell(struct painter *painter, struct generation_event event);

/* Started, every step, an image for each output, done. */
void painter_draw(struct painter *painter);

#endif
