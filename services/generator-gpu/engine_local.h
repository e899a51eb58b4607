/* engine_local.h - what an engine is made of; only for its own files. */
#ifndef SERVICES_GENERATOR_GPU_ENGINE_LOCAL_H
#define SERVICES_GENERATOR_GPU_ENGINE_LOCAL_H

#include "services/generator-gpu/conditioning.h"
#include "services/generator-gpu/engine.h"
#include "services/generator-gpu/preview.h"
#include "services/generator-gpu/scheduler.h"
#include "services/generator-gpu/unet.h"
#include "services/generator-gpu/vae.h"

struct engine {
    struct backend *backend;
    struct conditioning *conditioning;
    struct unet *unet;
    struct vae *vae;
    struct preview *preview;
    struct scheduler_conf scheduler;
    struct engine_info info;
    char *name; /* info.name */
};

/* Decodes latents [channels, h, w] to 8-bit RGB. */
int engine_decode(struct engine *engine, const float *latents, uint32_t h, uint32_t w,
                  struct image *ret_image, struct err *err);

#endif
