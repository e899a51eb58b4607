/* tokenizer_text.c - text into the pieces that byte pairs are looked for in.
 *
 * What a letter, a number and a space is, and what lower case is, follows Unicode's tables in
 * utf8proc; so characters that are newer than these are signs here, and may be letters in
 * transformers. */
#include "services/generator-gpu/tokenizer_internal.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { DECOMPOSED_MAX = 32, I_WITH_DOT = 0x130, COMBINING_DOT = 0x307 };

enum kind { SPACE, LETTER, NUMBER, SIGN };

static bool is_space(int32_t point)
{
    return (point >= 9 && point <= 13) || point == ' ' || point == 0x85 || point == 0xa0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200a) || point == 0x2028 ||
           point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

static enum kind kind_of(int32_t point)
{
    if (is_space(point))
        return SPACE;
    if (point < 0x80 && (point | 0x20) >= 'a' && (point | 0x20) <= 'z')
        return LETTER;
    switch (utf8proc_category(point)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
        return LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return NUMBER;
    default:
        return SIGN;
    }
}

/* -- normalization --------------------------------------------------------------------------*/

static void append_point(struct buf *out, int32_t point)
{
    buf_append(out, &point, sizeof point);
}

/* Canonical decomposition, in the text's order. */
static void decompose(const char *text, size_t size, struct buf *out)
{
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text, *end = p + size;

    while (p < end) {
        int32_t points[DECOMPOSED_MAX], point = 0;
        utf8proc_ssize_t length = utf8proc_iterate(p, end - p, &point), count;
        int boundary = UTF8PROC_BOUNDCLASS_START;

        if (length <= 0)
            return; /* the text is well-formed */
        p += length;
        count = utf8proc_decompose_char(point, points, DECOMPOSED_MAX, UTF8PROC_DECOMPOSE,
                                        &boundary);
        if (count > 0 && count <= DECOMPOSED_MAX)
            buf_append(out, points, (size_t)count * sizeof points[0]);
    }
}

struct mark {
    int32_t point;
    int combining_class;
    size_t at;
};

static int mark_compare(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;

    if (x->combining_class != y->combining_class)
        return x->combining_class - y->combining_class;
    return (x->at > y->at) - (x->at < y->at);
}

static int class_of(int32_t point)
{
    return utf8proc_get_property(point)->combining_class;
}

/* Puts a run of combining marks in the order of their classes. */
static void sort_marks(int32_t *points, size_t count, struct buf *out)
{
    struct mark *marks = calloc(count, sizeof *marks);

    if (!marks) {
        out->failed = true;
        return;
    }
    for (size_t i = 0; i < count; i++)
        marks[i] = (struct mark){points[i], class_of(points[i]), i};
    qsort(marks, count, sizeof *marks, mark_compare);
    for (size_t i = 0; i < count; i++)
        points[i] = marks[i].point;
    free(marks);
}

static void reorder(struct buf *text)
{
    int32_t *points = (int32_t *)(void *)text->data;
    size_t count = text->size / sizeof *points, run = 0;

    for (size_t i = 0; i <= count; i++) {
        if (i < count && class_of(points[i]) != 0) {
            run++;
            continue;
        }
        if (run > 1)
            sort_marks(points + i - run, run, text);
        run = 0;
    }
}

static void to_lower(int32_t point, struct buf *out)
{
    if (point == I_WITH_DOT) { /* the only one whose lower case is two */
        append_point(out, 'i');
        append_point(out, COMBINING_DOT);
        return;
    }
    append_point(out, utf8proc_tolower(point));
}

static bool is_ascii(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= 0x80)
            return false;
    return true;
}

static void compose(const char *text, size_t size, struct buf *composed)
{
    utf8proc_ssize_t count;

    decompose(text, size, composed);
    if (!buf_ok(composed) || composed->size == 0)
        return;
    reorder(composed);
    count = utf8proc_normalize_utf32((int32_t *)(void *)composed->data,
                                     (utf8proc_ssize_t)(composed->size / sizeof(int32_t)),
                                     UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    composed->size = count > 0 ? (size_t)count * sizeof(int32_t) : 0;
}

void tokenizer_text_normalize(const char *text, size_t size, struct buf *out)
{
    OWNED_VALUE(buf) composed = {0};
    bool space = false;

    if (is_ascii(text, size))
        for (size_t i = 0; i < size; i++)
            append_point(&composed, text[i]);
    else
        compose(text, size, &composed);
    out->failed |= !buf_ok(&composed);
    for (size_t i = 0; i < composed.size / sizeof(int32_t); i++) {
        int32_t point = ((const int32_t *)(const void *)composed.data)[i];
        bool before = space;

        space = is_space(point);
        if (!space)
            to_lower(point, out);
        else if (!before)
            append_point(out, ' ');
    }
}

/* -- pieces ---------------------------------------------------------------------------------*/

static size_t match(const int32_t *points, size_t count, const char *text)
{
    size_t size = strlen(text);

    if (size > count)
        return 0;
    for (size_t i = 0; i < size; i++)
        if (points[i] != text[i])
            return 0;
    return size;
}

static size_t match_contraction(const int32_t *points, size_t count)
{
    static const char *const contractions[] = {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"};
    size_t length = 0;

    for (size_t i = 0; length == 0 && i < sizeof contractions / sizeof contractions[0]; i++)
        length = match(points, count, contractions[i]);
    return length;
}

static size_t run_of(const int32_t *points, size_t count, enum kind kind)
{
    size_t length = 1;

    while (length < count && kind_of(points[length]) == kind)
        length++;
    return length;
}

/* A special's name that was not taken for the special is three pieces, and the signs at its end
 * do not go together with signs that follow. */
static size_t match_special(const int32_t *points, size_t count)
{
    size_t length = match(points, count, "<|startoftext|>");

    return length > 0 ? length : match(points, count, "<|endoftext|>");
}

static size_t piece_length(struct pieces *pieces, enum kind kind)
{
    const int32_t *points = pieces->points + pieces->at;
    size_t left = pieces->count - pieces->at, length = 0;

    if (kind == NUMBER)
        return 1;
    if (pieces->closing > 0 && pieces->at == pieces->closing)
        return 2;
    if (*points == '\'')
        length = match_contraction(points, left);
    if (length > 0)
        return length;
    if (*points == '<')
        length = match_special(points, left);
    if (length > 0) {
        pieces->closing = pieces->at + length - 2;
        return 2;
    }
    return run_of(points, left, kind);
}

bool tokenizer_text_next(struct pieces *pieces)
{
    enum kind kind = SPACE;

    pieces->at += pieces->length;
    while (pieces->at < pieces->count && (kind = kind_of(pieces->points[pieces->at])) == SPACE)
        pieces->at++;
    pieces->length = pieces->at < pieces->count ? piece_length(pieces, kind) : 0;
    return pieces->length > 0;
}

void tokenizer_text_utf8(const int32_t *points, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        utf8proc_uint8_t bytes[4];

        buf_append(out, bytes, (size_t)utf8proc_encode_char(points[i], bytes));
    }
}
