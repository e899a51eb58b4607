/* gateway_recommender_test.c - visitors through the gateway: gardens, likes, events and
 * recommendations; what a restart and a second recommender make of the same topics. */
#define TEST_SECONDS 120

#include <poll.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "tests/support/engine.h"
#include "tests/support/process.h"
#include "tests/support/recommender.h"
#include "tests/test.h"

enum {
    SOON_MS = 20000,
    ANSWERS = 1000,
    VISITORS = 100,
    ACTS = 10,
    SPRING_PICTURES = 12,
    OTHERS = 20
};

#define SPRING "spring,sunny,day"
#define ALL (SPRING_PICTURES + OTHERS)
#define OF(user) "/v1/users/" user "/recommendations?emotion=happy&n=500"

/* One of the test's own: others' pictures are on the shared one. */
static void start_kafka(char *ret_url, size_t size)
{
    const char *brokers = getenv("TEST_KAFKA");

    if (!brokers || !*brokers)
        SKIP("TEST_KAFKA is not set");
    (void)engine_start("kafka", NULL);
    brokers = getenv("TEST_KAFKA");
    (void)snprintf(ret_url, size, "kafka://%s", brokers ? brokers : "");
}

#define TEST_ON_BOTH_BUSES(name_)         \
    static void name_(struct hall *hall); \
    TEST(local_##name_)                   \
    {                                     \
        struct hall hall;                 \
                                          \
        hall_start(&hall, NULL);          \
        name_(&hall);                     \
        hall_stop(&hall);                 \
    }                                     \
    TEST(kafka_##name_)                   \
    {                                     \
        struct hall hall;                 \
        char url[128];                    \
                                          \
        start_kafka(url, sizeof url);     \
        hall_start(&hall, url);           \
        name_(&hall);                     \
        hall_stop(&hall);                 \
    }                                     \
    static void name_(struct hall *hall)

static size_t count_results(struct hall *hall, const char *path)
{
    OWNED_JSON answer = NULL;

    CHECK_INT(hall_get(hall, path), ==, 200);
    answer = hall_answer(hall);
    return json_array_size(json_object_get(answer, "results"));
}

static void wait_results(struct hall *hall, const char *path, size_t count)
{
    const int64_t deadline_ms = clock_mono_ms() + SOON_MS;

    while (count_results(hall, path) != count) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("never %zu results: %s", count, door_body(&hall->door));
        (void)poll(NULL, 0, 10);
    }
}

/* GETs until the text is there, or no longer. */
static void wait_text(struct hall *hall, const char *path, const char *text, bool there)
{
    const int64_t deadline_ms = clock_mono_ms() + SOON_MS;

    while (hall_get(hall, path) != 200 ||
           (strstr(door_body(&hall->door), text) != NULL) != there) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("%s %s: %s", text, there ? "never came" : "stays",
                      door_body(&hall->door));
        (void)poll(NULL, 0, 10);
    }
}

static void fill(struct hall *hall)
{
    hall_put(hall, SPRING, "a", SPRING_PICTURES);
    hall_put(hall, "", "b", OTHERS);
    wait_results(hall, OF("nobody"), ALL);
}

/* -- a visit -- */

static void check_half(struct hall *hall, const json_t *garden, const char *name,
                       const char *ending)
{
    const json_t *half = json_object_get(garden, name), *picture;
    int wanted = 0;
    size_t i;

    CHECK_INT(json_array_size(half), ==, ALL / 2);
    json_array_foreach(half, i, picture)
    {
        const char *url = json_string_value(json_object_get(picture, "url")),
                   *emotion = json_string_value(json_object_get(picture, "emotion"));

        CHECK_INT(json_object_size(picture), ==, 2);
        CHECK(url && emotion);
        CHECK_INT(strncmp(url, hall->door.url, strlen(hall->door.url)), ==, 0);
        CHECK_STR(url + strlen(url) - strlen(ending), ending);
        CHECK(strcmp(emotion, "happy/" SPRING) == 0 || strcmp(emotion, "happy") == 0);
        wanted += strcmp(emotion, "happy/" SPRING) == 0 && i < SPRING_PICTURES / 2;
    }
    CHECK_INT(wanted, >=, SPRING_PICTURES / 2 - 3); /* the others explore */
}

