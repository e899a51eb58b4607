/* export_test.c - a garden's users, items and interactions out as CSV files and in again: as an
 * operator does it, on both buses. */
#include <poll.h>
#include <sys/stat.h>

#define TEST_SECONDS 300

#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "proto/dataset.h"
#include "proto/topics.h"
#include "tests/support/engine.h"
#include "tests/support/exports.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { SOON_MS = 60000 };

#define ITEM_A "emotions/happy/spring,sunny,day/a \"1\"h.jpeg"
#define ITEM_B "emotions/calm/행복 b|c\\d_1v.jpeg"
#define ITEM_C "emotions/sad/gone_1h.jpeg"

static const char users_csv[] = "USER_ID,GENERATION,GENDER,EMOTION\n"
                                "\"a, b\",adult,Female,calm\n"
                                "slash/user name,,,sad\n"
                                "행복,child,Male,happy\n";

static const char items_csv[] = "ITEM_ID,TIMESTAMP,EMOTION\n"
                                "emotions/calm/행복 b|c\\d_1v.jpeg,1700000002,calm\n"
                                "\"emotions/happy/spring,sunny,day/a \"\"1\"\"h.jpeg\","
                                "1700000001,\"happy/spring,sunny,day\"\n";

static const char interactions_csv[] =
    "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION\n"
    "\"say \"\"hi\"\"\",emotions/calm/행복 b|c\\d_1v.jpeg,1700000003,view,\n"
    "\"a, b\",\"emotions/happy/spring,sunny,day/a \"\"1\"\"h.jpeg\",1700000004,click,"
    "\"emotions/happy/spring,sunny,day/a \"\"1\"\"h.jpeg|emotions/calm/행복 "
    "b\\|c\\\\d_1v.jpeg\"\n"
    "slash/user name,emotions/sad/gone_1h.jpeg,1700000004,skip,\n"
    "slash/user name,emotions/sad/gone_1h.jpeg,1700000004,skip,\n"
    "행복,emotions/calm/행복 b|c\\d_1v.jpeg,1700000005,dislike,\n";

#define MS INT64_C(1700000000000)

static const char *const shown[] = {ITEM_A, ITEM_B};

#define LIKE                                                                                 \
    {                                                                                        \
        .user_id = "a, b", .item_id = ITEM_A, .type = INTERACTION_LIKE, .impression = shown, \
        .impression_count = 2, .timestamp_ms = MS + 4000, .event_id = "e1"                   \
    }
#define ACT(user_, item_, type_, ms_, id_)                                              \
    {                                                                                   \
        .user_id = (user_), .item_id = (item_), .type = (type_), .timestamp_ms = (ms_), \
        .event_id = (id_)                                                               \
    }

static const struct interaction_event acts[] = {
    ACT("행복", ITEM_B, INTERACTION_DISLIKE, MS + 5000, "e5"),
    LIKE,
    ACT("slash/user name", ITEM_C, INTERACTION_SKIP, MS + 4001, "e2"),
    ACT("slash/user name", ITEM_C, INTERACTION_SKIP, MS + 4002, "e3"),
    ACT("say \"hi\"", ITEM_B, INTERACTION_VIEW, MS + 3000, "e4"),
    LIKE, /* sent twice */
    ACT("say \"hi\"", ITEM_A, INTERACTION_LIKE, MS + 9000, "e4"),
};

