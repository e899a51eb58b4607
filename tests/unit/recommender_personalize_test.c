/* recommender_personalize_test.c - Amazon Personalize as an engine, against a server of the
 * test's own that checks signatures by itself and answers as the API's reference shows it. */
#include "tests/unit/remote_server.h"

#define ARN "arn:aws:personalize:eu-west-1:123456789012:"
#define CAMPAIGN ARN "campaign/garden"
#define FILTER ARN "filter/mood"
#define ITEMS ARN "dataset/garden/ITEMS"
#define USERS ARN "dataset/garden/USERS"
#define BUSY "{\"message\":\"slow down\"}"
#define INVALID "{\"__type\":\"InvalidInputException\",\"message\":\"no such column\"}"

static struct engine_personalize_conf conf_of(const char *base)
{
    return (struct engine_personalize_conf){.region = "eu-west-1",
                                            .runtime_endpoint = base,
                                            .events_endpoint = base,
                                            .access_key = AWS_TEST_KEY,
                                            .secret_key = AWS_TEST_SECRET,
                                            .session_token = "TOKEN/+=",
                                            .campaign = CAMPAIGN,
                                            .filter = FILTER,
                                            .context = true,
                                            .tracking_id = "tracker-1",
                                            .items_dataset = ITEMS,
                                            .users_dataset = USERS};
}

static struct rec_engine *open_conf(const struct engine_personalize_conf *conf)
{
    struct err err = {0};
    struct rec_engine *engine = engine_personalize_new(conf, &err);

    CHECK_OK(err.code, err);
    return engine;
}

static struct rec_engine *open_engine(const char *base)
{
    const struct engine_personalize_conf conf = conf_of(base);

    return open_conf(&conf);
}

static void answer_with(struct remote_server *remote, int status, const char *body)
{
    remote->answers[0] = (struct remote_answer_set){status, body, NULL};
    remote_server_start(remote);
}

/* -- questions -- */

TEST(a_question_has_filter_and_context_and_is_signed)
{
    const struct rec_query query = {.user_id = "u \"1\"",
                                    .emotion = "happy/spring,sunny,day",
                                    .generation = "adult",
                                    .gender = "Female",
                                    .orientation = 'h',
                                    .count = 7};
    OWNED_VALUE(remote_server) remote = {0};
    OWNED_VALUE(rec_answer) answer = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    answer_with(&remote, 200,
                "{\"itemList\":[{\"itemId\":\"" HAPPY_H "\",\"score\":0.75,\"new\":1}],"
                "\"recommendationId\":\"RID-1\"}");
    engine = open_engine(remote.base);
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    CHECK_STR(engine->name, "personalize");
    check_ids(&answer, HAPPY_H);
    CHECK(answer.results[0].score == 0.75);
    CHECK(answer.results[0].propensity == 0);
    CHECK_STR(answer.recommendation_id, "RID-1");
    CHECK(!remote.badly_signed);
    CHECK_STR(remote.told[0].token, "TOKEN/+=");
    check_told(&remote, 0, "POST", "/recommendations",
               "{\"campaignArn\":\"" CAMPAIGN "\",\"userId\":\"u \\\"1\\\"\",\"numResults\":7,"
               "\"context\":{\"EMOTION\":\"happy/spring,sunny,day\",\"GENERATION\":\"adult\","
               "\"GENDER\":\"Female\"},\"filterArn\":\"" FILTER "\","
               "\"filterValues\":{\"MOOD\":\"\\\"happy\\\"\","
               "\"ORIENTATION\":\"\\\"landscape\\\"\"}}");
}

TEST(without_a_wish_each_value_of_the_filter_is_given)
{
    const struct rec_query query = {
        .user_id = "", .emotion = "", .generation = "", .gender = "", .count = 2};
    OWNED_VALUE(remote_server) remote = {0};
    OWNED_VALUE(rec_answer) answer = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    answer_with(&remote, 200, "{\"itemList\":[{\"itemId\":\"" SAD_H "\"}]}");
    engine = open_engine(remote.base);
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, SAD_H);
    CHECK(answer.results[0].score == 1);
    CHECK_STR(answer.recommendation_id, "");
    check_told(&remote, 0, "POST", "/recommendations",
               "{\"campaignArn\":\"" CAMPAIGN "\",\"userId\":\"nobody\",\"numResults\":2,"
               "\"filterArn\":\"" FILTER "\",\"filterValues\":{\"MOOD\":\"\\\"happy\\\","
               "\\\"surprised\\\",\\\"calm\\\",\\\"angry\\\",\\\"fear\\\",\\\"confused\\\","
               "\\\"disgusted\\\",\\\"sad\\\"\",\"ORIENTATION\":\"\\\"landscape\\\","
               "\\\"portrait\\\"\"}}");
}

