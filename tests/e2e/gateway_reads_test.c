/* gateway_reads_test.c - gardens, listings, pictures and thumbnails, asked of the real gateway.
 */
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/image/image.h"
#include "lib/json/json.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/test.h"

static int get(struct door *door, const char *path, const char *header)
{
    return door_ask(door, &(struct door_request){.path = path, .header = header});
}

static int post(struct door *door, const char *path, const char *body)
{
    return door_ask(door, &(struct door_request){.method = "POST", .path = path, .body = body});
}

/* Writes straight into the store, as a foreign S3 client would. */
static void store(struct door *door, const char *key, const void *data, size_t size)
{
    struct err err = {0};
    OWNED(store) opened = garden_open_store(&door->conf, &err);

    CHECK(opened);
    CHECK_OK(store_put(opened, key, data, size, NULL, NULL, &err), err);
}

static void store_file(struct door *door, const char *key, const char *file)
{
    OWNED_VALUE(buf) data = {0};

    file_load(file, &data);
    store(door, key, data.data, data.size);
}

TEST(a_garden_is_every_picture_under_its_search_key)
{
    struct door door = {0};
    char expected[512];

    door_start(&door, NULL);
    CHECK_INT(post(&door, "/gardenfromDB", "{\"emotion\":\"happy\"}"), ==, 200);
    CHECK_STR(door_body(&door), "{\"landscape\":[],\"portrait\":[]}");
    door_catalogue(&door, "emotions/happy/img_1h.jpeg");
    door_catalogue(&door, "emotions/happy/img_1v.jpeg");
    door_catalogue(&door, "emotions/happy/봄,sunny/img 2.jpeg");
    door_catalogue(&door, "imgPool/happy/img_3h.jpeg");
    CHECK_INT(post(&door, "/gardenfromDB",
                   "{\"id\":\"u\",\"emotion\":\"happy\",\"generation\":\"adult\","
                   "\"gender\":\"Male\",\"more\":[]}"),
              ==, 200);
    (void)snprintf(expected, sizeof expected,
                   "{\"landscape\":[{\"url\":\"%s/emotions/happy/img_1h.jpeg\",\"emotion\":"
                   "\"happy\"}],\"portrait\":[{\"url\":\"%s/emotions/happy/img_1v.jpeg\","
                   "\"emotion\":\"happy\"}]}",
                   door.url, door.url);
    CHECK_STR(door_body(&door), expected);
    CHECK_STR(door_header(&door, "content-type"), "application/json");
    CHECK_INT(post(&door, "/gardenfromDB", "{\"emotion\":\"happy/봄,sunny\"}"), ==, 200);
    CHECK_HAS(door_body(&door), "/emotions/happy/%EB%B4%84%2Csunny/img%202.jpeg\"");
    CHECK_HAS(door_body(&door), "\"emotion\":\"happy/봄,sunny\"");
    CHECK_INT(post(&door, "/retrieve", "{\"emotion\":\"happy\"}"), ==, 200);
    CHECK_HAS(door_body(&door), "/imgPool/happy/img_3h.jpeg");
    door_stop(&door);
}

TEST(a_cached_garden_is_never_stale)
{
    struct door door = {0};
    char key[64];

    door_start(&door, NULL);
    for (int i = 0; i < 50; i++) {
        (void)snprintf(key, sizeof key, "emotions/calm/img_%dh.jpeg", i);
        door_catalogue(&door, key);
        for (int again = 0; again < 3; again++) {
            CHECK_INT(post(&door, "/gardenfromDB", "{\"emotion\":\"calm\"}"), ==, 200);
            CHECK_HAS(door_body(&door), key);
        }
    }
    door_stop(&door);
}

TEST(urls_follow_the_host_or_the_setting_and_proxies_only_where_trusted)
{
    const char *const trusting[] = {"GARDEN_TRUST_PROXY=1", NULL};
    const char *const fixed[] = {"GARDEN_PUBLIC_URL=https://garden.example/", NULL};
    const char *const *settings[] = {NULL, trusting, fixed};
    const char *const expected[] = {"\"http://pictures.test:99/emotions/",
                                    "\"https://proxied.test/emotions/",
                                    "\"https://garden.example/emotions/"};

    for (int i = 0; i < 3; i++) {
        struct door door = {0};
        struct door_request request = {.method = "POST",
                                       .path = "/gardenfromDB",
                                       .header = "Host: pictures.test:99",
                                       .body = "{\"emotion\":\"happy\"}"};

        door_start(&door, settings[i]);
        door_catalogue(&door, "emotions/happy/img_1h.jpeg");
        request.key = door.kiosk_key;
        if (i == 1) {
            request.header = "X-Forwarded-Host: proxied.test";
            request.header_2 = "X-Forwarded-Proto: https";
        }
        CHECK_INT(door_ask(&door, &request), ==, 200);
        CHECK_HAS(door_body(&door), expected[i]);
        request.header = "Host: a\"b";
        request.header_2 = NULL;
        CHECK_INT(door_ask(&door, &request), ==, i == 2 ? 200 : 400);
        door_stop(&door);
    }
}

