/* emotion_test.c - the emotion service alone, with fake eyes: answers, receipts, refusals. */
#define TEST_SECONDS 120
#include <sys/stat.h>

#include "lib/json/json.h"
#include "tests/support/emotion.h"
#include "tests/support/emotion_buses.h"
#include "tests/support/jws.h"
#include "tests/support/process.h"
#include "tests/test.h"

static json_t *body_json(const struct eyes *eyes)
{
    struct err err = {0};
    json_t *root = json_parse(eyes->last.body.data, eyes->last.body.size, &err);

    if (!root)
        TEST_FAIL("%s: %s", err.text, eyes_body(eyes));
    return root;
}

/* The payload of the last answer's receipt, checked against the service's key. */
static json_t *read_receipt(struct eyes *eyes, int i)
{
    OWNED_VALUE(buf) payload = {0};
    OWNED_VALUE(buf) changed = {0};
    OWNED_VALUE(buf) jws = {0};
    struct err err = {0};
    json_t *root;

    buf_append_str(&jws, eyes_header(eyes, "x-privacy-receipt"));
    CHECK_INT(eyes_get(eyes, i, "/v1/privacy/key"), ==, 200);
    CHECK_STR(eyes_header(eyes, "content-type"), "application/jwk+json");
    if (!jws_verify(buf_text(&jws), eyes_body(eyes), &payload))
        TEST_FAIL("not signed by %s: %s", eyes_body(eyes), buf_text(&jws));
    jws.data[jws.size - 40] = (char)(jws.data[jws.size - 40] == 'A' ? 'B' : 'A');
    CHECK(!jws_verify(buf_text(&jws), eyes_body(eyes), &changed));
    root = json_parse(payload.data, payload.size, &err);
    CHECK_OK(err.code, err);
    return root;
}

TEST_ON_BOTH_BUSES(the_compatible_answer_is_exact)
{
    OWNED_VALUE(buf) wanted = {0};

    eyes_start(eyes, 0, NULL);
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "a", "surprised"), ==, 200);
    buf_printf(&wanted,
               "{\"id\":\"%s\",\"bucket\":\"garden\",\"key\":\"profile/%s.jpeg\","
               "\"ageRange\":{\"Low\":20,\"High\":30},\"smile\":true,\"eyeglasses\":false,"
               "\"sunglasses\":false,\"gender\":\"Female\",\"beard\":false,\"mustache\":false,"
               "\"eyesOpen\":true,\"mouthOpen\":false,\"emotions\":\"SURPRISED\","
               "\"generation\":\"young-adult\"}",
               eyes_user(eyes, "a"), eyes_user(eyes, "a"));
    CHECK_STR(eyes_body(eyes), buf_text(&wanted));
    CHECK_STR(eyes_header(eyes, "content-type"), "application/json");
    /* durable before the answer: it is there at once */
    eyes_records(eyes, "a", &wanted);
    CHECK_STR(buf_text(&wanted), "analysis surprised young-adult Female");
    CHECK(eyes_figure(eyes, 0, "emotion_analyses_total{result=\"face\"}") == 1);
    CHECK(eyes_figure(eyes, 0, "emotion_faces_total") == 1);
    CHECK(eyes_figure(eyes, 0, "emotion_pictures") == 0);
    CHECK(eyes_figure(eyes, 0, "emotion_picture_bytes") == 0);
    eyes_stop(eyes, 0);
}

