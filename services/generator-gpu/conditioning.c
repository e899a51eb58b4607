/* conditioning.c - see conditioning.h. Chunks are what is kept: the empty one, which most
 * negative prompts are and long prompts are padded with, among them. */
#include "services/generator-gpu/conditioning.h"

#include <math.h>

#include "services/generator-gpu/prompt.h"
#include "services/generator-gpu/text_encoder.h"

enum { KEPT = 32 };

/* One chunk and what became of it. */
struct kept {
    int32_t ids[PROMPT_CHUNK];
    float weights[PROMPT_CHUNK];
    float *embedding; /* PROMPT_CHUNK * dim; NULL: nothing kept here */
    uint64_t used;    /* when, by conditioning's clock */
};

struct conditioning {
    struct tokenizer *tokenizer;
    struct text_encoder *encoder;
    struct kept kept[KEPT];
    uint64_t clock;
};

static int fill(struct conditioning *conditioning, struct backend *backend, const char *model,
                struct err *err)
{
    char folder[4096];

    if ((size_t)snprintf(folder, sizeof(folder), "%s/tokenizer", model) >= sizeof(folder))
        return err_set(err, ERR_INVALID, "%s: the path is too long", model);
    conditioning->tokenizer = tokenizer_open(folder, err);
    if (conditioning->tokenizer)
        conditioning->encoder = text_encoder_open(backend, model, err);
    if (!conditioning->encoder)
        return err->code;
    if (tokenizer_vocabulary(conditioning->tokenizer) >
        text_encoder_tokens(conditioning->encoder))
        return err_set(err, ERR_INVALID,
                       "the tokenizer has %zu tokens, the text encoder only %u",
                       tokenizer_vocabulary(conditioning->tokenizer),
                       text_encoder_tokens(conditioning->encoder));
    return 0;
}

struct conditioning *conditioning_open(struct backend *backend, const char *model,
                                       struct err *err)
{
    struct conditioning *conditioning = calloc(1, sizeof(*conditioning));

    if (!conditioning) {
        err_set_nomem(err, "the text encoder");
        return NULL;
    }
    if (fill(conditioning, backend, model, err) < 0) {
        conditioning_free(conditioning);
        return NULL;
    }
    return conditioning;
}

void conditioning_free(struct conditioning *conditioning)
{
    if (!conditioning)
        return;
    for (size_t i = 0; i < KEPT; i++)
        free(conditioning->kept[i].embedding);
    tokenizer_free(conditioning->tokenizer);
    text_encoder_free(conditioning->encoder);
    free(conditioning);
}

uint32_t conditioning_dim(const struct conditioning *conditioning)
{
    return text_encoder_dim(conditioning->encoder);
}

void conditioned_done(struct conditioned *conditioned)
{
    free(conditioned->negative);
    free(conditioned->prompt);
    *conditioned = (struct conditioned){0};
}

/* -- chunks -----------------------------------------------------------------------------------
 */

static double mean(const float *values, size_t count)
{
    double sum = 0;

    for (size_t i = 0; i < count; i++)
        sum += (double)values[i];
    return sum / (double)count;
}

/* Where the weighted mean is about zero there is nothing to restore it by. */
static void apply_weights(float *embedding, const float *weights, uint32_t dim)
{
    size_t count = (size_t)PROMPT_CHUNK * dim;
    double before = mean(embedding, count), ratio;
    bool weighted = false;

    for (size_t t = 0; t < PROMPT_CHUNK; t++) {
        weighted = weighted || weights[t] != 1;
        for (size_t i = 0; i < dim; i++)
            embedding[t * dim + i] *= weights[t];
    }
    ratio = before / mean(embedding, count);
    if (!weighted || !isfinite(ratio))
        return;
    for (size_t i = 0; i < count; i++)
        embedding[i] *= (float)ratio;
}

static bool same_chunk(const struct kept *kept, const int32_t *ids, const float *weights)
{
    for (size_t t = 0; t < PROMPT_CHUNK; t++)
        if (kept->ids[t] != ids[t] || kept->weights[t] != weights[t])
            return false;
    return true;
}

