/* recommender_gorse_test.c - Gorse as an engine, against a server of the test's own that
 * answers as Gorse's documentation shows it. */
#include "services/recommender-proxy/gorse_id.h"
#include "tests/unit/remote_server.h"

#define G_HAPPY_H "emotions%2Fhappy%2Fspring%2Csunny%2Cday%2Fa_1h.jpeg"
#define G_HAPPY_V "emotions%2Fhappy%2Fb_2v.jpeg"
#define G_SAD_H "emotions%2Fsad%2Fc_3h.jpeg"

static struct rec_engine *open_engine(const char *base)
{
    const struct engine_gorse_conf conf = {.url = base, .key = "secret key"};
    struct err err = {0};
    struct rec_engine *engine = engine_gorse_new(&conf, &err);

    CHECK_OK(err.code, err);
    return engine;
}

static void answer_with(struct remote_server *remote, int status, const char *body)
{
    remote->answers[0] = (struct remote_answer_set){status, body, NULL};
    remote_server_start(remote);
}

/* -- ids -- */

TEST(every_id_has_one_form_and_comes_back)
{
    static const struct {
        const char *plain, *written;
    } ids[] = {
        {HAPPY_H, G_HAPPY_H},
        {"a b\"c'", "a b\"c'"},
        {"100%2F", "100%252F"},
        {".", "%2E"},
        {"..", "%2E%2E"},
        {"...", "..."},
        {"\xEA\xBD\x83/x", "\xEA\xBD\x83%2Fx"},
        {"line\nend", "line\nend"},
    };
    static const char *const bad[] = {"", "a/b", "%", "%2", "%2f", "%41", GORSE_NOBODY, "a,b"};

    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        OWNED_VALUE(buf) written = {0};
        OWNED_VALUE(buf) plain = {0};
        struct err err = {0};

        CHECK_OK(gorse_id_write(&written, ids[i].plain, &err), err);
        CHECK_STR(buf_text(&written), ids[i].written);
        CHECK_OK(gorse_id_read(&plain, written.data, &err), err);
        CHECK_STR(buf_text(&plain), ids[i].plain);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        OWNED_VALUE(buf) plain = {0};
        struct err err = {0};

        CHECK_INT(gorse_id_read(&plain, bad[i], &err), ==, ERR_INVALID);
        CHECK_INT(plain.size, ==, 0);
    }
}

/* -- questions -- */

TEST(a_question_is_about_one_category)
{
    struct rec_query query = happy_query(7);
    OWNED_VALUE(remote_server) remote = {0};
    OWNED_VALUE(rec_answer) answer = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    answer_with(&remote, 200, "[\"" G_HAPPY_V "\",\"" G_HAPPY_H "\"]");
    engine = open_engine(remote.base);
    CHECK_STR(engine->name, "gorse");
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, HAPPY_V " " HAPPY_H);
    CHECK(answer.results[0].score == 1 && answer.results[1].score == 0.5);
    check_told(&remote, 0, "GET", "/api/recommend/u%201?n=7&category=happy", NULL);
    CHECK_STR(remote.told[0].key, "secret key");
    CHECK_STR(remote.told[0].version, "2"); /* by which it answers with scores */
    query.orientation = 'v';
    query.user_id = "a/\xEA\xBD\x83";
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, HAPPY_V); /* the other is landscape */
    check_told(&remote, 1, "GET",
               "/api/recommend/a%252F%EA%BD%83?n=7&category=happy%3Aportrait", NULL);
    query = (struct rec_query){
        .user_id = "", .emotion = "", .generation = "", .gender = "", .count = 1};
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, HAPPY_V);
    check_told(&remote, 2, "GET", "/api/recommend/%25nobody?n=1", NULL);
    query.orientation = 'h';
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_told(&remote, 3, "GET", "/api/recommend/%25nobody?n=1&category=landscape", NULL);
}

/* The favourite's pictures where the question is about it. */
static char *by_category(const struct http_request *request)
{
    const char *category = http_query(request, "category");

    return strdup(strchr(category, '%') ? "[{\"Id\":\"" G_HAPPY_H "\",\"Score\":0.25}]"
                                        : "[\"" G_HAPPY_V "\",\"" G_HAPPY_H "\",\"" G_SAD_H
                                          "\"]");
}

TEST(a_favourite_comes_first_and_then_its_mood)
{
    struct rec_query query = happy_query(5);
    OWNED_VALUE(remote_server) remote = {.answer = by_category};
    OWNED_VALUE(rec_answer) answer = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    remote_server_start(&remote);
    engine = open_engine(remote.base);
    query.emotion = "happy/spring,sunny,day";
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, HAPPY_H " " HAPPY_V);
    CHECK(answer.results[0].score == 0.25);
    CHECK_INT(atomic_load(&remote.asked), ==, 2);
    query.count = 1;
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, HAPPY_H);
}

static char *nothing_of_mood(const struct http_request *request)
{
    return strdup(strchr(http_query(request, "category"), '%') ? "[\"" G_HAPPY_H "\"]" : "{}");
}