TEST(bad_bodies_are_told_what_is_wrong)
{
    static const struct {
        const char *body, *why;
    } cases[] = {
        {"", "empty"},
        {"{", "JSON"},
        {"\"\xff\"", "0xff"},
        {"[]", "object"},
        {"{}", "emotion"},
        {"{\"emotion\":3}", "emotion"},
        {"{\"emotion\":\"HAPPY\"}", "surprised"},
        {"{\"emotion\":\"happy/a/b\"}", ""},
        {"{\"emotion\":\"happy/../x\"}", ""},
    };
    struct door door = {0};
    OWNED_VALUE(buf) deep = {0}, large = {0};

    door_start(&door, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(post(&door, "/gardenfromDB", cases[i].body), ==, 400);
        CHECK_HAS(door_body(&door), cases[i].why);
        CHECK_HAS(door_header(&door, "content-type"), "text/plain");
    }
    buf_append_str(&deep, "{\"emotion\":");
    for (int i = 0; i < 100; i++)
        buf_append_char(&deep, '[');
    CHECK_INT(post(&door, "/gardenfromDB", deep.data), ==, 400);
    for (int i = 0; i < 2 << 20; i++)
        buf_append_char(&large, ' ');
    CHECK_INT(post(&door, "/gardenfromDB", large.data), ==, 413);
    CHECK_INT(post(&door, "/v1/pool/promote", large.data), ==, 401);
    door_stop(&door);
}

TEST(listings_page_through_everything_once)
{
    struct door door = {0};
    char path[4096] = "/v1/items?limit=3", key[64];
    int pages = 0, items = 0;

    door_start(&door, NULL);
    for (int i = 0; i < 10; i++) {
        (void)snprintf(key, sizeof key, "emotions/%s/img_%dh.jpeg", i % 2 ? "sad" : "angry", i);
        door_catalogue(&door, key);
    }
    while (*path) {
        struct err err = {0};
        const char *next = "";
        OWNED_JSON page = NULL;

        CHECK_INT(get(&door, path, NULL), ==, 200);
        page = json_parse(door.last.body.data, door.last.body.size, &err);
        CHECK(page);
        items += (int)json_array_size(json_object_get(page, "items"));
        CHECK_OK(json_opt_str(page, "next", &next, &err), err);
        CHECK(!*next || *door_header(&door, "link"));
        (void)snprintf(path, sizeof path, "%s", next);
        CHECK_INT(++pages, <, 10);
    }
    CHECK_INT(pages, ==, 4);
    CHECK_INT(items, ==, 10);
    door_stop(&door);
}

TEST(listings_filter)
{
    struct door door = {0};

    door_start(&door, NULL);
    door_catalogue(&door, "imgPool/fear/rainy/img_1v.jpeg");
    door_catalogue(&door, "imgPool/fear/img_2h.jpeg");
    CHECK_INT(get(&door, "/v1/pool?emotion=fear&orientation=portrait", NULL), ==, 200);
    CHECK_HAS(door_body(&door), "img_1v.jpeg");
    CHECK(!strstr(door_body(&door), "img_2h.jpeg"));
    CHECK_HAS(door_body(&door), "\"orientation\":\"portrait\",\"width\":256,\"height\":160");
    CHECK_INT(get(&door, "/v1/pool?favorite=rainy", NULL), ==, 200);
    CHECK(!strstr(door_body(&door), "img_2h.jpeg"));
    CHECK_INT(get(&door, "/v1/pool?emotion=fear/rainy", NULL), ==, 200);
    CHECK(!strstr(door_body(&door), "img_2h.jpeg"));
    CHECK_INT(get(&door, "/v1/pool?since=2020-01-01T00:00:00Z", NULL), ==, 200);
    CHECK_HAS(door_body(&door), "img_2h.jpeg");
    CHECK_INT(get(&door, "/v1/pool?since=2999-01-01T00:00:00Z", NULL), ==, 200);
    CHECK_HAS(door_body(&door), "\"items\":[]");
    CHECK_INT(get(&door, "/v1/pool?emotion=joy", NULL), ==, 400);
    CHECK_INT(get(&door, "/v1/pool?orientation=up", NULL), ==, 400);
    CHECK_INT(get(&door, "/v1/pool?since=now", NULL), ==, 400);
    CHECK_INT(get(&door, "/v1/pool?limit=1001", NULL), ==, 400);
    CHECK_INT(get(&door, "/v1/pool?cursor=xyz", NULL), ==, 400);
    door_stop(&door);
}

