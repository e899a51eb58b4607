/* routes.c - see routes.h. */
#include "gateway/routes.h"

#include <string.h>

#include "gateway/bulk.h"
#include "gateway/capabilities.h"
#include "gateway/generations.h"
#include "gateway/keyring.h"
#include "gateway/listing.h"
#include "gateway/lists.h"
#include "gateway/login.h"
#include "gateway/meters.h"
#include "gateway/pages.h"
#include "gateway/pictures.h"
#include "gateway/promote.h"
#include "gateway/removal.h"
#include "gateway/share.h"
#include "gateway/text2image.h"
#include "gateway/trash.h"
#include "gateway/upload.h"
#include "gateway/watch.h"
#include "lib/base/text.h"

enum {
    EVERYBODY = 0,
    OPERATOR = ROLE_OPERATOR,
    SCREENS = ROLE_DISPLAY | ROLE_OPERATOR,
    KIOSKS = ROLE_KIOSK | ROLE_OPERATOR,
    ANY_KEY = ROLE_KIOSK | ROLE_DISPLAY | ROLE_OPERATOR,
};

/* The first that fits is taken. Pictures of the garden are for everybody: they are shown by
 * <img>, which sends no key; so are those under text2image/, whose names cannot be guessed.
 * Those of the pool have not been looked at yet. Data sets name visitors. To have pictures
 * drawn takes a GPU's time, and so the operator's key. */