TEST(half_an_answer_is_better_than_none)
{
    struct rec_query query = happy_query(5);
    OWNED_VALUE(remote_server) remote = {.answer = nothing_of_mood};
    OWNED_VALUE(rec_answer) answer = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    remote_server_start(&remote);
    engine = open_engine(remote.base);
    query.emotion = "happy/spring,sunny,day";
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, HAPPY_H);
    query.emotion = "happy";
    CHECK_INT(ask_engine(engine, &query, 5000, &answer, &err), ==, ERR_REMOTE);
    CHECK_INT(answer.count, ==, 0);
}

/* -- answers -- */

TEST(bad_answers_are_errors_or_what_is_good_of_them)
{
    static const struct {
        int status, code; /* of the result; 0: it is ids */
        const char *body, *ids;
    } cases[] = {
        {200, 0, "[]", ""},
        {200, 0, "[\"" G_HAPPY_H "\",\"" G_HAPPY_H "\"]", HAPPY_H},
        {200, 0, "[\"" HAPPY_H "\",\"" G_HAPPY_V "\"]", HAPPY_V}, /* never told so */
        {200, 0, "[7,null,{},[],\"" G_HAPPY_V "\"]", HAPPY_V},
        {200, 0, "[\"emotions%2Fhappy%2F\\nh.jpeg\",\"%00\",\"%\"]", ""},
        {200, 0, "[\"..%2F..%2Fetc%2Fpasswd\"]", ""},
        {200, 0, "[{\"Id\":\"" G_HAPPY_V "\",\"Score\":\"NaN\"}]", HAPPY_V},
        {200, 0, "[\"" G_SAD_H "\",\"emotions%2Fangry%2F1h.jpeg\"]", ""},
        {200, 0,
         "[\"emotions%2Fhappy%2F1h.jpeg\",\"emotions%2Fhappy%2F2h.jpeg\","
         "\"emotions%2Fhappy%2F3h.jpeg\",\"emotions%2Fhappy%2F4h.jpeg\"]",
         "emotions/happy/1h.jpeg emotions/happy/2h.jpeg emotions/happy/3h.jpeg"},
        {200, ERR_REMOTE, "", NULL},
        {200, ERR_REMOTE, "{}", NULL},
        {200, ERR_REMOTE, "null", NULL},
        {200, ERR_REMOTE, "[7,8]", NULL},
        {200, ERR_REMOTE, "[\"\xFF\"]", NULL},
        {200, ERR_REMOTE, "[NaN]", NULL},
        {200, ERR_REMOTE, "<!doctype html>", NULL},
        {302, ERR_REMOTE, "", NULL},
        {404, ERR_REMOTE, "404: Page Not Found", NULL},
        {401, ERR_DENIED, "unauthorized", NULL},
        {500, ERR_UNAVAILABLE, "<html>", NULL},
        {503, ERR_UNAVAILABLE, "", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rec_query query = happy_query(3);
        OWNED_VALUE(remote_server) remote = {0};
        OWNED_VALUE(rec_answer) answer = {.count = 9};
        OWNED(rec_engine) engine = NULL;
        struct err err = {0};

        answer_with(&remote, cases[i].status, cases[i].body);
        engine = open_engine(remote.base);
        CHECK_INT(ask_engine(engine, &query, 5000, &answer, &err), ==, cases[i].code);
        check_ids(&answer, cases[i].ids ? cases[i].ids : "");
        CHECK_INT(atomic_load(&remote.asked), ==, 1);
        if (cases[i].code)
            CHECK_HAS(err.text, "Gorse");
    }
}

TEST(rude_servers_get_no_more_than_the_time)
{
    check_rude_servers(open_engine);
}

static char *picture_of_user(const struct http_request *request)
{
    OWNED_VALUE(buf) out = {0};

    buf_printf(&out, "[\"emotions%%2Fhappy%%2F%s_1h.jpeg\"]",
               http_path(request) + strlen("/api/recommend/"));
    return buf_take(&out);
}

TEST(eight_threads_get_each_their_own)
{
    OWNED_VALUE(remote_server) remote = {.answer = picture_of_user};
    OWNED(rec_engine) engine = NULL;

    remote_server_start(&remote);
    engine = open_engine(remote.base);
    check_many_at_once(engine);
    CHECK_INT(atomic_load(&remote.asked), ==, ASKERS * QUESTIONS);
}

/* -- telling -- */

TEST(items_are_told_with_their_categories_or_hidden)
{
    const struct item_event events[] = {
        {.item_id = HAPPY_V, .timestamp_ms = 1, .emotion = "happy", .orientation = 'v'},
        {.item_id = HAPPY_H,
         .timestamp_ms = LONG_TIME_AGO,
         .emotion = "happy/spring,sunny,day",
         .orientation = 'h'},
        {.item_id = HAPPY_V, .emotion = ""},
    };
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    answer_with(&remote, 200, "{\"RowAffected\":2}");
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_items(engine, events, 3, &err), err);
    check_told(
        &remote, 0, "POST", "/api/items",
        "[{\"ItemId\":\"" G_HAPPY_H "\",\"IsHidden\":false,\"Categories\":[\"landscape\","
        "\"happy\",\"happy:landscape\",\"happy%2Fspring%2Csunny%2Cday\","
        "\"happy%2Fspring%2Csunny%2Cday:landscape\"],\"Timestamp\":\"2020-09-13T12:26:40."
        "123Z\","
        "\"Labels\":[\"happy\",\"spring\",\"sunny\",\"day\"],\"Comment\":\"" HAPPY_H "\"},"
        "{\"ItemId\":\"" G_HAPPY_V
        "\",\"IsHidden\":true,\"Categories\":[\"portrait\",\"happy\","
        "\"happy:portrait\"],\"Timestamp\":\"1970-01-01T00:00:00.000Z\",\"Labels\":[\"happy\"],"
        "\"Comment\":\"" HAPPY_V "\"}]");
    CHECK_STR(remote.told[0].key, "secret key");
}