/* What others have published: changes, removals, repeats, and what nobody can read. */
static void tell_all(struct bus *bus)
{
    tell_user(bus, "행복", "child", "Male", "sad");
    tell_user(bus, "행복", "child", "Male", "happy");
    tell_user(bus, "slash/user name", "", "", "sad");
    tell_user(bus, "a, b", "adult", "Female", "calm");
    tell_user(bus, "forgotten", "adult", "Male", "calm");
    tell_user(bus, "forgotten", "", "", NULL);
    tell_bytes(bus, TOPIC_USERS, "a, b", "{\"user_id\":\"a, b\",\"emotion\":\"joyful\"}");
    tell_bytes(bus, TOPIC_USERS, "other",
               "{\"user_id\":\"another\",\"emotion\":\"sad\",\"timestamp\":1}");
    tell_item(bus, ITEM_B, MS + 2999, "calm");
    tell_item(bus, ITEM_A, MS + 1000, "happy/spring,sunny,day");
    tell_item(bus, ITEM_C, MS, "sad");
    tell_item(bus, ITEM_C, 0, NULL);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        tell_act(bus, &acts[i]);
    tell_bytes(bus, TOPIC_INTERACTIONS, "x", "{\"user_id\":");
    tell_bytes(bus, TOPIC_INTERACTIONS, "x", "");
}

static void ctl(struct garden *garden, const char *const *words, int status, const char *says)
{
    OWNED_VALUE(buf) output = {0};
    const int got = garden_ctl(garden, words, &output);

    if (got != status)
        TEST_FAIL("gardenctl %s ended with %d: %s", words[0], got, buf_text(&output));
    CHECK_HAS(buf_text(&output), says);
}

static void check_file(const char *dir, const char *name, const char *wanted)
{
    OWNED_VALUE(buf) found = {0};
    char path[400];

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    file_load(path, &found);
    CHECK_STR(buf_text(&found), wanted);
}

static void check_object(struct garden *garden, const char *key, const char *wanted)
{
    OWNED_VALUE(buf) found = {0};
    char path[200];

    (void)snprintf(path, sizeof path, "/%s", key);
    CHECK_INT(garden_ask(garden, "GET", path, NULL, 0, &found), ==, 200);
    CHECK_STR(buf_text(&found), wanted);
}

/* Asks for an export and returns its answer when it is done; the caller ends it. */
static json_t *export_now(struct garden *garden)
{
    OWNED_VALUE(buf) body = {0};
    char path[200];
    const char *id;
    struct err err = {0};
    OWNED_JSON asked = NULL;
    json_t *answer;

    CHECK_INT(garden_ask(garden, "POST", "/v1/exports", NULL, 0, &body), ==, 202);
    asked = json_parse(body.data, body.size, &err);
    CHECK_OK(json_get_str(asked, "id", &id, &err), err);
    (void)snprintf(path, sizeof path, "/v1/exports/%s", id);
    garden_wait_answer(garden, "GET", path, NULL, "\"state\":\"done\"", SOON_MS);
    CHECK_INT(garden_ask(garden, "GET", path, NULL, 0, &body), ==, 200);
    answer = json_parse(body.data, body.size, &err);
    CHECK_OK(err.code, err);
    return answer;
}

static int64_t number(const json_t *object, const char *name)
{
    struct err err = {0};
    int64_t value = -1;

    CHECK_OK(json_get_int(object, name, &value, &err), err);
    return value;
}

static const char *string(const json_t *object, const char *name)
{
    struct err err = {0};
    const char *value = NULL;

    CHECK_OK(json_get_str(object, name, &value, &err), err);
    return value;
}