TEST(pictures_answer_conditions_and_ranges)
{
    struct door door = {0};
    char match[200], path[] = "/emotions/happy/img_1h.jpeg";

    door_start(&door, NULL);
    store(&door, path + 1, "0123456789", 10);
    CHECK_INT(get(&door, path, NULL), ==, 200);
    CHECK_STR(door_header(&door, "content-type"), "image/jpeg");
    CHECK_STR(door_header(&door, "x-content-type-options"), "nosniff");
    CHECK_STR(door_header(&door, "accept-ranges"), "bytes");
    (void)snprintf(match, sizeof match, "If-None-Match: %s", door_header(&door, "etag"));
    CHECK_INT(get(&door, path, match), ==, 304);
    CHECK_INT(door.last.body.size, ==, 0);
    CHECK(*door_header(&door, "etag"));
    CHECK_INT(get(&door, path, "If-None-Match: \"other\""), ==, 200);
    CHECK_INT(get(&door, path, "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"), ==, 304);
    CHECK_INT(get(&door, path, "Range: bytes=2-4"), ==, 206);
    CHECK_STR(door_body(&door), "234");
    CHECK_STR(door_header(&door, "content-range"), "bytes 2-4/10");
    CHECK_INT(get(&door, path, "Range: bytes=-3"), ==, 206);
    CHECK_STR(door_body(&door), "789");
    CHECK_INT(get(&door, path, "Range: bytes=10-"), ==, 416);
    CHECK_STR(door_header(&door, "content-range"), "bytes */10");
    CHECK_INT(get(&door, path, "Range: bytes=0-1,4-5"), ==, 200);
    CHECK_STR(door_body(&door), "0123456789");
    CHECK_INT(door_ask(&door, &(struct door_request){.path = path,
                                                     .header = "Range: bytes=0-1",
                                                     .header_2 = "If-Range: \"other\""}),
              ==, 200);
    CHECK_INT(door_ask(&door, &(struct door_request){.method = "HEAD", .path = path}), ==, 200);
    CHECK_STR(door_header(&door, "content-length"), "10");
    door_stop(&door);
}

/* Over the limit of what is kept in memory: sent by the kernel. */
TEST(large_objects_come_whole_and_in_parts)
{
    struct door door = {0};
    OWNED_VALUE(buf) data = {0};

    door_start(&door, NULL);
    for (int i = 0; i < 700000; i++)
        buf_append_char(&data, (char)('a' + i % 26));
    store(&door, "emotions/happy/large.jpeg", data.data, data.size);
    CHECK_INT(get(&door, "/emotions/happy/large.jpeg", NULL), ==, 200);
    CHECK_INT(door.last.body.size, ==, data.size);
    CHECK(memcmp(door.last.body.data, data.data, data.size) == 0);
    CHECK_INT(get(&door, "/emotions/happy/large.jpeg", "Range: bytes=600000-600002"), ==, 206);
    CHECK_INT(door.last.body.size, ==, 3);
    CHECK(memcmp(door.last.body.data, data.data + 600000, 3) == 0);
    CHECK_INT(get(&door, "/emotions/happy/large.jpeg", "Range: bytes=700000-"), ==, 416);
    CHECK_INT(get(&door, "/emotions/happy/large.jpeg", "If-None-Match: *"), ==, 304);
    door_stop(&door);
}

TEST(a_changed_picture_is_seen_and_a_removed_one_gone)
{
    const char *const settings[] = {"GARDEN_CACHE_CHECK_MS=0", NULL};
    struct door door = {0};
    struct err err = {0};

    door_start(&door, settings);
    store(&door, "display/zone1/img1h.jpeg", "first", 5);
    CHECK_INT(get(&door, "/display/zone1/img1h.jpeg", NULL), ==, 200);
    CHECK_STR(door_body(&door), "first");
    CHECK_STR(door_header(&door, "cache-control"), "no-cache");
    store(&door, "display/zone1/img1h.jpeg", "later", 5);
    CHECK_INT(get(&door, "/display/zone1/img1h.jpeg", NULL), ==, 200);
    CHECK_STR(door_body(&door), "later");

    OWNED(store) opened = garden_open_store(&door.conf, &err);
    CHECK_OK(store_remove(opened, "display/zone1/img1h.jpeg", NULL, &err), err);
    CHECK_INT(get(&door, "/display/zone1/img1h.jpeg", NULL), ==, 404);
    door_stop(&door);
}

