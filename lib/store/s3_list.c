/* s3_list.c - see s3_list.h. */
#include "lib/store/s3_list.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/store/s3_xml.h"

enum { PAGE = 1000 }; /* the most that S3 gives at a time */

struct page {
    struct buf keys;  /* as they came, each with its NUL */
    struct buf infos; /* a struct store_info for each */
    struct store_info info;
    char key[3 * STORE_KEY_MAX + 1], token[4096]; /* token: to go on with, "" at the end */
    bool encoded;                                 /* keys are */
    bool truncated;
};

static void page_done(struct page *page)
{
    buf_done(&page->keys);
    buf_done(&page->infos);
}

void s3_copy_etag(char out[STORE_ETAG], const char *etag)
{
    size_t size;

    etag += *etag == '"';
    size = strlen(etag);
    size -= size > 0 && etag[size - 1] == '"';
    (void)snprintf(out, STORE_ETAG, "%.*s", (int)size, etag);
}

static int read_object(struct page *page, const char *name, const char *text, struct err *err)
{
    int64_t number;
    int rc = 0;

    if (strcmp(name, "Key") == 0) {
        if (text_copy(page->key, sizeof page->key, text) < 0)
            page->key[0] = '\0'; /* too long for any key of ours: is left out */
    } else if (strcmp(name, "ETag") == 0) {
        s3_copy_etag(page->info.etag, text);
    } else if (strcmp(name, "Size") == 0) {
        rc = text_parse_int(text, 0, INT64_MAX, &number, err);
        if (rc == 0)
            page->info.size = (uint64_t)number;
    } else if (strcmp(name, "LastModified") == 0) {
        rc = clock_parse_rfc3339(text, &number, err);
        if (rc == 0)
            page->info.mtime_ns = number * 1000000;
    }
    return rc < 0 ? err_wrap(err, "the list's %s", name) : 0;
}

static int on_element(void *ctx, const char *path, const char *text, struct err *err)
{
    static const char object[] = "ListBucketResult/Contents";
    struct page *page = ctx;

    if (text_starts_with(path, object)) {
        if (path[sizeof object - 1] == '/')
            return read_object(page, path + sizeof object, text, err);
        buf_append(&page->keys, page->key, strlen(page->key) + 1);
        buf_append(&page->infos, &page->info, sizeof page->info);
        memset(&page->info, 0, sizeof page->info);
        page->key[0] = '\0';
    } else if (strcmp(path, "ListBucketResult/EncodingType") == 0) {
        page->encoded = strcmp(text, "url") == 0;
    } else if (strcmp(path, "ListBucketResult/IsTruncated") == 0) {
        page->truncated = strcmp(text, "true") == 0;
    } else if (strcmp(path, "ListBucketResult/NextContinuationToken") == 0) {
        if (text_copy(page->token, sizeof page->token, text) < 0)
            return err_set(err, ERR_REMOTE, "the list's token is too long");
    }
    return 0;
}

static int read_page(struct page *page, const struct http_client_response *response,
                     struct err *err)
{
    int rc;

    page->token[0] = '\0';
    buf_clear(&page->keys);
    buf_clear(&page->infos);
    page->encoded = page->truncated = false;
    rc = s3_xml_read(buf_text(&response->body), response->body.size, on_element, page, err);
    if (rc == 0 && (!buf_ok(&page->keys) || !buf_ok(&page->infos)))
        rc = err_set_nomem(err, "the list");
    if (rc == 0 && page->truncated && !*page->token)
        rc = err_set(err, ERR_REMOTE, "there is more, but no token to go on with");
    return rc < 0 ? err_wrap(err, "list the bucket") : 0;
}

static int ask_page(struct s3_client *client, const struct store_listing *listing, size_t most,
                    struct page *page, struct err *err)
{
    char count[16];
    struct http_client_response response = {0};
    struct sigv4_pair query[] = {
        {"list-type", "2"},  {"encoding-type", "url"},
        {"max-keys", count}, {"prefix", listing->prefix},
        {NULL, NULL},
    };
    struct s3_request request = {.method = "GET", .query = query, .query_count = 4};
    int rc;

    (void)snprintf(count, sizeof count, "%zu", most);
    if (*page->token)
        query[request.query_count++] = (struct sigv4_pair){"continuation-token", page->token};
    else if (*listing->after)
        query[request.query_count++] = (struct sigv4_pair){"start-after", listing->after};
    rc = s3_ask(client, &request, &response, err);
    if (rc == 0)
        rc = read_page(page, &response, err);
    http_client_response_done(&response);
    return rc;
}

/* Calls fn for one object of the page; returns 1 where it counts. */
static int tell(const struct store_listing *listing, const struct page *page, const char *raw,
                const struct store_info *info, struct err *err)
{
    OWNED_VALUE(buf) decoded = {0};
    const char *key = raw;
    int rc = 0;

    if (page->encoded) {
        rc = text_url_decode(&decoded, raw, strlen(raw), true, err);
        key = buf_text(&decoded);
    }
    if (rc < 0)
        return err_wrap(err, "list the bucket");
    if (!*key || strlen(key) > STORE_KEY_MAX || store_key_fault(key))
        return 0;
    rc = listing->fn(listing->ctx, key, info, err);
    return rc < 0 ? rc : 1;
}

/* Returns how many objects counted. */
static int tell_page(const struct store_listing *listing, const struct page *page,
                     struct err *err)
{
    const struct store_info *infos = (const void *)page->infos.data;
    const char *raw = page->keys.data;
    size_t count = page->infos.size / sizeof *infos;
    int seen = 0;

    for (size_t i = 0; i < count; i++, raw += strlen(raw) + 1) {
        int rc = tell(listing, page, raw, &infos[i], err);

        if (rc < 0)
            return rc;
        seen += rc;
    }
    return seen;
}

int s3_list(struct s3_client *client, const struct store_listing *listing, struct err *err)
{
    OWNED_VALUE(page) page = {0};
    size_t left = listing->limit ? listing->limit : SIZE_MAX;

    do {
        int seen = ask_page(client, listing, left < PAGE ? left : PAGE, &page, err);

        if (seen == 0)
            seen = tell_page(listing, &page, err);
        if (seen < 0)
            return seen;
        left -= (size_t)seen < left ? (size_t)seen : left;
    } while (*page.token && left > 0);
    return 0;
}
