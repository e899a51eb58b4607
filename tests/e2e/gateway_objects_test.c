/* gateway_objects_test.c - pictures go in, are promoted, removed and restored: the real
 * gateway, its store and its events. */
#include "lib/json/json.h"
#include "proto/object_event.h"
#include "proto/topics.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define POOL_KEY "imgPool/happy/img_20260504-090800_0h.jpeg"
#define GARDEN_KEY "emotions/happy/img_20260504-090800_0h.jpeg"

static int put(struct door *door, const char *key, const void *data, size_t size)
{
    char path[1200];

    (void)snprintf(path, sizeof path, "/v1/objects/%s", key);
    return door_ask(door, &(struct door_request){.method = "PUT",
                                                 .path = path,
                                                 .key = door->operator_key,
                                                 .body = data,
                                                 .size = size});
}

static void put_picture(struct door *door, const char *key)
{
    OWNED_VALUE(buf) picture = {0};

    file_load(PICTURE_H, &picture);
    CHECK_INT(put(door, key, picture.data, picture.size), ==, 201);
}

static int post(struct door *door, const char *path, const char *body)
{
    return door_ask(
        door, &(struct door_request){
                  .method = "POST", .path = path, .key = door->operator_key, .body = body});
}

static int get(struct door *door, const char *path)
{
    return door_ask(door, &(struct door_request){.path = path, .key = door->operator_key});
}

static int delete (struct door *door, const char *path)
{
    return door_ask(door, &(struct door_request){
                              .method = "DELETE", .path = path, .key = door->operator_key});
}

/* -- what was published -- */

struct heard {
    char
        text[4096]; /* "+key" for created, "-key" for removed, "~key" for cleared, one a line */
    char sha256[65]; /* of the last one */
    uint32_t width;
};

static int hear(void *ctx, const struct object_event *event, struct err *err)
{
    struct heard *heard = ctx;
    size_t used = strlen(heard->text);

    (void)err;
    (void)snprintf(heard->text + used, sizeof heard->text - used, "%c%s\n",
                   "+-~?"[event->change], event -> key);
    (void)snprintf(heard->sha256, sizeof heard->sha256, "%s", event->sha256);
    heard->width = event->width;
    return 0;
}

static int hear_record(void *ctx, const struct bus_record *record, struct err *err)
{
    return object_event_decode(record->value, record->value_size, hear, ctx, err);
}

static void listen_to(const struct door *door, struct heard *ret_heard)
{
    struct bus_partition_info infos[64];
    struct err err = {0};
    OWNED(bus) bus = garden_open_bus(&door->conf, "test", &err);
    int count;

    memset(ret_heard, 0, sizeof *ret_heard);
    CHECK(bus);
    count = bus_topic_info(bus, TOPIC_OBJECTS, infos, 64, 5000, &err);
    CHECK_OK(count, err);
    for (int i = 0; i < count; i++)
        CHECK_OK(bus_read(bus, TOPIC_OBJECTS, infos[i].partition, 0, 1000, hear_record,
                          ret_heard, &err),
                 err);
}

TEST(a_picture_is_put_and_served_as_it_was)
{
    struct door door = {0};
    struct heard heard;
    OWNED_VALUE(buf) picture = {0};

    door_start(&door, NULL);
    file_load(PICTURE_H, &picture);
    CHECK_INT(put(&door, POOL_KEY, picture.data, picture.size), ==, 201);
    CHECK_STR(door_header(&door, "location"), "/" POOL_KEY);
    CHECK_HAS(door_body(&door), "\"width\":256,\"height\":160");
    CHECK_INT(get(&door, "/" POOL_KEY), ==, 200);
    CHECK_INT(door.last.body.size, ==, picture.size);
    CHECK(memcmp(door.last.body.data, picture.data, picture.size) == 0);
    listen_to(&door, &heard);
    CHECK_STR(heard.text, "+" POOL_KEY "\n");
    CHECK_INT(heard.width, ==, 256);
    CHECK_INT(strlen(heard.sha256), ==, 64);
    CHECK_INT(put(&door, POOL_KEY, picture.data, picture.size), ==, 200);
    CHECK_INT(door_ask(&door, &(struct door_request){.method = "PUT",
                                                     .path = "/v1/objects/" POOL_KEY,
                                                     .key = door.operator_key,
                                                     .header = "If-None-Match: *",
                                                     .body = picture.data,
                                                     .size = picture.size}),
              ==, 412);
    door_stop(&door);
}

