/* What the S3 store makes of answers that a healthy server does not give: a server of the
 * test's own gives them. */
#include "tests/contract/store_fixture.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>

#include "lib/base/clock.h"

/* Gives each connection one answer, the last again and again; keeps the last request. */
struct server {
    int fd, port;
    const char *const *answers;
    int next, requests;
    char last[8192];
    pthread_t thread;
};

static void answer(struct server *server, int fd)
{
    const char *text = server->answers[server->next];
    size_t size = 0;
    ssize_t n;

    while ((n = read(fd, server->last + size, sizeof server->last - 1 - size)) > 0) {
        size += (size_t)n;
        server->last[size] = '\0';
        if (strstr(server->last, "\r\n\r\n"))
            break;
    }
    server->requests++;
    if (server->answers[server->next + 1])
        server->next++;
    CHECK_INT(write(fd, text, strlen(text)), ==, strlen(text));
    (void)shutdown(fd, SHUT_WR);
    while (read(fd, server->last + size, 1) > 0)
        continue; /* the rest of the request */
    (void)close(fd);
}

static void *serve(void *ctx)
{
    struct server *server = ctx;
    int fd;

    while ((fd = accept(server->fd, NULL, NULL)) >= 0)
        answer(server, fd);
    return NULL;
}

static struct store *open_at(int port, const char *more)
{
    char url[256];
    const struct store_conf conf = {
        .url = url, .access_key = "key", .secret_key = "secret", .timeout_ms = 3000};
    struct err err = {0};
    struct store *store;

    (void)snprintf(url, sizeof url, "s3://garden?endpoint=http://127.0.0.1:%d%s", port, more);
    store = store_open(&conf, &err);
    if (!store)
        TEST_FAIL("open: %s", err.text);
    return store;
}

/* A server that gives these answers (NULL ends them), and a store on it. */
static struct store *start(struct server *server, const char *const *answers)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    *server = (struct server){.answers = answers};
    server->fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK_INT(bind(server->fd, (struct sockaddr *)&address, size), ==, 0);
    CHECK_INT(listen(server->fd, 16), ==, 0);
    CHECK_INT(getsockname(server->fd, (struct sockaddr *)&address, &size), ==, 0);
    server->port = ntohs(address.sin_port);
    CHECK_INT(pthread_create(&server->thread, NULL, serve, server), ==, 0);
    return open_at(server->port, "");
}

static void stop(struct server *server)
{
    (void)shutdown(server->fd, SHUT_RDWR);
    CHECK_INT(pthread_join(server->thread, NULL), ==, 0);
    (void)close(server->fd);
}

#define ERROR_ANSWER(status, code)                                                      \
    "HTTP/1.1 " status "\r\nDate: Mon, 04 May 2026 09:08:07 GMT\r\n"                    \
    "Content-Type: application/xml\r\nConnection: close\r\n\r\n"                        \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>" code "</Code><Message>" \
    "told &lt;so&gt;</Message><RequestId>1</RequestId></Error>"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nConnection: close\r\n"

