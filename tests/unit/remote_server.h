/* remote_server.h - what the tests of the recommender's remote engines share: a server that
 * keeps what it is told and answers as it was set, and questions to an engine. */
#ifndef TESTS_UNIT_REMOTE_SERVER_H
#define TESTS_UNIT_REMOTE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/clock.h"
#include "lib/http/server.h"
#include "lib/json/json.h"
#include "services/recommender-proxy/engine_remote.h"
#include "tests/support/aws_signed.h"
#include "tests/support/rude_server.h"
#include "tests/test.h"

enum { REMOTE_ANSWERS = 8, REMOTE_TOLD = 64, SLACK_MS = 700 };

#define HAPPY_H "emotions/happy/spring,sunny,day/a_1h.jpeg"
#define HAPPY_V "emotions/happy/b_2v.jpeg"
#define SAD_H "emotions/sad/c_3h.jpeg"
#define LONG_TIME_AGO 1600000000123

/* In turn, the last one again and again. */
struct remote_answer_set {
    int status;
    const char *body;
    const char *header; /* of X-Amzn-ErrorType or Location, or NULL */
};

struct remote_told {
    char method[8], target[512], key[64], token[64], version[8];
    struct buf body;
};

struct remote_server {
    struct http_server *server;
    char base[64];
    struct remote_answer_set answers[REMOTE_ANSWERS];
    /* In place of answers, for one that depends on the question. Its result is owned. */
    char *(*answer)(const struct http_request *request);
    struct remote_told told[REMOTE_TOLD];
    atomic_int asked;
    bool badly_signed;
};

static inline void remote_respond(struct remote_server *remote, struct http_request *request,
                                  int number)
{
    int i = number < REMOTE_ANSWERS ? number : REMOTE_ANSWERS - 1;
    struct http_response *response;

    while (i > 0 && !remote->answers[i].body)
        i--;
    response = http_response_copy(remote->answers[i].status, "application/json",
                                  remote->answers[i].body, strlen(remote->answers[i].body));
    if (remote->answers[i].header)
        http_response_header(response,
                             remote->answers[i].status == 302 ? "Location" : "X-Amzn-ErrorType",
                             remote->answers[i].header);
    http_respond(request, response);
}

static inline void remote_note(struct remote_told *told, const struct http_request *request)
{
    const char *key = http_header(request, "X-API-Key");
    const char *token = http_header(request, "X-Amz-Security-Token");
    const char *version = http_header(request, "X-API-Version");
    const void *body;
    size_t size;

    body = http_body(request, &size);
    (void)snprintf(told->version, sizeof told->version, "%s", version ? version : "");
    (void)snprintf(told->method, sizeof told->method, "%s", http_method(request));
    (void)snprintf(told->target, sizeof told->target, "%s", http_target(request));
    (void)snprintf(told->key, sizeof told->key, "%s", key ? key : "");
    (void)snprintf(told->token, sizeof told->token, "%s", token ? token : "");
    buf_clear(&told->body);
    buf_append(&told->body, body, size);
}

/* One loop: one request at a time. */
static inline void remote_on_request(void *ctx, struct http_request *request)
{
    struct remote_server *remote = ctx;
    const int number = atomic_fetch_add(&remote->asked, 1);

    if (!aws_is_signed(request, "eu-west-1/personalize"))
        remote->badly_signed = true;
    if (number < REMOTE_TOLD)
        remote_note(&remote->told[number], request);
    if (remote->answer) {
        OWNED_STRING text = remote->answer(request);

        http_respond(request, http_response_copy(200, "application/json", text, strlen(text)));
        return;
    }
    remote_respond(remote, request, number);
}

static inline void remote_server_start(struct remote_server *remote)
{
    const struct http_server_conf conf = {.listen = "127.0.0.1:0",
                                          .loops = 1,
                                          .max_body_bytes = 16 << 20,
                                          .on_request = remote_on_request,
                                          .ctx = remote};
    struct err err = {0};

    remote->server = http_server_start(&conf, &err);
    CHECK_OK(err.code, err);
    (void)snprintf(remote->base, sizeof remote->base, "http://127.0.0.1:%d",
                   http_server_port(remote->server));
}

static inline void remote_server_done(struct remote_server *remote)
{
    http_server_free(remote->server);
    for (int i = 0; i < REMOTE_TOLD; i++)
        buf_done(&remote->told[i].body);
}

/* What was told is this JSON; names in any order. */
static inline void check_json(const char *text, const char *expected)
{
    struct err err = {0};
    OWNED_JSON got = json_parse(text, strlen(text), &err);
    OWNED_JSON wanted = json_parse(expected, strlen(expected), &err);

    CHECK_OK(err.code, err);
    if (!json_equal(got, wanted))
        TEST_FAIL("told:   %s\nwanted: %s", text, expected);
}

