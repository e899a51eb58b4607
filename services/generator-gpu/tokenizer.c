/* tokenizer.c - see tokenizer.h: text between specials, normalized, in pieces, in byte pairs.
 */
#include "services/generator-gpu/tokenizer_internal.h"

#include "lib/base/text.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct tokenizer *tokenizer_open(const char *folder, struct err *err)
{
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);

    if (!tokenizer) {
        err_set_nomem(err, "a tokenizer");
        return NULL;
    }
    if (tokenizer_load(tokenizer, folder, err) < 0) {
        tokenizer_free(tokenizer);
        return NULL;
    }
    return tokenizer;
}

void tokenizer_free(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    for (size_t i = 0; i < tokenizer->special_count; i++) {
        free(tokenizer->specials[i].content);
        buf_done(&tokenizer->specials[i].points);
    }
    free(tokenizer->specials);
    bpe_done(&tokenizer->bpe);
    free(tokenizer);
}

int32_t tokenizer_start_id(const struct tokenizer *tokenizer)
{
    return tokenizer->start;
}

int32_t tokenizer_end_id(const struct tokenizer *tokenizer)
{
    return tokenizer->end;
}

int32_t tokenizer_pad_id(const struct tokenizer *tokenizer)
{
    return tokenizer->pad;
}

size_t tokenizer_vocabulary(const struct tokenizer *tokenizer)
{
    return tokenizer->vocabulary;
}

/* -- encoding -------------------------------------------------------------------------------*/

static const int32_t *points_of(const struct buf *buf)
{
    return (const int32_t *)(const void *)buf->data;
}

static size_t count_of(const struct buf *buf)
{
    return buf->size / sizeof(int32_t);
}

/* Normalized text without specials. */
static void encode_pieces(const struct tokenizer *tokenizer, const int32_t *points,
                          size_t count, struct buf *ids)
{
    struct pieces pieces = {.points = points, .count = count};
    OWNED_VALUE(buf) bytes = {0};

    while (tokenizer_text_next(&pieces)) {
        buf_clear(&bytes);
        tokenizer_text_utf8(points + pieces.at, pieces.length, &bytes);
        ids->failed |= !buf_ok(&bytes);
        bpe_encode(&tokenizer->bpe, bytes.data, bytes.size, ids);
    }
}

/* The longest special of the kind that text begins with. */
static const struct special *special_at(const struct tokenizer *tokenizer, bool normalized,
                                        const void *text, size_t size)
{
    const struct special *found = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < tokenizer->special_count; i++) {
        const struct special *special = &tokenizer->specials[i];
        const char *bytes = normalized ? special->points.data : special->content;
        size_t length = normalized ? special->points.size : special->size;

        if (special->normalized == normalized && length > longest && length <= size &&
            memcmp(bytes, text, length) == 0) {
            found = special;
            longest = length;
        }
    }
    return found;
}

static void append_id(struct buf *ids, int32_t id)
{
    buf_append(ids, &id, sizeof id);
}

static void encode_normalized(const struct tokenizer *tokenizer, const int32_t *points,
                              size_t count, struct buf *ids)
{
    size_t begin = 0, at = 0;

    while (at < count) {
        const struct special *special =
            special_at(tokenizer, true, points + at, (count - at) * sizeof *points);

        if (!special) {
            at++;
            continue;
        }
        encode_pieces(tokenizer, points + begin, at - begin, ids);
        append_id(ids, special->id);
        begin = at += count_of(&special->points);
    }
    encode_pieces(tokenizer, points + begin, count - begin, ids);
}

static void encode_raw(const struct tokenizer *tokenizer, const char *text, size_t size,
                       struct buf *ids)
{
    OWNED_VALUE(buf) points = {0};

    if (size == 0)
        return;
    tokenizer_text_normalize(text, size, &points);
    ids->failed |= !buf_ok(&points);
    encode_normalized(tokenizer, points_of(&points), count_of(&points), ids);
}

static void encode_text(const struct tokenizer *tokenizer, const char *text, size_t size,
                        struct buf *ids)
{
    size_t begin = 0, at = 0;

    while (at < size) {
        const struct special *special = special_at(tokenizer, false, text + at, size - at);

        if (!special) {
            at++;
            continue;
        }
        encode_raw(tokenizer, text + begin, at - begin, ids);
        append_id(ids, special->id);
        begin = at += special->size;
    }
    encode_raw(tokenizer, text + begin, size - begin, ids);
}

int tokenizer_encode(const struct tokenizer *tokenizer, const char *text, size_t size,
                     int32_t **ret_ids, struct err *err)
{
    OWNED_VALUE(buf) ids = {0};
    size_t count;

    if (!text_is_utf8(text, size))
        return err_set(err, ERR_INVALID, "the text is not valid UTF-8");
    if (size > INT_MAX / 4) /* an id for each byte is the most */
        return err_set(err, ERR_TOO_LARGE, "the text has %zu bytes, and %d is the limit", size,
                       INT_MAX / 4);
    encode_text(tokenizer, text, size, &ids);
    buf_reserve(&ids, 1); /* malloc()ed even where there are none */
    if (!buf_ok(&ids))
        return err_set_nomem(err, "the text's tokens");
    count = count_of(&ids);
    *ret_ids = (int32_t *)(void *)buf_take(&ids);
    return (int)count;
}
