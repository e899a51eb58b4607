/* remote.c - see remote.h. */
#include "gardenctl/remote.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "services/common/garden_conf.h"

enum { RETRIES = 4, DEADLINE_MS = 60000 };

static const char *setting(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value && *value ? value : fallback;
}

int remote_read_key(struct buf *out, struct err *err)
{
    const char *key = setting("GARDEN_OPERATOR_KEY", NULL);
    const char *data = setting("GARDEN_DATA", "./data");
    char path[4096], line[REMOTE_KEY];
    FILE *file;

    if (key) {
        buf_append_str(out, key);
        return 0;
    }
    (void)snprintf(path, sizeof path, "%s/operator.key", data);
    file = fopen(path, "re");
    if (!file && errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND,
                       "no operator key: set GARDEN_OPERATOR_KEY, or GARDEN_DATA to the "
                       "garden's folder (there is no %.120s)",
                       path);
    if (!file)
        return err_set_errno(err, "reading the operator's key from %.150s", path);
    if (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        buf_append_str(out, line);
    }
    (void)fclose(file);
    return out->size ? 0 : err_set(err, ERR_INVALID, "%.200s is empty", path);
}

int remote_open(struct remote *remote, struct err *err)
{
    const char *url = setting("GARDEN_URL", "http://127.0.0.1:8080");
    OWNED_VALUE(buf) key = {0};
    size_t size = strlen(url);

    *remote = (struct remote){0};
    if (!text_starts_with(url, "http://") && !text_starts_with(url, "https://"))
        return err_set(err, ERR_INVALID,
                       "GARDEN_URL is '%.100s', but has to start with http:// or https://",
                       url);
    while (size && url[size - 1] == '/')
        size--;
    if (size >= sizeof remote->url)
        return err_set(err, ERR_INVALID, "GARDEN_URL is longer than %d bytes", REMOTE_URL - 1);
    memcpy(remote->url, url, size);
    if (remote_read_key(&key, err) < 0)
        return err->code;
    if (key.size > REMOTE_KEY)
        return err_set(err, ERR_INVALID, "the operator's key is longer than %d bytes",
                       REMOTE_KEY);
    (void)snprintf(remote->authorization, sizeof remote->authorization,
                   "Authorization: Bearer %s", buf_text(&key));
    remote->client = http_client_new(err);
    return remote->client ? 0 : err->code;
}

void remote_done(struct remote *remote)
{
    http_client_free(remote->client);
    remote->client = NULL;
}

/* What the answer itself says: detail or title of a problem, else its first line. */
static void copy_reason(const struct http_client_response *response, char *out, size_t size)
{
    struct err ignored = {0};
    const char *detail = NULL;
    OWNED_JSON body = response->body.size
                          ? json_parse(response->body.data, response->body.size, &ignored)
                          : NULL;

    if (json_is_object(body)) {
        (void)json_opt_str(body, "title", &detail, &ignored);
        (void)json_opt_str(body, "detail", &detail, &ignored);
    }
    if (!detail)
        detail = buf_text(&response->body);
    (void)snprintf(out, size, "%.*s", (int)strcspn(detail, "\r\n"), detail);
}

static int code_of_status(int status)
{
    switch (status) {
    case 404:
        return ERR_NOT_FOUND;
    case 409:
        return ERR_CONFLICT;
    case 413:
        return ERR_TOO_LARGE;
    case 429:
    case 502:
    case 503:
        return ERR_UNAVAILABLE;
    case 504:
        return ERR_TIMEOUT;
    default:
        return status < 500 ? ERR_INVALID : ERR_REMOTE;
    }
}

int remote_check(const struct remote *remote, const struct http_client_response *response,
                 const struct err *failure, struct err *err)
{
    char reason[160];

    if (response->status == 0)
        return err_set(
            err, failure->code ? failure->code : ERR_UNAVAILABLE,
            "the garden at %.80s does not answer (%.90s): start it with gardenctl up, "
            "or set GARDEN_URL",
            remote->url, failure->text);
    if (response->status < 400)
        return 0;
    if (response->status == 401 || response->status == 403)
        return err_set(err, ERR_DENIED,
                       "the garden at %.80s does not take the operator's key: set "
                       "GARDEN_OPERATOR_KEY, or GARDEN_DATA to that garden's folder",
                       remote->url);
    copy_reason(response, reason, sizeof reason);
    return err_set(err, code_of_status(response->status), "%s%s(status %d)", reason,
                   *reason ? " " : "the garden refuses ", response->status);
}

int remote_call(struct remote *remote, const char *method, const char *path,
                const struct buf *body, json_t **ret, struct err *err)
{
    const char *const headers[] = {remote->authorization, "Content-Type: application/json"};
    OWNED_VALUE(buf) url = {0};
    struct http_client_response response = {0};
    struct http_client_request request = {
        .method = method,
        .headers = headers,
        .header_count = body ? 2 : 1,
        .body = body ? body->data : NULL,
        .body_size = body ? body->size : 0,
        .deadline_ms = DEADLINE_MS,
        .retries = RETRIES,
    };
    struct err failure = {0};
    int r;

    buf_append_str(&url, remote->url);
    buf_append_str(&url, path);
    request.url = buf_text(&url);
    (void)http_client_fetch(remote->client, &request, &response, &failure);
    r = remote_check(remote, &response, &failure, err);
    if (r == 0 && ret) {
        *ret = json_parse(buf_text(&response.body), response.body.size, err);
        r = *ret ? 0 : err_wrap(err, "the answer to %s %.80s", method, path);
    }
    http_client_response_done(&response);
    return r;
}
