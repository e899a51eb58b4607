/* gateway_access_test.c - who may do what: keys, the login page, origins, limits. */
#include "lib/base/text.h"
#include "tests/support/gateway.h"
#include "tests/test.h"

static const char *const require_keys[] = {"GARDEN_REQUIRE_KEYS=1",
                                           "GARDEN_CORS_ORIGINS=https://kiosk.example", NULL};

static int ask(struct door *door, const char *method, const char *path, const char *key,
               const char *body)
{
    return door_ask(
        door, &(struct door_request){.method = method, .path = path, .key = key, .body = body});
}

TEST(on_loopback_only_operators_need_a_key)
{
    struct door door = {0};

    door_start(&door, NULL);
    CHECK_INT(ask(&door, "POST", "/gardenfromDB", NULL, "{\"emotion\":\"happy\"}"), ==, 200);
    CHECK_INT(ask(&door, "GET", "/v1/pool", NULL, NULL), ==, 200);
    CHECK_INT(ask(&door, "GET", "/metrics", NULL, NULL), ==, 200);
    CHECK_INT(ask(&door, "POST", "/remove", NULL, "{\"objName\":[]}"), ==, 401);
    CHECK_HAS(door_header(&door, "www-authenticate"), "Bearer");
    CHECK_INT(ask(&door, "GET", "/v1/trash", NULL, NULL), ==, 401);
    CHECK_STR(door_header(&door, "content-type"), "application/problem+json");
    CHECK_INT(ask(&door, "GET", "/v1/trash", door.kiosk_key, NULL), ==, 403);
    CHECK_INT(ask(&door, "GET", "/v1/trash", "wrong", NULL), ==, 401);
    CHECK_INT(ask(&door, "POST", "/gardenfromDB", "wrong", "{\"emotion\":\"happy\"}"), ==, 401);
    CHECK_INT(ask(&door, "GET", "/v1/trash", door.operator_key, NULL), ==, 200);
    door_stop(&door);
}

TEST(where_keys_are_required_each_role_gets_its_own)
{
    struct door door = {0};

    door_start(&door, require_keys);
    CHECK_INT(ask(&door, "POST", "/gardenfromDB", NULL, "{\"emotion\":\"happy\"}"), ==, 401);
    CHECK_INT(ask(&door, "POST", "/gardenfromDB", door.kiosk_key, "{\"emotion\":\"happy\"}"),
              ==, 200);
    CHECK_INT(ask(&door, "POST", "/retrieve", door.kiosk_key, "{\"emotion\":\"happy\"}"), ==,
              403);
    CHECK_INT(ask(&door, "POST", "/retrieve", door.display_key, "{\"emotion\":\"happy\"}"), ==,
              200);
    CHECK_INT(ask(&door, "GET", "/imgPool/happy/a.jpeg", NULL, NULL), ==, 401);
    CHECK_INT(ask(&door, "GET", "/imgPool/happy/a.jpeg", door.display_key, NULL), ==, 404);
    CHECK_INT(ask(&door, "GET", "/emotions/happy/a.jpeg", NULL, NULL), ==, 404);
    CHECK_INT(ask(&door, "GET", "/v1/status", NULL, NULL), ==, 401);
    CHECK_INT(ask(&door, "GET", "/metrics", NULL, NULL), ==, 401);
    CHECK_INT(ask(&door, "GET", "/healthz", NULL, NULL), ==, 200);
    CHECK_INT(ask(&door, "GET", "/", NULL, NULL), ==, 200);
    CHECK_INT(ask(&door, "GET", "/v1/capabilities", NULL, NULL), ==, 200);
    CHECK_INT(ask(&door, "GET", "/readyz", NULL, NULL), ==, 503);
    CHECK(!strstr(door_body(&door), "reason")); /* it would name hosts */
    door_stop(&door);
}

/* Who asks a proxy on this machine may be anywhere. */
TEST(behind_a_proxy_loopback_needs_keys)
{
    const char *const proxied[] = {"GARDEN_TRUST_PROXY=1", NULL};
    struct door door = {0};

    door_start(&door, proxied);
    CHECK_INT(ask(&door, "POST", "/gardenfromDB", NULL, "{\"emotion\":\"happy\"}"), ==, 401);
    door_stop(&door);
}