TEST_ON_BOTH_BUSES(all_faces_and_a_receipt)
{
    OWNED_JSON root = NULL;
    OWNED_JSON receipt = NULL;
    OWNED_VALUE(buf) records = {0};
    const json_t *face, *second;

    eyes_start(eyes, 0, NULL);
    CHECK_INT(eyes_look(eyes, 0, "/v1/faces", "b", "happy male 40-60 two"), ==, 200);
    root = body_json(eyes);
    CHECK_STR(json_string_value(json_object_get(root, "id")), eyes_user(eyes, "b"));
    CHECK_INT(json_array_size(json_object_get(root, "faces")), ==, 2);
    face = json_array_get(json_object_get(root, "faces"), 0);
    second = json_array_get(json_object_get(root, "faces"), 1);
    CHECK_STR(json_string_value(json_object_get(face, "generation")), "middle-age");
    CHECK_STR(json_string_value(json_object_get(second, "generation")), "elder");
    CHECK_INT(json_array_size(json_object_get(face, "emotions")), ==, 8);
    CHECK_STR(json_string_value(json_object_get(
                  json_array_get(json_object_get(second, "emotions"), 0), "emotion")),
              "angry");
    CHECK(json_number_value(json_object_get(json_object_get(face, "box"), "top")) == 0.125);
    CHECK(json_number_value(
              json_object_get(json_object_get(face, "eyes_open"), "confidence")) == 70);
    CHECK_STR(json_string_value(json_object_get(json_object_get(root, "mood"), "source")),
              "analysis");
    CHECK_STR(json_string_value(json_object_get(root, "receipt")),
              eyes_header(eyes, "x-privacy-receipt"));
    eyes_records(eyes, "b", &records); /* of the largest face, and only of it */
    CHECK_STR(buf_text(&records), "analysis happy middle-age Male");
    receipt = read_receipt(eyes, 0);
    CHECK(json_is_true(json_object_get(receipt, "erased")));
    CHECK_STR(json_string_value(json_object_get(receipt, "engine")), "fake");
    CHECK(json_is_null(json_object_get(receipt, "sent_to")));
    CHECK_INT(json_array_size(json_object_get(receipt, "kept")), ==, 6);
    CHECK(json_is_integer(json_object_get(receipt, "analysed_ms")));
    CHECK(json_is_boolean(json_object_get(receipt, "locked")));
    eyes_stop(eyes, 0);
}

TEST(no_face_is_404_and_nothing_is_published)
{
    struct eyes eyes;
    OWNED_JSON receipt = NULL;
    OWNED_JSON root = NULL;
    OWNED_VALUE(buf) records = {0};

    eyes_prepare(&eyes, NULL);
    eyes_start(&eyes, 0, NULL);
    CHECK_INT(eyes_look(&eyes, 0, "/v1/faces", "c", "nobody"), ==, 200);
    root = body_json(&eyes);
    CHECK_INT(json_array_size(json_object_get(root, "faces")), ==, 0);
    CHECK(json_is_null(json_object_get(root, "mood")));
    CHECK_INT(eyes_look(&eyes, 0, "/emotion", "c", "nobody"), ==, 404);
    CHECK_STR(eyes_body(&eyes), "No Face");
    receipt = read_receipt(&eyes, 0);
    CHECK_INT(json_array_size(json_object_get(receipt, "kept")), ==, 0);
    eyes_records(&eyes, "c", &records);
    CHECK_STR(buf_text(&records), "");
    CHECK(eyes_figure(&eyes, 0, "emotion_analyses_total{result=\"no_face\"}") == 2);
    eyes_done(&eyes);
}

TEST(without_an_id_the_visitor_gets_a_random_one)
{
    struct eyes eyes;
    OWNED_JSON root = NULL;
    const char *id;

    eyes_prepare(&eyes, NULL);
    eyes_start(&eyes, 0, NULL);
    CHECK_INT(eyes_look(&eyes, 0, "/emotion", NULL, "calm"), ==, 200);
    root = body_json(&eyes);
    id = json_string_value(json_object_get(root, "id"));
    CHECK_INT(strlen(id), ==, 36);
    CHECK(id[14] == '4' && strchr("89ab", id[19])); /* version 4 */
    eyes_done(&eyes);
}

