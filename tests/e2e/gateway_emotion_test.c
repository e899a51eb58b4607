/* gateway_emotion_test.c - what the gateway passes on to the emotion service, with a stand-in
 * for the service that says what it was asked, stalls or is away. */
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#define TEST_SECONDS 120

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "lib/http/server.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/support/remains.h"
#include "tests/test.h"

enum {
    SOON_MS = 20000,
    STALLED = 100,
    PICTURE = 300000,
    MEASURE_MS = 4000,
    BLOCK = 100, /* requests that a p99 is taken of */
    FORWARD_MS = 9000,
    GARDEN_PICTURES = 200,
};

/* -- the service's stand-in -- */

struct stand_in {
    struct http_server *server;
    char setting[96];
    atomic_bool stalls;
    atomic_int asked, left;
};

/* A request that is not answered while anybody waits. */
struct held {
    struct stand_in *in;
    struct http_request *request;
};

static void on_left(void *ctx)
{
    struct held *held = ctx;

    (void)atomic_fetch_add(&held->in->left, 1);
    http_respond_text(held->request, 200, "too late");
    free(held);
}

static void hold(struct stand_in *in, struct http_request *request)
{
    struct held *held = malloc(sizeof *held);

    if (!held)
        abort();
    *held = (struct held){in, request};
    http_on_gone(request, on_left, held);
}

static void tell(struct http_request *request)
{
    OWNED_VALUE(buf) out = {0};
    const char *type = http_header(request, "Content-Type"),
               *user = http_header(request, "X-user-id");
    char hash[SHA256_HEX];
    size_t size;
    const void *body = http_body(request, &size);

    sha256_hex(body, size, hash);
    buf_printf(&out, "%s %s type=%s user=%s trace=%d key=%d body=%zu %s", http_method(request),
               http_target(request), type ? type : "-", user ? user : "-",
               http_header(request, "traceparent") != NULL,
               http_header(request, "Authorization") != NULL, size, hash);
    http_respond_text(request, 200, buf_text(&out));
}

static void on_request(void *ctx, struct http_request *request)
{
    struct stand_in *in = ctx;
    struct http_response *response;

    if (strcmp(http_path(request), "/readyz") == 0) {
        http_respond_text(request, 200, "{}");
        return;
    }
    (void)atomic_fetch_add(&in->asked, 1);
    if (atomic_load(&in->stalls)) {
        hold(in, request);
    } else if (http_query(request, "busy")) {
        response = http_response_copy(503, "application/problem+json", "{}", 2);
        http_response_header(response, "Retry-After", "7");
        http_respond(request, response);
    } else if (http_query(request, "nobody")) {
        http_respond(request, http_response_copy(404, "text/plain", "No Face", 7));
    } else {
        tell(request);
    }
}

static void stand_in_start(struct stand_in *in)
{
    const struct http_server_conf conf = {.listen = "127.0.0.1:0",
                                          .loops = 1,
                                          .max_body_bytes = 64 << 20,
                                          .on_request = on_request,
                                          .ctx = in};
    struct err err = {0};

    *in = (struct stand_in){0};
    in->server = http_server_start(&conf, &err);
    if (!in->server)
        TEST_FAIL("%s", err.text);
    (void)snprintf(in->setting, sizeof in->setting, "GARDEN_EMOTION_URL=http://127.0.0.1:%d",
                   http_server_port(in->server));
}

/* -- helpers -- */

static int post(struct door *door, const char *path, const char *header, const void *body,
                size_t size)
{
    return door_ask(
        door,
        &(struct door_request){
            .method = "POST", .path = path, .header = header, .body = body, .size = size});
}

static int get(struct door *door, const char *path)
{
    return door_ask(door, &(struct door_request){.path = path});
}

static void wait_for_forwards(struct door *door, struct http_client *client, int under_way,
                              int waiting)
{
    char text[96];

    (void)snprintf(text, sizeof text,
                   "garden_forwards{service=\"emotion\",state=\"waiting\"} %d\n", waiting);
    door_wait_metric(door, client, text);
    (void)snprintf(text, sizeof text,
                   "garden_forwards{service=\"emotion\",state=\"under way\"} %d\n", under_way);
    door_wait_metric(door, client, text);
}

static void picture(struct buf *out, size_t size)
{
    random_bytes(buf_reserve(out, size), size);
    out->size = size;
}

/* -- tests -- */