TEST(each_refusal_has_its_code_and_its_remedy)
{
    static const struct {
        const char *answer;
        int code;
        const char *text;
    } cases[] = {
        {ERROR_ANSWER("404 Not Found", "NoSuchKey"), ERR_NOT_FOUND, "a/b.jpeg"},
        {ERROR_ANSWER("404 Not Found", "NoSuchBucket"), ERR_INVALID, "create it"},
        {ERROR_ANSWER("403 Forbidden", "SignatureDoesNotMatch"), ERR_DENIED,
         "AWS_SECRET_ACCESS_KEY"},
        {ERROR_ANSWER("403 Forbidden", "InvalidAccessKeyId"), ERR_DENIED, "AWS_ACCESS_KEY_ID"},
        {ERROR_ANSWER("403 Forbidden", "AccessDenied"), ERR_DENIED, "give the access key"},
        {ERROR_ANSWER("403 Forbidden", "RequestTimeTooSkewed"), ERR_DENIED,
         "clock is off, the server's says Mon, 04 May 2026 09:08:07 GMT"},
        {ERROR_ANSWER("400 Bad Request", "AuthorizationHeaderMalformed"), ERR_INVALID,
         "region="},
        {ERROR_ANSWER("409 Conflict", "OperationAborted"), ERR_CONFLICT,
         "OperationAborted told <so>"},
        {ERROR_ANSWER("507 Insufficient Storage", "QuotaExceeded"), ERR_IO, "no space left"},
        {ERROR_ANSWER("500 Internal Server Error", "InternalError"), ERR_UNAVAILABLE, "later"},
        {ERROR_ANSWER("404 Not Found", "NoSuchUpload"), ERR_REMOTE, "status 404"},
        {ERROR_ANSWER("418 Teapot", "Odd"), ERR_REMOTE, "status 418 Odd"},
        {"HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n<html>not xml", ERR_DENIED, "403"},
        {"HTTP/1.1 502 Bad\r\nRetry-After: 60\r\nConnection: close\r\n\r\nproxy",
         ERR_UNAVAILABLE, "502"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *const answers[] = {cases[i].answer, NULL};
        struct server server;
        OWNED(store) store = start(&server, answers);
        struct store_info info = {.size = 42};
        struct err err = {0};

        CHECK_INT(store_put(store, "a/b.jpeg", "x", 1, NULL, &info, &err), ==, cases[i].code);
        CHECK_HAS(err.text, cases[i].text);
        CHECK_INT(info.size, ==, 42);
        stop(&server);
    }
}

TEST(a_busy_server_is_asked_again)
{
    static const char *const answers[] = {
        ERROR_ANSWER("503 Slow Down", "SlowDown"),
        OK_ANSWER "ETag: \"abc\"\r\nContent-Length: 0\r\n\r\n", NULL};
    struct server server;
    OWNED(store) store = start(&server, answers);
    struct store_info info;
    struct err err = {0};

    CHECK_OK(store_put(store, "a", "x", 1, NULL, &info, &err), err);
    CHECK_STR(info.etag, "abc");
    CHECK_INT(server.requests, ==, 2);
    stop(&server);
}

TEST(what_is_sent_is_signed_and_carries_the_measures)
{
    static const char *const answers[] = {OK_ANSWER "Content-Length: 0\r\n\r\n", NULL};
    const struct store_meta meta = {.sha256 = "00ff", .width = 1280, .height = 800};
    struct server server;
    OWNED(store) store = start(&server, answers);
    struct err err = {0};

    CHECK(store_may_block(store));
    CHECK_OK(store_put(store, "a b+c%/행.jpeg", "x", 1, &meta, NULL, &err), err);
    CHECK_HAS(server.last, "PUT /garden/a%20b%2Bc%25/%ED%96%89.jpeg HTTP/1.1\r\n");
    CHECK_HAS(server.last, "content-type: image/jpeg\r\n");
    CHECK_HAS(server.last, "x-amz-meta-garden-sha256: 00ff\r\n");
    CHECK_HAS(server.last, "x-amz-meta-garden-width: 1280\r\n");
    CHECK_HAS(server.last, "x-amz-meta-garden-height: 800\r\n");
    CHECK_HAS(server.last, /* of "x" */
              "x-amz-content-sha256: "
              "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881\r\n");
    CHECK_HAS(server.last, "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;"
                           "x-amz-meta-garden-height;");
    CHECK(!strstr(server.last, "Expect:"));
    stop(&server);
}

TEST(a_copy_may_fail_inside_a_200)
{
    static const char *const failed[] = {
        OK_ANSWER "\r\n<Error><Code>InternalError</Code></Error>", NULL};
    static const char *const worked[] = {
        OK_ANSWER "\r\n   <CopyObjectResult><ETag>&quot;e&quot;</ETag></CopyObjectResult>",
        NULL};
    struct server server;
    struct store *store = start(&server, failed);
    struct err err = {0};

    CHECK_INT(store_copy(store, "from it", "to", NULL, &err), ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, "from it");
    CHECK_HAS(server.last, "x-amz-copy-source: /garden/from%20it\r\n");
    stop(&server);
    store_free(store);

    err_clear(&err);
    store = start(&server, worked);
    CHECK_OK(store_copy(store, "from", "to", NULL, &err), err);
    stop(&server);
    store_free(store);
}

TEST(a_list_goes_on_with_the_token_and_leaves_out_what_is_no_object)
{
    static const char *const answers[] = {
        OK_ANSWER "\r\n<?xml version=\"1.0\"?>"
                  "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                  "<Contents><Key>a%2Bb+c%26</Key><LastModified>2026-05-04T09:08:07.000Z"
                  "</LastModified><ETag>&#34;e1&#34;</ETag><Size>7</Size></Contents>"
                  "<Contents><Key>folder/</Key><Size>0</Size></Contents>"
                  "<IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>"
                  "<NextContinuationToken>to+ken=</NextContinuationToken></ListBucketResult>",
        OK_ANSWER "\r\n<ListBucketResult><Contents><Key>a+b%20&lt;&amp;&gt;</Key></Contents>"
                  "</ListBucketResult>",
        NULL};
    struct server server;
    OWNED(store) store = start(&server, answers);
    OWNED_VALUE(key_list) list = {0};
    struct err err = {0};

    CHECK_OK(store_list(store, "a", "a", 0, add_key, &list, &err), err);
    CHECK_INT(list.count, ==, 2);
    CHECK_STR(list.keys[0], "a+b c&");
    CHECK_STR(list.keys[1], "a+b%20<&>"); /* this page was not encoded */
    CHECK_HAS(server.last, "GET /garden?continuation-token=to%2Bken%3D&encoding-type=url&"
                           "list-type=2&max-keys=1000&prefix=a HTTP/1.1");
    stop(&server);
}

TEST(a_list_that_cannot_be_read_is_refused)
{
    static const char *const bodies[] = {
        "",
        "no xml",
        "<ListBucketResult>",
        "<a></b>",
        "<ListBucketResult><Contents><Key>k</Key><Size>-1</Size></Contents></ListBucketResult>",
        "<ListBucketResult><Contents><Key>k</Key><Size>9999999999999999999999</Size></Contents>"
        "</ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<!DOCTYPE l [<!ENTITY a \"aaaa\">]><ListBucketResult>&a;</ListBucketResult>",
        "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></"
        "a>"
        "</a></a></a></a></a></a></a></a>",
        "<ListBucketResult><EncodingType>url</EncodingType><Contents><Key>%zz</Key></Contents>"
        "</ListBucketResult>",
    };

    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char text[1024];
        const char *const answers[] = {text, NULL};
        struct server server;
        OWNED_VALUE(key_list) list = {0};
        struct err err = {0};

        (void)snprintf(text, sizeof text, OK_ANSWER "\r\n%s", bodies[i]);
        OWNED(store) store = start(&server, answers);
        CHECK_INT(store_list(store, "", NULL, 0, add_key, &list, &err), <, 0);
        CHECK_HAS(err.text, "list the bucket");
        CHECK_INT(list.count, ==, 0);
        stop(&server);
    }
}

