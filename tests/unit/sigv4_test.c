/* The four examples of the S3 API reference ("Examples: Signature Calculations"), one of AWS's
 * general test suite, and what must not be signed. */
#include "lib/crypto/sigv4.h"

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "tests/test.h"

static const struct sigv4_credentials example = {
    .access_key = "AKIAIOSFODNN7EXAMPLE",
    .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    .region = "us-east-1",
    .service = "s3",
};

static int64_t time_of(const char *text)
{
    struct err err = {0};
    int64_t ms;

    CHECK_OK(clock_parse_rfc3339(text, &ms, &err), err);
    return ms;
}

/* The line that starts with name, without it. */
static const char *line_of(const struct buf *lines, const char *name)
{
    for (const char *p = lines->data; p < lines->data + lines->size; p += strlen(p) + 1)
        if (text_starts_with(p, name) && p[strlen(name)] == ':')
            return p + strlen(name) + 2;
    TEST_FAIL("there is no line %s", name);
}

static void check_signature(struct sigv4_request *request, const char *body,
                            const char *signed_headers, const char *signature)
{
    OWNED_VALUE(buf) lines = {0};
    struct err err = {0};
    char expected[512];

    request->host = "examplebucket.s3.amazonaws.com";
    request->time_ms = time_of("2013-05-24T00:00:00Z");
    sha256_hex(body, strlen(body), request->payload_sha256);
    CHECK_OK(sigv4_sign(&lines, &example, request, &err), err);
    (void)snprintf(expected, sizeof expected,
                   "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/"
                   "aws4_request, SignedHeaders=%s, Signature=%s",
                   signed_headers, signature);
    CHECK_STR(line_of(&lines, "Authorization"), expected);
    CHECK_STR(line_of(&lines, "x-amz-date"), "20130524T000000Z");
    CHECK_STR(line_of(&lines, "x-amz-content-sha256"), request->payload_sha256);
}

