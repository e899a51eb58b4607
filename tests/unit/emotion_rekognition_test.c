/* emotion_rekognition_test.c - Amazon Rekognition in the place of our nets, against a server of
 * the test's own that takes signatures apart by itself and answers as the API's reference shows
 * it. */
#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "lib/http/server.h"
#include "lib/image/image.h"
#include "lib/json/json.h"
#include "services/emotion/engine.h"
#include "tests/support/aws_signed.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define KEY AWS_TEST_KEY
#define SECRET AWS_TEST_SECRET
#define THROTTLED \
    "{\"__type\":\"ProvisionedThroughputExceededException\",\"Message\":\"slow down\"}"

enum { ANSWERS = 8, LIMIT = 5 << 20 };

/* What the server answers in turn (the last one again and again), and what it was asked. */
struct amazon {
    struct http_server *server;
    struct {
        int status;
        const char *body;
    } answers[ANSWERS];
    int asked;
    bool badly_signed;
    struct buf picture; /* of the last request */
    char token[64];
};

/* -- the server -- */

/* The picture in the body. */
static void read_picture(const struct http_request *request, struct buf *out)
{
    struct err err = {0};
    size_t size;
    const void *body = http_body(request, &size);
    OWNED_JSON root = json_parse(body, size, &err);
    OWNED_VALUE(buf) text = {0};
    const json_t *attributes = json_object_get(root, "Attributes");

    CHECK_OK(err.code, err);
    CHECK_INT(json_array_size(attributes), ==, 1);
    CHECK_STR(json_string_value(json_array_get(attributes, 0)), "ALL");
    buf_append_str(&text,
                   json_string_value(json_object_get(json_object_get(root, "Image"), "Bytes")));
    CHECK_INT(text.size % 4, ==, 0);
    for (size_t i = 0; i < text.size; i++)
        text.data[i] = (char)(text.data[i] == '+'   ? '-'
                              : text.data[i] == '/' ? '_'
                              : text.data[i] == '=' ? '\0'
                                                    : text.data[i]);
    buf_clear(out);
    CHECK_OK(base64url_decode(text.data, out, &err), err);
}

static void on_request(void *ctx, struct http_request *request)
{
    struct amazon *amazon = ctx;
    const char *token = http_header(request, "X-Amz-Security-Token");
    int i = amazon->asked < ANSWERS ? amazon->asked : ANSWERS - 1;

    while (!amazon->answers[i].body)
        i--;
    amazon->asked++;
    CHECK_STR(http_method(request), "POST");
    CHECK_STR(http_header(request, "X-Amz-Target"), "RekognitionService.DetectFaces");
    CHECK_STR(http_header(request, "Content-Type"), "application/x-amz-json-1.1");
    (void)snprintf(amazon->token, sizeof amazon->token, "%s", token ? token : "");
    amazon->badly_signed |= !aws_is_signed(request, "eu-west-1/rekognition");
    CHECK_HAS(http_header(request, "Authorization"), "x-amz-target");
    read_picture(request, &amazon->picture);
    http_respond(request,
                 http_response_copy(amazon->answers[i].status, "application/x-amz-json-1.1",
                                    amazon->answers[i].body, strlen(amazon->answers[i].body)));
}

static void amazon_done(struct amazon *amazon)
{
    http_server_free(amazon->server);
    buf_done(&amazon->picture);
}

static struct face_engine *open_engine(struct amazon *amazon, int deadline_ms,
                                       const char *secret, const char *token)
{
    const struct http_server_conf conf = {.listen = "127.0.0.1:0",
                                          .loops = 1,
                                          .max_body_bytes = 16 << 20,
                                          .on_request = on_request,
                                          .ctx = amazon};
    char endpoint[64];
    const struct engine_rekognition_conf rekognition = {.region = "eu-west-1",
                                                        .endpoint = endpoint,
                                                        .access_key = KEY,
                                                        .secret_key = secret,
                                                        .session_token = token,
                                                        .deadline_ms = deadline_ms};
    struct err err = {0};
    struct face_engine *engine;

    amazon->server = http_server_start(&conf, &err);
    CHECK_OK(err.code, err);
    (void)snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d",
                   http_server_port(amazon->server));
    engine = engine_rekognition_new(&rekognition, &err);
    CHECK_OK(err.code, err);
    return engine;
}

/* -- pictures -- */