TEST(visitors_are_told_and_forgotten)
{
    const struct user_event events[] = {
        {.user_id = "a/1",
         .generation = "adult",
         .gender = "Male",
         .emotion = "sad",
         .source = "",
         .timestamp_ms = LONG_TIME_AGO},
        {.user_id = "b/2", .generation = "", .gender = "", .emotion = "", .source = ""},
    };
    OWNED_VALUE(remote_server)
    remote = {.answers = {{404, "", NULL}, {200, "{\"RowAffected\":1}", NULL}}};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    remote_server_start(&remote);
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_users(engine, events, 2, &err), err);
    check_told(&remote, 0, "DELETE", "/api/user/b%252F2", NULL); /* not there: as good */
    check_told(&remote, 1, "POST", "/api/users",
               "[{\"UserId\":\"a%2F1\",\"Labels\":[\"adult\",\"Male\",\"sad\"]}]");
}

TEST(acts_are_told_with_what_else_was_shown)
{
    static const char *const shown[] = {HAPPY_H, SAD_H};
    const struct interaction_event events[] = {
        {.user_id = "a",
         .item_id = HAPPY_H,
         .type = INTERACTION_LIKE,
         .impression = shown,
         .impression_count = 2,
         .timestamp_ms = LONG_TIME_AGO,
         .event_id = "1",
         .asked = "",
         .recommendation_id = ""},
        {.user_id = "b",
         .item_id = HAPPY_V,
         .type = INTERACTION_SKIP,
         .timestamp_ms = LONG_TIME_AGO,
         .event_id = "2",
         .asked = "",
         .recommendation_id = ""},
    };
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

#define TOLD(type_, user_, item_)                                                        \
    "{\"FeedbackType\":\"" type_ "\",\"UserId\":\"" user_ "\",\"ItemId\":\"" item_ "\"," \
    "\"Value\":1,\"Timestamp\":\"2020-09-13T12:26:40.123Z\"}"
    answer_with(&remote, 200, "{\"RowAffected\":3}");
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_interactions(engine, events, 2, &err), err);
    check_told(&remote, 0, "PUT", "/api/feedback",
               "[" TOLD("like", "a", G_HAPPY_H) "," TOLD("shown", "a", G_SAD_H) "," TOLD(
                   "skip", "b", G_HAPPY_V) "]");
}

TEST(who_is_at_fault_can_be_found)
{
    struct user_event events[] = {
        {.user_id = "a", .generation = "", .gender = "", .emotion = "sad", .timestamp_ms = 1},
        {.user_id = "b", .generation = "", .gender = "", .emotion = "sad", .timestamp_ms = 1},
    };
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    char long_id[400];
    struct err err = {0};

    answer_with(&remote, 400, "json: cannot unmarshal");
    engine = open_engine(remote.base);
    CHECK_INT(engine->put_users(engine, events, 2, &err), ==, ERR_REMOTE);
    err_clear(&err);
    CHECK_INT(engine->put_users(engine, events, 1, &err), ==, ERR_INVALID);
    err_clear(&err);
    remote.answers[0] = (struct remote_answer_set){200, "{}", NULL};
    (void)snprintf(long_id, sizeof long_id, "%0300d", 1);
    events[1].user_id = long_id;
    CHECK_INT(engine->put_users(engine, events, 2, &err), ==, ERR_REMOTE);
    check_told(&remote, 2, "POST", "/api/users", "[{\"UserId\":\"a\",\"Labels\":[\"sad\"]}]");
    err_clear(&err);
    CHECK_INT(engine->put_users(engine, events + 1, 1, &err), ==, ERR_INVALID);
    CHECK_INT(atomic_load(&remote.asked), ==, 3);
    remote.answers[0].status = 500;
    err_clear(&err);
    CHECK_INT(engine->put_users(engine, events, 1, &err), ==, ERR_UNAVAILABLE);
}

TEST(an_address_that_is_none_is_refused)
{
    static const char *const urls[] = {"",        "gorse:8087", "ftp://a",
                                       "http://", "http:///",   "http://a/?b"};

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        const struct engine_gorse_conf conf = {.url = urls[i], .key = ""};
        struct err err = {0};

        CHECK(!engine_gorse_new(&conf, &err));
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, "it is like http://gorse:8087");
    }
}
