/* http_client_test.c - what lib/http's client sends and reads. */
#include <limits.h>

#include "lib/base/spool.h"
#include "tests/support/process.h"
#include "tests/unit/http_upstream.h"

TEST(what_is_sent_arrives_as_it_is)
{
    static const char *const headers[] = {"X: y", "Content-Type: a/b"};
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(http_client_response) response = {0};
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {.method = "PUT",
                                          .headers = headers,
                                          .header_count = 2,
                                          .body = "hello",
                                          .body_size = 5};
    char value[32];

    upstream_start(&up);
    buf_printf(&url, "%s/a/../b%%2f%%41?q", up.base);
    request.url = url.data;
    CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_STR(buf_text(&response.body),
              "PUT /a/../b%2f%41 type=a/b length=5 expect=no agent=no x=y body=hello");
    CHECK_STR(http_client_header(&response, "x-mixed-case", value, sizeof value),
              "Kept As It Is");
    CHECK_STR(http_client_header(&response, "x-mixed-case", value, 5), "Kept");
    CHECK(!http_client_header(&response, "x-mixed", value, sizeof value));
    upstream_done(&up);
}

TEST(a_body_may_be_a_file)
{
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    struct http_client_request request = {.method = "PUT", .body_size = 5};
    OWNED_VALUE(buf) url = {0};

    request.body_fd = spool_open("/tmp", &err);
    CHECK_OK(spool_write(request.body_fd, 0, "hello and more", 14, &err), err);
    upstream_start(&up);
    request.url = up.base;
    for (int i = 0; i < 2; i++) { /* on a kept connection, too */
        OWNED_VALUE(http_client_response) response = {0};

        CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
        CHECK_STR(buf_text(&response.body), "PUT / type=(none) length=5 expect=no agent=no "
                                            "x=(none) body=hello");
    }
    buf_printf(&url, "%s/third", up.base);
    request.url = buf_text(&url);
    request.retries = 5;
    OWNED_VALUE(http_client_response) third = {0};
    CHECK_OK(http_client_fetch(client, &request, &third, &err), err); /* sent three times */
    CHECK_INT(third.status, ==, 200);
    request.url = up.base;
    request.body_size = 15; /* more than there is */
    request.retries = 0;
    OWNED_VALUE(http_client_response) broken = {0};
    CHECK_INT(http_client_fetch(client, &request, &broken, &err), ==, ERR_IO);
    (void)close(request.body_fd);
    upstream_done(&up);
}

TEST(methods_have_the_bodies_they_should)
{
    static const struct {
        const char *method, *shown;
    } cases[] = {{"GET", "GET / type=(none) length=(none) "},
                 {"POST", "POST / type=(none) length=0 "},
                 {"DELETE", "DELETE / type=(none) length=(none) "},
                 {"PUT", "PUT / type=(none) length=0 "}};
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);

    upstream_start(&up);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(http_client_response) response = {0};
        const struct http_client_request request = {.method = cases[i].method, .url = up.base};

        CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
        CHECK_HAS(buf_text(&response.body), cases[i].shown);
    }
    upstream_done(&up);
}

TEST(head_has_headers_only)
{
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(http_client_response) response = {0};
    struct http_client_request request = {.method = "HEAD", .want_head = true};
    char value[32];

    upstream_start(&up);
    request.url = up.base;
    CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_INT(response.body.size, ==, 0);
    CHECK_STR(http_client_header(&response, "content-type", value, sizeof value), "text/plain");
    upstream_done(&up);
}

TEST(a_redirect_is_an_answer)
{
    struct upstream up;
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    char value[32];

    upstream_start(&up);
    CHECK_OK(get(up.base, "/moved", 3, 0, &response, &err), err);
    CHECK_INT(response.status, ==, 302);
    CHECK_STR(http_client_header(&response, "location", value, sizeof value), "/elsewhere");
    upstream_done(&up);
}

