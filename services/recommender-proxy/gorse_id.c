/* gorse_id.c - see gorse_id.h. */
#include "services/recommender-proxy/gorse_id.h"

#include <string.h>

#include "lib/base/text.h"

#define ESCAPED "/,:%"

static void escape(struct buf *out, char c)
{
    buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
}

/* UTF-8: each character has one byte that does not go on with another. */
static size_t characters(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

int gorse_id_write(struct buf *out, const char *id, struct err *err)
{
    const bool dots = strcmp(id, ".") == 0 || strcmp(id, "..") == 0;
    const size_t start = out->size;

    if (!*id)
        return err_set(err, ERR_INVALID, "an empty id is none for Gorse");
    for (const char *c = id; *c; c++) {
        if (dots || strchr(ESCAPED, *c))
            escape(out, *c);
        else
            buf_append_char(out, *c);
    }
    if (!buf_ok(out))
        return err_set_nomem(err, "an id");
    if (characters(out->data + start, out->size - start) > GORSE_ID_MAX)
        return err_set(err, ERR_INVALID,
                       "'%.60s...' has more than the %d characters that Gorse keeps of an id",
                       id, GORSE_ID_MAX);
    return 0;
}

int gorse_id_check(const char *id, struct err *err)
{
    OWNED_VALUE(buf) written = {0};

    return gorse_id_write(&written, id, err);
}

int gorse_id_read(struct buf *out, const char *id, struct err *err)
{
    OWNED_VALUE(buf) again = {0};
    const size_t start = out->size;

    if (text_url_decode(out, id, strlen(id), false, err) < 0)
        return err->code;
    if (!buf_ok(out))
        return err_set_nomem(err, "an id");
    if (out->size > start && gorse_id_write(&again, out->data + start, err) == 0 &&
        strcmp(buf_text(&again), id) == 0)
        return 0;
    out->size = start;
    return err->code ? err->code
                     : err_set(err, ERR_INVALID, "'%.60s' is no id that was told Gorse", id);
}