/* What the answer and the manifest say of the files is so. */
static void check_answer(struct garden *garden, const json_t *answer)
{
    static const char *const texts[] = {users_csv, items_csv, interactions_csv};
    static const int rows[] = {3, 2, 5};
    const json_t *files = json_object_get(answer, "files");
    const json_t *offsets = json_object_get(answer, "offsets");
    OWNED_VALUE(buf) body = {0};
    struct err err = {0};
    OWNED_JSON manifest = NULL;
    int64_t records = 0;

    CHECK_INT(garden_ask(garden, "GET", "/dataset/manifest.json", NULL, 0, &body), ==, 200);
    manifest = json_parse(body.data, body.size, &err);
    CHECK_STR(string(manifest, "export_id"), string(answer, "id"));
    CHECK(json_equal(json_object_get(manifest, "files"), files));
    CHECK(json_equal(json_object_get(manifest, "offsets"), offsets));
    CHECK_INT(json_array_size(files), ==, 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *file = json_array_get(files, i);
        char hex[SHA256_HEX];

        check_object(garden, dataset_key((enum dataset_kind)i), texts[i]);
        sha256_hex(texts[i], strlen(texts[i]), hex);
        CHECK_STR(string(file, "key"), dataset_key((enum dataset_kind)i));
        CHECK_STR(string(file, "sha256"), hex);
        CHECK_INT(number(file, "size_bytes"), ==, strlen(texts[i]));
        CHECK_INT(number(file, "rows"), ==, rows[i]);
    }
    for (size_t i = 0; i < json_array_size(offsets); i++)
        records += number(json_array_get(offsets, i), "to");
    CHECK_INT(records, ==, 8 + 4 + 9);
    CHECK_INT(number(answer, "unreadable"), ==, 4);
    CHECK_INT(number(answer, "repeated"), ==, 2);
}

/* Another garden gets the files, and gives the same. */
static void check_import(const char *dir)
{
    struct garden other;
    struct err err = {0};
    char back[300];

    garden_prepare(&other, NULL, NULL, NULL);
    garden_start(&other);
    (void)snprintf(back, sizeof back, "%s/back", other.data);
    ctl(&other, (const char *const[]){"import-dataset", dir, "--check", NULL}, 0,
        "Nothing was imported");
    ctl(&other, (const char *const[]){"import-dataset", dir, NULL}, 0,
        "users.csv: 3 imported, 0 known already\n"
        "items.csv: 0 are in the garden, 2 are not\n");
    ctl(&other, (const char *const[]){"export", back, NULL}, 0, "Exported");
    check_file(back, "users.csv", users_csv);
    check_file(back, "items.csv", "ITEM_ID,TIMESTAMP,EMOTION\n");
    check_file(back, "interactions.csv", interactions_csv);
    OWNED(bus) bus = garden_open_bus(&other.conf, "test", &err);
    tell_item(bus, ITEM_A, 1700000001000, "happy/spring,sunny,day");
    tell_user(bus, "행복", "child", "Male", "calm"); /* since then */
    ctl(&other, (const char *const[]){"import-dataset", dir, NULL}, 0,
        "users.csv: 0 imported, 3 known already\n"
        "items.csv: 1 are in the garden, 1 are not\n");
    ctl(&other, (const char *const[]){"export", back, NULL}, 0, "5 acts had been sent again");
    check_file(back, "interactions.csv", interactions_csv);
    check_file(back, "users.csv",
               "USER_ID,GENERATION,GENDER,EMOTION\n"
               "\"a, b\",adult,Female,calm\n"
               "slash/user name,,,sad\n"
               "행복,child,Male,calm\n");
    garden_stop(&other);
}

static void out_and_in_again(const char *bus_url)
{
    const char *dir = folder_new();
    struct garden garden;
    struct err err = {0};
    OWNED_VALUE(buf) body = {0};

    garden_prepare(&garden, bus_url, NULL, NULL);
    garden_start(&garden);
    OWNED(bus) bus = garden_open_bus(&garden.conf, "test", &err);
    OWNED_JSON empty = export_now(&garden);
    check_object(&garden, dataset_key(DATASET_USERS), "USER_ID,GENERATION,GENDER,EMOTION\n");
    tell_all(bus);
    OWNED_JSON answer = export_now(&garden);
    check_answer(&garden, answer);
    CHECK_INT(garden_ask(&garden, "GET", "/v1/exports?limit=1", NULL, 0, &body), ==, 200);
    CHECK_HAS(buf_text(&body), string(answer, "id"));
    CHECK(!strstr(buf_text(&body), string(empty, "id")));
    ctl(&garden, (const char *const[]){"export", dir, NULL}, 0,
        "4 records could not be read and are left out");
    check_file(dir, "users.csv", users_csv);
    check_file(dir, "items.csv", items_csv);
    check_file(dir, "interactions.csv", interactions_csv);
    ctl(&garden, (const char *const[]){"import-dataset", dir, NULL}, 1,
        "this garden made that export itself");
    garden_stop(&garden);
    check_import(dir);
}

