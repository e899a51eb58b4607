/* tokenizer_internal.h - the tokenizer's stages: text into pieces (tokenizer_text.c), a piece
 * into ids (tokenizer_bpe.c), and the files that say how (tokenizer_load.c). */
#ifndef SERVICES_GENERATOR_GPU_TOKENIZER_INTERNAL_H
#define SERVICES_GENERATOR_GPU_TOKENIZER_INTERNAL_H

#include "lib/base/buf.h"
#include "lib/json/json.h"
#include "services/generator-gpu/tokenizer.h"

#include <stdbool.h>

/* -- text: as code points, so that a buf holds int32_t
 * ----------------------------------------*/

/* Appends UTF-8 text, composed (NFC), in lower case, with one space for each run of white
 * space. text is well-formed. Memory that runs out shows in buf_ok(out). */
void tokenizer_text_normalize(const char *text, size_t size, struct buf *out);

/* Walks through the pieces of normalized text. */
struct pieces {
    const int32_t *points;
    size_t count;
    size_t at;     /* where the piece begins, and in the end count */
    size_t length; /* of the piece */
    size_t
        closing; /* where the last signs of a special's name begin; 0: no such piece is open */
};

/* Goes to the next word, number, contraction or run of signs; false after the last. Begin with
 * at and length 0. */
bool tokenizer_text_next(struct pieces *pieces);

void tokenizer_text_utf8(const int32_t *points, size_t count, struct buf *out);

/* -- byte pairs -----------------------------------------------------------------------------*/

struct bpe {
    struct bpe_slot *slots; /* a hash table; its size is a power of two */
    size_t mask;
    int32_t bytes[2][256]; /* the id of a byte inside a word, and at a word's end */
};

/* For so many merges. 0, or -1 where there is no memory. */
int bpe_init(struct bpe *bpe, size_t merges);
void bpe_done(struct bpe *bpe);

/* left and right, one after the other, become merged; the lowest rank first. A pair that is
 * there already gets the new rank. */
void bpe_add(struct bpe *bpe, int32_t left, int32_t right, int32_t rank, int32_t merged);

/* Appends the ids (int32_t) of one word, in O(n log n). */
void bpe_encode(const struct bpe *bpe, const char *bytes, size_t size, struct buf *ids);

/* -- all ------------------------------------------------------------------------------------*/

/* A text that is one id wherever it stands. */
struct special {
    char *content; /* owned */
    size_t size;
    int32_t id;
    bool normalized;   /* found in the text after it was normalized, not before */
    struct buf points; /* its normalized form, if so */
};

struct tokenizer {
    struct bpe bpe;
    struct special *specials;
    size_t special_count;
    int32_t start, end, pad;
    size_t vocabulary;
};

int tokenizer_load(struct tokenizer *tokenizer, const char *folder, struct err *err);

enum { TOKENIZER_IDS_MAX = 1 << 24 };

/* -- while the files are being read ---------------------------------------------------------*/

struct tokenizer_load {
    struct tokenizer *tokenizer;
    const char *folder;
    json_t *fast;   /* tokenizer.json; NULL where there is none, and so the others */
    json_t *config; /* tokenizer_config.json */
    json_t *map;    /* special_tokens_map.json */
    json_t *added;  /* added_tokens.json: {"text": id} */
    json_t *vocab;  /* {"text": id} */
    json_t *merges; /* of tokenizer.json; borrowed */
    int64_t max_id;
};

/* -1 where the vocabulary has no such token. */
int32_t tokenizer_load_id(const struct tokenizer_load *load, const char *token);

/* Finds the texts that are one id, start, end and padding. *ret_unknown is the id for what the
 * vocabulary does not have, or -1. */
int tokenizer_load_specials(struct tokenizer_load *load, int32_t *ret_unknown, struct err *err);

#endif