/* Where the chunk is kept, or else the place that was not used for longest. */
static struct kept *place_of(struct conditioning *conditioning, const int32_t *ids,
                             const float *weights, bool *ret_found)
{
    struct kept *oldest = &conditioning->kept[0];

    *ret_found = false;
    for (size_t i = 0; i < KEPT; i++) {
        struct kept *kept = &conditioning->kept[i];

        if (kept->embedding && same_chunk(kept, ids, weights)) {
            *ret_found = true;
            return kept;
        }
        if (kept->used < oldest->used)
            oldest = kept;
    }
    return oldest;
}

static int encode_chunk(struct conditioning *conditioning, const int32_t *ids,
                        const float *weights, float *out, struct err *err)
{
    uint32_t dim = conditioning_dim(conditioning);
    size_t bytes = (size_t)PROMPT_CHUNK * dim * sizeof(float);
    bool found;
    struct kept *kept = place_of(conditioning, ids, weights, &found);

    kept->used = ++conditioning->clock;
    if (found) {
        memcpy(out, kept->embedding, bytes);
        return 0;
    }
    if (text_encoder_run(conditioning->encoder, ids, 1, out, err) < 0)
        return err->code;
    apply_weights(out, weights, dim);
    if (!kept->embedding)
        kept->embedding = malloc(bytes);
    if (!kept->embedding)
        return err_set_nomem(err, "a prompt's embedding");
    memcpy(kept->ids, ids, sizeof(kept->ids));
    memcpy(kept->weights, weights, sizeof(kept->weights));
    memcpy(kept->embedding, out, bytes);
    return 0;
}

static int encode(struct conditioning *conditioning, const struct prompt *prompt,
                  float **ret_embedding, struct err *err)
{
    size_t each = (size_t)PROMPT_CHUNK * conditioning_dim(conditioning);
    float *embedding = malloc(prompt->chunks * each * sizeof(*embedding));

    if (!embedding)
        return err_set_nomem(err, "a prompt's embedding");
    for (size_t i = 0; i < prompt->chunks; i++)
        if (encode_chunk(conditioning, prompt->ids + i * PROMPT_CHUNK,
                         prompt->weights + i * PROMPT_CHUNK, embedding + i * each, err) < 0) {
            free(embedding);
            return err->code;
        }
    *ret_embedding = embedding;
    return 0;
}

/* -- prompts ----------------------------------------------------------------------------------
 */

static int read_prompts(const struct conditioning *conditioning, const char *const texts[2],
                        struct prompt prompts[2], struct err *err)
{
    const struct tokenizer *tokenizer = conditioning->tokenizer;

    if (prompt_read(&prompts[0], tokenizer, texts[0], err) < 0)
        return err->code;
    if (texts[1] && prompt_read(&prompts[1], tokenizer, texts[1], err) < 0)
        return err_wrap(err, "negative");
    return 0;
}

/* Both as long as the longer one, so that they go through the UNet together. */
static int pad_prompts(const struct conditioning *conditioning, struct prompt prompts[2],
                       struct err *err)
{
    size_t chunks =
        prompts[0].chunks > prompts[1].chunks ? prompts[0].chunks : prompts[1].chunks;

    for (size_t i = 0; i < 2 && prompts[i].chunks; i++)
        if (prompt_pad(&prompts[i], conditioning->tokenizer, chunks, err) < 0)
            return err->code;
    return 0;
}

int conditioning_run(struct conditioning *conditioning, const char *prompt,
                     const char *negative, struct conditioned *ret, struct err *err)
{
    struct prompt prompts[2] = {{0}};
    struct conditioned made = {0};

    if (read_prompts(conditioning, (const char *const[2]){prompt, negative}, prompts, err) < 0)
        goto out;
    made.prompt_tokens = (uint32_t)prompts[0].tokens;
    made.prompt_chunks = (uint32_t)prompts[0].chunks;
    made.negative_tokens = (uint32_t)prompts[1].tokens;
    if (pad_prompts(conditioning, prompts, err) < 0)
        goto out;
    made.tokens = (uint32_t)prompts[0].chunks * PROMPT_CHUNK;
    if (encode(conditioning, &prompts[0], &made.prompt, err) == 0 &&
        (!negative || encode(conditioning, &prompts[1], &made.negative, err) == 0))
        *ret = made;
    else
        conditioned_done(&made);
out:
    prompt_done(&prompts[0]);
    prompt_done(&prompts[1]);
    return err->code;
}
