/* layout.c - finds header lines that were folded over two, or hold a NUL.
 *
 * libmicrohttpd before 0.9.77 joins a folded line to the name of the one before it, and ends a
 * line at a NUL; both could hide a Content-Length from this server that a proxy in front of it
 * sees. It parses in place: names and values are pieces of one buffer, in which ':' and the
 * line ends became NULs. So in a clean head every value follows its name, and every name
 * follows the value before, with nothing but white space and one line end between; likewise
 * the three parts of the first line. Later versions are asked to refuse both by themselves. */
#include <stdint.h>

#include "lib/http/server_local.h"

/* b - a where that is from 0 to most, else -1. */
static int gap(const char *a, const char *b, int most)
{
    uintptr_t from = (uintptr_t)a, to = (uintptr_t)b;

    return to >= from && to - from <= (uintptr_t)most ? (int)(to - from) : -1;
}

void http_layout_start(struct http_layout *layout, const char *method, const char *target,
                       size_t target_size, const char *version)
{
    bool ok = gap(method + strlen(method), target, 1) == 1 &&
              gap(target + target_size, version, 1) == 1;

    layout->end = ok ? version + strlen(version) : NULL;
}

void http_layout_add(struct http_layout *layout, const char *name, size_t name_size,
                     const char *value, size_t value_size)
{
    int space;

    if (!layout->end)
        return;
    if (gap(layout->end, name, 2) < 1 || !value) { /* LF or CR LF */
        layout->end = NULL;
        return;
    }
    space = gap(name + name_size + 1, value, HTTP_POOL_BYTES);
    for (int i = 0; i < space; i++)
        if (name[name_size + 1 + (size_t)i] != ' ' && name[name_size + 1 + (size_t)i] != '\t')
            space = -1;
    layout->end = space < 0 ? NULL : value + value_size;
}

bool http_layout_ok(const struct http_layout *layout, const char *method, size_t head_size)
{
    return layout->end && gap(layout->end, method + head_size, 4) >= 2;
}
