/* fit.h - pictures of any size from a model that draws only some sizes well.
 *
 * What is asked for is drawn near the size of the model's whose aspect is nearest, cropped
 * around its middle where the aspects differ, and resampled: never distorted. A model that
 * names no sizes (model_advice.h) draws what is asked for. */
#ifndef SERVICES_GENERATOR_GPU_FIT_H
#define SERVICES_GENERATOR_GPU_FIT_H

#include "services/generator-gpu/drawer.h"

/* The size to draw at; asked itself where that needs no resampling. Always the same for the
 * same model and size: it is part of the recipe. */
struct engine_size fit_choose(const struct engine_info *info, struct engine_size asked);

/* Crops and resamples in place. */
int fit_image(struct image *image, struct engine_size asked, struct err *err);

struct fit_draw {
    const struct drawer *drawer;
    const struct draw *draw;  /* of one picture; its width and height are those asked for */
    struct engine_size drawn; /* fit_choose's */
    draw_on_step *on_step;    /* its previews are as cropped as the picture will be */
    void *ctx;                /* on_step's */
};

/* As the drawer draws; the picture has the size that was asked for. */
int fit_draw(const struct fit_draw *fit, struct image *ret_image, struct draw_notes *ret_notes,
             struct err *err);

#endif