TEST(what_is_wrong_is_said)
{
    static const struct {
        const char *words;
        int status;
        const char *says, *result;
    } cases[] = {
        {"", 400, "the body is empty", NULL},
        {"damaged", 400, "this is not a picture", "bad_picture"},
        {"huge", 413, "too large a picture", "bad_picture"},
        {"blind", 503, "try again", "engine_failed"},
        {"denied", 502, "could not be looked at", "engine_failed"},
    };
    struct eyes eyes;

    eyes_prepare(&eyes, NULL);
    eyes_start(&eyes, 0, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_JSON problem = NULL;

        CHECK_INT(eyes_look(&eyes, 0, "/emotion", "d", cases[i].words), ==, cases[i].status);
        CHECK_HAS(eyes_body(&eyes), cases[i].says);
        CHECK_STR(strchr(eyes_body(&eyes), '\n'), "\n"); /* one line */
        CHECK_INT(eyes_look(&eyes, 0, "/v1/faces", "d", cases[i].words), ==, cases[i].status);
        CHECK_STR(eyes_header(&eyes, "content-type"), "application/problem+json");
        CHECK(!*eyes_header(&eyes, "retry-after") == (cases[i].status != 503));
        problem = body_json(&eyes);
        CHECK_INT(json_integer_value(json_object_get(problem, "status")), ==, cases[i].status);
        if (cases[i].result)
            CHECK(*eyes_header(&eyes, "x-privacy-receipt")); /* it was erased all the same */
    }
    CHECK(eyes_figure(&eyes, 0, "emotion_analyses_total{result=\"engine_failed\"}") == 4);
    CHECK_INT(eyes_get(&eyes, 0, "/emotion"), ==, 405);
    CHECK_INT(eyes_get(&eyes, 0, "/nothing"), ==, 404);
    eyes_done(&eyes);
}

TEST(an_id_that_cannot_be_is_refused_before_the_picture_is_read)
{
    struct eyes eyes;
    OWNED_VALUE(buf) long_id = {0};
    OWNED_VALUE(buf) path = {0};

    eyes_prepare(&eyes, NULL);
    eyes_start(&eyes, 0, NULL);
    for (int i = 0; i < USER_ID_MAX; i++)
        buf_append_char(&long_id, 'x');
    CHECK_INT(eyes_look(&eyes, 0, "/emotion", "caf\xc3\xa9", "calm"), ==, 200); /* UTF-8 */
    CHECK_INT(eyes_look(&eyes, 0, "/emotion", "caf\xe9", "calm"), ==, 400);
    CHECK_HAS(eyes_body(&eyes), "X-user-id is not UTF-8");
    CHECK_INT(eyes_look(&eyes, 0, "/emotion", "a\tb", "calm"), ==, 400);
    CHECK_HAS(eyes_body(&eyes), "control character");
    buf_printf(&path, "/v1/users/%sx/mood", buf_text(&long_id));
    CHECK_INT(eyes_get(&eyes, 0, buf_text(&path)), ==, 400);
    CHECK_HAS(eyes_body(&eyes), "257 bytes");
    CHECK_INT(eyes_get(&eyes, 0, "/v1/users/a%0Ab/mood"), ==, 400);
    CHECK_INT(eyes_get(&eyes, 0, "/v1/users/a%2Fb/mood"), ==, 404);
    CHECK_HAS(eyes_body(&eyes), "nothing is known");
    CHECK_INT(eyes_get(&eyes, 0, "/v1/users//mood"), ==, 404);
    eyes_done(&eyes);
}

TEST(a_picture_over_the_limit_is_refused)
{
    enum { BYTES = (1 << 20) + 1 };
    struct eyes eyes;
    char *bytes = calloc(1, BYTES);

    eyes_prepare(&eyes, NULL);
    eyes_set(&eyes, "EMOTION_MAX_PICTURE_MB=1");
    eyes_start(&eyes, 0, NULL);
    memcpy(bytes, "happy", sizeof "happy");
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", "e", bytes, BYTES - 1), ==, 200);
    CHECK_INT(eyes_post(&eyes, 0, "/emotion", "e", bytes, BYTES), ==, 413);
    CHECK_HAS(eyes_body(&eyes), "1048576");
    CHECK_INT(eyes_post(&eyes, 0, "/v1/faces", "e", bytes, BYTES), ==, 413);
    CHECK_STR(eyes_header(&eyes, "content-type"), "application/problem+json");
    CHECK(eyes_figure(&eyes, 0, "emotion_picture_bytes") == 0);
    free(bytes);
    eyes_done(&eyes);
}

