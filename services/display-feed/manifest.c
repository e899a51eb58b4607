/* manifest.c - see manifest.h. */
#include "services/display-feed/manifest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/http/sse.h"
#include "lib/json/json_write.h"

/* A path: whoever reads it came by some host, and the same text goes to all of them. */
static void write_url(struct buf *out, const char *key)
{
    OWNED_VALUE(buf) url = {0};

    buf_append_char(&url, '/');
    text_url_encode(&url, key, strlen(key), true);
    json_put_str(out, "url", buf_text(&url));
}

static void write_pictures(struct buf *out, const char *name,
                           const struct display_picture *pictures, size_t count)
{
    json_write_name(out, name);
    json_write_open(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_write_open(out, '{');
        json_put_str(out, "key", pictures[i].key);
        json_put_str(out, "sha256", pictures[i].sha256);
        write_url(out, pictures[i].key);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

static void write_json(struct manifest *manifest)
{
    const struct display_event *event = &manifest->event;
    struct buf *out = &manifest->json;

    json_write_open(out, '{');
    json_put_str(out, "zone", event->zone);
    json_put_int(out, "version", event->version);
    json_put_int(out, "effective_at", event->effective_at_ms);
    write_pictures(out, "landscape", event->landscape, event->landscape_count);
    write_pictures(out, "portrait", event->portrait, event->portrait_count);
    json_put_int(out, "offset", manifest->offset);
    json_write_close(out, '}');
}

/* False: no memory. */
static bool write_chunk(struct manifest *manifest)
{
    OWNED_VALUE(buf) text = {0};
    char id[24];

    (void)snprintf(id, sizeof id, "%" PRId64, manifest->offset);
    sse_write(&text, id, "manifest", manifest->json.data, manifest->json.size);
    if (buf_ok(&text))
        manifest->chunk = http_chunk_new(text.data, text.size);
    return manifest->chunk != NULL;
}

struct manifest *manifest_new(const void *bytes, size_t size, int64_t offset, struct err *err)
{
    struct manifest *manifest = calloc(1, sizeof *manifest);

    if (!manifest) {
        (void)err_set_nomem(err, "a manifest");
        return NULL;
    }
    atomic_init(&manifest->refs, 1);
    manifest->offset = offset;
    if (display_event_decode(bytes, size, &manifest->event, &manifest->storage, err) == 0) {
        write_json(manifest);
        (void)snprintf(manifest->etag, sizeof manifest->etag, "\"%s-%" PRId64 "\"",
                       manifest->event.zone, manifest->event.version);
        if (!buf_ok(&manifest->json) || !write_chunk(manifest))
            (void)err_set_nomem(err, "a manifest");
    }
    if (err->code == 0)
        return manifest;
    manifest_free(manifest);
    return NULL;
}

struct manifest *manifest_ref(struct manifest *manifest)
{
    if (manifest)
        (void)atomic_fetch_add_explicit(&manifest->refs, 1, memory_order_relaxed);
    return manifest;
}

void manifest_free(struct manifest *manifest)
{
    if (!manifest || atomic_fetch_sub_explicit(&manifest->refs, 1, memory_order_acq_rel) != 1)
        return;
    http_chunk_free(manifest->chunk);
    buf_done(&manifest->json);
    buf_done(&manifest->storage);
    free(manifest);
}

const struct display_picture *manifest_pictures(const struct manifest *manifest,
                                                char orientation, size_t *ret_count)
{
    const struct display_event *event = &manifest->event;

    *ret_count = orientation == 'v' ? event->portrait_count : event->landscape_count;
    return orientation == 'v' ? event->portrait : event->landscape;
}

static bool same_pictures(const struct manifest *a, const struct manifest *b, char orientation)
{
    size_t count, other_count;
    const struct display_picture *pictures = manifest_pictures(a, orientation, &count);
    const struct display_picture *others = manifest_pictures(b, orientation, &other_count);

    if (count != other_count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (strcmp(pictures[i].key, others[i].key) != 0 ||
            strcmp(pictures[i].sha256, others[i].sha256) != 0)
            return false;
    return true;
}

bool manifest_same(const struct manifest *a, const struct manifest *b)
{
    return a->event.version == b->event.version &&
           a->event.effective_at_ms == b->event.effective_at_ms && same_pictures(a, b, 'h') &&
           same_pictures(a, b, 'v');
}
