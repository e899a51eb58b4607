/* gateway_running_test.c - how the gateway tells how it is, and what it does while an engine is
 * away. */
#include "lib/json/json.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/test.h"

static int get(struct door *door, const char *path)
{
    return door_ask(door, &(struct door_request){.path = path});
}

TEST(it_says_what_is_up_and_what_is_not)
{
    const char *const away[] = {"GARDEN_INGEST_URL=http://127.0.0.1:1", NULL};
    struct door door = {0};

    door_start(&door, away);
    CHECK_INT(get(&door, "/readyz"), ==, 503);
    CHECK_HAS(door_body(&door), "\"ready\":false");
    CHECK_HAS(door_body(&door), "\"bus\":{\"state\":\"up\"}");
    CHECK_HAS(door_body(&door), "\"store\":{\"state\":\"up\"}");
    CHECK_HAS(door_body(&door), "\"catalogue\":{\"state\":\"up\"}");
    CHECK_HAS(door_body(&door), "\"item-ingest\":{\"state\":\"down\",\"reason\":\"");
    CHECK(*door_header(&door, "retry-after"));
    CHECK_INT(get(&door, "/healthz"), ==, 200);
    door_stop(&door);
}

TEST(the_status_counts_pictures)
{
    struct door door = {0};

    door_start(&door, NULL);
    door_catalogue(&door, "emotions/happy/img_1h.jpeg");
    door_catalogue(&door, "emotions/happy/sunny/img_2h.jpeg");
    door_catalogue(&door, "imgPool/sad/img_3h.jpeg");
    for (int i = 0; i < 100; i++) { /* the answer may be a second old */
        CHECK_INT(get(&door, "/v1/status"), ==, 200);
        if (strstr(door_body(&door), "\"garden\":{\"emotions\":{\"happy\":2,") &&
            strstr(door_body(&door), "\"sad\":1},\"total\":1}"))
            break;
        (void)usleep(50000);
    }
    CHECK_HAS(door_body(&door), "\"garden\":{\"emotions\":{\"happy\":2,");
    CHECK_HAS(door_body(&door), "\"sad\":1},\"total\":1}");
    CHECK_HAS(door_body(&door), "\"lag\":0");
    CHECK_INT(get(&door, "/metrics"), ==, 200);
    CHECK_HAS(door_body(&door), "garden_pictures{area=\"garden\",emotion=\"happy\"} 2");
    CHECK_HAS(door_body(&door), "garden_http_requests_total{route=\"/v1/status\"");
    CHECK_HAS(door_body(&door), "garden_http_in_flight 1");
    CHECK_HAS(door_body(&door), "garden_http_request_seconds_bucket{");
    CHECK_HAS(door_body(&door), "process_resident_memory_bytes");
    door_stop(&door);
}

TEST(it_describes_itself)
{
    struct door door = {0};
    struct err err = {0};
    OWNED_JSON capabilities = NULL;

    door_start(&door, NULL);
    CHECK_INT(get(&door, "/v1/capabilities"), ==, 200);
    capabilities = json_parse(door.last.body.data, door.last.body.size, &err);
    CHECK(capabilities);
    CHECK_HAS(door_body(&door), "\"path\":\"/gardenfromDB\"");
    CHECK_HAS(door_body(&door), "\"path\":\"/garden\"");
    CHECK_INT(get(&door, "/v1/openapi.yaml"), ==, 200);
    CHECK_HAS(door_body(&door), "openapi: 3.1.0");
    CHECK_STR(door_header(&door, "content-type"), "application/yaml");
    CHECK_INT(get(&door, "/"), ==, 200);
    CHECK_HAS(door_body(&door), "My Emotion Gardens");
    CHECK(!strstr(door_body(&door), "<script>"));
    CHECK_HAS(door_header(&door, "content-security-policy"), "default-src 'none'");
    CHECK_INT(get(&door, "/status.js"), ==, 200);
    CHECK_HAS(door_header(&door, "content-type"), "text/javascript");
    door_stop(&door);
}

