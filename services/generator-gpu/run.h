/* run.h - one pass of a model: the operations of backend.h as models call them.
 *
 * Calls check shapes while planning, do nothing after the first failure (which is in run->err),
 * and so need no check each. */
#ifndef SERVICES_GENERATOR_GPU_RUN_H
#define SERVICES_GENERATOR_GPU_RUN_H

#include "lib/nn/arena.h"
#include "services/generator-gpu/backend.h"

struct layers;

struct run {
    struct backend *backend;
    const struct layers *layers; /* for names and shapes; may be NULL. Borrowed */
    struct arena arena;          /* backend memory */
    const struct layer *last;    /* the last layer that was called, to say where; or NULL */
    bool plan;
    bool check; /* look at every output: the first that is not finite ends the pass */
    struct err err;
};

static inline bool run_failed(const struct run *run)
{
    return run->err.code != 0;
}

/* A model's whole computation, in terms of the calls below. */
typedef void run_pass(void *ctx, struct run *run);

/* Calls pass to plan, and gives the arena the memory that it took. The address changes only
 * where that is more than there is, or much less. */
int run_plan(struct run *run, run_pass *pass, void *ctx, struct err *err);

/* Calls pass for real; result are the count floats that it ends by reading. ERR_INVALID where
 * they are not all finite: then pass is called once more to find the layer where that began. */
int run_execute(struct run *run, run_pass *pass, void *ctx, const float *result, size_t count,
                struct err *err);

/* Gives the arena's memory back. */
void run_done(struct run *run);

/* A new tensor of the backend's type, with undefined contents. */
struct tensor run_tensor(struct run *run, uint32_t n, uint32_t h, uint32_t w, uint32_t c);

/* As of arena.h. */
size_t run_mark(const struct run *run);
void run_release(struct run *run, size_t mark);
void run_turn(struct run *run);
void run_drop(struct run *run);

/* bias, residual may be NULL. */
void run_conv(struct run *run, const struct layer *layer, struct tensor dst, struct tensor src,
              const struct tensor *bias, const struct tensor *residual);
void run_linear(struct run *run, const struct layer *layer, struct tensor dst,
                struct tensor src, enum activation act, const struct tensor *residual);
void run_group_norm(struct run *run, const struct layer *layer, struct tensor dst,
                    struct tensor src, enum activation act);
void run_layer_norm(struct run *run, const struct layer *layer, struct tensor dst,
                    struct tensor src);
void run_attention(struct run *run, const struct attention_args *args);
void run_upsample(struct run *run, struct tensor dst, struct tensor src);
void run_concat(struct run *run, struct tensor dst, struct tensor a, struct tensor b);
void run_embed(struct run *run, struct tensor dst, const struct layer *tokens,
               const struct layer *positions, const int32_t *ids);
void run_write(struct run *run, struct tensor dst, const float *host);
void run_read(struct run *run, float *host, struct tensor src);

#endif
