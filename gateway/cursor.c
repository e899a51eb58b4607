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

int cursor_read(const char *text, struct cursor *ret_cursor, struct err *err)
{
    OWNED_VALUE(buf) plain = {0};
    struct err bad = {0};
    char *line_end;

    if (strlen(text) < CURSOR_TEXT && base64url_decode(text, &plain, &bad) == 0 &&
        strlen(buf_text(&plain)) == plain.size && text_is_utf8(plain.data, plain.size)) {
        line_end = strchr(plain.data, '\n');
        if (line_end) {
            *line_end = '\0';
            if (text_copy(ret_cursor->search_key, KEY_BYTES, plain.data) == 0 &&
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
