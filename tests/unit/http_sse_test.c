/* http_sse_test.c - server-sent events, written and read. */
#include "lib/http/sse.h"
#include "tests/test.h"

/* Collects "[id|type|data]". */
static int collect(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)err;
    CHECK_INT(strlen(event->data), ==, event->size);
    buf_printf(ctx, "[%s|%s|%s]", event->id, event->type, event->data);
    return 0;
}

static int refuse(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)ctx;
    return err_set(err, ERR_CONFLICT, "%s", event->data);
}

static void check_read(const char *bytes, const char *expected)
{
    /* whole, and cut at every place */
    for (size_t cut = 0; cut <= strlen(bytes); cut++) {
        OWNED_VALUE(sse_reader) reader = {0};
        OWNED_VALUE(buf) got = {0};
        struct err err = {0};

        CHECK_OK(sse_read(&reader, bytes, cut, collect, &got, &err), err);
        CHECK_OK(sse_read(&reader, bytes + cut, strlen(bytes) - cut, collect, &got, &err), err);
        CHECK_STR(buf_text(&got), expected);
    }
}

TEST(an_event_is_written_as_the_standard_has_it)
{
    OWNED_VALUE(buf) out = {0};

    sse_write(&out, "7", "step", "{\"a\":1}", 7);
    sse_write(&out, NULL, NULL, "two\nlines\n", 10);
    sse_write(&out, NULL, NULL, "", 0);
    sse_write_retry(&out, 1000);
    CHECK_STR(buf_text(&out), "id: 7\nevent: step\ndata: {\"a\":1}\n\n"
                              "data: two\ndata: lines\ndata: \n\n"
                              "data: \n\n"
                              "retry: 1000\n\n");
}

TEST(what_is_written_is_read_back)
{
    OWNED_VALUE(buf) out = {0};

    sse_write(&out, "7", "step", "{\"a\":1}", 7);
    buf_append_str(&out, SSE_BEAT);
    sse_write(&out, NULL, NULL, "two\nlines", 9);
    check_read(buf_text(&out), "[7|step|{\"a\":1}][7|message|two\nlines]");
}

TEST(every_line_end_and_odd_field_is_understood)
{
    check_read("data: a\r\ndata:b\r\n\r\ndata: c\rid: 5\r\rdata:  d\n\n",
               "[|message|a\nb][5|message|c][5|message| d]");
    check_read("\xef\xbb\xbf"
               "data: first\n\n: a comment\nunknown: x\nevent: e\n\nretry: 5\ndata\n\n",
               "[|message|first][|message|]");
    check_read("data: not complete\n", "");
}

TEST(a_reader_can_be_stopped_and_has_a_limit)
{
    OWNED_VALUE(sse_reader) reader = {.max_bytes = 100};
    OWNED_VALUE(sse_reader) other = {.max_bytes = 100};
    struct err err = {0};
    char line[200];

    CHECK_INT(sse_read(&reader, "data: x\n\ndata: y\n\n", 18, refuse, NULL, &err), ==,
              ERR_CONFLICT);
    CHECK_STR(err.text, "x");
    err_clear(&err);
    memset(line, 'x', sizeof line);
    CHECK_INT(sse_read(&other, line, sizeof line, refuse, NULL, &err), ==, ERR_TOO_LARGE);
}