static void check_garden(struct hall *hall)
{
    OWNED_JSON garden = NULL;

    CHECK_INT(hall_post(hall, "/garden",
                        "{\"id\":\"u 1\",\"emotion\":\"HAPPY/" SPRING
                        "\",\"generation\":\"adult\",\"gender\":\"Female\"}"),
              ==, 200);
    CHECK_STR(door_header(&hall->door, "content-type"), "application/json");
    garden = hall_answer(hall);
    CHECK_INT(json_object_size(garden), ==, 2);
    check_half(hall, garden, "landscape", "h.jpeg");
    check_half(hall, garden, "portrait", "v.jpeg");
}

static void check_like(struct hall *hall)
{
    OWNED_VALUE(buf) before = {0}, records = {0}, body = {0};
    const int64_t start_ms = clock_mono_ms();

    CHECK_INT(hall_get(hall, OF("u%201")), ==, 200);
    buf_append_str(&before, door_body(&hall->door));
    buf_printf(&body,
               "{\"id\":\"u 1\",\"itemId\":\"%s/emotions/happy/b0h.jpeg\",\"impression\":["
               "\"emotions/happy/b1v.jpeg\",\"emotions/happy/b2h.jpeg\"]}",
               hall->door.url);
    CHECK_INT(hall_post(hall, "/like", buf_text(&body)), ==, 200);
    CHECK_STR(door_body(&hall->door), "Success");
    CHECK_INT(hall_get(hall, OF("u%201")), ==, 200);
    CHECK(strcmp(door_body(&hall->door), buf_text(&before)) != 0);
    CHECK_INT(clock_mono_ms() - start_ms, <, 5000); /* no waiting for a training */
    hall_records(hall, "u 1", &records);
    CHECK_HAS(buf_text(&records), "ce_specversion=1.0;");
    CHECK_HAS(buf_text(&records), "ce_type=garden.interaction.recorded;");
    CHECK_HAS(buf_text(&records), "ce_source=/recommender-proxy;");
    CHECK_HAS(buf_text(&records), "content-type=application/json;");
    CHECK_HAS(buf_text(&records), "traceparent=00-");
    CHECK_HAS(buf_text(&records), "\"item_id\":\"emotions/happy/b0h.jpeg\"");
    CHECK_HAS(buf_text(&records), "\"event_type\":\"like\"");
    CHECK_HAS(buf_text(&records), "\"impression\":[\"emotions/happy/b0h.jpeg\",");
    CHECK_HAS(buf_text(&records), "\"asked\":\"happy\"");
    CHECK_HAS(buf_text(&records), "\"propensities\":[");
}

static void check_forgetting(struct hall *hall)
{
    CHECK_INT(hall_post(hall, "/v1/users/f%2F1/mood", "{\"emotion\":\"happy\"}"), <, 300);
    wait_text(hall, "/v1/users/f%2F1/recommendations", "\"asked\":\"happy\"", true);
    CHECK_INT(hall_post(hall, "/like",
                        "{\"id\":\"f/1\",\"itemId\":\"emotions/happy/b0h.jpeg\","
                        "\"impression\":[]}"),
              ==, 200);
    wait_text(hall, OF("f%2F1"), "\"met\":", true);
    CHECK_INT(door_ask(&hall->door, &(struct door_request){.method = "DELETE",
                                                           .path = "/v1/users/f%2F1/mood"}),
              <, 300);
    wait_text(hall, OF("f%2F1"), "\"met\":", false);
    CHECK_INT(hall_get(hall, "/v1/users/f%2F1/recommendations"), ==, 400);
    CHECK_HAS(door_body(&hall->door), "no mood of this visitor is known");
}

TEST_ON_BOTH_BUSES(a_kiosk_shows_a_garden_tells_of_a_like_and_forgets)
{
    fill(hall);
    check_garden(hall);
    check_like(hall);
    check_forgetting(hall);
}

/* -- odd ids, batches, replays -- */

#define MINJI "민지/\\\"x\\\" y"
#define MINJI_PATH "%EB%AF%BC%EC%A7%80%2F%22x%22%20y"

static void make_batch(struct buf *out)
{
    static const char *const types[] = {"like", "dislike", "skip", "view", "click"};

    buf_append_str(out, "{\"events\":[");
    for (int i = 0; i < 5; i++)
        buf_printf(out,
                   "{\"event_id\":\"e'%d\",\"user_id\":\"" MINJI "\",\"event_type\":\"%s\","
                   "\"item_id\":\"emotions/happy/b%dh.jpeg\",\"timestamp\":%lld},",
                   i, types[i], 2 * i, (long long)clock_wall_ms() - 60000 + i);
    buf_append_str(out,
                   "{\"event_id\":\"e9\",\"user_id\":\"" MINJI "\",\"event_type\":\"kiss\","
                   "\"item_id\":\"emotions/happy/b0h.jpeg\"},{\"event_id\":7}]}");
}