static void make_jpeg(uint32_t side, int quality, struct buf *out)
{
    struct image image = {side, side, malloc((size_t)3 * side * side)};
    struct err err = {0};
    uint32_t noise = 1;

    for (size_t i = 0; i < (size_t)3 * side * side; i++) {
        noise = noise * 1664525 + 1013904223;
        image.rgb[i] = (uint8_t)(noise >> 24);
    }
    CHECK_OK(image_encode_jpeg(&image, quality, NULL, out, &err), err);
    image_done(&image);
}

static int look(struct face_engine *engine, const struct buf *picture, struct analysis *ret,
                struct err *err)
{
    return engine->analyse(engine, picture->data, picture->size, ret, err);
}

/* -- tests -- */

TEST(faces_are_read_and_the_request_is_signed)
{
    OWNED_VALUE(buf) answer = {0};
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(amazon) amazon = {0};
    OWNED(face_engine) engine = open_engine(&amazon, 5000, SECRET, "TOKEN/+=");
    struct analysis analysis = {0};
    const struct face *face = &analysis.faces[0];
    struct err err = {0};

    file_load("tests/golden/rekognition/two.json", &answer);
    amazon.answers[0].status = 200;
    amazon.answers[0].body = buf_text(&answer);
    make_jpeg(64, 80, &picture);
    CHECK_OK(look(engine, &picture, &analysis, &err), err);
    CHECK(!amazon.badly_signed);
    CHECK_STR(amazon.token, "TOKEN/+=");
    CHECK_INT(amazon.picture.size, ==, picture.size);
    CHECK(memcmp(amazon.picture.data, picture.data, picture.size) == 0);
    CHECK_STR(engine->name, "rekognition");
    CHECK_INT(analysis.width, ==, 64);
    CHECK_INT(analysis.count, ==, 2);
    CHECK(!analysis.more);
    CHECK(face->width == 0.4F && face->top == -0.01F); /* the larger one first */
    CHECK_INT(face->age_low, ==, 28);
    CHECK(!face->male.value && face->male.confidence == 98.7F);
    CHECK(face->smile.value && face->mouth_open.confidence == 71);
    CHECK(face->pitch == 4.75F && face->sharpness == 83.25F && !face->profile);
    CHECK_STR(emotion_names[face_emotion(face)], "happy");
    CHECK_STR(emotion_names[face_emotion(face + 1)], "confused");
    CHECK(face[1].beard.value && face[1].profile);
}

TEST(a_wrong_key_is_seen_by_the_server_of_this_test)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(amazon)
    amazon = {.answers = {{400, "{\"__type\":\"InvalidSignatureException\"}"}}};
    OWNED(face_engine) engine = open_engine(&amazon, 5000, "wrong", "");
    struct analysis analysis;
    struct err err = {0};

    make_jpeg(64, 80, &picture);
    CHECK_INT(look(engine, &picture, &analysis, &err), ==, ERR_DENIED);
    CHECK_HAS(err.text, "AWS_SECRET_ACCESS_KEY");
    CHECK(amazon.badly_signed);
    CHECK_STR(amazon.token, "");
    CHECK_INT(amazon.asked, ==, 1);
}

TEST(errors_are_whose_they_are)
{
    static const struct {
        int status, code;
        const char *body;
    } cases[] = {
        {400, ERR_INVALID, "{\"__type\":\"InvalidImageFormatException\",\"Message\":\"no\"}"},
        {400, ERR_TOO_LARGE,
         "{\"__type\":\"com.amazonaws.rekognition#ImageTooLargeException\"}"},
        {400, ERR_INVALID, "{\"__type\":\"InvalidParameterException\"}"},
        {400, ERR_DENIED, "{\"__type\":\"AccessDeniedException\"}"},
        {400, ERR_REMOTE, "{\"__type\":\"SomethingNewException\"}"},
        {404, ERR_REMOTE, "<html>"},
        {200, ERR_REMOTE, "{}"},
        {200, ERR_REMOTE, "{\"FaceDetails\":[{}]}"},
        {200, ERR_REMOTE, "nothing"},
    };
    OWNED_VALUE(buf) picture = {0};

    make_jpeg(64, 80, &picture);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(amazon) amazon = {.answers = {{cases[i].status, cases[i].body}}};
        OWNED(face_engine) engine = open_engine(&amazon, 5000, SECRET, "");
        struct analysis analysis = {.count = 7};
        struct err err = {0};

        CHECK_INT(look(engine, &picture, &analysis, &err), ==, cases[i].code);
        CHECK_INT(amazon.asked, ==, 1);
        CHECK_INT(analysis.count, ==, 7); /* untouched */
        CHECK_HAS(err.text, "Amazon Rekognition");
    }
}

