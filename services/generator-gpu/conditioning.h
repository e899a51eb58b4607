/* conditioning.h - words to what the UNet is conditioned on: tokenizer, weights, text encoder.
 *
 * A prompt longer than 75 tokens goes through the encoder in chunks, whose embeddings follow
 * one another. Weights multiply the embeddings of their tokens, after which each chunk gets its
 * mean back, as in AUTOMATIC1111's web UI. What was encoded lately is kept: a bulk run has the
 * same words again and again. */
#ifndef SERVICES_GENERATOR_GPU_CONDITIONING_H
#define SERVICES_GENERATOR_GPU_CONDITIONING_H

#include "services/generator-gpu/backend.h"

struct conditioning;

struct conditioning *conditioning_open(struct backend *backend, const char *model,
                                       struct err *err);
void conditioning_free(struct conditioning *conditioning);
DEFINE_OWNED(conditioning)

uint32_t conditioning_dim(const struct conditioning *conditioning); /* of a token */

struct conditioned {
    float *negative,
        *prompt;     /* tokens * dim floats each; owned; negative NULL where not asked */
    uint32_t tokens; /* of the sequence: 77 a chunk, the same for both */
    uint32_t prompt_tokens, prompt_chunks, negative_tokens; /* of the text */
};
void conditioned_done(struct conditioned *conditioned);

/* negative may be NULL. ERR_INVALID: not UTF-8; ERR_TOO_LARGE: more than the most chunks. */
int conditioning_run(struct conditioning *conditioning, const char *prompt,
                     const char *negative, struct conditioned *ret, struct err *err);

#endif
