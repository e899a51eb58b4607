/* changes.c - see changes.h. */
#include "gateway/changes.h"

#include "gateway/known.h"
#include "gateway/pictures.h"
#include "lib/base/clock.h"

enum { PART = KNOWN_MAX };

static void forget(struct gateway *gateway, const struct object_change_request *request)
{
    if (request->what == OBJECT_CLEAR)
        return;
    if (request->what != OBJECT_COPY)
        pictures_forget(gateway, request->key);
    if (request->to)
        pictures_forget(gateway, request->to);
}

/* The store was changed, only telling of it failed: whatever the reason, the client is to ask
 * again. */
static int published_later(int r, struct err *err)
{
    if (r != ERR_NOMEM && r != ERR_TOO_LARGE)
        err->code = ERR_UNAVAILABLE;
    return err->code;
}

int changes_apply(struct gateway *gateway, struct http_request *request,
                  const struct object_change_request *requests, size_t count,
                  struct object_change_result *ret_results, struct err *err)
{
    for (size_t at = 0; at < count; at += PART) {
        size_t part = count - at < PART ? count - at : PART;
        OWNED(known) known = known_new(gateway, requests + at, part);
        int r;

        if (clock_mono_ms() >= http_deadline_ms(request))
            return err_set(err, ERR_TIMEOUT,
                           "%zu of %zu were done in time: send the request again", at, count);
        r = object_writer_apply(&gateway->writer, known ? known_requests(known) : requests + at,
                                part, http_trace(request), ret_results + at, err);
        for (size_t i = at; i < at + part; i++)
            forget(gateway, &requests[i]);
        if (r < 0)
            return published_later(r, err);
    }
    return 0;
}

int changes_apply_one(struct gateway *gateway, struct http_request *request,
                      const struct object_change_request *change, struct err *err)
{
    struct object_change_result result = {0};

    if (changes_apply(gateway, request, change, 1, &result, err) < 0)
        return err->code;
    return result.code < 0 ? err_set(err, result.code, "%s", result.reason) : 0;
}
