/* model_advice.h - garden.json, by which a model's folder says what suits the model:
 *
 *   {"sizes": [[512,320],[320,512]], "steps": 20, "scheduler": "ddim", "guidance": 4.5}
 *
 * Each member may be missing, and the file, too. It holds for what a request leaves open; other
 * sizes than these are drawn at one of them and resampled (fit.h). */
#ifndef SERVICES_GENERATOR_GPU_MODEL_ADVICE_H
#define SERVICES_GENERATOR_GPU_MODEL_ADVICE_H

#include "services/generator-gpu/engine.h"

struct model_advice {
    struct engine_size sizes[ENGINE_SIZES];
    size_t size_count;                   /* 0: it does not say */
    uint32_t steps;                      /* 0: it does not say */
    double guidance;                     /* 0: it does not say */
    enum generation_scheduler scheduler; /* GENERATION_AUTO: it does not say */
};

/* Nothing is said where there is no such file. ERR_INVALID names the file, the member and what
 * it takes; members that are not known are refused, too: they would be misspelt ones. */
int model_advice_read(const char *model, struct model_advice *ret_advice, struct err *err);

#endif