TEST(the_callers_trace_goes_on)
{
    struct door door = {0};

    door_start(&door, NULL);
    CHECK_INT(
        door_ask(
            &door,
            &(struct door_request){
                .path = "/v1/none",
                .header =
                    "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}),
        ==, 404);
    CHECK_HAS(door_body(&door), "\"trace_id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"");
    CHECK_HAS(door_header(&door, "traceparent"), "00-4bf92f3577b34da6a3ce929d0e0e4736-");
    door_stop(&door);
}

static int put(struct door *door)
{
    OWNED_VALUE(buf) picture = {0};

    file_load(PICTURE_H, &picture);
    return door_ask(door,
                    &(struct door_request){.method = "PUT",
                                           .path = "/v1/objects/imgPool/happy/img_1h.jpeg",
                                           .key = door->operator_key,
                                           .body = picture.data,
                                           .size = picture.size});
}

/* The picture is in the store: asking again, or item-ingest's reconciliation, tells of it. */
TEST(while_the_bus_is_away_writes_are_told_to_come_back)
{
    const char *const away[] = {"GARDEN_BUS=kafka://127.0.0.1:1", NULL};
    struct door door = {0};

    door_start(&door, away);
    CHECK_INT(put(&door), ==, 503);
    CHECK(*door_header(&door, "retry-after"));
    CHECK_STR(door_header(&door, "content-type"), "application/problem+json");
    CHECK_INT(get(&door, "/imgPool/happy/img_1h.jpeg"), ==, 200);
    CHECK_INT(get(&door, "/readyz"), ==, 503);
    CHECK_HAS(door_body(&door), "\"bus\":{\"state\":\"down\"");
    door_stop(&door);
}

TEST(while_the_catalogue_is_away_queries_are_told_to_come_back)
{
    const char *const away[] = {"GARDEN_CATALOG=postgresql://nobody@127.0.0.1:1/none", NULL};
    struct door door = {0};

    door_start(&door, away);
    CHECK_INT(door_ask(&door, &(struct door_request){.method = "POST",
                                                     .path = "/gardenfromDB",
                                                     .body = "{\"emotion\":\"happy\"}"}),
              ==, 503);
    CHECK(*door_header(&door, "retry-after"));
    CHECK_INT(get(&door, "/v1/items"), ==, 503);
    CHECK_INT(put(&door), ==, 201);
    CHECK_INT(get(&door, "/imgPool/happy/img_1h.jpeg"), ==, 200);
    door_stop(&door);
}

TEST(while_the_store_is_away_pictures_are_told_to_come_back)
{
    const char *const away[] = {"GARDEN_STORE=s3://garden?endpoint=http://127.0.0.1:1",
                                "AWS_ACCESS_KEY_ID=a", "AWS_SECRET_ACCESS_KEY=b", NULL};
    struct door door = {0};

    door_start(&door, away);
    CHECK_INT(get(&door, "/emotions/happy/img_1h.jpeg"), ==, 503);
    CHECK(*door_header(&door, "retry-after"));
    CHECK_INT(put(&door), ==, 503);
    door_stop(&door);
}

TEST(settings_are_explained_and_checked)
{
    const char *const help[] = {program_path("gateway"), "--help", NULL};
    const char *const wrong[] = {"GARDEN_QUEUE=many", NULL};
    OWNED_VALUE(buf) output = {0};

    CHECK_INT(process_run(help, NULL, &output, 10000), ==, 0);
    CHECK_HAS(buf_text(&output), "GARDEN_LISTEN");
    CHECK_HAS(buf_text(&output), "GARDEN_DATA");
    buf_clear(&output);

    const char *const plain[] = {program_path("gateway"), NULL};
    CHECK_INT(process_run(plain, wrong, &output, 10000), ==, 1);
    CHECK_HAS(buf_text(&output), "GARDEN_QUEUE is 'many'");
}