TEST_ON_BOTH_BUSES(events_have_a_result_each_and_replays_change_nothing)
{
    OWNED_VALUE(buf) batch = {0}, before = {0}, records = {0};

    fill(hall);
    make_batch(&batch);
    CHECK_INT(hall_post(hall, "/v1/events", buf_text(&batch)), ==, 200);
    CHECK_STR(
        door_body(&hall->door),
        "{\"results\":[{\"event_id\":\"e'0\",\"status\":\"accepted\"},"
        "{\"event_id\":\"e'1\",\"status\":\"accepted\"},"
        "{\"event_id\":\"e'2\",\"status\":\"accepted\"},"
        "{\"event_id\":\"e'3\",\"status\":\"accepted\"},"
        "{\"event_id\":\"e'4\",\"status\":\"accepted\"},"
        "{\"event_id\":\"e9\",\"status\":\"refused\",\"detail\":\"event_type must be one "
        "of like, dislike, skip, view\"},"
        "{\"event_id\":null,\"status\":\"refused\",\"detail\":\"event_type must be one of "
        "like, dislike, skip, view\"}]}");
    hall_wait_figure(hall, 0, "garden_recommender_learnt_changes", ALL + 10);
    CHECK_INT(hall_get(hall, OF(MINJI_PATH)), ==, 200);
    CHECK_HAS(door_body(&hall->door), "\"user_id\":\"" MINJI "\"");
    CHECK_HAS(door_body(&hall->door), "\"met\":-8");
    buf_append_str(&before, door_body(&hall->door));
    CHECK_INT(hall_post(hall, "/v1/events", buf_text(&batch)), ==, 200);
    CHECK_HAS(door_body(&hall->door), "{\"event_id\":\"e'4\",\"status\":\"duplicate\"}");
    CHECK(!strstr(door_body(&hall->door), "accepted"));
    CHECK_INT(hall_get(hall, OF(MINJI_PATH)), ==, 200);
    CHECK_STR(door_body(&hall->door), buf_text(&before));
    hall_records(hall, "민지/\"x\" y", &records);
    CHECK_HAS(buf_text(&records), "\"event_id\":\"e'4\"");

    /* After a restart nobody remembers them, and still nothing changes. */
    hall_kill_recommender(hall, 0);
    hall_start_recommender(hall, 0);
    CHECK_INT(hall_post(hall, "/v1/events", buf_text(&batch)), ==, 200);
    CHECK_INT(hall_get(hall, OF(MINJI_PATH)), ==, 200);
    CHECK_STR(door_body(&hall->door), buf_text(&before));
}

/* -- removed pictures -- */

TEST_ON_BOTH_BUSES(a_removed_picture_never_comes_again)
{
    static const char key[] = "emotions/happy/real_1h.jpeg";
    OWNED_VALUE(buf) picture = {0};

    fill(hall);
    file_load(PICTURE_H, &picture);
    CHECK_INT(door_ask(&hall->door,
                       &(struct door_request){.method = "PUT",
                                              .path = "/v1/objects/emotions/happy/real_1h.jpeg",
                                              .key = hall->door.operator_key,
                                              .body = picture.data,
                                              .size = picture.size}),
              ==, 201);
    wait_results(hall, OF("nobody"), ALL + 1);
    for (int i = 0; i < 3; i++) {
        CHECK_INT(hall_post(hall, "/like",
                            "{\"id\":\"fan\",\"itemId\":\"emotions/happy/real_1h.jpeg\"}"),
                  ==, 200);
        if (i == 0)
            CHECK_INT(
                door_ask(&hall->door,
                         &(struct door_request){.method = "DELETE",
                                                .path = "/v1/items/emotions/happy/real_1h.jpeg",
                                                .key = hall->door.operator_key}),
                ==, 204);
        wait_results(hall, OF("nobody"), ALL);
        CHECK_INT(count_results(hall, OF("fan")), ==, ALL);
        CHECK(!strstr(door_body(&hall->door), "\"item_id\":\"emotions/happy/real_1h.jpeg\""));
    }
    hall_wait_figure(hall, 0, "garden_recommender_learnt_changes", ALL + 1 + 1 + 6);
    CHECK_INT(count_results(hall, OF("fan")), ==, ALL);
    hall_kill_recommender(hall, 0);
    hall_start_recommender(hall, 0);
    CHECK_INT(count_results(hall, OF("fan")), ==, ALL);
    CHECK_INT(hall_post(hall, "/garden", "{\"id\":\"fan\",\"emotion\":\"happy\"}"), ==, 200);
    CHECK(!strstr(door_body(&hall->door), key));
}