TEST(what_was_throttled_is_tried_again)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(amazon)
    amazon = {.answers = {{400, THROTTLED}, {500, "{}"}, {200, "{\"FaceDetails\":[]}"}}};
    OWNED(face_engine) engine = open_engine(&amazon, 10000, SECRET, "");
    struct analysis analysis;
    struct err err = {0};

    make_jpeg(64, 80, &picture);
    CHECK_OK(look(engine, &picture, &analysis, &err), err);
    CHECK_INT(amazon.asked, ==, 3);
    CHECK_INT(analysis.count, ==, 0);
    CHECK(!amazon.badly_signed); /* each attempt is signed for its own time */
}

TEST(throttling_ends_with_the_deadline)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(amazon) amazon = {.answers = {{400, THROTTLED}}};
    OWNED(face_engine) engine = open_engine(&amazon, 700, SECRET, "");
    const int64_t start_ms = clock_mono_ms();
    struct analysis analysis;
    struct err err = {0};

    make_jpeg(64, 80, &picture);
    CHECK_INT(look(engine, &picture, &analysis, &err), ==, ERR_UNAVAILABLE);
    CHECK_INT(amazon.asked, >, 1);
    CHECK_INT(clock_mono_ms() - start_ms, <, 5000);
}

TEST(a_picture_of_too_many_bytes_is_made_smaller)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(amazon) amazon = {.answers = {{200, "{\"FaceDetails\":[]}"}}};
    OWNED(face_engine) engine = open_engine(&amazon, 20000, SECRET, "");
    struct analysis analysis;
    struct image_info info;
    struct err err = {0};

    make_jpeg(2200, 100, &picture);
    CHECK_INT(picture.size, >, LIMIT);
    CHECK_OK(look(engine, &picture, &analysis, &err), err);
    CHECK_INT(amazon.picture.size, <=, LIMIT);
    CHECK_OK(image_probe(amazon.picture.data, amazon.picture.size, NULL, &info, &err), err);
    CHECK_INT(info.format, ==, IMAGE_JPEG);
    CHECK_INT(info.width, <, 2200);
    CHECK_INT(analysis.width, ==, 2200); /* what the visitor sent */
}

TEST(a_webp_is_sent_as_a_jpeg)
{
    OWNED_VALUE(buf) picture = {0};
    OWNED_VALUE(amazon) amazon = {.answers = {{200, "{\"FaceDetails\":[]}"}}};
    OWNED(face_engine) engine = open_engine(&amazon, 5000, SECRET, "");
    struct analysis analysis;
    struct image_info info;
    struct err err = {0};

    file_load("tests/fuzz/corpus/image/lossy.webp", &picture);
    CHECK_OK(look(engine, &picture, &analysis, &err), err);
    CHECK_OK(image_probe(amazon.picture.data, amazon.picture.size, NULL, &info, &err), err);
    CHECK_INT(info.format, ==, IMAGE_JPEG);
}

TEST(what_is_no_picture_is_not_sent)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(amazon) amazon = {.answers = {{200, "{\"FaceDetails\":[]}"}}};
    OWNED(face_engine) engine = open_engine(&amazon, 5000, SECRET, "");
    struct analysis analysis;
    struct err err = {0};

    buf_append_str(&text, "a letter");
    CHECK_INT(look(engine, &text, &analysis, &err), ==, ERR_INVALID);
    CHECK_INT(amazon.asked, ==, 0);
}

TEST(an_endpoint_that_is_none_is_refused)
{
    static const char *const endpoints[] = {"amazonaws.com", "ftp://a", "https://",
                                            "https://a/path"};

    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        const struct engine_rekognition_conf conf = {.region = "eu-west-1",
                                                     .endpoint = endpoints[i],
                                                     .access_key = KEY,
                                                     .secret_key = SECRET,
                                                     .session_token = "",
                                                     .deadline_ms = 1000};
        struct err err = {0};

        CHECK(!engine_rekognition_new(&conf, &err));
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, "it is like https://");
    }
}
