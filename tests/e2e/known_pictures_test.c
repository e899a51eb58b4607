/* known_pictures_test.c - what is known of a picture goes with it when it is copied or moved
 * inside the garden: the event says it, and nobody measures the picture a second time. */
#include "lib/crypto/crypto.h"
#include "proto/object_event.h"
#include "proto/topics.h"
#include "tests/support/garden.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define PICTURE "tests/golden/pictures/img_20260504-090800_0h.jpeg"
#define OTHER_PICTURE "tests/golden/pictures/img_20260504-090800_0v.jpeg"
#define POOL_KEY "imgPool/happy/img_20260504-090800_0h.jpeg"
#define GARDEN_KEY "emotions/happy/img_20260504-090800_0h.jpeg"

enum { SOON_MS = 20000 };

/* The newest event of a key that says it was created. */
struct heard {
    const char *key;
    struct object_event event;
};

static int hear(void *ctx, const struct object_event *event, struct err *err)
{
    struct heard *heard = ctx;

    (void)err;
    if (event->change == OBJECT_CREATED && strcmp(event->key, heard->key) == 0)
        heard->event = *event;
    return 0;
}

static int hear_record(void *ctx, const struct bus_record *record, struct err *err)
{
    return object_event_decode(record->value, record->value_size, hear, ctx, err);
}

static void last_event(const struct garden *garden, const char *key,
                       struct object_event *ret_event)
{
    struct bus_partition_info infos[64];
    struct heard heard = {.key = key};
    struct err err = {0};
    OWNED(bus) bus = garden_open_bus(&garden->conf, "test", &err);
    int count;

    CHECK(bus);
    count = bus_topic_info(bus, TOPIC_OBJECTS, infos, 64, 5000, &err);
    CHECK_OK(count, err);
    for (int i = 0; i < count; i++)
        CHECK_OK(bus_read(bus, TOPIC_OBJECTS, infos[i].partition, 0, 1000, hear_record, &heard,
                          &err),
                 err);
    CHECK_STR(heard.event.key, key);
    *ret_event = heard.event;
}

/* Puts the picture into the pool and waits until it is catalogued. */
static void put_picture(struct garden *garden, char ret_sha256[SHA256_HEX])
{
    OWNED_VALUE(buf) picture = {0};

    file_load(PICTURE, &picture);
    sha256_hex(picture.data, picture.size, ret_sha256);
    CHECK_INT(
        garden_ask(garden, "PUT", "/v1/objects/" POOL_KEY, picture.data, picture.size, NULL),
        ==, 201);
    garden_wait_answer(garden, "GET", "/v1/pool", NULL, ret_sha256, SOON_MS);
}

static void post(struct garden *garden, const char *path, const char *body, const char *word)
{
    OWNED_VALUE(buf) answer = {0};

    CHECK_INT(garden_ask(garden, "POST", path, body, strlen(body), &answer), ==, 200);
    CHECK_HAS(buf_text(&answer), word);
}

static void check_known(const struct garden *garden, const char *key, const char *sha256)
{
    struct object_event event;

    last_event(garden, key, &event);
    CHECK_STR(event.sha256, sha256);
    CHECK_INT(event.width, ==, 256);
    CHECK_INT(event.height, ==, 160);
}

static void check_item(struct garden *garden, const char *sha256)
{
    OWNED_VALUE(buf) answer = {0};

    garden_wait_answer(garden, "GET", "/v1/items", NULL, GARDEN_KEY, SOON_MS);
    CHECK_INT(garden_ask(garden, "GET", "/v1/items", NULL, 0, &answer), ==, 200);
    CHECK_HAS(buf_text(&answer), sha256);
    CHECK_HAS(buf_text(&answer), "\"width\":256,\"height\":160");
}

TEST(promoted_and_restored_pictures_keep_what_is_known_of_them)
{
    struct garden garden;
    char sha256[SHA256_HEX];

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    put_picture(&garden, sha256);
    post(&garden, "/v1/pool/promote", "{\"keys\":[\"" POOL_KEY "\"]}", "\"promoted\":1");
    check_known(&garden, GARDEN_KEY, sha256);
    check_item(&garden, sha256);

    CHECK_INT(garden_ask(&garden, "DELETE", "/v1/items/" GARDEN_KEY, NULL, 0, NULL), ==, 204);
    garden_wait_answer(&garden, "GET", "/v1/items", NULL, "\"items\":[]", SOON_MS);
    post(&garden, "/v1/trash/restore", "{\"keys\":[\"" GARDEN_KEY "\"]}", "\"restored\":1");
    check_known(&garden, GARDEN_KEY, sha256);
    check_item(&garden, sha256);

    CHECK_INT(garden_ask(&garden, "DELETE", "/v1/items/" GARDEN_KEY, NULL, 0, NULL), ==, 204);
    post(&garden, "/v1/pool/promote", "{\"filter\":{\"emotion\":\"happy\"}}", "\"promoted\":1");
    check_known(&garden, GARDEN_KEY, sha256);
    garden_stop(&garden);
}

/* Another program wrote over the picture, and the catalogue has not heard of it. */
TEST(of_a_picture_that_was_replaced_nothing_is_claimed)
{
    struct garden garden;
    struct object_event event;
    struct err err = {0};
    char sha256[SHA256_HEX], other_sha256[SHA256_HEX];
    OWNED_VALUE(buf) other = {0};
    OWNED(store) store = NULL;

    garden_prepare(&garden, NULL, NULL, NULL);
    garden_start(&garden);
    put_picture(&garden, sha256);
    store = garden_open_store(&garden.conf, &err);
    CHECK(store);
    file_load(OTHER_PICTURE, &other);
    sha256_hex(other.data, other.size, other_sha256);
    CHECK_OK(store_put(store, POOL_KEY, other.data, other.size, NULL, NULL, &err), err);
    post(&garden, "/v1/pool/promote", "{\"keys\":[\"" POOL_KEY "\"]}", "\"promoted\":1");
    last_event(&garden, GARDEN_KEY, &event);
    CHECK_STR(event.sha256, "");
    CHECK_INT(event.width, ==, 0);
    garden_wait_answer(&garden, "GET", "/v1/items", NULL, other_sha256, SOON_MS);
    garden_stop(&garden);
}