/* -- replicas and restarts -- */

static void tell_of_visitors(struct hall *hall)
{
    OWNED_VALUE(buf) batch = {0};

    buf_append_str(&batch, "{\"events\":[");
    for (int visitor = 0; visitor < VISITORS; visitor++) {
        char user[32];

        (void)snprintf(user, sizeof user, "v%d", visitor);
        hall_user(hall, user, visitor % 2 ? "adult" : "child", visitor % 3 ? "Male" : "Female");
        for (int act = 0; act < ACTS; act++) {
            const int picture = (visitor % 2 + 2 * act + visitor / 7) % OTHERS;

            buf_printf(&batch,
                       "%s{\"event_id\":\"%d\",\"user_id\":\"v%d\",\"event_type\":\"%s\","
                       "\"item_id\":\"emotions/happy/b%d%c.jpeg\",\"timestamp\":%lld}",
                       visitor || act ? "," : "", act, visitor, act % 3 ? "like" : "skip",
                       picture, picture % 2 ? 'v' : 'h',
                       (long long)clock_wall_ms() - 600000 + visitor * 1000LL + act);
        }
    }
    buf_append_str(&batch, "]}");
    CHECK_INT(hall_post(hall, "/v1/events", buf_text(&batch)), ==, 200);
}

static bool log_has(const struct hall *hall, int i, const char *text)
{
    OWNED_VALUE(buf) log = {0};

    file_load(hall->log[i], &log);
    return strstr(buf_text(&log), text) != NULL;
}

static void check_restart(struct hall *hall, const char *hash, const char *how)
{
    char again[SHA256_HEX];

    hall_kill_recommender(hall, 0);
    hall_start_recommender(hall, 0);
    hall_hash(hall, 0, "v", ANSWERS, again);
    if (strcmp(again, hash) != 0)
        TEST_FAIL("other answers after a restart %s", how);
}

/* A tenth of the visitors are known, the others are new. */
TEST_ON_BOTH_BUSES(the_same_topics_give_the_same_answers)
{
    const int acts = VISITORS * ACTS, known = ALL + VISITORS + acts;
    char one[SHA256_HEX], other[SHA256_HEX], snapshot[300];

    fill(hall);
    hall_start_recommender(hall, 1);
    tell_of_visitors(hall);
    /* Recommender 0 was told by the gateway, and once more by the topic. */
    hall_wait_figure(hall, 0, "garden_recommender_learnt_changes", known + acts);
    hall_wait_figure(hall, 1, "garden_recommender_learnt_changes", VISITORS + acts);
    hall_hash(hall, 0, "v", ANSWERS, one);
    hall_hash(hall, 1, "v", ANSWERS, other);
    CHECK_STR(one, other);

    hall_kill_recommender(hall, 1); /* which keeps the same snapshot */
    check_restart(hall, one, "with its snapshot");
    hall_snapshot(hall, snapshot);
    CHECK(!log_has(hall, 0, "the snapshot is left alone"));
    folder_put(hall->ingest.conf.data, "recommender/snapshot", "garbage", 7);
    check_restart(hall, one, "with a damaged snapshot");
    CHECK(log_has(hall, 0, "the snapshot is left alone"));
    hall_kill_recommender(hall, 0);
    CHECK_INT(unlink(snapshot), ==, 0);
    check_restart(hall, one, "without a snapshot");
}

/* -- what goes wrong -- */

static void check_away(struct hall *hall)
{
    hall_kill_recommender(hall, 0);
    CHECK_INT(hall_post(hall, "/garden", "{\"id\":\"a\",\"emotion\":\"happy\"}"), ==, 503);
    CHECK_STR(door_body(&hall->door),
              "the recommender service does not answer: try again later\n");
    CHECK(*door_header(&hall->door, "retry-after") != '\0');
    CHECK_INT(hall_get(hall, OF("a")), ==, 503);
    CHECK_STR(door_header(&hall->door, "content-type"), "application/problem+json");
    CHECK_INT(hall_get(hall, "/readyz"), ==, 503);
    CHECK_HAS(door_body(&hall->door), "\"recommender\":{\"state\":\"down\"");
    hall_start_recommender(hall, 0);
    CHECK_INT(hall_post(hall, "/garden", "{\"id\":\"a\",\"emotion\":\"happy\"}"), ==, 200);
    CHECK_STR(door_body(&hall->door), "{\"landscape\":[],\"portrait\":[]}");
    wait_text(hall, "/readyz", "\"recommender\":{\"state\":\"up\"", true);
}