TEST(only_what_is_meant_to_be_seen_is_served)
{
    static const char *const hidden[] = {
        "/trash/emotions/happy/a.jpeg",
        "/cache/w160/emotions/happy/a.jpeg/0.jpeg",
        "/operator.key",
        "/keys.json",
    };
    static const char *const refused[] = {
        "/emotions/happy/../../secret.jpeg",
        "/emotions//happy/a.jpeg",
        "/emotions/happy/%2e%2e/%2e%2e/a.jpeg",
        "/emotions/happy/a%0a.jpeg",
        "/emotions/happy/%ff.jpeg",
        "/emotions/happy/%zz.jpeg",
    };
    struct door door = {0};

    door_start(&door, NULL);
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        if (i < 2)
            store(&door, hidden[i] + 1, "x", 1);
        CHECK_INT(door_ask(&door,
                           &(struct door_request){.path = hidden[i], .key = door.operator_key}),
                  ==, 404);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK_INT(get(&door, refused[i], NULL), ==, 400);
    store(&door, "html/page.html", "<script>alert(1)</script>", 25);
    CHECK_INT(get(&door, "/html/page.html", NULL), ==, 200);
    CHECK_HAS(door_header(&door, "content-security-policy"), "sandbox");
    door_stop(&door);
}

TEST(thumbnails_are_made_once_kept_and_dropped)
{
    struct door door = {0};
    struct image_info info;
    struct err err = {0};
    char etag[200];

    door_start(&door, NULL);
    store_file(&door, "emotions/happy/img_1v.jpeg", PICTURE_V);
    CHECK_INT(get(&door, "/emotions/happy/img_1v.jpeg?w=100", NULL), ==, 200);
    CHECK_OK(image_probe(door.last.body.data, door.last.body.size, NULL, &info, &err), err);
    CHECK_INT(info.width, ==, 160);
    CHECK_INT(info.height, ==, 256);
    (void)snprintf(etag, sizeof etag, "If-None-Match: %s", door_header(&door, "etag"));
    CHECK_INT(get(&door, "/emotions/happy/img_1v.jpeg?w=160", etag), ==, 304);
    CHECK_INT(get(&door, "/emotions/happy/img_1v.jpeg?w=161", etag), ==, 200);
    CHECK_INT(get(&door, "/emotions/happy/img_1v.jpeg?w=0", NULL), ==, 400);
    CHECK_INT(get(&door, "/emotions/happy/img_1v.jpeg?w=wide", NULL), ==, 400);
    CHECK_INT(get(&door, "/emotions/happy/none.jpeg?w=160", NULL), ==, 404);
    store(&door, "emotions/happy/broken.jpeg", "no picture", 10);
    CHECK_INT(get(&door, "/emotions/happy/broken.jpeg?w=160", NULL), ==, 400);
    store_file(&door, "emotions/happy/img_1v.jpeg", PICTURE_H); /* other bytes, other thumb */
    CHECK_INT(get(&door, "/emotions/happy/img_1v.jpeg?w=160", etag), ==, 200);
    CHECK_OK(image_probe(door.last.body.data, door.last.body.size, NULL, &info, &err), err);
    CHECK_INT(info.height, ==, 100);
    door_stop(&door);
}

static int count_key(void *ctx, const char *key, const struct store_info *info, struct err *err)
{
    (void)key;
    (void)info;
    (void)err;
    ++*(int *)ctx;
    return 0;
}

TEST(many_who_want_one_thumbnail_get_it)
{
    enum { ASKERS = 24 };
    struct door door = {0};
    struct err err = {0};
    pid_t askers[ASKERS];
    int kept = 0;

    door_start(&door, NULL);
    store_file(&door, "emotions/happy/img_1h.jpeg", PICTURE_H);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = fork();
        if (askers[i] == 0) {
            door.http = http_client_new(&err);
            _exit(get(&door, "/emotions/happy/img_1h.jpeg?w=160", NULL) == 200 &&
                          door.last.body.size > 1000
                      ? 0
                      : 1);
        }
    }
    for (int i = 0; i < ASKERS; i++) {
        int status = 0;

        CHECK_INT(waitpid(askers[i], &status, 0), ==, askers[i]);
        CHECK_INT(status, ==, 0);
    }
    OWNED(store) opened = garden_open_store(&door.conf, &err);
    CHECK_OK(store_list(opened, "cache/", NULL, 0, count_key, &kept, &err), err);
    CHECK_INT(kept, ==, 1);
    door_stop(&door);
}