TEST(a_request_goes_to_the_service_and_its_answer_comes_back)
{
    OWNED_VALUE(buf) body = {0};
    char wanted[256], hash[SHA256_HEX];
    struct stand_in in;
    struct door door = {0};

    stand_in_start(&in);
    door_start(&door, (const char *const[]){in.setting, NULL});
    picture(&body, PICTURE);
    sha256_hex(body.data, body.size, hash);
    (void)snprintf(wanted, sizeof wanted,
                   "POST /emotion?a=%%2F type=image/jpeg user=u-1 trace=1 key=0 body=%zu %s",
                   body.size, hash);
    CHECK_INT(door_ask(&door, &(struct door_request){.method = "POST",
                                                     .path = "/emotion?a=%2F",
                                                     .key = door.kiosk_key,
                                                     .header = "Content-Type: image/jpeg",
                                                     .header_2 = "X-user-id: u-1",
                                                     .body = body.data,
                                                     .size = body.size}),
              ==, 200);
    CHECK_STR(door_body(&door), wanted);
    CHECK_INT(post(&door, "/emotion?nobody=1", NULL, "x", 1), ==, 404);
    CHECK_STR(door_body(&door), "No Face");
    CHECK_STR(door_header(&door, "content-type"), "text/plain");
    CHECK_INT(post(&door, "/v1/faces?busy=1", NULL, "x", 1), ==, 503);
    CHECK_STR(door_header(&door, "content-type"), "application/problem+json");
    CHECK_STR(door_header(&door, "retry-after"), "7");
    door_stop(&door);
    http_server_free(in.server);
}

TEST(moods_and_the_receipts_key_are_the_services)
{
    struct stand_in in;
    struct door door = {0};

    stand_in_start(&in);
    door_start(&door, (const char *const[]){in.setting, NULL});
    CHECK_INT(post(&door, "/v1/users/a%20b/mood", NULL, "{}", 2), ==, 200);
    CHECK_HAS(door_body(&door), "POST /v1/users/a%20b/mood ");
    CHECK_INT(get(&door, "/v1/users/u/mood"), ==, 200);
    CHECK_HAS(door_body(&door), "GET /v1/users/u/mood ");
    CHECK_INT(
        door_ask(&door, &(struct door_request){.method = "DELETE", .path = "/v1/users/u/mood"}),
        ==, 200);
    CHECK_HAS(door_body(&door), "DELETE /v1/users/u/mood ");
    CHECK_INT(get(&door, "/v1/privacy/key"), ==, 200);
    CHECK_INT(get(&door, "/v1/users/u/other"), ==, 404);
    CHECK_INT(get(&door, "/v1/users/u%2Fv/mood"), ==, 200);
    CHECK_HAS(door_body(&door), "GET /v1/users/u%2Fv/mood ");
    CHECK_INT(post(&door, "/v1/users/u/mood", "Authorization: Bearer wrong", "{}", 2), ==, 401);
    door_stop(&door);
    http_server_free(in.server);
}

TEST(the_gateway_does_without_the_service)
{
    struct door door = {0};

    door_start(&door, NULL);
    CHECK_INT(post(&door, "/emotion", NULL, "x", 1), ==, 503);
    CHECK_HAS(door_body(&door), "GARDEN_EMOTION_URL");
    CHECK_INT(get(&door, "/v1/capabilities"), ==, 200);
    CHECK(!strstr(door_body(&door), "\"emotion\""));
    (void)get(&door, "/readyz");
    CHECK(!strstr(door_body(&door), "\"emotion\""));
    door_stop(&door);
}

TEST(a_service_that_is_away_is_told_of)
{
    struct door door = {0};
    char setting[96];

    (void)snprintf(setting, sizeof setting, "GARDEN_EMOTION_URL=http://127.0.0.1:%d",
                   port_free());
    door_start(&door, (const char *const[]){setting, NULL});
    CHECK_INT(post(&door, "/emotion", NULL, "x", 1), ==, 503);
    CHECK_STR(door_body(&door), "the emotion service does not answer: try again later\n");
    CHECK(*door_header(&door, "retry-after") != '\0');
    CHECK_INT(get(&door, "/readyz"), ==, 503);
    CHECK_HAS(door_body(&door), "\"emotion\":{\"state\":\"down\"");
    CHECK_INT(get(&door, "/v1/capabilities"), ==, 200);
    CHECK_HAS(door_body(&door), "\"emotion\"");
    door_stop(&door);
}

/* -- a service that stalls -- */

struct crowd {
    int ended, refused; /* refused: 503 with Retry-After */
};

static void on_ended(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct crowd *crowd = ctx;
    char after[16];

    (void)err;
    crowd->ended++;
    crowd->refused += response->status == 503 &&
                      http_client_header(response, "retry-after", after, sizeof after) != NULL;
}

