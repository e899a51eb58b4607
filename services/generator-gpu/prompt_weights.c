/* prompt_weights.c - see prompt_weights.h.
 *
 * A bracket that closes multiplies the weights of all parts since it was opened. How many can
 * be open is limited, and so each part is multiplied a limited number of times. */
#include "services/generator-gpu/prompt_weights.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double STRONGER = 1.1;

/* Weights stay within this while they are multiplied, so that they stay numbers. */
static const double WEIGHT_LIMIT = 1e6;

struct stack {
    size_t parts[PROMPT_NESTING_MAX]; /* how many there were when the bracket was opened */
    size_t open;
};

struct reader {
    struct prompt_parts *parts;
    struct stack round, square;
};

static int add_part(struct reader *reader, const char *text, size_t size, struct err *err)
{
    struct prompt_parts *parts = reader->parts;

    if (parts->count == parts->capacity) {
        size_t capacity = parts->capacity ? 2 * parts->capacity : 16;
        struct prompt_part *grown = reallocarray(parts->parts, capacity, sizeof *grown);

        if (!grown)
            return err_set_nomem(err, "the prompt");
        parts->parts = grown;
        parts->capacity = capacity;
    }
    parts->parts[parts->count++] = (struct prompt_part){parts->plain.size, size, 1};
    buf_append(&parts->plain, text, size);
    return 0;
}

static int open_bracket(struct reader *reader, struct stack *stack, struct err *err)
{
    if (stack->open == PROMPT_NESTING_MAX)
        return err_set(
            err, ERR_INVALID,
            "the prompt has more than %d brackets open at once: put a backslash before "
            "those that are text",
            PROMPT_NESTING_MAX);
    stack->parts[stack->open++] = reader->parts->count;
    return 0;
}

static void close_bracket(struct reader *reader, struct stack *stack, double weight)
{
    struct prompt_parts *parts = reader->parts;

    for (size_t i = stack->parts[--stack->open]; i < parts->count; i++) {
        double product = parts->parts[i].weight * weight;

        parts->parts[i].weight = fmin(fmax(product, -WEIGHT_LIMIT), WEIGHT_LIMIT);
    }
}

/* The length of ": 1.3 )" where text begins with such a thing, else 0. */
static size_t weight_length(const char *text, double *ret_weight)
{
    static const char spaces[] = " \t\n\r\f\v";
    const char *begin = text + 1 + strspn(text + 1, spaces);
    size_t size = (*begin == '+' || *begin == '-') + 0U;
    char number[64], *end;
    double weight;

    size += strspn(begin + size, "0123456789.");
    if (size >= sizeof number || begin[size + strspn(begin + size, spaces)] != ')')
        return 0;
    memcpy(number, begin, size);
    number[size] = '\0';
    weight = strtod(number, &end);
    if (end == number || *end)
        return 0;
    *ret_weight = fmin(fmax(weight, -WEIGHT_LIMIT), WEIGHT_LIMIT);
    return (size_t)(begin + size - text) + strspn(begin + size, spaces) + 1;
}

static int read_colon(struct reader *reader, const char *text, size_t *ret_length,
                      struct err *err)
{
    double weight = 1;
    size_t length = weight_length(text, &weight);

    *ret_length = length > 0 ? length : 1;
    if (length == 0 || reader->round.open == 0)
        return add_part(reader, text, *ret_length, err);
    close_bracket(reader, &reader->round, weight);
    return 0;
}

static int read_backslash(struct reader *reader, const char *text, size_t *ret_length,
                          struct err *err)
{
    bool escapes = text[1] && strchr("()[]\\", text[1]);

    *ret_length = escapes ? 2 : 1;
    return escapes ? add_part(reader, text + 1, 1, err) : 0;
}

static int read_closing(struct reader *reader, const char *text, struct err *err)
{
    bool is_round = *text == ')';
    struct stack *stack = is_round ? &reader->round : &reader->square;

    if (stack->open == 0)
        return add_part(reader, text, 1, err);
    close_bracket(reader, stack, is_round ? STRONGER : 1 / STRONGER);
    return 0;
}

/* What stands at text; *ret_length is how much of it was read. */
static int read_next(struct reader *reader, const char *text, size_t *ret_length,
                     struct err *err)
{
    *ret_length = 1;
    switch (*text) {
    case '\\':
        return read_backslash(reader, text, ret_length, err);
    case '(':
        return open_bracket(reader, &reader->round, err);
    case '[':
        return open_bracket(reader, &reader->square, err);
    case ')':
    case ']':
        return read_closing(reader, text, err);
    case ':':
        return read_colon(reader, text, ret_length, err);
    default:
        *ret_length = strcspn(text, "\\()[]:");
        return add_part(reader, text, *ret_length, err);
    }
}

/* Neighbours of the same weight become one part: words that brackets cut are whole again. */
static void join_parts(struct prompt_parts *parts)
{
    size_t kept = 0;

    for (size_t i = 0; i < parts->count; i++) {
        struct prompt_part *last = kept > 0 ? &parts->parts[kept - 1] : NULL;

        if (last && last->weight == parts->parts[i].weight)
            last->size += parts->parts[i].size;
        else
            parts->parts[kept++] = parts->parts[i];
    }
    parts->count = kept;
}

int prompt_parts_read(struct prompt_parts *ret_parts, const char *text, struct err *err)
{
    struct reader reader = {.parts = ret_parts};

    while (*text) {
        size_t length;

        if (read_next(&reader, text, &length, err) < 0)
            return err->code;
        text += length;
    }
    while (reader.round.open > 0)
        close_bracket(&reader, &reader.round, STRONGER);
    while (reader.square.open > 0)
        close_bracket(&reader, &reader.square, 1 / STRONGER);
    if (!buf_ok(&ret_parts->plain))
        return err_set_nomem(err, "the prompt");
    join_parts(ret_parts);
    return 0;
}

void prompt_parts_done(struct prompt_parts *parts)
{
    buf_done(&parts->plain);
    free(parts->parts);
}
