/* transformer.h - the UNet's attention block: Transformer2DModel with BasicTransformerBlocks.
 *
 * Each block: self-attention, cross-attention to the text, feed-forward with GEGLU, each with a
 * layer norm before and a residual around. Keys and values of the text do not change from step
 * to step: transformer_prepare computes them once. */
#ifndef SERVICES_GENERATOR_GPU_TRANSFORMER_H
#define SERVICES_GENERATOR_GPU_TRANSFORMER_H

#include "services/generator-gpu/layers.h"
#include "services/generator-gpu/run.h"

struct transformer_def {
    uint32_t channels, heads, blocks, groups;
    uint32_t text; /* size of a token's embedding */
};

struct transformer_block {
    const struct layer *norm1, *qkv, *out1;
    const struct layer *norm2, *query, *text, *out2;
    const struct layer *norm3, *geglu, *ff_out;
    struct tensor keys_values; /* of the text; borrowed from transformer_prepare's run */
};

struct transformer {
    struct transformer_def def;
    const struct layer *norm, *proj_in, *proj_out;
    struct transformer_block *blocks; /* owned */
};

/* The layers under <path>.<name>. */
void transformer_load(struct transformer *transformer, struct layers *layers, const char *name,
                      const struct transformer_def *def);
void transformer_done(struct transformer *transformer);

/* text: [n, 1, tokens, text]. What it computes stays in run's memory. */
void transformer_prepare(struct transformer *transformer, struct run *run, struct tensor text);

/* In place. */
void transformer_run(const struct transformer *transformer, struct run *run, struct tensor x);

#endif