TEST(a_recommender_without_filter_and_context)
{
    OWNED_VALUE(remote_server) remote = {0};
    OWNED_VALUE(rec_answer) answer = {0};
    OWNED(rec_engine) engine = NULL;
    struct engine_personalize_conf conf;
    struct rec_query query = happy_query(2);
    struct err err = {0};

    query.orientation = 'v';
    answer_with(&remote, 200,
                "{\"itemList\":[{\"itemId\":\"" SAD_H "\"},{\"itemId\":\"" HAPPY_H "\"},"
                "{\"itemId\":\"" HAPPY_V "\"}]}");
    conf = conf_of(remote.base);
    conf.campaign = ARN "recommender/garden";
    conf.filter = "";
    conf.context = false;
    engine = open_conf(&conf);
    CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
    check_ids(&answer, HAPPY_V); /* what is of another mood or format is left out here */
    check_told(&remote, 0, "POST", "/recommendations",
               "{\"recommenderArn\":\"" ARN "recommender/garden\",\"userId\":\"u 1\","
               "\"numResults\":500}");
}

/* -- answers -- */

TEST(of_a_bad_answer_what_is_good_remains)
{
    static const struct {
        const char *list, *ids;
    } cases[] = {
        {"", ""},
        {"{\"itemId\":\"" HAPPY_H "\"},{\"itemId\":\"" HAPPY_H "\"}", HAPPY_H},
        {"{\"itemId\":\"x\"},{\"itemId\":\"" HAPPY_V "\"}", HAPPY_V},
        {"{\"itemId\":\"emotions/happy/\\u0007h.jpeg\"},{\"itemId\":\"" HAPPY_V "\"}", HAPPY_V},
        {"{\"itemId\":\"../../etc/passwd\"}", ""},
        {"{\"itemId\":\"imgPool/happy/b_2v.jpeg\"}", ""}, /* not chosen yet */
        {"{\"itemId\":7},{\"itemId\":\"" HAPPY_V "\"},null,[],\"" HAPPY_H "\"", HAPPY_V},
        {"{\"itemId\":\"" SAD_H "\"},{\"itemId\":\"emotions/angry/1h.jpeg\"}", ""},
        {"{\"itemId\":\"" HAPPY_H "\",\"score\":\"NaN\"}", HAPPY_H},
        {"{\"itemId\":\"" HAPPY_H "\",\"score\":[]}", HAPPY_H},
        {"{\"itemId\":\"emotions/happy/1h.jpeg\"},{\"itemId\":\"emotions/happy/2h.jpeg\"},"
         "{\"itemId\":\"emotions/happy/3h.jpeg\"},{\"itemId\":\"emotions/happy/4h.jpeg\"}",
         "emotions/happy/1h.jpeg emotions/happy/2h.jpeg emotions/happy/3h.jpeg"},
        {"{\"itemId\":\"emotions/happy/\xEA\xBD\x83 \\\"1\\\"h.jpeg\"}",
         "emotions/happy/\xEA\xBD\x83 \"1\"h.jpeg"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rec_query query = happy_query(3);
        OWNED_VALUE(remote_server) remote = {0};
        OWNED_VALUE(rec_answer) answer = {.count = 9, .recommendation_id = "old"};
        OWNED_VALUE(buf) body = {0};
        OWNED(rec_engine) engine = NULL;
        struct err err = {0};

        buf_printf(&body, "{\"itemList\":[%s],\"recommendationId\":\"a\\nb\"}", cases[i].list);
        answer_with(&remote, 200, body.data);
        engine = open_engine(remote.base);
        CHECK_OK(ask_engine(engine, &query, 5000, &answer, &err), err);
        check_ids(&answer, cases[i].ids);
        CHECK_STR(answer.recommendation_id, ""); /* of a name with a line's end in it */
        for (size_t k = 0; k < answer.count; k++)
            CHECK(answer.results[k].score > 0 && answer.results[k].score <= 1);
    }
}

TEST(what_is_no_answer_is_an_error)
{
    static const struct {
        int code, asked;
        struct remote_answer_set answer;
    } cases[] = {
        {ERR_REMOTE, 1, {200, "", NULL}},
        {ERR_REMOTE, 1, {200, "nothing", NULL}},
        {ERR_REMOTE, 1, {200, "{}", NULL}},
        {ERR_REMOTE, 1, {200, "[]", NULL}},
        {ERR_REMOTE, 1, {200, "{\"itemList\":{}}", NULL}},
        {ERR_REMOTE, 1, {200, "{\"itemList\":[7,8]}", NULL}},
        {ERR_REMOTE, 1, {200, "{\"itemList\":[{\"itemId\":\"\xFF\"}]}", NULL}},
        {ERR_REMOTE, 1, {200, "{\"itemList\":[{\"itemId\":\"x\",\"score\":1e999}]}", NULL}},
        {ERR_REMOTE, 1, {200, "{\"itemList\":[{\"itemId\":\"x\",\"score\":NaN}]}", NULL}},
        {ERR_REMOTE, 1, {200, "<!doctype html><title>Sign in</title>", NULL}},
        {ERR_REMOTE, 1, {302, "", "http://127.0.0.1:1/"}},
        {ERR_REMOTE, 1, {404, "<html>", NULL}},
        {ERR_NOT_FOUND, 1, {404, "{}", "ResourceNotFoundException"}},
        {ERR_DENIED, 1, {403, "{}", "AccessDeniedException:http://internal/"}},
        {ERR_DENIED, 1, {403, "{\"__type\":\"com.amazon#ExpiredTokenException\"}", NULL}},
        {ERR_INVALID, 1, {400, INVALID, NULL}},
        {ERR_UNAVAILABLE, 2, {500, "<html>", NULL}},
        {ERR_UNAVAILABLE, 2, {429, "{}", NULL}},
        {ERR_UNAVAILABLE, 2, {400, BUSY, "ThrottlingException"}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct rec_query query = happy_query(3);
        OWNED_VALUE(remote_server) remote = {.answers = {cases[i].answer}};
        OWNED_VALUE(rec_answer) answer = {0};
        OWNED(rec_engine) engine = NULL;
        struct err err = {0};

        remote_server_start(&remote);
        engine = open_engine(remote.base);
        CHECK_INT(ask_engine(engine, &query, 500, &answer, &err), ==, cases[i].code);
        CHECK_INT(atomic_load(&remote.asked), >=, cases[i].asked);
        CHECK_INT(answer.count, ==, 0);
        CHECK_HAS(err.text, "Amazon Personalize");
    }
}

TEST(rude_servers_get_no_more_than_the_time)
{
    check_rude_servers(open_engine);
}

TEST(what_was_throttled_is_asked_again_in_time)
{
    const struct rec_query query = happy_query(3);
    OWNED_VALUE(remote_server)
    remote = {.answers = {{429, BUSY, "ThrottlingException"},
                          {200, "{\"itemList\":[{\"itemId\":\"" HAPPY_H "\"}]}", NULL}}};
    OWNED_VALUE(rec_answer) answer = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    remote_server_start(&remote);
    engine = open_engine(remote.base);
    CHECK_OK(ask_engine(engine, &query, 20000, &answer, &err), err);
    CHECK_INT(atomic_load(&remote.asked), ==, 2);
    CHECK_INT(ask_engine(engine, &query, 0, &answer, &err), ==, ERR_TIMEOUT);
    CHECK_INT(atomic_load(&remote.asked), ==, 2);
}

static char *picture_of_user(const struct http_request *request)
{
    struct err err = {0};
    OWNED_VALUE(buf) out = {0};
    size_t size;
    const void *body = http_body(request, &size);
    OWNED_JSON root = json_parse(body, size, &err);

    buf_printf(&out, "{\"itemList\":[{\"itemId\":\"emotions/happy/%s_1h.jpeg\"}]}",
               json_string_value(json_object_get(root, "userId")));
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
    CHECK(!remote.badly_signed);
}

/* -- telling -- */

static struct interaction_event like_of(const char *user, const char *item, const char *id)
{
    return (struct interaction_event){.user_id = user,
                                      .item_id = item,
                                      .type = INTERACTION_LIKE,
                                      .timestamp_ms = LONG_TIME_AGO,
                                      .event_id = id,
                                      .asked = "",
                                      .recommendation_id = ""};
}

TEST(acts_are_told_user_by_user)
{
    static const char *const shown[] = {HAPPY_V, HAPPY_H, HAPPY_V, SAD_H};
    struct interaction_event events[14];
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    for (size_t i = 0; i < 14; i++)
        events[i] = like_of(i == 1 ? "b" : "a", HAPPY_H, "e");
    events[0].impression = shown;
    events[0].impression_count = 4;
    events[0].recommendation_id = "RID-9";
    events[0].asked = "happy";
    events[1].type = INTERACTION_DISLIKE;
    events[1].recommendation_id = "local-3";
    answer_with(&remote, 200, "");
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_interactions(engine, events, 14, &err), err);
    CHECK_INT(atomic_load(&remote.asked), ==, 3); /* a: 10, b: 1, a: 3 */
    CHECK(!remote.badly_signed);
    CHECK_HAS(
        buf_text(&remote.told[0].body),
        "{\"trackingId\":\"tracker-1\",\"userId\":\"a\",\"sessionId\":\"a\",\"eventList\":"
        "[{\"eventId\":\"e\",\"eventType\":\"click\",\"itemId\":\"" HAPPY_H "\","
        "\"sentAt\":1600000000,\"impression\":[\"" HAPPY_H "\",\"" HAPPY_V "\","
        "\"" SAD_H "\"],\"recommendationId\":\"RID-9\","
        "\"properties\":\"{\\\"emotion\\\":\\\"happy\\\"}\"},");
    check_told(&remote, 1, "POST", "/events",
               "{\"trackingId\":\"tracker-1\",\"userId\":\"b\",\"sessionId\":\"b\","
               "\"eventList\":[{\"eventId\":\"e\",\"eventType\":\"dislike\","
               "\"itemId\":\"" HAPPY_H "\",\"sentAt\":1600000000,"
               "\"properties\":\"{\\\"emotion\\\":\\\"happy/spring,sunny,day\\\"}\"}]}");
}

TEST(an_act_fits_what_personalize_takes)
{
    char ids[INTERACTION_IMPRESSION_MAX][64];
    const char *shown[INTERACTION_IMPRESSION_MAX];
    struct interaction_event event = like_of("a", HAPPY_H, "e");
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    OWNED_JSON root = NULL;
    const json_t *told;
    struct err err = {0};

    for (int i = 0; i < INTERACTION_IMPRESSION_MAX; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "emotions/happy/%dh.jpeg", i);
        shown[i] = ids[i];
    }
    event.impression = shown;
    event.impression_count = INTERACTION_IMPRESSION_MAX;
    event.timestamp_ms = clock_wall_ms() + 100000000000; /* a clock that is years ahead */
    answer_with(&remote, 200, "{}");
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_interactions(engine, &event, 1, &err), err);
    root = json_parse(remote.told[0].body.data, remote.told[0].body.size, &err);
    told = json_array_get(json_object_get(root, "eventList"), 0);
    CHECK_INT(json_array_size(json_object_get(told, "impression")), ==, 25);
    CHECK_INT(json_integer_value(json_object_get(told, "sentAt")), <=, clock_wall_ms() / 1000);
}

