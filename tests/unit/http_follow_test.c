/* http_follow_test.c - lib/http's client reading an answer while it comes. */
#include "lib/http/client.h"
#include "lib/http/sse.h"
#include "lib/http/stream.h"
#include "tests/unit/http_raw.h"

/* /count: three pieces, the next once the client has the one before; else a plain 404. */
static struct http_stream *stream;

static void on_request(void *ctx, struct http_request *request)
{
    struct http_stream_conf conf = {0};
    struct err err = {0};

    (void)ctx;
    if (strcmp(http_path(request), "/count") != 0) {
        http_respond_text(request, 404, "not here");
        return;
    }
    stream = http_stream_new(&conf, &err);
    CHECK(stream != NULL);
    OWNED(http_chunk) chunk = http_chunk_new("1", 1);
    CHECK_OK(http_stream_write(stream, chunk, &err), err);
    http_respond(request, http_response_stream(200, SSE_TYPE, stream));
}

struct follower {
    struct buf got;
    size_t stop_after;
};

/* The server's next piece depends on this one having come. */
static bool take(void *ctx, const char *bytes, size_t size)
{
    struct follower *follower = ctx;
    struct err err = {0};

    buf_append(&follower->got, bytes, size);
    if (follower->got.size == follower->stop_after)
        return false;
    OWNED(http_chunk) chunk = http_chunk_new("+", 1);
    if (follower->got.size < 3)
        CHECK_OK(http_stream_write(stream, chunk, &err), err);
    else
        http_stream_end(stream);
    return true;
}

static int follow(const char *path, struct follower *follower,
                  struct http_client_response *ret_response, struct err *err)
{
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 1, .on_request = on_request};
    OWNED(http_server) server = http_server_start(&conf, err);
    OWNED(http_client) client = http_client_new(err);
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {.method = "GET",
                                          .deadline_ms = -1,
                                          .retries = 3,
                                          .on_body = take,
                                          .on_body_ctx = follower};

    CHECK(server != NULL && client != NULL);
    buf_printf(&url, "http://127.0.0.1:%d%s", http_server_port(server), path);
    request.url = url.data;
    return http_client_fetch(client, &request, ret_response, err);
}

TEST(a_body_is_handed_out_as_it_comes)
{
    OWNED_VALUE(http_client_response) response = {0};
    struct follower follower = {0};
    struct err err = {0};

    CHECK_OK(follow("/count", &follower, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_STR(buf_text(&follower.got), "1++");
    CHECK_INT(response.body.size, ==, 0);
    http_stream_free(stream);
    buf_done(&follower.got);
}

TEST(who_takes_it_can_end_it)
{
    OWNED_VALUE(http_client_response) response = {0};
    struct follower follower = {.stop_after = 2};
    struct err err = {0};

    CHECK_INT(follow("/count", &follower, &response, &err), ==, ERR_TIMEOUT);
    CHECK_HAS(err.text, "ended");
    CHECK_STR(buf_text(&follower.got), "1+"); /* and it is not tried again */
    http_stream_free(stream);
    buf_done(&follower.got);
}

TEST(an_answer_that_is_a_refusal_is_not_handed_out)
{
    OWNED_VALUE(http_client_response) response = {0};
    struct follower follower = {0};
    struct err err = {0};

    CHECK_OK(follow("/nothing", &follower, &response, &err), err);
    CHECK_INT(response.status, ==, 404);
    CHECK_STR(buf_text(&response.body), "not here");
    CHECK_INT(follower.got.size, ==, 0);
}
