/* gateway_parts_test.c - the cache, the workers, cursors, the table of routes. */
#include <pthread.h>
#include <stdatomic.h>

#include "gateway/cursor.h"
#include "gateway/keyring.h"
#include "gateway/lru.h"
#include "gateway/routes.h"
#include "gateway/thumbs.h"
#include "gateway/workers.h"
#include "lib/base/text.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/test.h"

static void put(struct lru *lru, const char *key, size_t size)
{
    OWNED(blob) blob = blob_new(size);

    CHECK(blob);
    lru_put(lru, key, strlen(key), blob);
}

static bool has(struct lru *lru, const char *key)
{
    OWNED(blob) blob = lru_get(lru, key, strlen(key));

    return blob != NULL;
}

TEST(the_least_recently_used_goes_first)
{
    struct err err = {0};
    OWNED(lru) lru = lru_new(100000, &err);

    CHECK(lru);
    for (int i = 0; i < 9; i++) {
        char key[8];

        (void)snprintf(key, sizeof key, "%d", i);
        put(lru, key, 10000);
        CHECK(has(lru, "0")); /* used again each time */
    }
    CHECK(has(lru, "8"));
    put(lru, "9", 10000);
    CHECK(!has(lru, "1"));
    CHECK(has(lru, "0"));
    CHECK_INT(lru_bytes(lru), <=, 100000);
}

TEST(what_is_too_large_or_removed_is_not_kept)
{
    struct err err = {0};
    OWNED(lru) lru = lru_new(40000, &err);

    CHECK(lru);
    put(lru, "large", 10001);
    CHECK(!has(lru, "large"));
    put(lru, "a", 100);
    put(lru, "a", 200);
    CHECK(has(lru, "a"));
    CHECK_INT(lru_bytes(lru), <, 600);
    lru_remove(lru, "a", 1);
    lru_remove(lru, "a", 1);
    CHECK(!has(lru, "a"));
    CHECK_INT(lru_bytes(lru), ==, 0);
}

TEST(a_blob_lives_as_long_as_somebody_sends_it)
{
    struct err err = {0};
    OWNED(lru) lru = lru_new(80000, &err);
    struct blob *held;

    CHECK(lru);
    put(lru, "a", 100);
    held = lru_get(lru, "a", 1);
    CHECK(held);
    lru_remove(lru, "a", 1);
    memset(held->data, 'x', held->size); /* the sanitizer would object */
    blob_free(held);
}

struct gate {
    pthread_mutex_t lock; /* held: jobs wait */
    atomic_int done;
};

static void pass(void *ctx)
{
    struct gate *gate = ctx;

    (void)pthread_mutex_lock(&gate->lock);
    (void)pthread_mutex_unlock(&gate->lock);
    atomic_fetch_add(&gate->done, 1);
}

static void count(void *ctx)
{
    atomic_fetch_add(&((struct gate *)ctx)->done, 1);
}

TEST(a_full_lane_refuses_and_does_not_hold_up_the_other)
{
    const struct workers_conf conf = {.threads = {1, 1}, .queue = 2};
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER}, quick = {0};
    struct err err = {0};
    struct workers *workers = workers_new(&conf, &err);
    int accepted = 0;

    CHECK(workers);
    (void)pthread_mutex_lock(&gate.lock);
    for (int i = 0; i < 10; i++)
        accepted += workers_submit(workers, LANE_SLOW, pass, &gate) == 0;
    CHECK(accepted == 2 || accepted == 3); /* one may be with the thread already */
    CHECK_INT(workers_submit(workers, LANE_SLOW, pass, &gate) < 0 ||
                  workers_submit(workers, LANE_SLOW, pass, &gate) < 0,
              ==, 1);
    CHECK_INT(workers_submit(workers, LANE_QUICK, count, &quick), ==, 0);
    while (atomic_load(&quick.done) == 0) /* ends by the test's time limit otherwise */
        (void)sched_yield();
    CHECK_INT(atomic_load(&gate.done), ==, 0);
    (void)pthread_mutex_unlock(&gate.lock);
    workers_free(workers); /* does what is queued */
    CHECK_INT(atomic_load(&gate.done), >=, accepted);
}

TEST(cursors_come_back_as_they_went)
{
    char text[CURSOR_TEXT], long_name[KEY_BYTES];
    struct cursor cursor;
    struct err err = {0};

    cursor_write("happy/봄,sunny", "img_1h.jpeg", text);
    CHECK_OK(cursor_read(text, &cursor, &err), err);
    CHECK_STR(cursor.search_key, "happy/봄,sunny");
    CHECK_STR(cursor.name, "img_1h.jpeg");
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    cursor_write(long_name, long_name, text);
    CHECK_OK(cursor_read(text, &cursor, &err), err);
    CHECK_STR(cursor.name, long_name);
}

TEST(a_cursor_of_somebody_else_is_refused)
{
    static const char *const texts[] = {"", "a", "!!!!", "aGFwcHk", "AAAA", "__________"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct cursor cursor;
        struct err err = {0};

        CHECK_INT(cursor_read(texts[i], &cursor, &err), ==, ERR_INVALID);
    }
}