TEST(s3_get_object)
{
    const struct sigv4_pair range = {"Range", "bytes=0-9"};
    struct sigv4_request request = {
        .method = "GET", .target = "/test.txt", .headers = &range, .header_count = 1};

    check_signature(&request, "", "host;range;x-amz-content-sha256;x-amz-date",
                    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(s3_put_object)
{
    const struct sigv4_pair headers[] = {{"X-Amz-Storage-Class", "REDUCED_REDUNDANCY"},
                                         {"Date", "Fri, 24 May 2013 00:00:00 GMT"}};
    OWNED_VALUE(buf) target = {0};
    struct err err = {0};

    CHECK_OK(sigv4_target(&target, "/test$file.text", NULL, 0, &err), err);
    CHECK_STR(buf_text(&target), "/test%24file.text");
    struct sigv4_request request = {
        .method = "PUT", .target = buf_text(&target), .headers = headers, .header_count = 2};
    check_signature(&request, "Welcome to Amazon S3.",
                    "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

TEST(s3_bucket_lifecycle)
{
    const struct sigv4_pair query = {"lifecycle", ""};
    OWNED_VALUE(buf) target = {0};
    struct err err = {0};

    CHECK_OK(sigv4_target(&target, "/", &query, 1, &err), err);
    CHECK_STR(buf_text(&target), "/?lifecycle=");
    struct sigv4_request request = {.method = "GET", .target = buf_text(&target)};
    check_signature(&request, "", "host;x-amz-content-sha256;x-amz-date",
                    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
}

TEST(s3_list_objects)
{
    const struct sigv4_pair query[] = {{"prefix", "J"}, {"max-keys", "2"}};
    OWNED_VALUE(buf) target = {0};
    struct err err = {0};

    CHECK_OK(sigv4_target(&target, "/", query, 2, &err), err);
    CHECK_STR(buf_text(&target), "/?max-keys=2&prefix=J");
    struct sigv4_request request = {.method = "GET", .target = buf_text(&target)};
    check_signature(&request, "", "host;x-amz-content-sha256;x-amz-date",
                    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(the_query_is_encoded_and_in_the_order_of_its_names)
{
    const struct sigv4_pair query[] = {
        {"a-b", "1"}, {"a", "2 +/"}, {"A", "\xec\x8b\x9c"}, {"a", "10"}, {"a%", "~"}};
    OWNED_VALUE(buf) target = {0};
    struct err err = {0};

    CHECK_OK(sigv4_target(&target, "/a b/c+d%/~", query, 5, &err), err);
    CHECK_STR(buf_text(&target),
              "/a%20b/c%2Bd%25/~?A=%EC%8B%9C&a=10&a=2%20%2B%2F&a%25=~&a-b=1");
}

/* The signature of a request, for comparing. */
static void sign(const struct sigv4_credentials *credentials, struct sigv4_request *request,
                 struct buf *ret_lines)
{
    struct err err = {0};

    request->host = "example.amazonaws.com";
    request->method = "GET";
    request->time_ms = time_of("2015-08-30T12:36:00Z");
    sha256_hex("", 0, request->payload_sha256);
    CHECK_OK(sigv4_sign(ret_lines, credentials, request, &err), err);
}

TEST(only_s3_encodes_its_path_once)
{
    struct sigv4_credentials other = example;
    struct sigv4_request plain = {.target = "/a"}, encoded = {.target = "/a%20b"},
                         twice = {.target = "/a%2520b"};
    OWNED_VALUE(buf) a = {0}, b = {0}, c = {0}, d = {0};

    sign(&example, &encoded, &a);
    sign(&example, &twice, &b);
    CHECK(strcmp(line_of(&a, "Authorization"), line_of(&b, "Authorization")) != 0);
    other.service = "personalize";
    sign(&other, &plain, &c);
    sign(&other, &encoded, &d);
    CHECK(strcmp(line_of(&c, "Authorization"), line_of(&d, "Authorization")) != 0);
    CHECK_HAS(line_of(&d, "Authorization"), "/us-east-1/personalize/aws4_request");
}

TEST(spaces_in_a_value_do_not_matter)
{
    const struct sigv4_pair tidy = {"x-amz-meta-a", "one two"},
                            untidy = {"X-Amz-Meta-A", "  one   two "};
    struct sigv4_request a = {.target = "/", .headers = &tidy, .header_count = 1},
                         b = {.target = "/", .headers = &untidy, .header_count = 1};
    OWNED_VALUE(buf) one = {0}, two = {0};

    sign(&example, &a, &one);
    sign(&example, &b, &two);
    CHECK_STR(line_of(&one, "Authorization"), line_of(&two, "Authorization"));
}

TEST(a_session_token_is_sent_and_signed)
{
    struct sigv4_credentials temporary = example;
    struct sigv4_request request = {.target = "/"};
    OWNED_VALUE(buf) lines = {0};

    temporary.session_token = "token==";
    sign(&temporary, &request, &lines);
    CHECK_STR(line_of(&lines, "x-amz-security-token"), "token==");
    CHECK_HAS(line_of(&lines, "Authorization"), "x-amz-date;x-amz-security-token,");
}

TEST(what_could_smuggle_a_header_is_refused)
{
    static const struct sigv4_pair bad[][2] = {
        {{"x-amz-meta-a", "a\r\nx-amz-acl: public"}, {"x", "y"}},
        {{"x-amz\nmeta", "a"}, {"x", "y"}},
        {{"x: y", "a"}, {"x", "y"}},
        {{"", "a"}, {"x", "y"}},
        {{"Host", "elsewhere"}, {"x", "y"}},
        {{"x", "y"}, {"X", "z"}},
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct sigv4_request request = {
            .method = "GET", .host = "h", .target = "/", .headers = bad[i], .header_count = 2};
        OWNED_VALUE(buf) lines = {0};
        struct err err = {0};

        CHECK_INT(sigv4_sign(&lines, &example, &request, &err), ==, ERR_INVALID);
        CHECK_INT(lines.size, ==, 0);
    }
}

TEST(too_much_and_too_odd_is_refused)
{
    struct sigv4_pair pairs[SIGV4_PAIRS + 1];
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};

    for (size_t i = 0; i < SIGV4_PAIRS + 1; i++)
        pairs[i] = (struct sigv4_pair){"a", "b"};
    CHECK_INT(sigv4_target(&out, "/", pairs, SIGV4_PAIRS + 1, &err), ==, ERR_INVALID);
    err_clear(&err);
    CHECK_INT(sigv4_target(&out, "relative", NULL, 0, &err), ==, ERR_INVALID);
    CHECK_INT(out.size, ==, 0);
}
