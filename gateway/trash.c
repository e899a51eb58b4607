/* trash.c - see trash.h. A picture in the trash is the object trash/<its key>. */
#include "gateway/trash.h"

#include <stdio.h>
#include <string.h>

#include "gateway/body.h"
#include "gateway/changes.h"
#include "gateway/cursor.h"
#include "gateway/dispatch.h"
#include "gateway/pictures.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/key.h"

enum { DEFAULT_LIMIT = 100, MAX_LIMIT = 1000, PREFIX = sizeof KEY_TRASH_PREFIX - 1 };

struct listing {
    struct buf *out;
    size_t seen, limit;
    bool more;
    char last[KEY_BYTES];
};

static int write_entry(void *ctx, const char *key, const struct store_info *info,
                       struct err *err)
{
    struct listing *listing = ctx;
    char removed[CLOCK_TEXT];

    (void)err;
    if (listing->seen == listing->limit) {
        listing->more = true;
        return 0;
    }
    listing->seen++;
    (void)text_copy(listing->last, sizeof listing->last, key + PREFIX);
    clock_format_rfc3339(info->mtime_ns / 1000000, removed);
    json_write_open(listing->out, '{');
    json_put_str(listing->out, "key", key + PREFIX);
    json_put_int(listing->out, "size_bytes", (int64_t)info->size);
    json_put_str(listing->out, "written", removed);
    json_write_close(listing->out, '}');
    return 0;
}

static int read_after(struct http_request *request, char ret_after[KEY_BYTES], struct err *err)
{
    const char *cursor = http_query(request, "cursor");
    struct cursor place;

    *ret_after = '\0';
    if (!cursor)
        return 0;
    if (cursor_read(cursor, &place, err) < 0)
        return err->code;
    (void)snprintf(ret_after, KEY_BYTES, KEY_TRASH_PREFIX "%.1000s", place.name);
    return 0;
}

void trash_list(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    OWNED_VALUE(buf) out = {0};
    struct listing listing = {.out = &out};
    char after[KEY_BYTES], cursor[CURSOR_TEXT];
    struct err err = {0};

    if (limit_read(request, DEFAULT_LIMIT, MAX_LIMIT, &listing.limit, &err) < 0 ||
        read_after(request, after, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    json_write_open(&out, '{');
    json_write_name(&out, "items");
    json_write_open(&out, '[');
    if (store_list(gateway->store, KEY_TRASH_PREFIX, *after ? after : NULL, listing.limit + 1,
                   write_entry, &listing, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    json_write_close(&out, ']');
    if (listing.more)
        cursor_write("", listing.last, cursor);
    json_put_str(&out, "cursor", listing.more ? cursor : NULL);
    json_write_close(&out, '}');
    reply_json(reply, 200, &out);
}

/* A key as it was, or as it is in the trash. */
static const char *original_key(const char *key)
{
    return text_starts_with(key, KEY_TRASH_PREFIX) ? key + PREFIX : key;
}

static const char *word_of(int code)
{
    if (code == 0)
        return "restored";
    if (code == ERR_NOT_FOUND)
        return "not_found";
    return code == ERR_INVALID ? "bad_key" : "failed";
}

static int restore_one(struct gateway *gateway, struct http_request *request, const char *key,
                       struct err *err)
{
    char from[KEY_BYTES];
    const struct object_change_request change = {.what = OBJECT_MOVE, .key = from, .to = key};
    struct key parsed;

    if (key_parse(key, strlen(key), &parsed, err) < 0)
        return err->code;
    if (strlen(key) + PREFIX >= KEY_BYTES)
        return err_set(err, ERR_INVALID, "the key is too long to be in the trash");
    (void)snprintf(from, sizeof from, KEY_TRASH_PREFIX "%.1018s", key);
    return changes_apply_one(gateway, request, &change, err);
}

void trash_restore(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    OWNED_VALUE(key_list) keys = {0};
    OWNED_VALUE(buf) out = {0};
    OWNED_JSON body = NULL;
    struct err err = {0};
    size_t restored = 0;

    body = body_object(request, &err);
    if (!body || key_list_read(json_object_get(body, "keys"), "keys", &keys, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    json_write_open(&out, '{');
    json_write_name(&out, "results");
    json_write_open(&out, '[');
    for (size_t i = 0; i < keys.count; i++) {
        const char *key = original_key(keys.keys[i]);
        int code;

        err_clear(&err);
        code = restore_one(gateway, request, key, &err);
        if (problem_status_of(code) == 503 && code < 0) {
            reply_error(reply, request, &err);
            return;
        }
        restored += code == 0;
        json_write_open(&out, '{');
        json_put_str(&out, "key", key);
        json_put_str(&out, "result", word_of(code));
        if (code < 0)
            json_put_str(&out, "reason", err.text);
        json_write_close(&out, '}');
    }
    json_write_close(&out, ']');
    json_put_int(&out, "restored", (int64_t)restored);
    json_write_close(&out, '}');
    reply_json(reply, 200, &out);
}

void trash_delete(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    const char *key = original_key(dispatch_rest(request));
    char in_trash[KEY_BYTES];
    struct err err = {0};
    struct key parsed;
    bool existed = false;
    int n = snprintf(in_trash, sizeof in_trash, KEY_TRASH_PREFIX "%s", key);

    if (n >= KEY_BYTES)
        (void)err_set(&err, ERR_INVALID, "the key is too long to be in the trash");
    else if (key_parse(key, strlen(key), &parsed, &err) == 0 &&
             store_remove(gateway->store, in_trash, &existed, &err) == 0 && !existed)
        (void)err_set(&err, ERR_NOT_FOUND, "%.80s is not in the trash", key);
    if (err.code)
        reply_error(reply, request, &err);
    else
        reply->status = 204;
}
