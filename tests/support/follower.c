/* follower.c - see follower.h. */
#include "tests/support/follower.h"

#include <stdio.h>
#include <string.h>

#include "lib/http/client.h"
#include "tests/support/process.h"

static int take_event(void *ctx, const struct sse_event *event, struct err *err)
{
    struct follower *follower = ctx;

    buf_printf(&follower->got, "%s ", event->type);
    (void)snprintf(follower->last_id, sizeof follower->last_id, "%s", event->id);
    if (follower->on_event)
        follower->on_event(follower->ctx, event);
    if (++follower->seen == follower->stop_after)
        return err_set(err, ERR_TIMEOUT, "enough");
    return 0;
}

static bool take_bytes(void *ctx, const char *bytes, size_t size)
{
    struct follower *follower = ctx;
    struct err err = {0};

    return sse_read(&follower->reader, bytes, size, take_event, follower, &err) == 0;
}

int follower_run(struct follower *follower, const char *garden_url, const char *bearer,
                 const char *job_path, const char *last_id)
{
    char url[400], last[64];
    const char *const headers[] = {bearer, last};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    const struct http_client_request request = {.method = "GET",
                                                .url = url,
                                                .headers = headers,
                                                .header_count = last_id ? 2 : 1,
                                                .deadline_ms = -1,
                                                .on_body = take_bytes,
                                                .on_body_ctx = follower};

    if (!client)
        test_fail("http client: %s", err.text);
    (void)snprintf(url, sizeof url, "%s%s/events", garden_url, job_path);
    (void)snprintf(last, sizeof last, "Last-Event-ID: %s", last_id ? last_id : "");
    (void)http_client_fetch(client, &request, &response, &err);
    sse_reader_done(&follower->reader);
    memset(&follower->reader, 0, sizeof follower->reader);
    return response.status;
}

void follower_done(struct follower *follower)
{
    buf_done(&follower->got);
    sse_reader_done(&follower->reader);
}