TEST(items_are_told_in_tens_and_the_last_word_counts)
{
    struct item_event events[13];
    char ids[13][64];
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    OWNED_VALUE(buf) text = {0};
    OWNED_JSON root = NULL;
    struct err err = {0};

    for (int i = 0; i < 13; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "emotions/happy/x/%dv.jpeg", i);
        events[i] = (struct item_event){.item_id = ids[i],
                                        .timestamp_ms = LONG_TIME_AGO,
                                        .emotion = "happy/x",
                                        .orientation = 'v',
                                        .sha256 = ""};
    }
    events[12] = (struct item_event){.item_id = ids[0], .emotion = "", .sha256 = ""};
    answer_with(&remote, 200, "");
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_items(engine, events, 13, &err), err);
    CHECK_INT(atomic_load(&remote.asked), ==, 2); /* 1 to 10; 11, and 0, which was removed */
    CHECK_STR(remote.told[0].target, "/items");
    CHECK_HAS(buf_text(&remote.told[0].body),
              "{\"datasetArn\":\"" ITEMS
              "\",\"items\":[{\"itemId\":\"emotions/happy/x/1v.jpeg\","
              "\"properties\":\"{\\\"creationTimestamp\\\":1600000000,\\\"emotion\\\":"
              "\\\"happy/x\\\",\\\"mood\\\":\\\"happy\\\",\\\"orientation\\\":\\\"portrait\\\","
              "\\\"available\\\":\\\"1\\\"}\"}");
    buf_append_str(&text, buf_text(&remote.told[1].body));
    root = json_parse(text.data, text.size, &err);
    CHECK_INT(json_array_size(json_object_get(root, "items")), ==, 2);
    CHECK_HAS(text.data, "{\"itemId\":\"emotions/happy/x/0v.jpeg\",\"properties\":");
    CHECK_HAS(text.data, "\\\"mood\\\":\\\"happy\\\",\\\"orientation\\\":\\\"portrait\\\","
                         "\\\"available\\\":\\\"0\\\"}");
}