TEST(what_goes_out_comes_in_again_local)
{
    out_and_in_again(NULL);
}

TEST(what_goes_out_comes_in_again_kafka)
{
    char url[128];

    if (!getenv("TEST_KAFKA"))
        SKIP("TEST_KAFKA is not set");
    (void)engine_start("kafka", NULL); /* where nobody else's acts are */
    (void)snprintf(url, sizeof url, "kafka://%s", getenv("TEST_KAFKA"));
    out_and_in_again(url);
}

static const char bad_acts[] = "ITEM_ID,USER_ID,EVENT_TYPE,TIMESTAMP,WEATHER\r\n"
                               "emotions/happy/a_1h.jpeg,u 1,Click,1586731606,x\r\n"
                               "emotions/happy/a_1h.jpeg,\"line\nfeed\",view,1586731606,x\r\n"
                               "B07QK955LS,u 1,click,1586731606,x\r\n"
                               "emotions/happy/a_1h.jpeg,u 1,purchase,1586731606,x\r\n"
                               "emotions/happy/a_1h.jpeg,u 1,view,1586731606123,x\r\n"
                               "emotions/happy/a_1h.jpeg,u 1,view\r\n"
                               "emotions/happy/a_1h.jpeg,\"u\"1,view,1586731606,x\r\n"
                               "emotions/happy/a_1h.jpeg,u 2,view,1586731607,x\r\n";

TEST(rows_that_are_wrong_are_named_and_the_rest_is_imported)
{
    static const char *const says[] = {
        "line 3: an interaction event: user_id: has a control character",
        "REFUSED interactions.csv line 5: an interaction event: item_id: ",
        "REFUSED interactions.csv line 6: EVENT_TYPE is 'purchase'",
        "REFUSED interactions.csv line 7: TIMESTAMP is 1586731606123, which looks like milli",
        "REFUSED interactions.csv line 8: it has 3 fields, and the header names 5",
        "REFUSED interactions.csv line 9: text after the quote",
        "interactions.csv: 2 imported, 6 refused",
    };
    const char *dir = folder_new();
    struct garden garden;
    char back[300];

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    (void)snprintf(back, sizeof back, "%s/back", garden.data);
    ctl(&garden, (const char *const[]){"import-dataset", dir, NULL}, 2, "has no users.csv");
    folder_put(dir, "interactions.csv", bad_acts, sizeof bad_acts - 1);
    ctl(&garden, (const char *const[]){"import-dataset", dir, "--strict", NULL}, 1,
        "Nothing was imported");
    ctl(&garden, (const char *const[]){"export", back, NULL}, 0, "Exported");
    check_file(back, "interactions.csv", "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION\n");
    for (size_t i = 0; i < sizeof says / sizeof *says; i++)
        ctl(&garden, (const char *const[]){"import-dataset", dir, NULL}, 1, says[i]);
    ctl(&garden, (const char *const[]){"export", back, NULL}, 0, "Exported");
    check_file(back, "interactions.csv",
               "USER_ID,ITEM_ID,TIMESTAMP,EVENT_TYPE,IMPRESSION\n"
               "u 1,emotions/happy/a_1h.jpeg,1586731606,click,\n"
               "u 2,emotions/happy/a_1h.jpeg,1586731607,view,\n");
    folder_put(dir, "users.csv", "USER_ID,MOOD\nu,happy\n", 21);
    ctl(&garden, (const char *const[]){"import-dataset", dir, NULL}, 1,
        "users.csv: the header has no column EMOTION");
    garden_stop(&garden);
}
