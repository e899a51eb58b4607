/* run.h - one pass of a model: the operations of backend.h as models call them.
 *
 * Calls check shapes while planning, do nothing after the first failure (which is in run->err),
 * and so need no check each. */
#ifndef SERVICES_GENERATOR_GPU_RUN_H
#define SERVICES_GENERATOR_GPU_RUN_H

#include "services/generator-gpu/backend.h"

struct layers;

/* Memory handed out from both ends, and at each end given back by going back to a mark. */
struct arena {
    char *base;     /* backend memory; NULL while planning */
    size_t size;    /* of the memory: peak or more */
    size_t used[2]; /* from the front, from the back */
    size_t peak;    /* most that was used at once, by the plan: where the back begins */
    int end;        /* which of the two is used now */
};

struct run {
    struct backend *backend;
    const struct layers *layers; /* for names and shapes; may be NULL. Borrowed */
    struct arena arena;
    const struct layer *last; /* the last layer that was called, to say where; or NULL */
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

/* What is taken after run_mark is given back by run_release(mark). */
size_t run_mark(const struct run *run);
void run_release(struct run *run, size_t mark);

/* Goes to the other end: run_tensor, run_mark and run_release are about that end from here on.
 * run_drop gives back all that is taken at the end that is not used now. So a chain of large
 * tensors, each made from the one before, never holds more than two of them. */
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