static void crowd_send(struct http_client *client, struct crowd *crowd, const struct door *door,
                       const struct buf *body, int count)
{
    char url[96];
    const struct http_client_request request = {.method = "POST",
                                                .url = url,
                                                .body = body->data,
                                                .body_size = body->size,
                                                .deadline_ms = 4 * FORWARD_MS};

    (void)snprintf(url, sizeof url, "%s/emotion", door->url);
    for (int i = 0; i < count; i++)
        (void)http_client_send(client, &request, on_ended, crowd);
}

static int by_size(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The least p99 of some blocks, which the machine's other work disturbs least. Ends early once
 * it is good enough. */
static int64_t garden_p99_ns(struct door *door, int64_t good_ns)
{
    int64_t best = INT64_MAX, until_ms = clock_mono_ms() + MEASURE_MS;

    while (clock_mono_ms() < until_ms && best > good_ns) {
        int64_t took[BLOCK];

        for (int i = 0; i < BLOCK; i++) {
            int64_t start_ns = clock_mono_ns();

            CHECK_INT(post(door, "/gardenfromDB", NULL, "{\"emotion\":\"happy\"}", 0), ==, 200);
            took[i] = clock_mono_ns() - start_ns;
        }
        qsort(took, BLOCK, sizeof *took, by_size);
        if (took[BLOCK * 99 / 100 - 1] < best)
            best = took[BLOCK * 99 / 100 - 1];
    }
    return best;
}

static void fill_garden(struct door *door)
{
    for (int i = 0; i < GARDEN_PICTURES; i++) {
        char key[96];

        (void)snprintf(key, sizeof key, "emotions/happy/img_20260504-0908%02d_%dh.jpeg", i % 60,
                       i);
        door_catalogue(door, key);
    }
}

TEST(gardens_do_not_wait_for_a_service_that_stalls)
{
    OWNED_VALUE(buf) body = {0};
    struct crowd crowd = {0};
    struct stand_in in;
    struct door door = {0};
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    int64_t quiet_ns, stalled_ns, start_ms;
    char limit[64];

    stand_in_start(&in);
    atomic_store(&in.stalls, true);
    (void)snprintf(limit, sizeof limit, "GARDEN_FORWARD_MS=%d", FORWARD_MS);
    door_start(&door, (const char *const[]){in.setting, limit, NULL});
    fill_garden(&door);
    picture(&body, PICTURE);
    quiet_ns = garden_p99_ns(&door, 0);
    start_ms = clock_mono_ms();
    crowd_send(client, &crowd, &door, &body, STALLED);
    wait_for_forwards(&door, client, 16, STALLED - 16);
    stalled_ns = garden_p99_ns(&door, 2 * quiet_ns);
    CHECK_INT(crowd.ended, ==, 0); /* they all waited meanwhile */
    printf("# p99 of /gardenfromDB: %.2f ms, with %d stalled calls %.2f ms\n",
           (double)quiet_ns / 1e6, STALLED, (double)stalled_ns / 1e6);
    CHECK_INT(stalled_ns, <=, 3 * quiet_ns);
    CHECK_INT(http_client_run(client, 2 * FORWARD_MS), ==, 0);
    CHECK_INT(crowd.refused, ==, STALLED);
    CHECK_INT(clock_mono_ms() - start_ms, <, FORWARD_MS + 6000);
    wait_for_forwards(&door, NULL, 0, 0);
    door_stop(&door);
    http_server_free(in.server);
}

TEST(what_is_too_many_is_refused_at_once)
{
    OWNED_VALUE(buf) body = {0};
    struct crowd crowd = {0};
    struct stand_in in;
    struct door door = {0};
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);

    stand_in_start(&in);
    atomic_store(&in.stalls, true);
    door_start(&door, (const char *const[]){in.setting, "GARDEN_FORWARD_CALLS=2",
                                            "GARDEN_FORWARD_WAITING=3",
                                            "GARDEN_FORWARD_MS=10000", NULL});
    picture(&body, PICTURE);
    crowd_send(client, &crowd, &door, &body, 9);
    while (crowd.ended < 4)
        (void)http_client_run(client, 5);
    wait_for_forwards(&door, client, 2, 3);
    CHECK_INT(crowd.ended, ==, 4);
    CHECK_INT(crowd.refused, ==, 4);
    CHECK_INT(post(&door, "/emotion", NULL, "x", 1), ==, 503);
    CHECK_STR(door_body(&door), "too many wait for the emotion service: try again later\n");
    CHECK_INT(get(&door, "/v1/reconcile"), ==,
              401); /* of another service: none of its business */
    door_stop(&door);
    http_server_free(in.server);
}

