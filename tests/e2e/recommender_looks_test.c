/* recommender_looks_test.c - the recommender with pictures in a store: those that look the same
 * never meet in one answer. */
#include <poll.h>
#include <signal.h>

#define TEST_SECONDS 120

#include "lib/base/clock.h"
#include "proto/topics.h"
#include "services/common/garden_conf.h"
#include "tests/support/lookalike.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { WAIT_MS = 60000, STEP_MS = 10, VISITORS = 20 };

struct chooser {
    struct garden_conf conf;
    struct bus *bus;
    struct http_client *http;
    char data[300], listen[64], url[64], log[320], store[320];
    pid_t pid;
    struct buf body; /* of the last answer */
};

static void prepare(struct chooser *c)
{
    struct err err = {0};

    *c = (struct chooser){.conf = {.data = folder_new(), .bus = "local", .store = "fs"}};
    (void)snprintf(c->data, sizeof c->data, "GARDEN_DATA=%s", c->conf.data);
    (void)snprintf(c->log, sizeof c->log, "%s/log", c->conf.data);
    (void)snprintf(c->store, sizeof c->store, "%s/store", c->conf.data);
    c->bus = garden_open_bus(&c->conf, "test", &err);
    if (!c->bus)
        TEST_FAIL("%s", err.text);
    CHECK_OK(bus_create_topics(c->bus, garden_topics, garden_topic_count, &err), err);
    c->http = http_client_new(&err);
    CHECK(c->http != NULL);
}

static void start(struct chooser *c)
{
    const char *const argv[] = {program_path("recommender-proxy"), NULL};
    const char *const env[] = {c->data,
                               c->listen,
                               "GARDEN_BUS=local",
                               "GARDEN_STORE=fs",
                               "RECOMMENDER_FACTORS=16",
                               "RECOMMENDER_TRAIN_THREADS=1",
                               NULL};
    const int port = port_free();
    char ready[96];

    (void)snprintf(c->listen, sizeof c->listen, "RECOMMENDER_LISTEN=127.0.0.1:%d", port);
    (void)snprintf(c->url, sizeof c->url, "http://127.0.0.1:%d", port);
    c->pid = process_start(argv, env, c->log);
    (void)snprintf(ready, sizeof ready, "%s/readyz", c->url);
    http_wait(ready, 200, WAIT_MS);
}

static void stop(struct chooser *c)
{
    CHECK_INT(process_end(c->pid, SIGTERM, WAIT_MS), ==, 0);
}

static void finish(struct chooser *c)
{
    stop(c);
    buf_done(&c->body);
    http_client_free(c->http);
    bus_free(c->bus);
}

static const char *get(struct chooser *c, const char *path)
{
    char url[256];
    const struct http_client_request request = {
        .method = "GET", .url = url, .deadline_ms = WAIT_MS};

    (void)snprintf(url, sizeof url, "%s%s", c->url, path);
    CHECK_INT(http_ask(c->http, &request, &c->body), ==, 200);
    return buf_text(&c->body);
}

static void wait_for(struct chooser *c, const char *path, const char *text)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (!strstr(get(c, path), text)) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("%s never said %s; last: %s", path, text, buf_text(&c->body));
        (void)poll(NULL, 0, STEP_MS);
    }
}

static void wait_for_looks(struct chooser *c, const char *result, int count)
{
    char text[100];

    (void)snprintf(text, sizeof text, "garden_recommender_looks_total{result=\"%s\"} %d\n",
                   result, count);
    wait_for(c, "/metrics", text);
}

static void tell(struct chooser *c, const char *key, const struct buf *file)
{
    OWNED_VALUE(buf) value = {0};
    char sha256[SHA256_HEX];
    const struct item_event event = lookalike_event(key, file, sha256);
    struct bus_record record = {.topic = TOPIC_ITEMS, .key = key, .key_size = strlen(key)};
    struct err err = {0};

    CHECK_OK(item_event_encode(&value, &event, &err), err);
    record.value = value.data;
    record.value_size = value.size;
    CHECK_OK(bus_publish(c->bus, &record, 1, WAIT_MS, &err), err);
}

static void put(struct chooser *c, const char *key, const struct buf *file)
{
    OWNED(store) store = NULL;
    struct err err = {0};

    store = garden_open_store(&c->conf, &err);
    if (!store)
        TEST_FAIL("%s", err.text);
    CHECK_OK(store_put(store, key, file->data, file->size, NULL, NULL, &err), err);
}

static void come(struct chooser *c, const char *key, int painting, int quality)
{
    OWNED_VALUE(buf) file = {0};

    lookalike_paint(painting, quality, &file);
    put(c, key, &file);
    tell(c, key, &file);
}

/* Asks for many visitors under a mood: each answer has exactly one of the two pictures, and the
 * other one. */
