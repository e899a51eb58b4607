/* drawer.h - what draws, as the service sees it: engine.h behind two functions. */
#ifndef SERVICES_GENERATOR_GPU_DRAWER_H
#define SERVICES_GENERATOR_GPU_DRAWER_H

#include "services/generator-gpu/engine.h"

struct drawer {
    struct engine_info info;
    /* As engine_draw. Called by one thread. */
    int (*draw)(void *ctx, const struct draw *draw, draw_on_step *on_step, void *step_ctx,
                struct image *ret_images, struct draw_notes *ret_notes, struct err *err);
    void *ctx;
};

#endif
