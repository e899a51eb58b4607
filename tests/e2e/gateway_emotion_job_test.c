/* gateway_emotion_job_test.c - a visitor's way through a whole garden: a picture in, the mood
 * known to the garden, the mood's garden out; and the same without a camera. */
#define TEST_SECONDS 180

#include "lib/json/json.h"
#include "proto/topics.h"
#include "proto/user_event.h"
#include "tests/support/faces.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { ASK_MS = 30000, PARTITIONS = 64, RECORDS = 1000 };

struct visit {
    struct garden garden;
    struct bus *bus;
    struct buf answer;
};

static void start(struct visit *visit)
{
    struct err err = {0};

    *visit = (struct visit){0};
    CHECK_INT(setenv("EMOTION_MODELS", "models/face", 0), ==, 0);
    garden_prepare(&visit->garden, NULL, NULL, NULL);
    garden_start(&visit->garden);
    visit->bus = garden_open_bus(&visit->garden.conf, "test", &err);
    if (!visit->bus)
        TEST_FAIL("%s", err.text);
}

static void stop(struct visit *visit)
{
    buf_done(&visit->answer);
    bus_free(visit->bus);
    garden_stop(&visit->garden);
}

static int ask(struct visit *visit, const char *method, const char *path, const char *header,
               const struct buf *body)
{
    char url[200];
    const char *const headers[] = {header};
    const struct http_client_request request = {.method = method,
                                                .url = url,
                                                .headers = headers,
                                                .header_count = header ? 1 : 0,
                                                .body = body ? body->data : NULL,
                                                .body_size = body ? body->size : 0,
                                                .deadline_ms = ASK_MS};

    (void)snprintf(url, sizeof url, "%s%s", visit->garden.url, path);
    return http_ask(visit->garden.http, &request, &visit->answer);
}

static struct buf words(char *text)
{
    return (struct buf){.data = text, .size = strlen(text)};
}

/* -- garden.users -- */

struct last {
    const char *user;
    char text[160]; /* "happy adult Female analysis" */
};

static int take(void *ctx, const struct bus_record *record, struct err *err)
{
    struct last *last = ctx;
    struct user_event event;
    OWNED_VALUE(buf) storage = {0};

    if (record->key_size != strlen(last->user) ||
        memcmp(record->key, last->user, record->key_size) != 0)
        return 0;
    if (!record->value) {
        (void)snprintf(last->text, sizeof last->text, "forgotten");
        return 0;
    }
    CHECK_OK(user_event_decode(record->value, record->value_size, &event, &storage, err), *err);
    (void)snprintf(last->text, sizeof last->text, "%s %s %s %s", event.emotion,
                   event.generation, event.gender, event.source);
    return 0;
}

static struct last last_record(const struct visit *visit, const char *user)
{
    struct bus_partition_info infos[PARTITIONS];
    struct last last = {.user = user};
    struct err err = {0};
    int n = bus_topic_info(visit->bus, TOPIC_USERS, infos, PARTITIONS, ASK_MS, &err);

    CHECK_OK(n, err);
    while (n-- > 0)
        if (infos[n].high > infos[n].low)
            CHECK_OK(bus_read(visit->bus, TOPIC_USERS, infos[n].partition, infos[n].low,
                              RECORDS, take, &last, &err),
                     err);
    return last;
}

/* -- tests -- */

/* The members of the compatible answer, in their order, and no others. */
static void check_shape(const char *answer)
{
    static const char *const names[] = {
        "\"id\":",         "\"bucket\":",    "\"key\":",      "\"ageRange\":",
        "\"Low\":",        "\"High\":",      "\"smile\":",    "\"eyeglasses\":",
        "\"sunglasses\":", "\"gender\":",    "\"beard\":",    "\"mustache\":",
        "\"eyesOpen\":",   "\"mouthOpen\":", "\"emotions\":", "\"generation\":"};
    const char *at = answer;
    size_t members = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        at = strstr(at, names[i]);
        if (!at)
            TEST_FAIL("%s is missing, or not in its place: %s", names[i], answer);
    }
    for (at = answer; (at = strstr(at, "\":")); at++)
        members++;
    CHECK_INT(members, ==, sizeof names / sizeof *names);
}

TEST(a_face_becomes_a_mood_and_the_mood_a_garden)
{
    const struct buf happy = words("{\"id\":\"v-1\",\"emotion\":\"happy\"}");
    struct visit visit;

    if (!faces_folder())
        SKIP("TEST_FACES is not set: tests/engines/faces.sh");
    start(&visit);
    {
        struct buf face = faces_file("astronaut.png");
        struct buf ice = faces_file("640px-IceBlockNearJoekullsarlon.jpg");

        CHECK_INT(ask(&visit, "POST", "/emotion", "X-user-id: v-1", &face), ==, 200);
        check_shape(visit.answer.data);
        CHECK_HAS(visit.answer.data, "\"id\":\"v-1\"");
        CHECK_HAS(visit.answer.data, "\"key\":\"profile/v-1.jpeg\"");
        CHECK_HAS(visit.answer.data, "\"gender\":\"Female\"");
        CHECK_HAS(visit.answer.data, "\"smile\":true");
        CHECK_HAS(visit.answer.data, "\"eyesOpen\":true");
        CHECK_HAS(visit.answer.data, "\"mouthOpen\":true");
        CHECK_HAS(visit.answer.data, "\"emotions\":\"HAPPY\"");
        CHECK_HAS(last_record(&visit, "v-1").text, "happy ");
        CHECK_HAS(last_record(&visit, "v-1").text, " Female analysis");
        CHECK_INT(ask(&visit, "POST", "/gardenfromDB", NULL, &happy), ==, 200);
        CHECK_INT(ask(&visit, "POST", "/emotion", NULL, &ice), ==, 404);
        CHECK_STR(visit.answer.data, "No Face");
        buf_done(&face);
        buf_done(&ice);
    }
    stop(&visit);
}

TEST(a_visitor_without_a_camera_says_how_they_feel)
{
    const struct buf calm = words("{\"emotion\":\"calm\",\"generation\":\"adult\"}");
    struct visit visit;

    start(&visit);
    CHECK_INT(ask(&visit, "GET", "/v1/users/v-2/mood", NULL, NULL), ==, 404);
    CHECK_INT(ask(&visit, "POST", "/v1/users/v-2/mood", NULL, &calm), ==, 200);
    CHECK_STR(last_record(&visit, "v-2").text, "calm adult  visitor");
    CHECK_INT(ask(&visit, "GET", "/v1/users/v-2/mood", NULL, NULL), ==, 200);
    CHECK_HAS(visit.answer.data, "\"emotion\":\"calm\"");
    CHECK_INT(ask(&visit, "DELETE", "/v1/users/v-2/mood", NULL, NULL), ==, 204);
    CHECK_STR(last_record(&visit, "v-2").text, "forgotten");
    CHECK_INT(ask(&visit, "GET", "/v1/privacy/key", NULL, NULL), ==, 200);
    CHECK_HAS(visit.answer.data, "\"Ed25519\"");
    stop(&visit);
}
