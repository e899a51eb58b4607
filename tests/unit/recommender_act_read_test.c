/* recommender_act_read_test.c - what clients tell of visitors: taken as far as it makes sense,
 * and refused with the reason where it does not. */
#include <stdarg.h>

#include "lib/base/clock.h"
#include "proto/user_event.h"
#include "services/recommender-proxy/acts.h"
#include "tests/test.h"

#define KEY "emotions/happy/spring,sunny,day/img_1h.jpeg"
#define ACT(more_) "{\"event_id\":\"e1\",\"user_id\":\"u\",\"event_type\":\"like\"" more_ "}"
#define ITEM ",\"item_id\":\"" KEY "\""
#define YEAR_MS (INT64_C(366) * 86400000)

static struct client_act read_json(const char *text)
{
    struct err err = {0};
    OWNED_JSON json = json_parse(text, strlen(text), &err);
    struct client_act act;

    if (!json)
        TEST_FAIL("%s: %s", text, err.text);
    client_act_read(&act, json);
    return act;
}

static struct client_act read_one(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static struct client_act read_one(const char *fmt, ...)
{
    static char text[200000];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return read_json(text);
}

TEST(an_act_is_read)
{
    struct client_act act = read_json(
        "{\"event_id\":\"e 1\",\"user_id\":\"민지/\\\"a b\\\"\",\"event_type\":\"skip\","
        "\"item_id\":\"emotions/sad/사진 'a' \\\"b\\\".jpeg\",\"timestamp\":null,"
        "\"impression\":[\"" KEY "\",\"emotions/sad/사진 'a' \\\"b\\\".jpeg\"],\"more\":[1]}");

    CHECK_INT(act.status, ==, ACT_ACCEPTED);
    CHECK_STR(act.detail, "");
    CHECK_STR(act.event.event_id, "e 1");
    CHECK_STR(act.event.user_id, "민지/\"a b\"");
    CHECK_STR(act.event.item_id, "emotions/sad/사진 'a' \"b\".jpeg");
    CHECK_INT(act.event.type, ==, INTERACTION_SKIP);
    CHECK_INT(act.event.impression_count, ==, 2);
    CHECK_STR(act.event.impression[0], KEY);
    CHECK_STR(act.event.impression[1], act.event.item_id);
    CHECK_INT(llabs(act.event.timestamp_ms - clock_wall_ms()), <, 5000);
    client_act_done(&act);
}

TEST(what_is_wrong_is_refused_and_why_is_said)
{
    static const struct {
        const char *json, *detail;
    } cases[] = {
        {"7", "an event is a JSON object"},
        {"[]", "an event is a JSON object"},
        {"null", "an event is a JSON object"},
        {"{}", "event_type must be one of like, dislike, skip, view"},
        {ACT(ITEM ",\"timestamp\":\"yesterday\""), "timestamp is neither milliseconds"},
        {ACT(ITEM ",\"timestamp\":1.5"), "timestamp is neither a whole number"},
        {ACT(ITEM ",\"timestamp\":[]"), "timestamp is neither a whole number"},
        {ACT(ITEM ",\"impression\":\"" KEY "\""), "impression is no list"},
        {ACT(ITEM ",\"impression\":{}"), "impression is no list"},
        {ACT(""), "the item is no picture's key"},
        {ACT(",\"item_id\":7"), "the item is no picture's key"},
        {ACT(",\"item_id\":\"\""), "the item is no picture's key"},
        {ACT(",\"item_id\":\"emotions/glad/a_1h.jpeg\""), "the item is no picture's key"},
        {ACT(",\"item_id\":\"display/zone1/img1h.jpeg\""), "the item is no picture's key"},
        {ACT(",\"item_id\":\"emotions/happy/../sad/a.jpeg\""), "the item is no picture's key"},
        {ACT(",\"item_id\":\"emotions/happy/a\\nb.jpeg\""), "the item is no picture's key"},
        {ACT(",\"item_id\":\"http://h/emotions/happy/%zz.jpeg\""),
         "the item is no picture's key"},
        {ACT(",\"item_id\":\"http://host\""), "the item is no picture's key"},
        {"{\"event_type\":\"love\",\"event_id\":\"1\",\"user_id\":\"u\"" ITEM "}",
         "event_type must be one of"},
        {"{\"event_type\":\"like\",\"user_id\":\"u\"" ITEM "}",
         "event_id is missing, or no text"},
        {"{\"event_type\":\"like\",\"event_id\":\"\",\"user_id\":\"u\"" ITEM "}",
         "event_id is missing, or no text"},
        {"{\"event_type\":\"like\",\"event_id\":5,\"user_id\":\"u\"" ITEM "}",
         "event_id is missing, or no text"},
        {"{\"event_type\":\"like\",\"event_id\":\"1\"" ITEM "}",
         "user_id is missing, or no text"},
        {"{\"event_type\":\"like\",\"event_id\":\"1\",\"user_id\":\"a\\nb\"" ITEM "}",
         "user_id has a control character"},
        {"{\"event_type\":\"like\",\"event_id\":\"a\\u0007\",\"user_id\":\"u\"" ITEM "}",
         "event_id has a control character"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client_act act = read_json(cases[i].json);

        if (act.status != ACT_REFUSED || !strstr(act.detail, cases[i].detail))
            TEST_FAIL("%s: status %d, '%s'", cases[i].json, (int)act.status, act.detail);
        client_act_done(&act);
    }
}

TEST(ids_that_are_too_long_are_refused)
{
    char id[USER_ID_MAX + 2];
    struct client_act act;

    memset(id, 'x', sizeof id);
    id[USER_ID_MAX] = '\0';
    act =
        read_one("{\"event_type\":\"like\",\"event_id\":\"1\",\"user_id\":\"%s\"" ITEM "}", id);
    CHECK_INT(act.status, ==, ACT_ACCEPTED);
    client_act_done(&act);
    id[USER_ID_MAX] = 'x';
    id[USER_ID_MAX + 1] = '\0';
    act =
        read_one("{\"event_type\":\"like\",\"event_id\":\"1\",\"user_id\":\"%s\"" ITEM "}", id);
    CHECK_STR(act.detail, "user_id has more than 256 bytes");
    client_act_done(&act);
    id[129] = '\0';
    act =
        read_one("{\"event_type\":\"like\",\"event_id\":\"%s\",\"user_id\":\"u\"" ITEM "}", id);
    CHECK_STR(act.detail, "event_id has more than 128 bytes");
    client_act_done(&act);
}

TEST(a_like_may_be_called_a_click)
{
    struct client_act act =
        read_json("{\"event_type\":\"click\",\"event_id\":\"1\",\"user_id\":\"u\"" ITEM "}");

    CHECK(act.status == ACT_ACCEPTED && act.event.type == INTERACTION_LIKE);
    client_act_done(&act);
}

TEST(a_picture_may_be_named_by_its_url)
{
    struct client_act act =
        read_json(ACT(",\"item_id\":\"https://garden.example:8443/emotions/happy/"
                      "%EB%B4%84%2Cday/a%20%22b%22_1v.jpeg?w=320#x\","
                      "\"impression\":[\"http://127.0.0.1:8080/" KEY "\"]"));

    CHECK_STR(act.detail, "");
    CHECK_STR(act.event.item_id, "emotions/happy/봄,day/a \"b\"_1v.jpeg");
    CHECK_STR(act.event.impression[1], KEY);
    client_act_done(&act);
}

/* -- impressions -- */

TEST(the_acts_own_picture_comes_first_where_it_is_missing)
{
    struct client_act act = read_json(
        ACT(ITEM ",\"impression\":[\"emotions/happy/a.jpeg\",\"emotions/happy/b.jpeg\"]"));

    CHECK_INT(act.event.impression_count, ==, 3);
    CHECK_STR(act.event.impression[0], KEY);
    CHECK_STR(act.event.impression[1], "emotions/happy/a.jpeg");
    CHECK_STR(act.event.impression[2], "emotions/happy/b.jpeg");
    client_act_done(&act);
    act = read_json(ACT(ITEM ",\"impression\":[\"emotions/happy/a.jpeg\",\"" KEY
                             "\",\"emotions/happy/a.jpeg\"]"));
    CHECK_INT(act.event.impression_count, ==, 2);
    CHECK_STR(act.event.impression[0], "emotions/happy/a.jpeg");
    CHECK_STR(act.event.impression[1], KEY);
    client_act_done(&act);
}

TEST(nobody_need_say_what_was_shown)
{
    static const char *const impressions[] = {"", ",\"impression\":[]", ",\"impression\":null"};

    for (size_t i = 0; i < 3; i++) {
        struct client_act act = read_one("{\"event_id\":\"1\",\"user_id\":\"u\",\"event_type\":"
                                         "\"view\"" ITEM "%s}",
                                         impressions[i]);

        CHECK_INT(act.status, ==, ACT_ACCEPTED);
        CHECK_INT(act.event.impression_count, ==, 0);
        CHECK_STR(act.detail, "");
        client_act_done(&act);
    }
}

TEST(pictures_of_the_impression_that_are_none_are_left_out)
{
    struct client_act act = read_json(
        ACT(ITEM ",\"impression\":[7,\"nonsense\",\"emotions/happy/a\\nb.jpeg\",\"" KEY
                 "\",null]"));

    CHECK_INT(act.status, ==, ACT_ACCEPTED);
    CHECK_INT(act.event.impression_count, ==, 1);
    CHECK_STR(act.detail, "pictures of the impression that are none were left out");
    client_act_done(&act);
}

/* own: where the act's own picture is among the ten thousand; -1: nowhere. */
static void check_long_impression(int own)
{
    OWNED_VALUE(buf) text = {0};
    struct client_act act;

    buf_append_str(&text, "{\"event_id\":\"1\",\"user_id\":\"u\",\"event_type\":\"like\"" ITEM
                          ",\"impression\":[");
    for (int i = 0; i < 10000; i++)
        if (i == own)
            buf_printf(&text, "%s\"" KEY "\"", i ? "," : "");
        else
            buf_printf(&text, "%s\"emotions/happy/img_%dh.jpeg\"", i ? "," : "", i);
    buf_append_str(&text, "]}");
    act = read_json(buf_text(&text));
    CHECK_INT(act.status, ==, ACT_ACCEPTED);
    CHECK_INT(act.event.impression_count, ==, INTERACTION_IMPRESSION_MAX);
    CHECK_STR(act.event.impression[own >= 0 && own < 100 ? own : 0], KEY);
    CHECK_STR(act.event.impression[99], own >= 0 && own < 99 ? "emotions/happy/img_99h.jpeg"
                                        : own == 99          ? KEY
                                                             : "emotions/happy/img_98h.jpeg");
    CHECK_STR(act.detail, "of the impression the first 100 pictures were taken");
    client_act_done(&act);
}

TEST(of_ten_thousand_the_first_hundred_are_taken)
{
    check_long_impression(0);
    check_long_impression(42);
    check_long_impression(99);
    check_long_impression(9999);
    check_long_impression(-1);
}

/* -- times -- */

TEST(times_are_milliseconds_or_a_date)
{
    const int64_t now = clock_wall_ms(), hour_ago = now - 3600000;
    char date[CLOCK_TEXT];
    struct client_act act =
        read_one("{\"event_id\":\"1\",\"user_id\":\"u\",\"event_type\":\"like\"" ITEM
                 ",\"timestamp\":%lld}",
                 (long long)hour_ago);

    CHECK_INT(act.event.timestamp_ms, ==, hour_ago);
    client_act_done(&act);
    clock_format_rfc3339(hour_ago, date);
    act = read_one("{\"event_id\":\"1\",\"user_id\":\"u\",\"event_type\":\"like\"" ITEM
                   ",\"timestamp\":\"%s\"}",
                   date);
    CHECK_INT(act.event.timestamp_ms / 1000, ==, hour_ago / 1000);
    CHECK_STR(act.detail, "");
    client_act_done(&act);
}

TEST(clocks_that_are_years_off_are_not_believed)
{
    const int64_t now = clock_wall_ms();
    const struct {
        int64_t time_ms;
        const char *detail;
    } cases[] = {
        {now + 60000, ""},
        {now + 10 * YEAR_MS, "its time is ahead of ours: taken as now"},
        {INT64_MAX, "its time is ahead of ours: taken as now"},
        {now - YEAR_MS + 60000, ""},
        {now - 5 * YEAR_MS, "its time is more than a year ago: taken as now"},
        {0, "its time is more than a year ago: taken as now"},
        {INT64_MIN, "its time is more than a year ago: taken as now"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client_act act =
            read_one("{\"event_id\":\"1\",\"user_id\":\"u\",\"event_type\":\"like\"" ITEM
                     ",\"timestamp\":%lld}",
                     (long long)cases[i].time_ms);

        CHECK_INT(act.status, ==, ACT_ACCEPTED);
        CHECK_STR(act.detail, cases[i].detail);
        CHECK_INT(llabs(act.event.timestamp_ms - (*cases[i].detail ? now : cases[i].time_ms)),
                  <, 5000);
        client_act_done(&act);
    }
}

/* -- a kiosk's like -- */

TEST(a_kiosks_like_has_an_id_of_its_own_and_happens_now)
{
    OWNED_JSON shown = json_pack("[s,s]", "emotions/happy/a.jpeg", "http://h/" KEY);
    struct client_act one, other;

    client_act_like(&one, "u 1", KEY, shown);
    client_act_like(&other, "u 1", "http://127.0.0.1:8080/" KEY, NULL);
    CHECK(one.status == ACT_ACCEPTED && other.status == ACT_ACCEPTED);
    CHECK_STR(one.event.user_id, "u 1");
    CHECK_STR(other.event.item_id, KEY);
    CHECK_INT(one.event.impression_count, ==, 2);
    CHECK_STR(one.event.impression[1], KEY);
    CHECK_INT(other.event.impression_count, ==, 0);
    CHECK(strcmp(one.event.event_id, other.event.event_id) != 0);
    CHECK_INT(llabs(one.event.timestamp_ms - clock_wall_ms()), <, 5000);
    client_act_done(&one);
    client_act_done(&other);
    client_act_like(&one, "u", NULL, NULL);
    CHECK_INT(one.status, ==, ACT_REFUSED);
    CHECK_HAS(one.detail, "emotions/happy/spring,sunny,day/img_1h.jpeg");
    client_act_done(&one);
}
