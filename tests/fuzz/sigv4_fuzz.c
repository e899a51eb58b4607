/* Any path, query and headers: what is accepted is signed the same way twice, and comes out as
 * lines that hold what was given and nothing that it smuggled in. */
#include "lib/crypto/sigv4.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIECES = 8 };

/* Cuts the input at its record separators. */
static void cut(char *text, const char *pieces[PIECES])
{
    for (int i = 0; i < PIECES; i++) {
        char *mark = strchr(text, '\x1e');

        pieces[i] = text;
        if (mark) {
            *mark = '\0';
            text = mark + 1;
        } else {
            text += strlen(text);
        }
    }
}

static void check_target(const struct buf *target)
{
    for (size_t i = 0; i < target->size; i++)
        if ((unsigned char)target->data[i] <= ' ' || (unsigned char)target->data[i] >= 0x7f)
            abort();
}

static void check_lines(const struct buf *lines, size_t expected)
{
    size_t count = 0;

    for (const char *p = lines->data; p < lines->data + lines->size; p += strlen(p) + 1) {
        if (strpbrk(p, "\r\n") || !strstr(p, ": "))
            abort();
        count++;
    }
    if (count != expected)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = strndup((const char *)data, size);
    const char *p[PIECES];
    OWNED_VALUE(buf) target = {0}, lines = {0}, again = {0};
    struct err err = {0};

    if (!text)
        return 0;
    cut(text, p);
    const struct sigv4_pair query[] = {{p[1], p[2]}, {"prefix", p[3]}};
    const struct sigv4_pair headers[] = {{p[4], p[5]}, {"x-amz-meta-garden-a", p[6]}};
    const struct sigv4_credentials credentials = {
        .access_key = "a", .secret_key = p[7], .region = "us-east-1", .service = "s3"};
    if (sigv4_target(&target, p[0], query, 2, &err) == 0) {
        struct sigv4_request request = {.method = "GET",
                                        .host = "127.0.0.1:1",
                                        .target = buf_text(&target),
                                        .headers = headers,
                                        .header_count = 2,
                                        .time_ms = (int64_t)size * 86400000};

        check_target(&target);
        sha256_hex(data, size, request.payload_sha256);
        if (sigv4_sign(&lines, &credentials, &request, &err) == 0) {
            check_lines(&lines, 5);
            if (sigv4_sign(&again, &credentials, &request, &err) < 0 ||
                again.size != lines.size || memcmp(again.data, lines.data, lines.size) != 0)
                abort();
        } else if (err.code != ERR_INVALID || lines.size != 0) {
            abort();
        }
    }
    free(text);
    return 0;
}