TEST(thumbnails_come_in_few_widths)
{
    CHECK_INT(thumbs_width(1), ==, 160);
    CHECK_INT(thumbs_width(160), ==, 160);
    CHECK_INT(thumbs_width(161), ==, 320);
    CHECK_INT(thumbs_width(1280), ==, 1280);
    CHECK_INT(thumbs_width(5000), ==, 1280);
}

static const char *pattern_for(const char *method, const char *path)
{
    const struct route *other = NULL, *route = route_find(method, path, &other);

    if (route)
        return route->pattern;
    return other ? "405" : "404";
}

TEST(routes_are_found_by_method_and_path)
{
    CHECK_STR(pattern_for("GET", "/"), "/");
    CHECK_STR(pattern_for("HEAD", "/emotions/happy/a.jpeg"), "/emotions/*");
    CHECK_STR(pattern_for("GET", "/emotions/"), "/*");
    CHECK_STR(pattern_for("GET", "/trash/emotions/happy/a.jpeg"), "/*");
    CHECK_STR(pattern_for("POST", "/v1/pool/promote"), "/v1/pool/promote");
    CHECK_STR(pattern_for("DELETE", "/v1/pool/imgPool/happy/a.jpeg"), "/v1/pool/*");
    CHECK_STR(pattern_for("GET", "/gardenfromDB"), "405");
    CHECK_STR(pattern_for("DELETE", "/emotions/happy/a.jpeg"), "405");
    CHECK_STR(pattern_for("POST", "/nothing"), "404");
    CHECK_STR(pattern_for("POST", "/v1/users/u/mood"), "/v1/users/*/mood");
    CHECK_STR(pattern_for("PUT", "/v1/users/u/mood"), "405");
    CHECK_STR(pattern_for("POST", "/v1/users/u/v/mood"), "/v1/users/*/mood"); /* sent as %2F */
    CHECK_STR(pattern_for("GET", "/v1/users/u/mood/recommendations"),
              "/v1/users/*/recommendations");
    CHECK_STR(pattern_for("GET", "/v1/users/recommendations"), "/*");
    CHECK_STR(pattern_for("POST", "/v1/users//mood"), "404");
    CHECK_STR(pattern_for("POST", "/v1/users/u/moods"), "404");
    CHECK_STR(pattern_for("GET", "/v1/zones/a/feed"), "/v1/zones/*/feed");
    CHECK_STR(pattern_for("POST", "/v1/zones/a/heartbeat"), "/v1/zones/*/heartbeat");
    CHECK_STR(pattern_for("PUT", "/v1/zones/a"), "/v1/zones/*");
    CHECK_STR(pattern_for("POST", "/"), "405");
    CHECK_STR(pattern_for("BREW", "/nothing"), "404");
}

/* Everything that changes or removes pictures is for operators; what zones show is not. */
TEST(unsafe_routes_take_the_operator)
{
    static const char *const others[] = {"/gardenfromDB",
                                         "/retrieve",
                                         "/login",
                                         "/logout",
                                         "/emotion",
                                         "/v1/faces",
                                         "/v1/users/*/mood",
                                         "/garden",
                                         "/like",
                                         "/v1/events",
                                         "/updateDisplay",
                                         "/v1/zones/*",
                                         "/v1/zones/*/heartbeat"};

    for (size_t i = 0; i < route_count; i++) {
        bool reads = strcmp(routes[i].method, "GET") == 0;

        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            reads = reads || strcmp(routes[i].pattern, others[k]) == 0;
        if (!reads)
            CHECK_INT(routes[i].roles, ==, ROLE_OPERATOR);
    }
}

/* The line of openapi.yaml that a route's pattern stands in: "  /v1/items/{key}:". */
static bool is_described(const char *text, const char *pattern)
{
    static const char *const rests[] = {"", "{key}", "{rest}", "{id}", "{zone}"};

    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        char line[128];
        size_t size = strcspn(pattern, "*");

        (void)snprintf(line, sizeof line, "\n  %.*s%s%s:\n", (int)size, pattern, rests[i],
                       pattern[size] ? pattern + size + 1 : "");
        if (strstr(text, line))
            return true;
    }
    return false;
}

TEST(every_route_is_described_and_nothing_else)
{
    OWNED_VALUE(buf) text = {0};
    size_t described = 0, different = 0;

    file_load("proto/openapi.yaml", &text);
    for (size_t i = 0; i < route_count; i++) {
        if (strcmp(routes[i].pattern, "/*") == 0)
            continue; /* the files of the pages */
        if (!is_described(text.data, routes[i].pattern))
            TEST_FAIL("%s is not in openapi.yaml", routes[i].pattern);
        different += i == 0 || strcmp(routes[i].pattern, routes[i - 1].pattern) != 0;
    }
    for (const char *p = text.data; (p = strstr(p, "\n  /")); p++)
        described +=
            !text_starts_with(p, "\n  /v1/generations/{id}/events:"); /* a part of {id} */
    CHECK_INT(described, ==, different);
}
