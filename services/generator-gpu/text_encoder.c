/* text_encoder.c - see text_encoder.h. One sequence a pass: a prompt is encoded once for all of
 * its steps, and so one plan serves prompts of any length. */
#include "services/generator-gpu/text_encoder.h"

#include "services/generator-gpu/layers.h"
#include "services/generator-gpu/model_folder.h"
#include "services/generator-gpu/run.h"

enum { SEQUENCE = 77, DIM_MAX = 16384, LAYERS_MAX = 128 };

struct encoder_block {
    const struct layer *norm1, *qkv, *out, *norm2, *fc1, *fc2;
};

struct text_encoder {
    struct model_part part;
    uint32_t dim, heads, inner, vocabulary, positions;
    enum activation act;
    float eps;
    struct layers layers;
    const struct layer *token_embedding, *position_embedding, *final_norm;
    struct encoder_block *blocks;
    uint32_t block_count;
    struct run run;
    bool planned;
    const int32_t *ids; /* of the pass */
    float *out;
};

/* -- opening ----------------------------------------------------------------------------------
 */

static int read_config(struct text_encoder *encoder, struct err *err)
{
    static const char *const names[] = {"quick_gelu", "gelu", NULL};
    struct model_config config = {"text_encoder", encoder->part.config, err};
    size_t act = model_config_choice(&config, "hidden_act", names);

    encoder->dim = model_config_int(&config, "hidden_size", 1, DIM_MAX, 512);
    encoder->heads = model_config_int(&config, "num_attention_heads", 1, 1024, 8);
    encoder->inner = model_config_int(&config, "intermediate_size", 1, 4 * DIM_MAX, 2048);
    encoder->block_count = model_config_int(&config, "num_hidden_layers", 1, LAYERS_MAX, 12);
    encoder->vocabulary = model_config_int(&config, "vocab_size", 1, 1 << 20, 49408);
    encoder->positions =
        model_config_int(&config, "max_position_embeddings", SEQUENCE, 1 << 16, SEQUENCE);
    encoder->eps = (float)model_config_number(&config, "layer_norm_eps", 1e-5);
    encoder->act = act == 0 ? ACT_QUICK_GELU : ACT_GELU;
    if (!err->code && encoder->dim % encoder->heads)
        err_set(err, ERR_INVALID,
                "text_encoder/config.json: hidden_size %u is not divisible by "
                "num_attention_heads %u",
                encoder->dim, encoder->heads);
    return err->code;
}

static const struct layer *linear(struct layers *layers, const char *name, uint32_t in,
                                  uint32_t out)
{
    return layers_linear(
        layers, &(struct linear_def){.names = {name}, .in = in, .out = out, .bias = true});
}

static void load_block(struct text_encoder *encoder, struct encoder_block *block)
{
    struct layers *layers = &encoder->layers;
    uint32_t dim = encoder->dim;

    block->norm1 = layers_layer_norm(layers, "layer_norm1", dim, encoder->eps);
    block->qkv = layers_linear(
        layers, &(struct linear_def){
                    .names = {"self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"},
                    .in = dim,
                    .out = dim,
                    .bias = true});
    block->out = linear(layers, "self_attn.out_proj", dim, dim);
    block->norm2 = layers_layer_norm(layers, "layer_norm2", dim, encoder->eps);
    block->fc1 = linear(layers, "mlp.fc1", dim, encoder->inner);
    block->fc2 = linear(layers, "mlp.fc2", encoder->inner, dim);
}

/* Some files have "text_model." in front of every name, and some do not. */
static void load(struct text_encoder *encoder)
{
    struct layers *layers = &encoder->layers;
    size_t from = 0;

    if (!layers_has(layers, "embeddings.token_embedding.weight"))
        from = layers_enter(layers, "text_model");
    encoder->token_embedding = layers_embedding(layers, "embeddings.token_embedding",
                                                encoder->vocabulary, encoder->dim);
    encoder->position_embedding = layers_embedding(layers, "embeddings.position_embedding",
                                                   encoder->positions, encoder->dim);
    for (uint32_t i = 0; i < encoder->block_count && !layers->err->code; i++) {
        size_t inner = layers_enter(layers, "encoder.layers.%u", i);

        load_block(encoder, &encoder->blocks[i]);
        layers_leave(layers, inner);
    }
    encoder->final_norm =
        layers_layer_norm(layers, "final_layer_norm", encoder->dim, encoder->eps);
    layers_leave(layers, from);
}

