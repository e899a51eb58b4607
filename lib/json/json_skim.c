/* json_skim.c - see json_skim.h.
 *
 * One pass copies the document without the members that are not wanted; the parser reads the
 * copy and finds out whether it is JSON, so that this pass need not. Only what is wrong inside
 * of a member that is left out, or right beside it, can go unseen. */
#include "lib/json/json_skim.h"

#include <string.h>

#include "lib/json/json_internal.h"

/* The document, read from left to right, and its copy. */
struct skim {
    const char *text, *end;
    char *out, *next; /* out has room for the whole text */
    bool (*wanted)(const char *name, size_t size);
};

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
        p++;
    return p;
}

/* Past the array or object that starts at p, or NULL. */
static const char *skip_nested(const char *p, const char *end)
{
    size_t depth = 0;

    while (p && p < end) {
        if (*p == '"') {
            p = json_skip_string(p, end);
            continue;
        }
        depth += *p == '{' || *p == '[';
        depth -= *p == '}' || *p == ']';
        p++;
        if (depth == 0)
            return p;
    }
    return NULL;
}

static const char *skip_value(const char *p, const char *end)
{
    if (p >= end)
        return NULL;
    if (*p == '"')
        return json_skip_string(p, end);
    if (*p == '{' || *p == '[')
        return skip_nested(p, end);
    while (p < end && !strchr(",}] \n\r\t", *p))
        p++;
    return p;
}

static void copy(struct skim *skim, const char *from, const char *to)
{
    memcpy(skim->next, from, (size_t)(to - from));
    skim->next += to - from;
}

/* Leaves out the member whose value starts at p, with the comma after it or, where it is the
 * last one, before it. */
static const char *leave_out(struct skim *skim, const char *p)
{
    p = skip_value(skip_space(p, skim->end), skim->end);
    if (!p)
        return NULL;
    p = skip_space(p, skim->end);
    if (p < skim->end && *p == ',') {
        const char *name = skip_space(p + 1, skim->end);

        return name < skim->end && *name == '"' ? name : p;
    }
    if (skim->next > skim->out && skim->next[-1] == ',')
        skim->next--;
    return p;
}

/* Copies the string at p, or leaves out the member that it names. */
static const char *take_string(struct skim *skim, const char *p)
{
    const char *past = json_skip_string(p, skim->end), *colon;
    size_t size;

    if (!past)
        return NULL;
    colon = skip_space(past, skim->end);
    size = (size_t)(past - p) - 2;
    if (colon < skim->end && *colon == ':' && !memchr(p + 1, '\\', size) &&
        !skim->wanted(p + 1, size))
        return leave_out(skim, colon + 1);
    copy(skim, p, past);
    return past;
}

static int skim_all(struct skim *skim)
{
    const char *p = skim->text;

    while (p && p < skim->end) {
        const char *token = skip_space(p, skim->end);

        if (token == skim->end)
            break;
        if (token > p && !strchr("\"{}[],:", *token))
            *skim->next++ = ' '; /* or "1 2" would become 12 */
        p = token;
        if (*p == '"')
            p = take_string(skim, p);
        else
            *skim->next++ = *p++;
    }
    return p ? 0 : -1;
}

json_t *json_skim(const void *text, size_t size, bool (*wanted)(const char *name, size_t size),
                  struct err *err)
{
    OWNED_VALUE(buf) out = {0};
    struct skim skim = {.text = text, .end = (const char *)text + size, .wanted = wanted};
    struct err ignored = {0};
    json_t *value;

    skim.out = skim.next = buf_reserve(&out, size);
    if (!skim.out) {
        err_set_nomem(err, "a JSON document");
        return NULL;
    }
    if (skim_all(&skim) == 0) {
        value = json_parse(skim.out, (size_t)(skim.next - skim.out), &ignored);
        if (value)
            return value;
    }
    return json_parse(text, size, err); /* again, for the place of what is wrong */
}
