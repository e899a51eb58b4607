/* prefer.c - see prefer.h. */
#include "gateway/prefer.h"

#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

enum { TOKEN = 64 };

static void take(char *token, int most_s, struct prefer *prefer)
{
    char *equals = strchr(token, '=');
    struct err ignored = {0};
    int64_t seconds;

    if (strcasecmp(token, "respond-async") == 0)
        prefer->respond_async = true;
    if (!equals)
        return;
    *equals = '\0';
    if (strcasecmp(token, "wait") == 0 &&
        text_parse_int(equals + 1, 0, INT32_MAX, &seconds, &ignored) == 0)
        prefer->wait_s = seconds < most_s ? (int)seconds : most_s;
}

void prefer_read(const struct http_request *request, int most_s, struct prefer *ret_prefer)
{
    const char *at = http_header(request, "Prefer");

    *ret_prefer = (struct prefer){.wait_s = -1};
    while (at && *at) {
        size_t skip = strspn(at, ", \t"), size = strcspn(at + skip, ",; \t");
        char token[TOKEN];

        if (size > 0 && size < sizeof token) {
            memcpy(token, at + skip, size);
            token[size] = '\0';
            take(token, most_s, ret_prefer);
        }
        at += skip + size;
        if (*at == ';') /* a preference's own parameters */
            at += strcspn(at, ",");
    }
}
