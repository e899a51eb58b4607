/* generation_events.c - see generation_events.h. */
#include "gateway/generation_events.h"

#include "gateway/drawings.h"
#include "lib/http/sse.h"

enum { QUEUE_BYTES = 512 * 1024 }; /* a few previews */

void generation_events_get(struct gateway *gateway, struct http_request *request,
                           const char *id, struct reply *reply)
{
    const struct http_stream_conf conf = {.beat = SSE_BEAT, .queue_bytes = QUEUE_BYTES};
    struct err err = {0};
    OWNED(http_stream) stream = http_stream_new(&conf, &err);
    int64_t after = -1;
    bool over = false;

    (void)sse_last_id(request, &after);
    if (!stream || drawings_listen(gateway->drawings, id, stream, after, &over, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    reply_header(reply, "Cache-Control", "no-store");
    if (over) {
        reply->status = 204;
        return;
    }
    reply_header(reply, "X-Accel-Buffering", "no"); /* for a proxy in front */
    reply->status = 200;
    reply->type = SSE_TYPE;
    reply->stream = http_stream_ref(stream);
}