static inline void check_told(struct remote_server *remote, int number, const char *method,
                              const char *target, const char *expected)
{
    CHECK_INT(atomic_load(&remote->asked), >, number);
    CHECK_STR(remote->told[number].method, method);
    CHECK_STR(remote->told[number].target, target);
    if (expected)
        check_json(buf_text(&remote->told[number].body), expected);
}

static inline struct rec_query happy_query(size_t count)
{
    return (struct rec_query){
        .user_id = "u 1", .emotion = "happy", .generation = "", .gender = "", .count = count};
}

static inline int ask_engine(struct rec_engine *engine, const struct rec_query *query,
                             int within_ms, struct rec_answer *answer, struct err *err)
{
    return engine->recommend(engine, query, clock_mono_ms() + within_ms, answer, err);
}

/* The answer's ids, one after the other with a space between. */
static inline void check_ids(const struct rec_answer *answer, const char *expected)
{
    OWNED_VALUE(buf) ids = {0};

    for (size_t i = 0; i < answer->count; i++)
        buf_printf(&ids, "%s%s", i ? " " : "", answer->results[i].item_id);
    CHECK_STR(buf_text(&ids), expected);
}

/* Whatever a server does, the engine is back by its deadline, with an error that fits. */
static inline void check_rude_servers(struct rec_engine *open(const char *base))
{
    static const struct {
        int codes[2];
        bool to_the_end; /* all of the time may pass */
    } wanted[RUDE_WAYS] = {[RUDE_SILENT] = {{ERR_TIMEOUT, ERR_TIMEOUT}, true},
                           [RUDE_TRUNCATED] = {{ERR_REMOTE, ERR_UNAVAILABLE}, false},
                           [RUDE_DRIP] = {{ERR_TIMEOUT, ERR_TIMEOUT}, true},
                           [RUDE_ENDLESS] = {{ERR_TOO_LARGE, ERR_TOO_LARGE}, false},
                           [RUDE_NOT_HTTP] = {{ERR_REMOTE, ERR_UNAVAILABLE}, false},
                           [RUDE_GONE] = {{ERR_UNAVAILABLE, ERR_UNAVAILABLE}, true},
                           [RUDE_DEAF] = {{ERR_TIMEOUT, ERR_UNAVAILABLE}, true}};

    for (int way = 0; way < RUDE_WAYS; way++) {
        const struct rec_query query = happy_query(5);
        const int within_ms = wanted[way].to_the_end ? 300 : 5000;
        OWNED_VALUE(rec_answer) answer = {.count = 3};
        OWNED(rec_engine) engine = NULL;
        struct rude_server server;
        struct err err = {0};
        int64_t start_ms;
        int code;

        rude_server_start(&server, (enum rude_way)way);
        engine = open(server.base);
        start_ms = clock_mono_ms();
        code = ask_engine(engine, &query, within_ms, &answer, &err);
        printf("# way %d: %d after %lld ms: %s\n", way, code,
               (long long)(clock_mono_ms() - start_ms), err.text);
        CHECK(code == wanted[way].codes[0] || code == wanted[way].codes[1]);
        CHECK_INT(err.code, ==, code);
        CHECK_INT(clock_mono_ms() - start_ms, <, within_ms + SLACK_MS);
        CHECK_INT(answer.count, ==, 0);
        rude_server_done(&server);
    }
}

/* -- many at once -- */

enum { ASKERS = 8, QUESTIONS = 25 };

struct asker {
    struct rec_engine *engine;
    int number;
    pthread_t thread;
};

/* Each visitor has a picture of his own, which the server makes of his id. */
static inline void *ask_often(void *arg)
{
    const struct asker *asker = arg;

    for (int i = 0; i < QUESTIONS; i++) {
        struct rec_query query = happy_query(3);
        OWNED_VALUE(rec_answer) answer = {0};
        struct err err = {0};
        char user[32], id[64];

        (void)snprintf(user, sizeof user, "v%d-%d", asker->number, i);
        (void)snprintf(id, sizeof id, "emotions/happy/%s_1h.jpeg", user);
        query.user_id = user;
        CHECK_OK(ask_engine(asker->engine, &query, 20000, &answer, &err), err);
        check_ids(&answer, id);
    }
    return NULL;
}

static inline void check_many_at_once(struct rec_engine *engine)
{
    struct asker askers[ASKERS];

    for (int i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.engine = engine, .number = i};
        CHECK_INT(pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]), ==, 0);
    }
    for (int i = 0; i < ASKERS; i++)
        (void)pthread_join(askers[i].thread, NULL);
}

#endif