TEST(visitors_are_told_and_forgotten)
{
    const struct user_event events[] = {
        {.user_id = "a",
         .generation = "adult",
         .gender = "",
         .emotion = "sad",
         .source = "",
         .timestamp_ms = LONG_TIME_AGO},
        {.user_id = "b", .generation = "", .gender = "", .emotion = "", .source = ""},
    };
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    answer_with(&remote, 200, "");
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_users(engine, events, 2, &err), err);
    check_told(&remote, 0, "POST", "/users",
               "{\"datasetArn\":\"" USERS "\",\"users\":[{\"userId\":\"a\",\"properties\":"
               "\"{\\\"generation\\\":\\\"adult\\\",\\\"emotion\\\":\\\"sad\\\"}\"},"
               "{\"userId\":\"b\",\"properties\":\"{}\"}]}");
}

TEST(who_is_at_fault_can_be_found)
{
    struct interaction_event events[] = {like_of("a", HAPPY_H, "1"),
                                         like_of("a", HAPPY_V, "2")};
    OWNED_VALUE(remote_server) remote = {0};
    OWNED(rec_engine) engine = NULL;
    char long_id[400];
    struct err err = {0};

    answer_with(&remote, 400, INVALID);
    engine = open_engine(remote.base);
    CHECK_INT(engine->put_interactions(engine, events, 2, &err), ==, ERR_REMOTE);
    err_clear(&err);
    CHECK_INT(engine->put_interactions(engine, events, 1, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "docs/recommender.md");
    err_clear(&err);
    remote.answers[0] = (struct remote_answer_set){200, "", NULL};
    (void)snprintf(long_id, sizeof long_id, "emotions/happy/%0300dh.jpeg", 1);
    events[1].item_id = long_id;
    CHECK_INT(engine->put_interactions(engine, events, 2, &err), ==, ERR_REMOTE);
    CHECK_INT(atomic_load(&remote.asked), ==, 3); /* what is before it is told */
    err_clear(&err);
    CHECK_INT(engine->put_interactions(engine, events + 1, 1, &err), ==, ERR_INVALID);
    CHECK_INT(atomic_load(&remote.asked), ==, 3);
    CHECK_HAS(err.text, "256 characters");
}

TEST(telling_goes_on_when_it_was_throttled)
{
    const struct interaction_event event = like_of("a", HAPPY_H, "1");
    OWNED_VALUE(remote_server)
    remote = {
        .answers = {{429, BUSY, "ThrottlingException"}, {503, "", NULL}, {200, "", NULL}}};
    OWNED(rec_engine) engine = NULL;
    struct err err = {0};

    remote_server_start(&remote);
    engine = open_engine(remote.base);
    CHECK_OK(engine->put_interactions(engine, &event, 1, &err), err);
    CHECK_INT(atomic_load(&remote.asked), ==, 3);
    CHECK(!remote.badly_signed);
}

TEST(it_is_told_only_of_what_has_a_place)
{
    struct engine_personalize_conf conf = conf_of("http://127.0.0.1:1");
    OWNED(rec_engine) engine = NULL;

    conf.tracking_id = conf.items_dataset = conf.users_dataset = "";
    engine = open_conf(&conf);
    CHECK(!engine->put_interactions && !engine->put_items && !engine->put_users);
}

TEST(an_endpoint_that_is_none_is_refused)
{
    struct engine_personalize_conf conf = conf_of("personalize.amazonaws.com");
    struct err err = {0};

    CHECK(!engine_personalize_new(&conf, &err));
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "it is like https://personalize-runtime.");
}
