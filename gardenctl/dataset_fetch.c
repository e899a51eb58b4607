/* dataset_fetch.c - see dataset_fetch.h. */
#include "gardenctl/dataset_fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/spool.h"
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"

enum { PART_BYTES = 8 << 20, PART_MS = 120000, RETRIES = 4 };

/* *ret_size: how many bytes came; 0 past the end. */
static int fetch_part(struct remote *remote, const char *key, uint64_t offset,
                      struct http_client_response *response, struct err *err)
{
    char range[96];
    const char *const headers[] = {remote->authorization, range};
    OWNED_VALUE(buf) url = {0};
    struct err failure = {0};
    struct http_client_request request = {.method = "GET",
                                          .headers = headers,
                                          .header_count = 2,
                                          .deadline_ms = PART_MS,
                                          .retries = RETRIES};

    (void)snprintf(range, sizeof range, "Range: bytes=%" PRIu64 "-%" PRIu64, offset,
                   offset + PART_BYTES - 1);
    buf_printf(&url, "%s/", remote->url);
    text_url_encode(&url, key, strlen(key), true);
    request.url = buf_text(&url);
    (void)http_client_fetch(remote->client, &request, response, &failure);
    if (response->status == 416)
        return 0;
    if (remote_check(remote, response, &failure, err) < 0)
        return err_wrap(err, "fetching %.100s", key);
    return 0;
}

static int fetch_parts(struct remote *remote, const char *key, int fd, char hex[SHA256_HEX],
                       struct err *err)
{
    OWNED(sha256_sum) sum = sha256_sum_new();

    for (uint64_t offset = 0;;) {
        OWNED_VALUE(http_client_response) response = {0};
        size_t size;

        if (fetch_part(remote, key, offset, &response, err) < 0)
            return err->code;
        size = response.status == 416 ? 0 : response.body.size;
        sha256_sum_add(sum, response.body.data, size);
        if (spool_write(fd, offset, response.body.data, size, err) < 0)
            return err->code;
        offset += size;
        if (size < PART_BYTES || response.status == 200)
            break;
    }
    sha256_sum_hex(sum, hex);
    return 0;
}

int dataset_fetch(struct remote *remote, const char *key, const char *sha256, const char *path,
                  struct err *err)
{
    char part[PATH_MAX], hex[SHA256_HEX];
    int fd, r;

    (void)snprintf(part, sizeof part, "%s.part", path);
    fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set_errno(err, "writing %.200s", part);
    r = fetch_parts(remote, key, fd, hex, err);
    if (r == 0 && strcmp(hex, sha256) != 0)
        r = err_set(err, ERR_CONFLICT,
                    "%.100s has other bytes than this export: a later one has taken its place, "
                    "so export again",
                    key);
    if (r == 0 && fsync(fd) < 0)
        r = err_set_errno(err, "writing %.200s", part);
    (void)close(fd);
    if (r == 0 && rename(part, path) < 0)
        r = err_set_errno(err, "naming %.200s", path);
    if (r < 0)
        (void)unlink(part);
    return r;
}