static void check_refused(struct door *door, const char *file, int status, const char *why)
{
    char path[256];
    OWNED_VALUE(buf) data = {0};

    (void)snprintf(path, sizeof path, "tests/fuzz/corpus/image/%s", file);
    file_load(path, &data);
    CHECK_INT(put(door, POOL_KEY, data.data, data.size), ==, status);
    CHECK_HAS(door_body(door), why);
    CHECK_STR(door_header(door, "content-type"), "application/problem+json");
}

TEST(what_is_no_good_picture_is_refused_with_the_reason)
{
    struct door door = {0};
    struct heard heard;
    OWNED_VALUE(buf) picture = {0};

    door_start(&door, NULL);
    check_refused(&door, "cmyk.jpeg", 422, "CMYK");
    file_load(PICTURE_H, &picture);
    CHECK_INT(put(&door, POOL_KEY, picture.data, picture.size / 2), ==, 422);
    CHECK_INT(put(&door, POOL_KEY, "not a picture", 13), ==, 415);
    CHECK_INT(put(&door, "imgPool/happy/a.png", picture.data, picture.size), ==, 415);
    CHECK_HAS(door_body(&door), "image/png");
    CHECK_INT(put(&door, "imgPool/joy/a.jpeg", picture.data, picture.size), ==, 400);
    CHECK_HAS(door_body(&door), "surprised");
    CHECK_INT(put(&door, "imgPool/happy/a/b/c.jpeg", picture.data, picture.size), ==, 400);
    CHECK_INT(put(&door, "imgPool/happy/%2e%2e/c.jpeg", picture.data, picture.size), ==, 400);
    CHECK_INT(put(&door, "html/index.html", picture.data, picture.size), ==, 400);
    CHECK_INT(put(&door, "imgPool/happy/a%00.jpeg", picture.data, picture.size), ==, 400);
    CHECK_INT(put(&door, "imgPool/happy/a%zz.jpeg", picture.data, picture.size), ==, 400);
    listen_to(&door, &heard);
    CHECK_STR(heard.text, "");
    CHECK_INT(get(&door, "/" POOL_KEY), ==, 404);
    door_stop(&door);
}

TEST(promoting_copies_and_answers_for_each_key)
{
    struct door door = {0};
    struct heard heard;

    door_start(&door, NULL);
    put_picture(&door, POOL_KEY);
    CHECK_INT(post(&door, "/v1/pool/promote",
                   "{\"unknown\":1,\"keys\":[\"" POOL_KEY "\",\"imgPool/happy/none.jpeg\","
                   "\"" GARDEN_KEY "\",\"../x\"]}"),
              ==, 200);
    CHECK_HAS(door_body(&door),
              "{\"key\":\"" POOL_KEY "\",\"result\":\"promoted\",\"item\":\"" GARDEN_KEY "\"}");
    CHECK_HAS(door_body(&door),
              "{\"key\":\"imgPool/happy/none.jpeg\",\"result\":\"not_found\"");
    CHECK_HAS(door_body(&door), "{\"key\":\"" GARDEN_KEY "\",\"result\":\"bad_key\"");
    CHECK_HAS(door_body(&door), "{\"key\":\"../x\",\"result\":\"bad_key\"");
    CHECK_HAS(door_body(&door), "\"promoted\":1");
    CHECK_INT(get(&door, "/" GARDEN_KEY), ==, 200);
    CHECK_INT(get(&door, "/" POOL_KEY), ==, 200);
    listen_to(&door, &heard);
    CHECK_HAS(heard.text, "+" GARDEN_KEY "\n");
    door_stop(&door);
}