const struct route routes[] = {
    /* the compatible routes */
    {"POST", "/emotion", ANY_KEY, PASSED_ON, .service = SERVICE_EMOTION, .face = true},
    {"POST", "/garden", ANY_KEY, PASSED_ON, .service = SERVICE_RECOMMENDER},
    {"POST", "/like", ANY_KEY, PASSED_ON, .service = SERVICE_RECOMMENDER},
    {"POST", "/gardenfromDB", ANY_KEY, ON_QUICK_WORKER, .handle = lists_garden,
     .attempt = lists_garden_attempt},
    {"POST", "/retrieve", SCREENS, ON_QUICK_WORKER, .handle = lists_pool,
     .attempt = lists_pool_attempt},
    {"POST", "/updateDisplay", KIOSKS, PASSED_ON, .service = SERVICE_DISPLAYS},
    {"POST", "/remove", OPERATOR, ON_SLOW_WORKER, .handle = removal_remove},
    {"POST", "/removePool", OPERATOR, ON_SLOW_WORKER, .handle = removal_remove_pool},
    {"POST", "/clearIndex", OPERATOR, ON_SLOW_WORKER, .handle = removal_clear_index},
    {"POST", "/text2image", OPERATOR, ON_QUICK_WORKER, text2image_post, .no_replay = true},
    {"POST", "/bulk", OPERATOR, ON_QUICK_WORKER, .handle = bulk_post},
    {"GET", "/text2image/*", EVERYBODY, ON_QUICK_WORKER, .handle = pictures_get,
     .attempt = pictures_attempt},
    {"DELETE", "/text2image/*", OPERATOR, ON_QUICK_WORKER, .handle = text2image_delete},
    {"GET", "/emotions/*", EVERYBODY, ON_QUICK_WORKER, .handle = pictures_get,
     .attempt = pictures_attempt},
    {"GET", "/display/*", EVERYBODY, ON_QUICK_WORKER, .handle = pictures_get,
     .attempt = pictures_attempt},
    {"GET", "/imgPool/*", SCREENS, ON_QUICK_WORKER, .handle = pictures_get,
     .attempt = pictures_attempt},
    {"GET", "/dataset/*", OPERATOR, ON_QUICK_WORKER, .handle = pictures_get,
     .attempt = pictures_attempt},
    {"GET", "/image", EVERYBODY, ON_QUICK_WORKER, .handle = share_get},
    {"GET", "/html/*", EVERYBODY, ON_QUICK_WORKER, .handle = pages_or_object,
     .attempt = pages_or_object_attempt},
    /* ours */
    {"GET", "/v1/items", ANY_KEY, ON_QUICK_WORKER, .handle = listing_items,
     .attempt = listing_items_attempt},
    {"DELETE", "/v1/items/*", OPERATOR, ON_QUICK_WORKER, .handle = removal_delete_item},
    {"GET", "/v1/pool", SCREENS, ON_QUICK_WORKER, .handle = listing_pool,
     .attempt = listing_pool_attempt},
    {"POST", "/v1/pool/promote", OPERATOR, ON_SLOW_WORKER, .handle = promote_post},
    {"DELETE", "/v1/pool/*", OPERATOR, ON_QUICK_WORKER, .handle = removal_delete_pool},
    {"PUT", "/v1/objects/*", OPERATOR, ON_SLOW_WORKER, upload_put, NULL, .large_body = true},
    {"POST", "/v1/generations", OPERATOR, ON_QUICK_WORKER, generations_post, .no_replay = true},
    {"GET", "/v1/generations", OPERATOR, ON_QUICK_WORKER, .handle = generations_list},
    {"GET", "/v1/generations/*", OPERATOR, ON_LOOP, .handle = generations_get},
    {"DELETE", "/v1/generations/*", OPERATOR, ON_QUICK_WORKER, .handle = generations_delete},
    {"GET", "/v1/trash", OPERATOR, ON_QUICK_WORKER, .handle = trash_list},
    {"POST", "/v1/trash/restore", OPERATOR, ON_SLOW_WORKER, .handle = trash_restore},
    {"DELETE", "/v1/trash/*", OPERATOR, ON_QUICK_WORKER, .handle = trash_delete},
    {"POST", "/v1/faces", ANY_KEY, PASSED_ON, .service = SERVICE_EMOTION, .face = true},
    {"POST", "/v1/users/*/mood", ANY_KEY, PASSED_ON, .service = SERVICE_EMOTION},
    {"GET", "/v1/users/*/mood", ANY_KEY, PASSED_ON, .service = SERVICE_EMOTION},
    {"DELETE", "/v1/users/*/mood", ANY_KEY, PASSED_ON, .service = SERVICE_EMOTION},
    {"GET", "/v1/users/*/recommendations", ANY_KEY, PASSED_ON, .service = SERVICE_RECOMMENDER},
    {"POST", "/v1/events", ANY_KEY, PASSED_ON, .service = SERVICE_RECOMMENDER},
    {"POST", "/v1/evaluations", OPERATOR, PASSED_ON, .service = SERVICE_RECOMMENDER},
    {"GET", "/v1/evaluations/*", OPERATOR, PASSED_ON, .service = SERVICE_RECOMMENDER},
    {"GET", "/v1/privacy/key", EVERYBODY, PASSED_ON, .service = SERVICE_EMOTION},
    {"GET", "/v1/zones", ANY_KEY, PASSED_ON, .service = SERVICE_DISPLAYS},
    {"GET", "/v1/zones/*/feed", ANY_KEY, RELAYED, .service = SERVICE_DISPLAYS, .streams = true},
    {"POST", "/v1/zones/*/heartbeat", SCREENS, PASSED_ON, .service = SERVICE_DISPLAYS},
    {"GET", "/v1/zones/*", ANY_KEY, RELAYED, .service = SERVICE_DISPLAYS},
    {"PUT", "/v1/zones/*", KIOSKS, PASSED_ON, .service = SERVICE_DISPLAYS},
    {"GET", "/v1/screens", OPERATOR, RELAYED, .service = SERVICE_DISPLAYS},
    {"POST", "/v1/withdrawals", OPERATOR, PASSED_ON, .service = SERVICE_DISPLAYS},
    {"GET", "/v1/withdrawals/*", OPERATOR, RELAYED, .service = SERVICE_DISPLAYS},
    {"GET", "/v1/plays", OPERATOR, PASSED_ON, .service = SERVICE_DISPLAYS},
    {"POST", "/v1/exports", OPERATOR, PASSED_ON, .service = SERVICE_EXPORTER},
    {"GET", "/v1/exports", OPERATOR, PASSED_ON, .service = SERVICE_EXPORTER},
    {"GET", "/v1/exports/*", OPERATOR, PASSED_ON, .service = SERVICE_EXPORTER},
    {"POST", "/v1/reconcile", OPERATOR, PASSED_ON, .service = SERVICE_INGEST,
     .upstream = "/reconcile"},
    {"GET", "/v1/reconcile", OPERATOR, PASSED_ON, .service = SERVICE_INGEST,
     .upstream = "/reconcile"},
    {"GET", "/v1/status", ANY_KEY, ON_LOOP, .handle = watch_status},
    {"GET", "/v1/capabilities", EVERYBODY, ON_LOOP, .handle = capabilities_get},
    {"GET", "/v1/openapi.yaml", EVERYBODY, ON_LOOP, .handle = pages_get},
    /* for whoever runs it */
    {"GET", "/healthz", EVERYBODY, ON_LOOP, .handle = watch_healthz},
    {"GET", "/readyz", EVERYBODY, ON_LOOP, .handle = watch_readyz},
    {"GET", "/metrics", ANY_KEY, ON_LOOP, .handle = meters_show},
    /* pages */
    {"GET", "/login", EVERYBODY, ON_LOOP, .handle = login_get},
    {"POST", "/login", EVERYBODY, ON_LOOP, login_post, NULL, .no_replay = true},
    {"POST", "/logout", EVERYBODY, ON_LOOP, logout_post, NULL, .no_replay = true},
    {"GET", "/", EVERYBODY, ON_LOOP, .handle = pages_get},
    {"GET", "/*", EVERYBODY, ON_LOOP, .handle = pages_get},
};
const size_t route_count = sizeof routes / sizeof *routes;

bool route_fits(const char *pattern, const char *path)
{
    const char *star = strchr(pattern, '*');
    const size_t before = star ? (size_t)(star - pattern) : 0;

    if (!star)
        return strcmp(pattern, path) == 0;
    return strncmp(pattern, path, before) == 0 && text_ends_with(path + before, star + 1) &&
           strlen(path + before) > strlen(star + 1);
}

static bool method_fits(const char *wanted, const char *method)
{
    return strcmp(wanted, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(wanted, "GET") == 0);
}

const struct route *route_find(const char *method, const char *path,
                               const struct route **ret_other)
{
    const struct route *other = NULL;

    for (size_t i = 0; i < route_count; i++) {
        const struct route *route = &routes[i];
        bool rest = strcmp(route->pattern, "/*") == 0;

        if (rest && other)
            break; /* a page is the last thing to take a path for */
        if (!route_fits(route->pattern, path))
            continue;
        if (method_fits(route->method, method))
            return route;
        if (!rest)
            other = route;
    }
    *ret_other = other;
    return NULL;
}
