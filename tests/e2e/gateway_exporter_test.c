/* gateway_exporter_test.c - the gateway's part in exports: who may ask, what is said where
 * there is no exporter, and the files of the last one. What is passed on is tested by
 * export_test.c. */
#include "lib/crypto/crypto.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/test.h"

static int ask(struct door *door, const char *method, const char *path, const char *key)
{
    return door_ask(door, &(struct door_request){.method = method, .path = path, .key = key});
}

TEST(only_operators_may_ask_for_exports_and_their_files)
{
    static const char *const paths[] = {"/v1/exports", "/v1/exports/a",
                                        "/dataset/users/users.csv", "/dataset/manifest.json"};
    struct door door = {0};

    door_start(&door, NULL);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        CHECK_INT(ask(&door, "GET", paths[i], NULL), ==, 401);
        CHECK_INT(ask(&door, "GET", paths[i], door.kiosk_key), ==, 403);
        CHECK_INT(ask(&door, "GET", paths[i], door.display_key), ==, 403);
    }
    CHECK_INT(ask(&door, "POST", "/v1/exports", door.kiosk_key), ==, 403);
    CHECK_INT(ask(&door, "DELETE", "/v1/exports/a", door.operator_key), ==, 405);
    CHECK_INT(ask(&door, "PUT", "/dataset/users/users.csv", door.operator_key), ==, 405);
    door_stop(&door);
}

TEST(the_gateway_does_without_an_exporter)
{
    struct door door = {0};

    door_start(&door, NULL);
    CHECK_INT(ask(&door, "POST", "/v1/exports", door.operator_key), ==, 503);
    CHECK_HAS(door_body(&door), "GARDEN_EXPORTER_URL");
    CHECK_INT(ask(&door, "GET", "/v1/capabilities", NULL), ==, 200);
    CHECK(!strstr(door_body(&door), "\"csv-exporter\""));
    (void)ask(&door, "GET", "/readyz", NULL);
    CHECK(!strstr(door_body(&door), "\"csv-exporter\""));
    door_stop(&door);
}

TEST(an_exporter_that_is_away_is_told_of)
{
    struct door door = {0};
    char setting[96];

    (void)snprintf(setting, sizeof setting, "GARDEN_EXPORTER_URL=http://127.0.0.1:%d",
                   port_free());
    door_start(&door, (const char *const[]){setting, NULL});
    CHECK_INT(ask(&door, "POST", "/v1/exports", door.operator_key), ==, 503);
    CHECK_HAS(door_body(&door), "the csv-exporter service does not answer");
    CHECK_INT(ask(&door, "GET", "/readyz", NULL), ==, 503);
    CHECK_HAS(door_body(&door), "\"csv-exporter\":{\"state\":\"down\"");
    CHECK_INT(ask(&door, "GET", "/v1/capabilities", NULL), ==, 200);
    CHECK_HAS(door_body(&door), "\"csv-exporter\"");
    door_stop(&door);
}

TEST(the_files_of_an_export_are_served_whole_and_in_parts)
{
    enum { LARGE = 1 << 20 };
    struct door door = {0};
    struct err err = {0};
    OWNED_VALUE(buf) large = {0};

    door_start(&door, NULL);
    OWNED(store) store = garden_open_store(&door.conf, &err);
    for (int i = 0; i < LARGE; i++)
        buf_append_char(&large, (char)('a' + i % 26));
    CHECK_OK(store_put(store, "dataset/users/users.csv", "a,b\n", 4, NULL, NULL, &err), err);
    CHECK_OK(store_put(store, "dataset/interactions/interactions.csv", large.data, large.size,
                       NULL, NULL, &err),
             err);
    CHECK_INT(ask(&door, "GET", "/dataset/users/users.csv", door.operator_key), ==, 200);
    CHECK_STR(door_body(&door), "a,b\n");
    CHECK_STR(door_header(&door, "content-type"), "text/csv; charset=utf-8");
    CHECK_STR(door_header(&door, "cache-control"), "private, no-cache");
    CHECK_INT(ask(&door, "GET", "/dataset/interactions/interactions.csv", door.operator_key),
              ==, 200);
    CHECK_INT(door.last.body.size, ==, LARGE);
    CHECK_INT(
        door_ask(&door, &(struct door_request){.path = "/dataset/interactions/interactions.csv",
                                               .key = door.operator_key,
                                               .header = "Range: bytes=26-28"}),
        ==, 206);
    CHECK_STR(door_body(&door), "abc");
    CHECK_INT(ask(&door, "GET", "/dataset/items/items.csv", door.operator_key), ==, 404);
    door_stop(&door);
}