TEST(promoting_by_filter_takes_what_fits)
{
    struct door door = {0};

    door_start(&door, NULL);
    put_picture(&door, "imgPool/happy/sunny/img_1h.jpeg");
    put_picture(&door, "imgPool/happy/sunny/img_1v.jpeg");
    put_picture(&door, "imgPool/sad/img_2h.jpeg");
    door_catalogue(&door, "imgPool/happy/sunny/img_1h.jpeg");
    door_catalogue(&door, "imgPool/happy/sunny/img_1v.jpeg");
    door_catalogue(&door, "imgPool/sad/img_2h.jpeg");
    CHECK_INT(post(&door, "/v1/pool/promote",
                   "{\"filter\":{\"emotion\":\"happy\",\"favorite\":\"sunny\","
                   "\"orientation\":\"portrait\"}}"),
              ==, 200);
    CHECK_HAS(door_body(&door), "\"promoted\":1");
    CHECK_INT(get(&door, "/emotions/happy/sunny/img_1v.jpeg"), ==, 200);
    CHECK_INT(get(&door, "/emotions/happy/sunny/img_1h.jpeg"), ==, 404);
    CHECK_INT(post(&door, "/v1/pool/promote", "{\"filter\":{\"limit\":2}}"), ==, 200);
    CHECK_HAS(door_body(&door), "\"promoted\":2");
    CHECK_INT(post(&door, "/v1/pool/promote", "{\"filter\":{\"emotion\":\"glad\"}}"), ==, 400);
    CHECK_INT(post(&door, "/v1/pool/promote", "{\"filter\":{\"limit\":0}}"), ==, 400);
    CHECK_INT(post(&door, "/v1/pool/promote", "{\"filter\":{},\"keys\":[]}"), ==, 400);
    CHECK_INT(post(&door, "/v1/pool/promote", "{}"), ==, 400);
    CHECK_HAS(door_body(&door), "keys");
    door_stop(&door);
}

static int refuse_any(void *ctx, const char *key, const struct store_info *info,
                      struct err *err)
{
    (void)ctx;
    (void)info;
    return err_set(err, ERR_CONFLICT, "%s is still there", key);
}

static void check_no_thumbnails(const struct door *door)
{
    struct err err = {0};
    OWNED(store) store = garden_open_store(&door->conf, &err);

    CHECK(store);
    CHECK_OK(store_list(store, "cache/", NULL, 0, refuse_any, NULL, &err), err);
}

TEST(removed_pictures_are_in_the_trash_and_come_back)
{
    struct door door = {0};
    struct heard heard;

    door_start(&door, NULL);
    put_picture(&door, GARDEN_KEY);
    CHECK_INT(get(&door, "/" GARDEN_KEY "?w=160"), ==, 200);
    CHECK_INT(delete (&door, "/v1/items/" GARDEN_KEY), ==, 204);
    check_no_thumbnails(&door);
    CHECK_INT(get(&door, "/" GARDEN_KEY), ==, 404);
    CHECK_INT(get(&door, "/" GARDEN_KEY "?w=160"), ==, 404);
    CHECK_INT(get(&door, "/trash/" GARDEN_KEY), ==, 404);
    CHECK_INT(get(&door, "/v1/trash"), ==, 200);
    CHECK_HAS(door_body(&door), "{\"key\":\"" GARDEN_KEY "\"");
    CHECK_INT(post(&door, "/v1/trash/restore",
                   "{\"keys\":[\"" GARDEN_KEY "\",\"emotions/happy/none.jpeg\",\"x\"]}"),
              ==, 200);
    CHECK_HAS(door_body(&door), "\"result\":\"restored\"");
    CHECK_HAS(door_body(&door), "\"result\":\"not_found\"");
    CHECK_HAS(door_body(&door), "\"result\":\"bad_key\"");
    CHECK_HAS(door_body(&door), "\"restored\":1");
    CHECK_INT(get(&door, "/" GARDEN_KEY), ==, 200);
    CHECK_INT(delete (&door, "/v1/items/" GARDEN_KEY), ==, 204);
    CHECK_INT(delete (&door, "/v1/trash/" GARDEN_KEY), ==, 204);
    CHECK_INT(delete (&door, "/v1/trash/" GARDEN_KEY), ==, 404);
    CHECK_INT(get(&door, "/v1/trash"), ==, 200);
    CHECK_HAS(door_body(&door), "{\"items\":[],\"cursor\":null}");
    listen_to(&door, &heard);
    CHECK_HAS(heard.text, "-" GARDEN_KEY "\n");
    CHECK_INT(delete (&door, "/v1/pool/" GARDEN_KEY), ==, 400);
    CHECK_INT(delete (&door, "/v1/items/emotions/happy/none.jpeg"), ==, 404);
    door_stop(&door);
}

