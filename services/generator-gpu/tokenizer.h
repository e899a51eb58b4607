/* tokenizer.h - CLIP's byte-pair encoding: text to token ids, as transformers' CLIPTokenizer.
 *
 * Read from a model's tokenizer/ folder: vocab.json, merges.txt, special_tokens_map.json and
 * tokenizer_config.json. */
#ifndef SERVICES_GENERATOR_GPU_TOKENIZER_H
#define SERVICES_GENERATOR_GPU_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct tokenizer;

/* ERR_INVALID names the file, and the line or member that is wrong. */
struct tokenizer *tokenizer_open(const char *folder, struct err *err);
void tokenizer_free(struct tokenizer *tokenizer);
DEFINE_OWNED(tokenizer)

int32_t tokenizer_start_id(const struct tokenizer *tokenizer);
int32_t tokenizer_end_id(const struct tokenizer *tokenizer);
int32_t tokenizer_pad_id(const struct tokenizer *tokenizer); /* SD 2: that of "!" */
size_t tokenizer_vocabulary(const struct tokenizer *tokenizer);

/* The ids of the text, without start, end and padding. text is UTF-8 (ERR_INVALID otherwise)
 * of any length. *ret_ids is malloc()ed; returns how many. */
int tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t size,
                     int32_t **ret_ids, struct err *err);

#endif
