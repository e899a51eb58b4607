/* cursor.c - see cursor.h. base64url of "<search key>\n<name>": neither has control
 * characters. */
#include "gateway/cursor.h"

#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/crypto.h"

void cursor_write(const char *search_key, const char *name, char ret_text[CURSOR_TEXT])
{
    char plain[2 * KEY_BYTES];
    int size = snprintf(plain, sizeof plain, "%s\n%s", search_key, name);

    base64url_encode(plain, (size_t)size, ret_text);
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

/* Decodes base64url without padding; returns the size, or -1. */
static int decode(const char *text, char *out, size_t room)
{
    size_t size = strlen(text), used = 0;
    uint32_t bits = 0;
    int held = 0;

    if (size % 4 == 1 || size / 4 * 3 + 3 > room)
        return -1;
    for (size_t i = 0; i < size; i++) {
        int digit = digit_of(text[i]);

        if (digit < 0)
            return -1;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[used++] = (char)(bits >> held & 0xff);
        }
    }
    return (int)used;
}

int cursor_read(const char *text, struct cursor *ret_cursor, struct err *err)
{
    char plain[2 * KEY_BYTES + 4];
    int size = decode(text, plain, sizeof plain);
    char *line_end;

    if (size >= 0) {
        plain[size] = '\0';
        line_end = strchr(plain, '\n');
        if (line_end && strlen(plain) == (size_t)size && text_is_utf8(plain, (size_t)size)) {
            *line_end = '\0';
            if (text_copy(ret_cursor->search_key, KEY_BYTES, plain) == 0 &&
                text_copy(ret_cursor->name, KEY_BYTES, line_end + 1) == 0)
                return 0;
        }
    }
    return err_set(err, ERR_INVALID, "this cursor is none of ours: start without one");
}

int limit_read(const struct http_request *request, size_t fallback, size_t max,
               size_t *ret_limit, struct err *err)
{
    const char *text = http_query(request, "limit");
    int64_t limit = (int64_t)fallback;

    if (text && text_parse_int(text, 1, (int64_t)max, &limit, err) < 0)
        return err_wrap(err, "limit");
    *ret_limit = (size_t)limit;
    return 0;
}