TEST(what_cannot_be_sent_is_said)
{
    static const char *const bad_headers[] = {"X: a\r\nY: b"};
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(http_client_response) response = {0};
    struct http_client_request request = {.method = "GET", .url = "ftp://127.0.0.1/"};

    CHECK_INT(http_client_fetch(client, &request, &response, &err), ==, ERR_INVALID);
    err_clear(&err);
    request.url = "http://";
    CHECK_INT(http_client_fetch(client, &request, &response, &err), ==, ERR_INVALID);
    err_clear(&err);
    request.url = "http://127.0.0.1:1/";
    request.headers = bad_headers;
    request.header_count = 1;
    CHECK_INT(http_client_fetch(client, &request, &response, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "Name: value");
    CHECK_INT(response.status, ==, 0);
}

/* -- the bytes of an answer -- */

static int fetch_scripted(struct script *script, size_t max_body_bytes,
                          struct http_client_response *ret, struct err *err)
{
    OWNED(http_client) client = http_client_new(err);
    struct http_client_request request = {.method = "GET", .max_body_bytes = max_body_bytes};
    char url[64];
    int port, r = 0;

    script->fd = bound_socket(&port);
    script_start(script);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    request.url = url;
    for (int i = 0; i < script->count && r == 0; i++) {
        http_client_response_done(ret);
        r = http_client_fetch(client, &request, ret, err);
    }
    script_end(script);
    return r;
}

TEST(a_connection_is_used_again)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none",
                                          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"};
    struct script script = {.answers = answers, .count = 2, .keep = true};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_OK(fetch_scripted(&script, 0, &response, &err), err);
    CHECK_STR(buf_text(&response.body), "two");
    CHECK_INT(script.connections, ==, 1);
}

TEST(only_the_last_head_is_kept)
{
    static const char *const answers[] = {
        "HTTP/1.1 103 Early Hints\r\nEarly: x\r\n\r\nHTTP/1.1 200 OK\r\nLate: y\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nTrailer: z\r\n\r\n"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};
    char value[8];

    CHECK_OK(fetch_scripted(&script, 0, &response, &err), err);
    CHECK_STR(buf_text(&response.body), "ab");
    CHECK_STR(http_client_header(&response, "late", value, sizeof value), "y");
    CHECK(!http_client_header(&response, "early", value, sizeof value));
    CHECK(!http_client_header(&response, "trailer", value, sizeof value));
}

TEST(an_answer_that_breaks_off_is_an_error)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_INT(fetch_scripted(&script, 0, &response, &err), ==, ERR_REMOTE);
}

TEST(an_answer_that_is_too_large_is_an_error)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_INT(fetch_scripted(&script, 9, &response, &err), ==, ERR_TOO_LARGE);
    CHECK_HAS(err.text, "more than 9 bytes");
}

TEST(what_is_no_http_is_an_error)
{
    static const char *const answers[] = {"SSH-2.0-OpenSSH_9.2\r\n"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_INT(fetch_scripted(&script, 0, &response, &err), ==, ERR_REMOTE);
}

TEST(a_certificate_that_nobody_vouches_for_is_refused)
{
    const char *folder = folder_new();
    char key[PATH_MAX], cert[PATH_MAX], address[32], url[64];
    const char *const make[] = {"openssl",
                                "req",
                                "-x509",
                                "-newkey",
                                "ec",
                                "-pkeyopt",
                                "ec_paramgen_curve:prime256v1",
                                "-nodes",
                                "-days",
                                "1",
                                "-subj",
                                "/CN=127.0.0.1",
                                "-keyout",
                                key,
                                "-out",
                                cert,
                                NULL};
    const char *const serve[] = {"openssl", "s_server", "-accept", address,  "-key", key,
                                 "-cert",   cert,       "-www",    "-quiet", NULL};
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    int port = port_free();
    pid_t server;

    if (access("/usr/bin/openssl", X_OK) < 0)
        SKIP("no openssl program");
    (void)snprintf(key, sizeof key, "%s/key.pem", folder);
    (void)snprintf(cert, sizeof cert, "%s/cert.pem", folder);
    (void)snprintf(address, sizeof address, "127.0.0.1:%d", port);
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%d", port);
    CHECK_INT(process_run(make, NULL, NULL, 10000), ==, 0);
    server = process_start(serve, NULL, "/dev/null");
    CHECK_INT(get(url, "/", 20, 10000, &response, &err), ==, ERR_REMOTE); /* once it is up */
    CHECK_HAS(err.text, "certificate");
    (void)process_end(server, SIGKILL, 5000);
}
