/* gateway_engines_test.c - the same gateway on an S3 store and on PostgreSQL: what runs inline
 * on embedded engines runs on workers here. TEST_S3 and TEST_POSTGRES name the engines. */
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/test.h"

static int get(struct door *door, const char *path, const char *header)
{
    return door_ask(door, &(struct door_request){.path = path, .header = header});
}

static void put(struct door *door, const char *key, const char *file)
{
    OWNED_VALUE(buf) picture = {0};
    char path[256];
    int status;

    file_load(file, &picture);
    (void)snprintf(path, sizeof path, "/v1/objects/%s", key);
    status = door_ask(door, &(struct door_request){.method = "PUT",
                                                   .path = path,
                                                   .key = door->operator_key,
                                                   .body = picture.data,
                                                   .size = picture.size});
    CHECK(status == 201 || status == 200);
}

static int post(struct door *door, const char *path, const char *body)
{
    return door_ask(
        door, &(struct door_request){
                  .method = "POST", .path = path, .key = door->operator_key, .body = body});
}

/* A favorite of its own keeps the runs on one engine apart. */
static void write_favorite(char favorite[24])
{
    uint8_t random[8];

    random_bytes(random, sizeof random);
    text_hex(random, sizeof random, favorite);
}

TEST(pictures_on_s3)
{
    const char *s3 = getenv("TEST_S3");
    char setting[512], favorite[24], key[128], path[160], etag[200];
    const char *const settings[] = {setting, "GARDEN_CACHE_CHECK_MS=0", NULL};
    struct door door = {0};

    if (!s3)
        SKIP("TEST_S3 names no store");
    (void)snprintf(setting, sizeof setting, "GARDEN_STORE=%s", s3);
    write_favorite(favorite);
    (void)snprintf(key, sizeof key, "emotions/happy/%s/img_1h.jpeg", favorite);
    (void)snprintf(path, sizeof path, "/%s", key);
    door_start(&door, settings);
    CHECK_INT(get(&door, path, NULL), ==, 404);
    put(&door, key, PICTURE_H);
    for (int again = 0; again < 2; again++) {
        CHECK_INT(get(&door, path, NULL), ==, 200);
        CHECK_INT(door.last.body.size, ==, 14484);
    }
    (void)snprintf(etag, sizeof etag, "If-None-Match: %s", door_header(&door, "etag"));
    CHECK_INT(get(&door, path, etag), ==, 304);
    CHECK_INT(get(&door, path, "Range: bytes=0-2"), ==, 206);
    CHECK_STR(door_body(&door), "\xff\xd8\xff");
    (void)snprintf(path, sizeof path, "/%s?w=160", key);
    for (int again = 0; again < 2; again++) {
        CHECK_INT(get(&door, path, NULL), ==, 200);
        CHECK_INT(door.last.body.size, >, 1000);
    }
    (void)snprintf(path, sizeof path, "/v1/items/%s", key);
    CHECK_INT(door_ask(&door, &(struct door_request){.method = "DELETE",
                                                     .path = path,
                                                     .key = door.operator_key}),
              ==, 204);
    (void)snprintf(path, sizeof path, "/%s", key);
    CHECK_INT(get(&door, path, NULL), ==, 404);
    (void)snprintf(path, sizeof path, "{\"keys\":[\"%s\"]}", key);
    CHECK_INT(post(&door, "/v1/trash/restore", path), ==, 200);
    CHECK_HAS(door_body(&door), "\"restored\":1");
    door_stop(&door);
}

TEST(gardens_and_repeated_posts_on_postgresql)
{
    const char *postgres = getenv("TEST_POSTGRES");
    char setting[512], favorite[24], key[128], body[160], once[64];
    const char *const settings[] = {setting, NULL};
    struct door door = {0};

    if (!postgres)
        SKIP("TEST_POSTGRES names no database");
    (void)snprintf(setting, sizeof setting, "GARDEN_CATALOG=%s", postgres);
    write_favorite(favorite);
    (void)snprintf(key, sizeof key, "emotions/happy/%s/img_1h.jpeg", favorite);
    (void)snprintf(body, sizeof body, "{\"emotion\":\"happy/%s\"}", favorite);
    (void)snprintf(once, sizeof once, "Idempotency-Key: %s", favorite);
    door_start(&door, settings);
    CHECK_INT(post(&door, "/gardenfromDB", body), ==, 200);
    CHECK_STR(door_body(&door), "{\"landscape\":[],\"portrait\":[]}");
    door_catalogue(&door, key);
    CHECK_INT(post(&door, "/gardenfromDB", body), ==, 200);
    CHECK_HAS(door_body(&door), key);
    CHECK_INT(get(&door, "/v1/items?limit=1", NULL), ==, 200);
    for (int again = 0; again < 2; again++) {
        CHECK_INT(door_ask(&door, &(struct door_request){.method = "POST",
                                                         .path = "/v1/trash/restore",
                                                         .key = door.operator_key,
                                                         .header = once,
                                                         .body = "{\"keys\":[]}"}),
                  ==, 200);
        CHECK_STR(door_header(&door, "idempotency-replayed"), again ? "true" : "");
    }
    door_stop(&door);
}