TEST(a_client_that_leaves_ends_the_call)
{
    OWNED_VALUE(buf) body = {0};
    struct crowd crowd = {0};
    struct stand_in in;
    struct door door = {0};
    struct err err = {0};
    struct http_client *asked = http_client_new(&err), *waits = http_client_new(&err);
    int64_t until_ms = clock_mono_ms() + SOON_MS;

    stand_in_start(&in);
    atomic_store(&in.stalls, true);
    door_start(&door, (const char *const[]){in.setting, "GARDEN_FORWARD_CALLS=1",
                                            "GARDEN_FORWARD_MS=10000", NULL});
    picture(&body, PICTURE);
    crowd_send(asked, &crowd, &door, &body, 1);
    wait_for_forwards(&door, asked, 1, 0);
    crowd_send(waits, &crowd, &door, &body, 1);
    wait_for_forwards(&door, waits, 1, 1);
    http_client_free(waits); /* first, so that nobody takes the other one's place */
    wait_for_forwards(&door, NULL, 1, 0);
    CHECK_INT(atomic_load(&in.left), ==, 0);
    http_client_free(asked);
    wait_for_forwards(&door, NULL, 0, 0);
    while (atomic_load(&in.left) < 1 && clock_mono_ms() < until_ms)
        (void)poll(NULL, 0, 5);
    CHECK_INT(atomic_load(&in.left), ==, 1);
    CHECK_INT(atomic_load(&in.asked), ==, 1);
    door_wait_metric(&door, NULL, "code=\"499\"");
    door_stop(&door);
    http_server_free(in.server);
}

TEST(a_picture_that_is_too_large_is_refused_by_its_head)
{
    OWNED_VALUE(buf) body = {0};
    struct stand_in in;
    struct door door = {0};

    stand_in_start(&in);
    door_start(&door, (const char *const[]){in.setting, NULL});
    picture(&body, 40 << 20);
    CHECK_INT(post(&door, "/emotion", NULL, body.data, body.size), ==, 413);
    CHECK_STR(door_body(&door), "the body has 41943040 bytes, more than the 12582912 that are "
                                "accepted here\n");
    CHECK_INT(post(&door, "/v1/faces", "Transfer-Encoding: chunked", body.data, body.size), ==,
              413);
    CHECK_HAS(door_body(&door), "the body is larger than the 12582912 bytes");
    CHECK_INT(post(&door, "/emotion", NULL, body.data, 12 << 20), ==, 200);
    CHECK_INT(atomic_load(&in.asked), ==, 1);
    door_stop(&door);
    http_server_free(in.server);
}

/* -- Idempotency-Key -- */

TEST(a_repeated_request_gets_the_first_answer_and_nothing_keeps_its_picture)
{
    const char *key = "Idempotency-Key: visit-1";
    OWNED_VALUE(buf) body = {0}, first = {0};
    struct marker marker = marker_new();
    struct stand_in in;
    struct door door = {0};

    stand_in_start(&in);
    door_start(&door, (const char *const[]){in.setting, NULL});
    while (body.size < PICTURE)
        buf_append(&body, marker.bytes, MARKER_SIZE);
    CHECK_INT(post(&door, "/emotion", key, body.data, body.size), ==, 200);
    buf_append_str(&first, door_body(&door));
    CHECK_INT(post(&door, "/emotion", key, body.data, body.size), ==, 200);
    CHECK_STR(door_header(&door, "idempotency-replayed"), "true");
    CHECK_STR(door_body(&door), buf_text(&first));
    CHECK_INT(atomic_load(&in.asked), ==, 1);
    CHECK_INT(post(&door, "/emotion", key, body.data, body.size - 1), ==, 422);
    CHECK_INT(post(&door, "/v1/faces?busy=1", "Idempotency-Key: visit-2", body.data, body.size),
              ==, 503);
    CHECK_INT(post(&door, "/v1/faces?busy=1", "Idempotency-Key: visit-2", body.data, body.size),
              ==, 503);
    CHECK_INT(atomic_load(&in.asked), ==, 3); /* a failure is tried again */
    CHECK_INT(marker_in_folder(door.data, &marker), ==, 0);
#ifndef __SANITIZE_ADDRESS__ /* which keeps what was freed, in terabytes of address space */
    CHECK_INT(marker_in_process(door.pid, &marker, true), <=, 0);
#endif
    door_stop(&door);
    http_server_free(in.server);
}