/* The old pages send objName as an array, as JSON in a string, or as one key. */
TEST(the_compatible_removals_take_every_shape)
{
    struct door door = {0};
    struct heard heard;

    door_start(&door, NULL);
    put_picture(&door, "imgPool/sad/img_1h.jpeg");
    put_picture(&door, "imgPool/sad/img_2h.jpeg");
    put_picture(&door, "emotions/sad/img_3h.jpeg");
    CHECK_INT(post(&door, "/removePool", "{\"objName\":[\"imgPool/sad/img_1h.jpeg\"]}"), ==,
              200);
    CHECK_INT(get(&door, "/imgPool/sad/img_1h.jpeg"), ==, 404);
    CHECK_INT(post(&door, "/remove", "{\"objName\":\"[\\\"imgPool/sad/img_2h.jpeg\\\"]\"}"), ==,
              200);
    CHECK_INT(get(&door, "/imgPool/sad/img_2h.jpeg"), ==, 404);
    CHECK_INT(post(&door, "/clearIndex", "{\"objName\":\"emotions/sad/img_3h.jpeg\"}"), ==,
              200);
    CHECK_INT(get(&door, "/emotions/sad/img_3h.jpeg"), ==, 200);
    listen_to(&door, &heard);
    CHECK_HAS(heard.text, "-imgPool/sad/img_1h.jpeg\n");
    CHECK_HAS(heard.text, "-imgPool/sad/img_2h.jpeg\n");
    CHECK_HAS(heard.text, "~emotions/sad/img_3h.jpeg\n");
    CHECK_INT(post(&door, "/remove", "{\"objName\":[\"imgPool/sad/img_1h.jpeg\"]}"), ==, 200);
    door_stop(&door);
}

TEST(one_bad_key_and_nothing_is_removed)
{
    static const char *const bodies[] = {
        "{\"objName\":[\"emotions/sad/img_1h.jpeg\",\"emotions/sad/../img_1h.jpeg\"]}",
        "{\"objName\":[\"emotions/sad/img_1h.jpeg\",1]}",
        "{\"objName\":[\"emotions/sad/img_1h.jpeg\",\"dataset/users/users.csv\"]}",
        "{\"objName\":\"[\"}",
        "{\"objName\":7}",
        "{\"objname\":[\"emotions/sad/img_1h.jpeg\"]}",
        "[\"emotions/sad/img_1h.jpeg\"]",
        "{",
    };
    struct door door = {0};

    door_start(&door, NULL);
    put_picture(&door, "emotions/sad/img_1h.jpeg");
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        CHECK_INT(post(&door, "/remove", bodies[i]), ==, 400);
        CHECK(*door_body(&door));
    }
    CHECK_INT(post(&door, "/removePool", "{\"objName\":[\"emotions/sad/img_1h.jpeg\"]}"), ==,
              400);
    CHECK_HAS(door_body(&door), "imgPool/");
    CHECK_INT(get(&door, "/emotions/sad/img_1h.jpeg"), ==, 200);
    door_stop(&door);
}

