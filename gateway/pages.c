/* pages.c - see pages.h. */
#include "gateway/pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/media.h"
#include "gateway/pictures.h"
#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/crypto/crypto.h"
#include "services/common/shipped.h"

enum { MAX_PAGE = 8 << 20, MAX_DEPTH = 8 };

struct pages {
    struct map *by_path; /* of struct blob */
};

static int read_file(const char *path, struct buf *out, struct err *err)
{
    FILE *file = fopen(path, "re");
    size_t n = 1;

    if (!file)
        return err_set_errno(err, "opening %s", path);
    while (n > 0 && out->size <= MAX_PAGE) {
        char *room = buf_reserve(out, 65536);

        n = room ? fread(room, 1, 65536, file) : 0;
        out->size += n;
    }
    if (ferror(file))
        (void)err_set_errno(err, "reading %s", path);
    else if (!buf_ok(out))
        (void)err_set_nomem(err, path);
    else if (out->size > MAX_PAGE)
        (void)err_set(err, ERR_TOO_LARGE, "%s is over 8 MiB: too large for a page", path);
    (void)fclose(file);
    return err->code;
}

/* Adds a file under the path that it is asked for by. */
static int add_file(struct pages *pages, const char *file, const char *path, struct err *err)
{
    OWNED_VALUE(buf) data = {0};
    struct store_info info = {.mtime_ns = clock_wall_ns()};
    struct stat st;
    struct blob *blob;
    char hash[SHA256_HEX];

    if (read_file(file, &data, err) < 0)
        return err->code;
    sha256_hex(data.data, data.size, hash);
    (void)snprintf(info.etag, sizeof info.etag, "%.32s", hash);
    if (stat(file, &st) == 0)
        info.mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000;
    blob = pictures_blob(path, buf_text(&data), data.size, &info);
    if (!blob || map_put(pages->by_path, path, strlen(path), blob) < 0) {
        blob_free(blob);
        return err_set_nomem(err, path);
    }
    return 0;
}

static int add_entry(struct pages *pages, const char *file, const char *path, int depth,
                     struct err *err);

static int add_folder(struct pages *pages, const char *folder, const char *path, int depth,
                      struct err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    if (!dir)
        return err_set_errno(err, "opening %s", folder);
    while (err->code == 0 && (entry = readdir(dir))) {
        char below[PATH_MAX], name[PATH_MAX];

        if (entry->d_name[0] == '.')
            continue;
        if (snprintf(below, sizeof below, "%s/%s", folder, entry->d_name) < PATH_MAX &&
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name) < PATH_MAX)
            (void)add_entry(pages, below, name, depth, err);
    }
    (void)closedir(dir);
    return err->code;
}

static int add_entry(struct pages *pages, const char *file, const char *path, int depth,
                     struct err *err)
{
    struct stat st;

    if (stat(file, &st) < 0)
        return err_set_errno(err, "looking at %s", file);
    if (S_ISDIR(st.st_mode))
        return depth > 0 ? add_folder(pages, file, path, depth - 1, err) : 0;
    return S_ISREG(st.st_mode) ? add_file(pages, file, path, err) : 0;
}

static int load(struct pages *pages, const struct settings *settings, struct err *err)
{
    char share[PATH_MAX], path[PATH_MAX];

    if (shipped_find(settings->share, "web/index.html", share, err) < 0)
        return err_wrap(err, "the pages");
    if (snprintf(path, sizeof path, "%s/proto/openapi.yaml", share) >= PATH_MAX ||
        add_file(pages, path, "/v1/openapi.yaml", err) < 0)
        return err_wrap(err, "the description of the API");
    if (snprintf(path, sizeof path, "%s/web", share) >= PATH_MAX ||
        add_folder(pages, path, "", MAX_DEPTH, err) < 0)
        return err_wrap(err, "the pages");
    return 0;
}

struct pages *pages_new(const struct settings *settings, struct err *err)
{
    struct pages *pages = calloc(1, sizeof *pages);

    if (pages)
        pages->by_path = map_new();
    if (!pages || !pages->by_path) {
        err_set_nomem(err, "the pages");
        free(pages);
        return NULL;
    }
    if (load(pages, settings, err) < 0) {
        pages_free(pages);
        return NULL;
    }
    return pages;
}

static void free_page(void *ctx, const void *path, size_t path_size, void *blob)
{
    (void)ctx;
    (void)path;
    (void)path_size;
    blob_free(blob);
}

void pages_free(struct pages *pages)
{
    if (!pages)
        return;
    map_each(pages->by_path, free_page, NULL);
    map_free(pages->by_path);
    free(pages);
}

static struct blob *find(const struct pages *pages, const char *path)
{
    if (strcmp(path, "/") == 0)
        path = "/index.html";
    return map_get(pages->by_path, path, strlen(path));
}

const char *pages_text(const struct pages *pages, const char *path, size_t *ret_size)
{
    const struct blob *blob = find(pages, path);

    if (!blob)
        return NULL;
    *ret_size = blob->size;
    return blob->data;
}

void pages_headers(struct reply *reply)
{
    reply_header(reply, "Content-Security-Policy",
                 "default-src 'none'; script-src 'self'; style-src 'self'; "
                 "img-src 'self' blob:; media-src 'self' blob:; connect-src 'self'; "
                 "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
                 "frame-ancestors 'none'");
    reply_header(reply, "Referrer-Policy", "no-referrer");
    reply_header(reply, "X-Frame-Options", "DENY");
    reply_header(reply, "Cross-Origin-Opener-Policy", "same-origin");
}

static bool answer(const struct pages *pages, struct http_request *request, struct reply *reply)
{
    struct blob *blob = find(pages, http_path(request));

    if (!blob)
        return false;
    pages_headers(reply);
    pictures_answer(request, blob_ref(blob), reply);
    return true;
}

void pages_get(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    if (!answer(gateway->pages, request, reply))
        reply_problem(reply, request, 404, "there is nothing at %.200s", http_path(request));
}

void pages_or_object(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    if (!answer(gateway->pages, request, reply))
        pictures_get(gateway, request, reply);
}

bool pages_or_object_attempt(struct gateway *gateway, struct http_request *request,
                             struct reply *reply)
{
    return answer(gateway->pages, request, reply) || pictures_attempt(gateway, request, reply);
}