TEST(a_server_that_is_away_is_unavailable)
{
    static const char *const answers[] = {NULL};
    struct server server;
    struct err err = {0}, ping = {0};
    OWNED_VALUE(buf) data = {0};

    store_free(start(&server, answers));
    stop(&server); /* nobody listens on its port now */
    OWNED(store) store = open_at(server.port, "");
    CHECK_INT(store_get(store, "a", &data, NULL, &err), ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, "does not answer");
    CHECK_INT(store_ping(store, &ping), ==, ERR_UNAVAILABLE);
}

TEST(a_server_that_says_nothing_is_given_up)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    const struct store_conf conf = {.access_key = "k", .secret_key = "s", .timeout_ms = 200};
    struct store_conf at = conf;
    char url[128];
    struct err err = {0};
    int64_t start_ms = clock_mono_ms();

    CHECK_INT(bind(fd, (struct sockaddr *)&address, size), ==, 0);
    CHECK_INT(listen(fd, 1), ==, 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&address, &size), ==, 0);
    (void)snprintf(url, sizeof url, "s3://b?endpoint=http://127.0.0.1:%d",
                   ntohs(address.sin_port));
    at.url = url;
    OWNED(store) store = store_open(&at, &err);
    CHECK(store != NULL);
    CHECK_INT(store_put(store, "a", "x", 1, NULL, NULL, &err), ==, ERR_TIMEOUT);
    CHECK_INT(clock_mono_ms() - start_ms, <, 5000);
    (void)close(fd);
}

