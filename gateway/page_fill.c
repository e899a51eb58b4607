/* page_fill.c - see page_fill.h. */
#include "gateway/page_fill.h"

#include <stdbool.h>
#include <string.h>

#include "lib/base/text.h"

struct mark {
    const char *start, *end; /* with its braces */
    const char *name;
    size_t name_size;
    char kind; /* '?', '/' or 0 for a value */
};

static bool next_mark(const char *at, const char *end, struct mark *ret)
{
    const char *open = memmem(at, (size_t)(end - at), "{{", 2);
    const char *close = open ? memmem(open, (size_t)(end - open), "}}", 2) : NULL;

    if (!close)
        return false;
    ret->start = open;
    ret->end = close + 2;
    ret->name = open + 2;
    ret->kind = '\0';
    if (*ret->name == '?' || *ret->name == '/')
        ret->kind = *ret->name;
    ret->name += ret->kind != '\0';
    ret->name_size = (size_t)(close - ret->name);
    return true;
}

static const char *value_of(const struct mark *mark, const struct page_value *values,
                            size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (values[i].value && strlen(values[i].name) == mark->name_size &&
            memcmp(values[i].name, mark->name, mark->name_size) == 0)
            return values[i].value;
    return "";
}

/* Where the part that the mark opens is over. */
static const char *after_part(const struct mark *opened, const char *end)
{
    struct mark mark = *opened;

    while (next_mark(mark.end, end, &mark))
        if (mark.kind == '/' && mark.name_size == opened->name_size &&
            memcmp(mark.name, opened->name, mark.name_size) == 0)
            return mark.end;
    return end;
}

void page_fill(struct buf *out, const char *page, size_t size, const struct page_value *values,
               size_t count)
{
    const char *end = page + size;
    struct mark mark;

    while (next_mark(page, end, &mark)) {
        const char *value = value_of(&mark, values, count);

        buf_append(out, page, (size_t)(mark.start - page));
        page = mark.end;
        if (mark.kind == '?' && !*value)
            page = after_part(&mark, end);
        else if (!mark.kind)
            text_escape_markup(out, value);
    }
    buf_append(out, page, (size_t)(end - page));
}
