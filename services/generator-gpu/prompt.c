/* prompt.c - see prompt.h: the parts' tokens, one after the other, in chunks. */
#include "services/generator-gpu/prompt.h"

#include "lib/base/text.h"
#include "services/generator-gpu/prompt_weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_TOKENS = PROMPT_CHUNK - 2, TOKENS_MAX = PROMPT_CHUNKS_MAX * CHUNK_TOKENS };

/* Tokens of the parts read so far. */
struct tokens {
    struct buf ids;     /* int32_t */
    struct buf weights; /* float, one for each */
    size_t count;
};

static void tokens_done(struct tokens *tokens)
{
    buf_done(&tokens->ids);
    buf_done(&tokens->weights);
}

static int add_part(struct tokens *tokens, const struct tokenizer *tokenizer, const char *text,
                    const struct prompt_part *part, struct err *err)
{
    float weight = (float)fmin(fmax(part->weight, PROMPT_WEIGHT_MIN), PROMPT_WEIGHT_MAX);
    int32_t *ids = NULL;
    int count = tokenizer_encode(tokenizer, text, part->size, &ids, err);

    if (count < 0)
        return count;
    buf_append(&tokens->ids, ids, (size_t)count * sizeof *ids);
    free(ids);
    for (int i = 0; i < count; i++)
        buf_append(&tokens->weights, &weight, sizeof weight);
    tokens->count += (size_t)count;
    return 0;
}

static int read_tokens(struct tokens *tokens, const struct tokenizer *tokenizer,
                       const struct prompt_parts *parts, struct err *err)
{
    for (size_t i = 0; i < parts->count; i++)
        if (add_part(tokens, tokenizer, buf_text(&parts->plain) + parts->parts[i].from,
                     &parts->parts[i], err) < 0)
            return err->code;
    if (!buf_ok(&tokens->ids) || !buf_ok(&tokens->weights))
        return err_set_nomem(err, "the prompt's tokens");
    if (tokens->count > TOKENS_MAX)
        return err_set(err, ERR_TOO_LARGE, "the prompt has %zu tokens, and %d is the limit",
                       tokens->count, TOKENS_MAX);
    return 0;
}

/* Makes room for so many chunks, the new ones empty. */
static int grow(struct prompt *prompt, const struct tokenizer *tokenizer, size_t chunks,
                struct err *err)
{
    int32_t *ids = reallocarray(prompt->ids, chunks, PROMPT_CHUNK * sizeof *ids);
    float *weights;

    if (ids)
        prompt->ids = ids;
    weights = reallocarray(prompt->weights, chunks, PROMPT_CHUNK * sizeof *weights);
    if (weights)
        prompt->weights = weights;
    if (!ids || !weights)
        return err_set_nomem(err, "the prompt's chunks");
    for (size_t i = prompt->chunks * PROMPT_CHUNK; i < chunks * PROMPT_CHUNK; i++) {
        ids[i] = i % PROMPT_CHUNK == 0   ? tokenizer_start_id(tokenizer)
                 : i % PROMPT_CHUNK == 1 ? tokenizer_end_id(tokenizer)
                                         : tokenizer_pad_id(tokenizer);
        weights[i] = 1;
    }
    prompt->chunks = chunks;
    return 0;
}

static void fill(struct prompt *prompt, const struct tokenizer *tokenizer,
                 const struct tokens *tokens)
{
    const int32_t *ids = (const int32_t *)(const void *)tokens->ids.data;
    const float *weights = (const float *)(const void *)tokens->weights.data;

    for (size_t i = 0; i < tokens->count; i++) {
        size_t at = i / CHUNK_TOKENS * PROMPT_CHUNK + 1 + i % CHUNK_TOKENS;

        prompt->ids[at] = ids[i];
        prompt->ids[at + 1] = tokenizer_end_id(tokenizer); /* until the next token */
        prompt->weights[at] = weights[i];
        prompt->weighted |= weights[i] != 1;
    }
    prompt->tokens = tokens->count;
}

int prompt_read(struct prompt *ret_prompt, const struct tokenizer *tokenizer, const char *text,
                struct err *err)
{
    OWNED_VALUE(prompt_parts) parts = {0};
    OWNED_VALUE(tokens) tokens = {0};
    struct prompt prompt = {0};
    size_t chunks;

    if (!text_is_utf8(text, strlen(text)))
        return err_set(err, ERR_INVALID, "the prompt is not valid UTF-8");
    if (prompt_parts_read(&parts, text, err) < 0 ||
        read_tokens(&tokens, tokenizer, &parts, err) < 0)
        return err->code;
    chunks = tokens.count > 0 ? (tokens.count + CHUNK_TOKENS - 1) / CHUNK_TOKENS : 1;
    if (grow(&prompt, tokenizer, chunks, err) < 0) {
        prompt_done(&prompt);
        return err->code;
    }
    fill(&prompt, tokenizer, &tokens);
    *ret_prompt = prompt;
    return 0;
}

void prompt_done(struct prompt *prompt)
{
    free(prompt->ids);
    free(prompt->weights);
}

int prompt_pad(struct prompt *prompt, const struct tokenizer *tokenizer, size_t chunks,
               struct err *err)
{
    return chunks > prompt->chunks ? grow(prompt, tokenizer, chunks, err) : 0;
}

void prompt_plain(const char *text, struct buf *out)
{
    OWNED_VALUE(prompt_parts) parts = {0};
    struct err err = {0};

    if (prompt_parts_read(&parts, text, &err) < 0) /* shown as it was written */
        buf_append_str(out, text);
    else
        buf_append(out, buf_text(&parts.plain), parts.plain.size);
}