TEST(a_store_url_that_is_wrong_says_how_it_should_be)
{
    static const char *const urls[] = {
        "s3://",
        "s3://bucket/prefix",
        "s3://b?endpoint",
        "s3://b?endpoint=127.0.0.1:9000",
        "s3://b?endpoint=ftp://x",
        "s3://b?endpoint=http://",
        "s3://b?endpoint=http://user:pw@host",
        "s3://b?endpont=http://x",
        "s3://b?endpoint=%zz",
    };

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct store_conf conf = {.url = urls[i], .access_key = "k", .secret_key = "s"};
        struct err err = {0};

        CHECK(store_open(&conf, &err) == NULL);
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, "store URL");
    }
}

TEST(keys_come_from_the_environment)
{
    const struct store_conf conf = {.url = "s3://b?region=eu-west-1"};
    struct err err = {0};

    CHECK_INT(unsetenv("AWS_ACCESS_KEY_ID"), ==, 0);
    CHECK(store_open(&conf, &err) == NULL);
    CHECK_HAS(err.text, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
    err_clear(&err);
    CHECK_INT(setenv("AWS_ACCESS_KEY_ID", "k", 1), ==, 0);
    CHECK_INT(setenv("AWS_SECRET_ACCESS_KEY", "", 1), ==, 0);
    CHECK(store_open(&conf, &err) == NULL);
    CHECK_INT(setenv("AWS_SECRET_ACCESS_KEY", "s", 1), ==, 0);
    err_clear(&err);
    OWNED(store) store = store_open(&conf, &err);
    CHECK(store != NULL);
}

TEST(the_paths_of_an_endpoint_are_kept)
{
    static const char *const answers[] = {OK_ANSWER "Content-Length: 0\r\n\r\n", NULL};
    struct server server;
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};

    store_free(start(&server, answers));
    OWNED(store) store = open_at(server.port, "/s3/&region=eu-west-1");
    CHECK_OK(store_get(store, "a", &data, NULL, &err), err);
    CHECK_HAS(server.last, "GET /s3/garden/a HTTP/1.1\r\n");
    CHECK_HAS(server.last, "/eu-west-1/s3/aws4_request");
    stop(&server);
}

TEST(a_range_that_the_server_ignores_is_no_range)
{
    static const char *const answers[] = {OK_ANSWER "Content-Length: 3\r\n\r\nabc", NULL};
    struct server server;
    OWNED(store) store = start(&server, answers);
    OWNED_VALUE(buf) data = {0};
    struct err err = {0};

    CHECK_INT(store_get_range(store, "a", 1, 1, &data, NULL, &err), ==, ERR_REMOTE);
    CHECK_INT(data.size, ==, 0);
    CHECK_HAS(server.last, "range: bytes=1-1\r\n");
    stop(&server);
}