static int promote_once(struct door *door, const char *idempotency, const char *body)
{
    return door_ask(door, &(struct door_request){.method = "POST",
                                                 .path = "/v1/pool/promote",
                                                 .key = door->operator_key,
                                                 .header = idempotency,
                                                 .body = body});
}

TEST(the_same_idempotency_key_gets_the_same_answer)
{
    static const char body[] = "{\"keys\":[\"" POOL_KEY "\"]}";
    struct door door = {0};
    struct heard before, after;
    char first[1024];

    door_start(&door, NULL);
    put_picture(&door, POOL_KEY);
    CHECK_INT(promote_once(&door, "Idempotency-Key: one", body), ==, 200);
    CHECK_STR(door_header(&door, "idempotency-replayed"), "");
    (void)snprintf(first, sizeof first, "%s", door_body(&door));
    listen_to(&door, &before);
    CHECK_INT(promote_once(&door, "Idempotency-Key: one", body), ==, 200);
    CHECK_STR(door_header(&door, "idempotency-replayed"), "true");
    CHECK_STR(door_header(&door, "content-type"), "application/json");
    CHECK_STR(door_body(&door), first);
    listen_to(&door, &after);
    CHECK_STR(after.text, before.text); /* not done again */
    CHECK_INT(promote_once(&door, "Idempotency-Key: one", "{\"keys\":[]}"), ==, 422);
    CHECK_INT(promote_once(&door, "Idempotency-Key: two", "{\"keys\":[]}"), ==, 200);
    CHECK_INT(promote_once(&door, "Idempotency-Key: a\tb", body), ==, 400);
    CHECK_INT(post(&door, "/v1/pool/promote", body), ==, 200);
    door_stop(&door);
}

TEST(a_refused_request_is_replayed_and_a_failed_one_done_again)
{
    const char *const away[] = {"GARDEN_INGEST_URL=http://127.0.0.1:1", NULL};
    struct door door = {0};

    door_start(&door, away);
    CHECK_INT(promote_once(&door, "Idempotency-Key: bad", "{}"), ==, 400);
    CHECK_INT(promote_once(&door, "Idempotency-Key: bad", "{}"), ==, 400);
    CHECK_STR(door_header(&door, "idempotency-replayed"), "true");
    CHECK_STR(door_header(&door, "content-type"), "application/problem+json");
    for (int i = 0; i < 2; i++) {
        CHECK_INT(door_ask(&door, &(struct door_request){.method = "POST",
                                                         .path = "/v1/reconcile",
                                                         .key = door.operator_key,
                                                         .header = "Idempotency-Key: r"}),
                  ==, 503);
        CHECK_STR(door_header(&door, "idempotency-replayed"), "");
        CHECK(*door_header(&door, "retry-after"));
    }
    door_stop(&door);
}

/* In a process of its own: the status of one of many who ask the same at once. */
static void ask_and_exit(struct door *door, const char *body)
{
    struct err err = {0};
    int status;

    door->http = http_client_new(&err);
    status = promote_once(door, "Idempotency-Key: together", body);
    _exit(status == 200 || status == 409 ? 0 : 1);
}

TEST(of_many_who_ask_the_same_at_once_one_is_served)
{
    enum { ASKERS = 12 };
    static const char body[] = "{\"keys\":[\"" POOL_KEY "\"]}";
    struct door door = {0};
    struct heard heard;
    pid_t askers[ASKERS];
    const char *first;

    door_start(&door, NULL);
    put_picture(&door, POOL_KEY);
    for (int i = 0; i < ASKERS; i++) {
        askers[i] = fork();
        if (askers[i] == 0)
            ask_and_exit(&door, body);
    }
    for (int i = 0; i < ASKERS; i++) {
        int status = 0;

        CHECK_INT(waitpid(askers[i], &status, 0), ==, askers[i]);
        CHECK_INT(status, ==, 0);
    }
    listen_to(&door, &heard);
    first = strstr(heard.text, "+" GARDEN_KEY "\n");
    CHECK(first);
    CHECK(!strstr(first + 1, "+" GARDEN_KEY "\n"));
    door_stop(&door);
}
