/* csv_write.c - rows out; see csv.h. */
#include <string.h>

#include "lib/csv/csv.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* At the start of a file a byte order mark would be taken for the file's own. */
static bool needs_quotes(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] == ',' || text[i] == '"' || text[i] == '\n' || text[i] == '\r')
            return true;
    return size >= 3 && memcmp(text, BYTE_ORDER_MARK, 3) == 0;
}

void csv_write_field(struct buf *out, const char *text, size_t size)
{
    if (!needs_quotes(text, size)) {
        buf_append(out, text, size);
        return;
    }
    buf_append_char(out, '"');
    for (const char *end = text + size; text < end;) {
        const char *quote = memchr(text, '"', (size_t)(end - text));
        size_t part = (size_t)((quote ? quote + 1 : end) - text);

        buf_append(out, text, part);
        if (quote)
            buf_append_char(out, '"');
        text += part;
    }
    buf_append_char(out, '"');
}

void csv_write_row(struct buf *out, const struct csv_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        csv_write_field(out, fields[i].text, fields[i].size);
    }
    if (count == 1 && fields[0].size == 0)
        buf_append_str(out, "\"\"");
    buf_append_char(out, '\n');
}
