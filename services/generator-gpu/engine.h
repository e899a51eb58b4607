/* engine.h - a prompt in, pictures out: the whole of Stable Diffusion behind one call.
 *
 * A model is an ordinary Hugging Face diffusers folder: model_index.json, tokenizer/,
 * text_encoder/, unet/, vae/, scheduler/ with safetensors in f32, f16 or bf16. It is opened in
 * milliseconds; weights are read when they are first used. */
#ifndef SERVICES_GENERATOR_GPU_ENGINE_H
#define SERVICES_GENERATOR_GPU_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/image/image.h"
#include "proto/generation_request.h"

struct engine_conf {
    const char *model;     /* the folder */
    const char *backend;   /* "cpu" */
    const char *precision; /* "auto", "f32", "bf16" */
    int threads;           /* 0: every core that this process may use */
};

struct engine;

/* ERR_INVALID names the file and the member or tensor that is wrong or missing. */
struct engine *engine_open(const struct engine_conf *conf, struct err *err);
void engine_free(struct engine *engine);
DEFINE_OWNED(engine)

enum { ENGINE_SIZES = 8 };

struct engine_size {
    uint32_t width, height; /* pixels */
};

struct engine_info {
    const char *name;                       /* the folder's own, e.g. "stable-diffusion-2-1" */
    char model_id[65];                      /* hex: tells models with other weights apart */
    const char *backend;                    /* "cpu" */
    const char *precision;                  /* "f32" or "bf16" */
    uint32_t native_width, native_height;   /* what it was trained for, in pixels */
    enum generation_scheduler scheduler;    /* the one it comes with */
    uint32_t steps;                         /* of a draw that leaves them to the model */
    double guidance;                        /* the same; 0: it has no opinion, as most models */
    struct engine_size sizes[ENGINE_SIZES]; /* those that it draws well, where it says so */
    size_t size_count;                      /* 0: it does not say */
    uint32_t size_grid; /* sides that are multiples of this are halved evenly inside it */
};

/* Borrowed for the engine's life. */
const struct engine_info *engine_info(const struct engine *engine);

struct draw {
    const char *prompt;
    const char *negative;   /* "" for none */
    uint32_t width, height; /* multiples of 8, 64..2048 */
    uint32_t steps;         /* 1..150; 0: the model's own */
    double guidance;        /* 0..30; 1 and less: without guidance, as in diffusers */
    int64_t seed;           /* of the first picture; picture i starts from seed + i */
    enum generation_scheduler scheduler;
    uint32_t images; /* drawn together; 1..16 */
};

/* How far it is. preview makes the pictures as they look by now, small and rough (1/8 of the
 * size), of the draw's picture i; only valid inside on_step. */
struct draw_progress {
    uint32_t step, steps; /* step of steps is done; steps as asked for */
    const float
        *latents; /* by now: images * channels * height / 8 * width / 8, torch's order */
    int (*preview)(const struct draw_progress *progress, uint32_t i, struct image *ret_image,
                   struct err *err);
    void *ctx; /* preview's own */
};

/* After each call of the UNet; pndm, which makes one more than steps, says its last step twice.
 * False: stop. */
typedef bool draw_on_step(void *ctx, const struct draw_progress *progress);

struct draw_notes {
    uint32_t prompt_tokens, prompt_chunks; /* over 75 tokens there is more than one chunk */
    uint32_t negative_tokens;
    double text_s, steps_s, decode_s; /* where the time went */
    uint32_t unet_calls;
};

/* Draws. Fills ret_images[0 .. images-1] (image_done each) and returns how many; 0 where
 * on_step (may be NULL) said to stop. ret_notes may be NULL. ERR_INVALID for a draw that is not
 * possible, and for weights or latents that are not finite, naming the layer where it began:
 * never a black picture. Not thread-safe. */
int engine_draw(struct engine *engine, const struct draw *draw, draw_on_step *on_step,
                void *ctx, struct image *ret_images, struct draw_notes *ret_notes,
                struct err *err);

#endif
