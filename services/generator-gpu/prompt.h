/* prompt.h - a prompt as the text encoder takes it: chunks of 75 tokens with a weight each.
 *
 *   (word)       1.1 times         ((word))  1.21 times      (word:1.3), (word: 1.3)  1.3 times
 *   [word]       divided by 1.1    \( \) \[ \]               the character itself
 *
 * as AUTOMATIC1111's web UI has it: weights multiply; what is not closed weighs to the end of
 * the text; a closing bracket that was not opened, and a weight that is no number or stands
 * outside of round brackets, is text: (a:b) is "a:b", 1.1 times. A backslash before anything
 * else is left out. A weight may be negative or 0; each token's is limited to -10 .. 10. More
 * than 256 brackets open at once are ERR_INVALID. BREAK is a word like others.
 *
 * A text without weights and of at most 75 tokens gives exactly what transformers'
 * CLIPTokenizer gives with padding="max_length". Longer texts become several chunks: nothing is
 * cut off. */
#ifndef SERVICES_GENERATOR_GPU_PROMPT_H
#define SERVICES_GENERATOR_GPU_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "services/generator-gpu/tokenizer.h"

enum {
    PROMPT_CHUNK = 77,       /* start, 75 tokens, end and padding */
    PROMPT_CHUNKS_MAX = 134, /* 10,050 tokens; more is ERR_TOO_LARGE */
    PROMPT_WEIGHT_MIN = -10,
    PROMPT_WEIGHT_MAX = 10,
};

struct prompt {
    size_t chunks;  /* at least 1 */
    size_t tokens;  /* of the text, without start, end and padding */
    int32_t *ids;   /* chunks * 77; owned */
    float *weights; /* one for each id; 1 for start, end and padding; owned */
    bool weighted;  /* some weight is not 1 */
};

/* ERR_INVALID for a text that is not UTF-8. */
int prompt_read(struct prompt *ret_prompt, const struct tokenizer *tokenizer, const char *text,
                struct err *err);
void prompt_done(struct prompt *prompt);

/* Appends empty chunks until there are as many, so that a prompt and its negative go through
 * the UNet together. */
int prompt_pad(struct prompt *prompt, const struct tokenizer *tokenizer, size_t chunks,
               struct err *err);

/* Appends the text without its weights, for people and for captions: "(word:1.3)" becomes
 * "word". Memory that runs out shows in buf_ok(out). */
void prompt_plain(const char *text, struct buf *out);

#endif
