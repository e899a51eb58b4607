/* transformer.c - see transformer.h. */
#include "services/generator-gpu/transformer.h"

#define INPUT_NORM_EPS 1e-6F
#define LAYER_NORM_EPS 1e-5F

/* -- loading ----------------------------------------------------------------------------------
 */

static const struct layer *linear(struct layers *layers, const char *name, uint32_t in,
                                  uint32_t out, bool bias)
{
    return layers_linear(
        layers, &(struct linear_def){.names = {name}, .in = in, .out = out, .bias = bias});
}

static void block_load(struct transformer_block *block, struct layers *layers,
                       const struct transformer_def *def)
{
    uint32_t c = def->channels;

    block->norm1 = layers_layer_norm(layers, "norm1", c, LAYER_NORM_EPS);
    block->qkv = layers_linear(
        layers, &(struct linear_def){
                    .names = {"attn1.to_q", "attn1.to_k", "attn1.to_v"}, .in = c, .out = c});
    block->out1 = linear(layers, "attn1.to_out.0", c, c, true);
    block->norm2 = layers_layer_norm(layers, "norm2", c, LAYER_NORM_EPS);
    block->query = linear(layers, "attn2.to_q", c, c, false);
    block->text = layers_linear(
        layers,
        &(struct linear_def){.names = {"attn2.to_k", "attn2.to_v"}, .in = def->text, .out = c});
    block->out2 = linear(layers, "attn2.to_out.0", c, c, true);
    block->norm3 = layers_layer_norm(layers, "norm3", c, LAYER_NORM_EPS);
    block->geglu = linear(layers, "ff.net.0.proj", c, 8 * c, true);
    block->ff_out = linear(layers, "ff.net.2", 4 * c, c, true);
}

void transformer_load(struct transformer *transformer, struct layers *layers, const char *name,
                      const struct transformer_def *def)
{
    size_t from = layers_enter(layers, "%s", name);

    *transformer = (struct transformer){.def = *def};
    transformer->blocks = calloc(def->blocks, sizeof(transformer->blocks[0]));
    if (!transformer->blocks)
        err_set_nomem(layers->err, "a transformer");
    transformer->norm =
        layers_group_norm(layers, "norm", def->channels, def->groups, INPUT_NORM_EPS);
    transformer->proj_in = linear(layers, "proj_in", def->channels, def->channels, true);
    for (uint32_t i = 0; i < def->blocks && transformer->blocks && !layers->err->code; i++) {
        size_t inner = layers_enter(layers, "transformer_blocks.%u", i);

        block_load(&transformer->blocks[i], layers, def);
        layers_leave(layers, inner);
    }
    transformer->proj_out = linear(layers, "proj_out", def->channels, def->channels, true);
    layers_leave(layers, from);
}

void transformer_done(struct transformer *transformer)
{
    free(transformer->blocks);
    *transformer = (struct transformer){0};
}

/* -- running ----------------------------------------------------------------------------------
 */

void transformer_prepare(struct transformer *transformer, struct run *run, struct tensor text)
{
    for (uint32_t i = 0; i < transformer->def.blocks; i++) {
        struct transformer_block *block = &transformer->blocks[i];

        block->keys_values = run_tensor(run, text.n, 1, text.w, 2 * transformer->def.channels);
        run_linear(run, block->text, block->keys_values, text, ACT_NONE, NULL);
    }
}

/* normed takes the norm's result first and the attention's after: the queries, keys and values
 * are computed by then. */
static void self_attention(const struct transformer_block *block, struct run *run,
                           struct tensor x, struct tensor normed, uint32_t heads)
{
    size_t mark = run_mark(run);
    struct tensor qkv = run_tensor(run, x.n, 1, x.w, 3 * x.c);

    run_layer_norm(run, block->norm1, normed, x);
    run_linear(run, block->qkv, qkv, normed, ACT_NONE, NULL);
    run_attention(run, &(struct attention_args){.dst = normed,
                                                .q = tensor_columns(&qkv, 0, x.c),
                                                .k = tensor_columns(&qkv, x.c, x.c),
                                                .v = tensor_columns(&qkv, 2 * x.c, x.c),
                                                .heads = heads});
    run_linear(run, block->out1, x, normed, ACT_NONE, &x);
    run_release(run, mark);
}

static void cross_attention(const struct transformer_block *block, struct run *run,
                            struct tensor x, struct tensor normed, uint32_t heads)
{
    size_t mark = run_mark(run);
    struct tensor query = run_tensor(run, x.n, 1, x.w, x.c);

    run_layer_norm(run, block->norm2, normed, x);
    run_linear(run, block->query, query, normed, ACT_NONE, NULL);
    run_attention(run,
                  &(struct attention_args){.dst = normed,
                                           .q = query,
                                           .k = tensor_columns(&block->keys_values, 0, x.c),
                                           .v = tensor_columns(&block->keys_values, x.c, x.c),
                                           .heads = heads});
    run_linear(run, block->out2, x, normed, ACT_NONE, &x);
    run_release(run, mark);
}

static void feed_forward(const struct transformer_block *block, struct run *run,
                         struct tensor x, struct tensor normed)
{
    size_t mark = run_mark(run);
    struct tensor wide = run_tensor(run, x.n, 1, x.w, 4 * x.c);

    run_layer_norm(run, block->norm3, normed, x);
    run_linear(run, block->geglu, wide, normed, ACT_GEGLU, NULL);
    run_linear(run, block->ff_out, x, wide, ACT_NONE, &x);
    run_release(run, mark);
}

/* Pixels as a sequence of tokens: the same memory. */
static struct tensor as_tokens(struct tensor x)
{
    x.w *= x.h;
    x.h = 1;
    return x;
}

void transformer_run(const struct transformer *transformer, struct run *run, struct tensor x)
{
    size_t mark = run_mark(run);
    struct tensor tokens = as_tokens(x);
    struct tensor normed = run_tensor(run, x.n, 1, tokens.w, x.c);
    struct tensor inner = run_tensor(run, x.n, 1, tokens.w, x.c);

    run_group_norm(run, transformer->norm, normed, tokens, ACT_NONE);
    run_linear(run, transformer->proj_in, inner, normed, ACT_NONE, NULL);
    for (uint32_t i = 0; i < transformer->def.blocks; i++) {
        const struct transformer_block *block = &transformer->blocks[i];

        self_attention(block, run, inner, normed, transformer->def.heads);
        cross_attention(block, run, inner, normed, transformer->def.heads);
        feed_forward(block, run, inner, normed);
    }
    run_linear(run, transformer->proj_out, tokens, inner, ACT_NONE, &tokens);
    run_release(run, mark);
}