TEST(keys_of_the_environment_work)
{
    const char *const mine[] = {"GARDEN_OPERATOR_KEY=a key of my own", NULL};
    struct door door = {0};

    door_start(&door, mine);
    CHECK_STR(door.operator_key, ""); /* it is not written down */
    CHECK_INT(ask(&door, "GET", "/v1/trash", "a key of my own", NULL), ==, 200);
    door_stop(&door);
}

/* Logs in by the form and writes the Cookie header. */
static void log_in(struct door *door, const char *key, char ret_cookie[512])
{
    char form[256];
    const char *set;

    (void)snprintf(form, sizeof form, "other=1&key=%s", key);
    CHECK_INT(ask(door, "POST", "/login", NULL, form), ==, 303);
    CHECK_STR(door_header(door, "location"), "/");
    set = door_header(door, "set-cookie");
    CHECK_HAS(set, "; HttpOnly; SameSite=Strict");
    (void)snprintf(ret_cookie, 512, "Cookie: %.*s", (int)strcspn(set, ";"), set);
}

static int remove_by_cookie(struct door *door, const char *cookie, const char *more)
{
    return door_ask(door, &(struct door_request){.method = "POST",
                                                 .path = "/remove",
                                                 .header = cookie,
                                                 .header_2 = more,
                                                 .body = "{\"objName\":[]}"});
}

TEST(the_login_page_gives_a_session)
{
    struct door door = {0};
    char cookie[512], origin[128];

    door_start(&door, require_keys);
    CHECK_INT(ask(&door, "GET", "/login", NULL, NULL), ==, 200);
    CHECK_HAS(door_body(&door), "data-failed=\"no\"");
    CHECK_HAS(door_header(&door, "content-security-policy"), "script-src 'self'");
    CHECK_INT(ask(&door, "POST", "/login", NULL, "key=wrong"), ==, 401);
    CHECK_HAS(door_body(&door), "data-failed=\"yes\"");
    CHECK_STR(door_header(&door, "set-cookie"), "");
    log_in(&door, door.operator_key, cookie);
    CHECK_INT(door_ask(&door, &(struct door_request){.path = "/v1/trash", .header = cookie}),
              ==, 200);
    CHECK_INT(remove_by_cookie(&door, cookie, NULL), ==, 403);
    CHECK_INT(remove_by_cookie(&door, cookie, "Origin: https://evil.example"), ==, 403);
    CHECK_INT(remove_by_cookie(&door, cookie, "Sec-Fetch-Site: cross-site"), ==, 403);
    CHECK_INT(remove_by_cookie(&door, cookie, "Sec-Fetch-Site: same-site"), ==, 403);
    CHECK_INT(remove_by_cookie(&door, cookie, "Sec-Fetch-Site: same-origin"), ==, 200);
    (void)snprintf(origin, sizeof origin, "Origin: %s", door.url);
    CHECK_INT(remove_by_cookie(&door, cookie, origin), ==, 200);
    CHECK_INT(remove_by_cookie(&door, "Cookie: garden_session=operator.9999999999.x", origin),
              ==, 401);
    CHECK_INT(ask(&door, "POST", "/logout", NULL, ""), ==, 303);
    CHECK_HAS(door_header(&door, "set-cookie"), "garden_session=; Path=/; Max-Age=0");
    door_stop(&door);
}

TEST(the_ready_link_logs_in_and_hides_the_key)
{
    struct door door = {0};
    char path[256];

    door_start(&door, require_keys);
    (void)snprintf(path, sizeof path, "/login?key=%s", door.operator_key);
    CHECK_INT(ask(&door, "GET", path, NULL, NULL), ==, 303);
    CHECK_STR(door_header(&door, "location"), "/");
    CHECK_STR(door_header(&door, "referrer-policy"), "no-referrer");
    CHECK_HAS(door_header(&door, "set-cookie"), "garden_session=operator.");
    CHECK_INT(ask(&door, "GET", "/login?key=wrong", NULL, NULL), ==, 401);
    door_stop(&door);
}