TEST(a_full_queue_is_503_and_room_comes_back)
{
    enum { ASKED = FAKE_EYES_THREADS + 1 };
    struct eyes eyes;
    char words[300];
    int status[ASKED];

    eyes_prepare(&eyes, NULL);
    eyes_set(&eyes, "EMOTION_QUEUE=1");
    eyes_start(&eyes, 0, NULL);
    (void)snprintf(words, sizeof words, "happy until %s/go", eyes.conf.data);
    for (int i = 0; i < ASKED; i++)
        eyes_look_later(&eyes, 0, "f", words, &status[i]);
    eyes_wait_figure(&eyes, 0, "emotion_pictures", ASKED);
    CHECK_INT(eyes_look(&eyes, 0, "/emotion", "g", "happy"), ==, 503);
    CHECK_STR(eyes_header(&eyes, "retry-after"), "1");
    CHECK_INT(eyes_get(&eyes, 0, "/readyz"), ==, 200);
    folder_put(eyes.conf.data, "go", "", 0);
    for (int i = 0; i < ASKED; i++) {
        eyes_wait(&eyes, &status[i]);
        CHECK_INT(status[i], ==, 200);
    }
    CHECK_INT(eyes_look(&eyes, 0, "/emotion", "g", "happy"), ==, 200);
    CHECK(eyes_figure(&eyes, 0, "emotion_analyses_total{result=\"full\"}") == 1);
    eyes_done(&eyes);
}

TEST(a_picture_whose_client_has_gone_is_not_looked_at)
{
    struct eyes eyes;
    char words[300];
    int held[FAKE_EYES_THREADS], left = 0;
    struct err err = {0};

    eyes_prepare(&eyes, NULL);
    eyes_start(&eyes, 0, NULL);
    (void)snprintf(words, sizeof words, "happy until %s/go", eyes.conf.data);
    for (int i = 0; i < FAKE_EYES_THREADS; i++)
        eyes_look_later(&eyes, 0, "h", words, &held[i]);
    eyes_wait_figure(&eyes, 0, "emotion_pictures", FAKE_EYES_THREADS);
    {
        struct eyes other = eyes;

        other.http = http_client_new(&err);
        eyes_look_later(&other, 0, "leaver", "happy", &left);
        eyes_wait_figure(&eyes, 0, "emotion_pictures", FAKE_EYES_THREADS + 1);
        http_client_free(other.http);
    }
    folder_put(eyes.conf.data, "go", "", 0);
    for (int i = 0; i < FAKE_EYES_THREADS; i++)
        eyes_wait(&eyes, &held[i]);
    eyes_wait_figure(&eyes, 0, "emotion_analyses_total{result=\"gone\"}", 1);
    CHECK(eyes_figure(&eyes, 0, "emotion_analyses_total{result=\"face\"}") ==
          FAKE_EYES_THREADS);
    eyes_done(&eyes);
}

TEST(the_key_is_made_once_and_is_ones_own)
{
    struct eyes eyes;
    OWNED_VALUE(buf) key = {0};
    OWNED_VALUE(buf) path = {0};
    struct stat info;

    eyes_prepare(&eyes, NULL);
    eyes_start(&eyes, 0, NULL);
    CHECK_INT(eyes_get(&eyes, 0, "/v1/privacy/key"), ==, 200);
    buf_append_str(&key, eyes_body(&eyes));
    buf_printf(&path, "%s/receipt.pem", eyes.conf.data);
    CHECK_INT(stat(buf_text(&path), &info), ==, 0);
    CHECK_INT(info.st_mode & 0777, ==, 0600);
    eyes_kill(&eyes, 0);
    eyes_start(&eyes, 0, NULL);
    CHECK_INT(eyes_get(&eyes, 0, "/v1/privacy/key"), ==, 200);
    CHECK_STR(eyes_body(&eyes), buf_text(&key));
    eyes_done(&eyes);
}