static void check_never_both(struct chooser *c, const char *emotion, const char *one,
                             const char *two, const char *other)
{
    for (int i = 0; i < VISITORS; i++) {
        char path[128];
        const char *answer;

        (void)snprintf(path, sizeof path, "/v1/users/visitor%d/recommendations?n=50&emotion=%s",
                       i, emotion);
        answer = get(c, path);
        CHECK_INT((strstr(answer, one) != NULL) + (strstr(answer, two) != NULL), ==, 1);
        CHECK_HAS(answer, other);
    }
}

TEST(pictures_that_look_the_same_never_meet)
{
    struct chooser c;

    prepare(&c);
    come(&c, "emotions/happy/original_0h.jpeg", 0, 0);
    come(&c, "emotions/happy/saved-again_1h.jpeg", 0, 35);
    come(&c, "emotions/happy/other_2h.jpeg", 1, 0);
    start(&c);
    wait_for_looks(&c, "seen", 3);
    check_never_both(&c, "happy", "original_0h", "saved-again_1h", "other_2h");
    come(&c, "emotions/calm/saved-again_1h.jpeg", 0,
         60); /* while it runs, in the other order */
    wait_for_looks(&c, "seen", 4);
    come(&c, "emotions/calm/spring,sunny,day/original_0h.jpeg", 0, 0);
    come(&c, "emotions/calm/other_2h.jpeg", 3, 0);
    wait_for_looks(&c, "seen", 6);
    check_never_both(&c, "calm", "original_0h", "saved-again_1h", "other_2h");
    finish(&c);
}

static void move_store(const struct chooser *c, bool away)
{
    char elsewhere[360];

    (void)snprintf(elsewhere, sizeof elsewhere, "%s.away", c->store);
    CHECK_INT(rename(away ? c->store : elsewhere, away ? elsewhere : c->store), ==, 0);
}

TEST(looks_outlive_a_restart)
{
    struct chooser c;

    prepare(&c);
    come(&c, "emotions/sad/saved-again_1h.jpeg", 2, 35);
    come(&c, "emotions/sad/original_0h.jpeg", 2, 0);
    come(&c, "emotions/sad/other_2h.jpeg", 1, 0);
    start(&c);
    wait_for_looks(&c, "seen", 3);
    stop(&c);
    move_store(&c, true);
    start(&c);
    check_never_both(&c, "sad", "original_0h", "saved-again_1h", "other_2h");
    CHECK_HAS(get(&c, "/metrics"), "garden_recommender_looks_waiting 0\n");
    finish(&c);
}

TEST(a_store_that_is_away_at_the_start_holds_up_no_answer)
{
    struct chooser c;

    prepare(&c);
    come(&c, "emotions/fear/original_0h.jpeg", 0, 0);
    come(&c, "emotions/fear/saved-again_1h.jpeg", 0, 35);
    come(&c, "emotions/fear/other_2h.jpeg", 1, 0);
    move_store(&c, true);
    folder_put(c.conf.data, "store", "in the way", 10);
    start(&c);
    wait_for(&c, "/readyz", "looking at pictures: opening the store");
    CHECK_HAS(buf_text(&c.body), "\"ready\":true");
    wait_for(&c, "/metrics", "garden_recommender_looks_waiting 3\n");
    CHECK_HAS(get(&c, "/v1/users/u/recommendations?emotion=fear"), "other_2h");
    CHECK_INT(remove(c.store), ==, 0);
    move_store(&c, false);
    wait_for_looks(&c, "seen", 3);
    check_never_both(&c, "fear", "original_0h", "saved-again_1h", "other_2h");
    wait_for(&c, "/readyz", "\"looking_at_pictures\":\"ok\"");
    finish(&c);
}

TEST(what_is_no_picture_is_told_of_once_and_shown)
{
    struct chooser c;
    OWNED_VALUE(buf) text = {0};

    prepare(&c);
    buf_append_str(&text, "<html>gone</html>");
    put(&c, "emotions/angry/page_0h.jpeg", &text);
    tell(&c, "emotions/angry/page_0h.jpeg", &text);
    come(&c, "emotions/angry/other_2h.jpeg", 1, 0);
    start(&c);
    wait_for_looks(&c, "none", 1);
    wait_for_looks(&c, "seen", 1);
    CHECK_HAS(get(&c, "/v1/users/u/recommendations?emotion=angry"), "page_0h");
    CHECK_HAS(get(&c, "/readyz"), "\"looking_at_pictures\":\"ok\"");
    stop(&c);
    start(&c); /* and is not tried again */
    come(&c, "emotions/angry/later_3h.jpeg", 2, 0);
    wait_for_looks(&c, "seen", 1);
    CHECK_HAS(get(&c, "/metrics"), "garden_recommender_looks_total{result=\"none\"} 0\n");
    finish(&c);
}