static int open_part(struct text_encoder *encoder, struct backend *backend, const char *model,
                     struct err *err)
{
    if (model_part_open(&encoder->part, model, "text_encoder", "model", err) < 0 ||
        read_config(encoder, err) < 0)
        return err->code;
    layers_init(&encoder->layers, backend, encoder->part.weights, "text_encoder", err);
    encoder->run = (struct run){.backend = backend, .layers = &encoder->layers};
    encoder->blocks = calloc(encoder->block_count, sizeof(encoder->blocks[0]));
    if (!encoder->blocks)
        return err_set_nomem(err, "the text encoder");
    load(encoder);
    return err->code;
}

struct text_encoder *text_encoder_open(struct backend *backend, const char *model,
                                       struct err *err)
{
    struct text_encoder *encoder = calloc(1, sizeof(*encoder));

    if (!encoder) {
        err_set_nomem(err, "the text encoder");
        return NULL;
    }
    if (open_part(encoder, backend, model, err) < 0) {
        text_encoder_free(encoder);
        return NULL;
    }
    return encoder;
}

void text_encoder_free(struct text_encoder *encoder)
{
    if (!encoder)
        return;
    if (encoder->run.backend) {
        run_done(&encoder->run);
        layers_done(&encoder->layers);
    }
    model_part_done(&encoder->part);
    free(encoder->blocks);
    free(encoder);
}

uint32_t text_encoder_dim(const struct text_encoder *encoder)
{
    return encoder->dim;
}

uint32_t text_encoder_tokens(const struct text_encoder *encoder)
{
    return encoder->vocabulary;
}

/* -- running ----------------------------------------------------------------------------------
 */

/* Only the causal mask: padding is looked at, too, as the models were trained. */
static void attend(const struct text_encoder *encoder, const struct encoder_block *block,
                   struct run *run, struct tensor x, struct tensor normed)
{
    size_t mark = run_mark(run);
    struct tensor qkv = run_tensor(run, 1, 1, SEQUENCE, 3 * x.c);

    run_layer_norm(run, block->norm1, normed, x);
    run_linear(run, block->qkv, qkv, normed, ACT_NONE, NULL);
    run_attention(run, &(struct attention_args){.dst = normed,
                                                .q = tensor_columns(&qkv, 0, x.c),
                                                .k = tensor_columns(&qkv, x.c, x.c),
                                                .v = tensor_columns(&qkv, 2 * x.c, x.c),
                                                .heads = encoder->heads,
                                                .causal = true});
    run_linear(run, block->out, x, normed, ACT_NONE, &x);
    run_release(run, mark);
}

static void encoder_pass(void *ctx, struct run *run)
{
    struct text_encoder *encoder = ctx;
    struct tensor x = run_tensor(run, 1, 1, SEQUENCE, encoder->dim);
    struct tensor normed = run_tensor(run, 1, 1, SEQUENCE, encoder->dim);
    struct tensor wide = run_tensor(run, 1, 1, SEQUENCE, encoder->inner);

    run_embed(run, x, encoder->token_embedding, encoder->position_embedding, encoder->ids);
    for (uint32_t i = 0; i < encoder->block_count; i++) {
        const struct encoder_block *block = &encoder->blocks[i];

        attend(encoder, block, run, x, normed);
        run_layer_norm(run, block->norm2, normed, x);
        run_linear(run, block->fc1, wide, normed, encoder->act, NULL);
        run_linear(run, block->fc2, x, wide, ACT_NONE, &x);
    }
    run_layer_norm(run, encoder->final_norm, normed, x);
    run_read(run, encoder->out, normed);
}

int text_encoder_run(struct text_encoder *encoder, const int32_t *ids, size_t count, float *out,
                     struct err *err)
{
    size_t floats = (size_t)SEQUENCE * encoder->dim;

    if (!encoder->planned && run_plan(&encoder->run, encoder_pass, encoder, err) < 0)
        return err->code;
    encoder->planned = true;
    for (size_t i = 0; i < count; i++) {
        encoder->ids = ids + i * SEQUENCE;
        encoder->out = out + i * floats;
        if (run_execute(&encoder->run, encoder_pass, encoder, encoder->out, floats, err) < 0)
            return err->code;
    }
    return 0;
}