static void check_nonsense(struct hall *hall)
{
    static const struct {
        const char *path, *body; /* NULL: GET */
        int status;
        const char *text;
    } cases[] = {
        {"/garden", "{", 400, "line 1"},
        {"/garden", "[]", 400, "the body is no JSON object"},
        {"/garden", "{\"id\":\"a\",\"emotion\":\"glad\"}", 400, "emotion is 'glad'"},
        {"/garden", "{\"id\":\"a\"}", 400, "no mood of this visitor is known"},
        {"/garden", "{\"emotion\":\"happy\"}", 200, "landscape"}, /* a guest */
        {"/garden", "{\"id\":7,\"emotion\":\"happy/a\\nb\"}", 400, ""},
        {"/like", "{}", 400, "id is missing"},
        {"/like", "{\"id\":\"a\"}", 400, "the item is no picture's key"},
        {"/like", "{\"id\":\"a\\nb\",\"itemId\":\"emotions/happy/a.jpeg\"}", 400, "id has a"},
        {"/like", "{\"id\":\"a\",\"itemId\":\"emotions/happy/a\\nb.jpeg\"}", 400, ""},
        {"/like", "{\"id\":\"a\",\"itemId\":\"emotions/happy/never.jpeg\"}", 200, "Success"},
        {"/v1/events", "{\"events\":[]}", 400, "1 to 1000"},
        {"/v1/events", "{\"events\":{}}", 400, "1 to 1000"},
        {"/v1/events", "{\"events\":[1,null,\"a\"]}", 200, "an event is a JSON object"},
        {"/v1/users/a/recommendations", NULL, 400, "no mood"},
        {"/v1/users/a/recommendations?emotion=happy&n=0", NULL, 400, "n"},
        {"/v1/users/a/recommendations?emotion=happy&n=501", NULL, 400, "n"},
        {"/v1/users/a/recommendations?emotion=happy&n=x", NULL, 400, "n"},
        {"/v1/users/a/recommendations?emotion=happy&orientation=h", NULL, 400, "landscape"},
        {"/v1/users/a%0Ab/recommendations?emotion=happy", NULL, 400, "visitor's id"},
        {"/v1/users/%FF/recommendations?emotion=happy", NULL, 400, "UTF-8"},
        {"/v1/users/a/b/recommendations?emotion=happy", NULL, 404, "%2F"},
        {"/v1/users/a/recommendations?emotion=happy&favorite=%EB%B2%9A%EA%BD%83", NULL, 200,
         "\"asked\":\"happy/벚꽃\""},
        {"/garden", NULL, 405, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int status = cases[i].body ? hall_post(hall, cases[i].path, cases[i].body)
                                         : hall_get(hall, cases[i].path);

        if (status != cases[i].status || !strstr(door_body(&hall->door), cases[i].text))
            TEST_FAIL("%s %s: %d, %s", cases[i].path, cases[i].body ? cases[i].body : "",
                      status, door_body(&hall->door));
    }
}

static void check_too_large(struct hall *hall)
{
    OWNED_VALUE(buf) body = {0};

    buf_append_str(&body, "{\"events\":[");
    for (int i = 0; i < 1001; i++)
        buf_printf(&body, "%s{}", i ? "," : "");
    buf_append_str(&body, "]}");
    CHECK_INT(hall_post(hall, "/v1/events", buf_text(&body)), ==, 400);
    (void)memset(buf_reserve(&body, 5 << 20), ' ', 5 << 20);
    body.size += 5 << 20;
    CHECK_INT(door_ask(&hall->door, &(struct door_request){.method = "POST",
                                                           .path = "/v1/events",
                                                           .body = body.data,
                                                           .size = body.size}),
              ==, 413);
}

TEST_ON_BOTH_BUSES(what_goes_wrong_is_said)
{
    check_away(hall);
    check_nonsense(hall);
    check_too_large(hall);
}