TEST(guessing_keys_is_slowed_down)
{
    struct door door = {0};
    int status = 0;

    door_start(&door, NULL);
    for (int i = 0; i < 50 && status != 429; i++)
        status = ask(&door, "POST", "/login", NULL, "key=guess");
    CHECK_INT(status, ==, 429);
    CHECK(*door_header(&door, "retry-after"));
    CHECK_INT(ask(&door, "GET", "/v1/trash", "guess", NULL), ==, 429);
    CHECK_INT(ask(&door, "GET", "/v1/items", NULL, NULL), ==, 200);
    door_stop(&door);
}

static int preflight(struct door *door, const char *origin)
{
    return door_ask(door,
                    &(struct door_request){.method = "OPTIONS",
                                           .path = "/gardenfromDB",
                                           .header = origin,
                                           .header_2 = "Access-Control-Request-Method: POST"});
}

TEST(listed_origins_may_call_and_others_not)
{
    struct door door = {0};

    door_start(&door, require_keys);
    CHECK_INT(preflight(&door, "Origin: https://kiosk.example"), ==, 204);
    CHECK_STR(door_header(&door, "access-control-allow-origin"), "https://kiosk.example");
    CHECK_STR(door_header(&door, "access-control-allow-credentials"), "true");
    CHECK_HAS(door_header(&door, "access-control-allow-headers"), "Authorization");
    CHECK_STR(door_header(&door, "vary"), "Origin");
    CHECK_INT(preflight(&door, "Origin: https://evil.example"), ==, 204);
    CHECK_STR(door_header(&door, "access-control-allow-origin"), "");
    CHECK_INT(door_ask(&door, &(struct door_request){.method = "POST",
                                                     .path = "/gardenfromDB",
                                                     .key = door.kiosk_key,
                                                     .header = "Origin: https://kiosk.example",
                                                     .body = "{\"emotion\":\"happy\"}"}),
              ==, 200);
    CHECK_STR(door_header(&door, "access-control-allow-origin"), "https://kiosk.example");
    door_stop(&door);
}

TEST(too_many_requests_are_told_when_to_come_back)
{
    const char *const slow[] = {"GARDEN_REQUIRE_KEYS=1", "GARDEN_RATE_PER_ADDRESS=5",
                                "GARDEN_RATE_PER_KEY=5", NULL};
    struct door door = {0};
    int status = 0;

    door_start(&door, slow);
    for (int i = 0; i < 100 && status != 429; i++)
        status = ask(&door, "GET", "/v1/capabilities", NULL, NULL);
    CHECK_INT(status, ==, 429);
    CHECK_STR(door_header(&door, "retry-after"), "1");
    CHECK_STR(door_header(&door, "ratelimit-remaining"), "0");
    CHECK_INT(ask(&door, "GET", "/v1/trash", door.operator_key, NULL), ==, 200);
    for (int i = 0; i < 100 && status != 200; i++) /* it fills again */
        status = ask(&door, "GET", "/v1/capabilities", NULL, NULL);
    status = 0;
    for (int i = 0; i < 100 && status != 429; i++)
        status = ask(&door, "GET", "/v1/trash", door.operator_key, NULL);
    CHECK_INT(status, ==, 429);
    door_stop(&door);
}

TEST(wrong_methods_and_paths_are_told_apart)
{
    struct door door = {0};

    door_start(&door, NULL);
    CHECK_INT(ask(&door, "GET", "/gardenfromDB", NULL, NULL), ==, 405);
    CHECK_STR(door_header(&door, "allow"), "POST");
    CHECK_INT(ask(&door, "POST", "/emotions", NULL, "x"), ==, 404);
    CHECK_INT(ask(&door, "POST", "/v1/nothing", NULL, "x"), ==, 404);
    CHECK_STR(door_header(&door, "content-type"), "application/problem+json");
    CHECK_HAS(door_body(&door), "\"instance\":\"/v1/nothing\"");
    CHECK_HAS(door_body(&door), "\"trace_id\":\"");
    door_stop(&door);
}
