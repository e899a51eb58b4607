/* routes.c - see routes.h. */
#include "gateway/routes.h"

#include <string.h>

#include "gateway/bulk.h"
#include "gateway/capabilities.h"
#include "gateway/forward.h"
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
#include "gateway/text2image.h"
#include "gateway/trash.h"
#include "gateway/upload.h"
#include "gateway/watch.h"

enum {
    EVERYBODY = 0,
    OPERATOR = ROLE_OPERATOR,
    SCREENS = ROLE_DISPLAY | ROLE_OPERATOR,
    ANY_KEY = ROLE_KIOSK | ROLE_DISPLAY | ROLE_OPERATOR,
};

/* The first that fits is taken. Pictures of the garden are for everybody: they are shown by
 * <img>, which sends no key; so are those under text2image/, whose names cannot be guessed.
 * Those of the pool have not been looked at yet. To have pictures drawn takes a GPU's time, and
 * so the operator's key. */
const struct route routes[] = {
    /* the compatible routes */
    {"POST", "/gardenfromDB", ANY_KEY, ON_QUICK_WORKER, lists_garden, lists_garden_attempt, 0,
     0},
    {"POST", "/retrieve", SCREENS, ON_QUICK_WORKER, lists_pool, lists_pool_attempt, 0, 0},
    {"POST", "/remove", OPERATOR, ON_SLOW_WORKER, removal_remove, NULL, 0, 0},
    {"POST", "/removePool", OPERATOR, ON_SLOW_WORKER, removal_remove_pool, NULL, 0, 0},
    {"POST", "/clearIndex", OPERATOR, ON_SLOW_WORKER, removal_clear_index, NULL, 0, 0},
    {"POST", "/text2image", OPERATOR, ON_QUICK_WORKER, text2image_post, .no_replay = true},
    {"POST", "/bulk", OPERATOR, ON_QUICK_WORKER, bulk_post, NULL, 0, 0},
    {"GET", "/text2image/*", EVERYBODY, ON_QUICK_WORKER, pictures_get, pictures_attempt, 0, 0},
    {"DELETE", "/text2image/*", OPERATOR, ON_QUICK_WORKER, text2image_delete, NULL, 0, 0},
    {"GET", "/emotions/*", EVERYBODY, ON_QUICK_WORKER, pictures_get, pictures_attempt, 0, 0},
    {"GET", "/display/*", EVERYBODY, ON_QUICK_WORKER, pictures_get, pictures_attempt, 0, 0},
    {"GET", "/imgPool/*", SCREENS, ON_QUICK_WORKER, pictures_get, pictures_attempt, 0, 0},
    {"GET", "/html/*", EVERYBODY, ON_QUICK_WORKER, pages_or_object, pages_or_object_attempt, 0,
     0},
    /* ours */
    {"GET", "/v1/items", ANY_KEY, ON_QUICK_WORKER, listing_items, listing_items_attempt, 0, 0},
    {"DELETE", "/v1/items/*", OPERATOR, ON_QUICK_WORKER, removal_delete_item, NULL, 0, 0},
    {"GET", "/v1/pool", SCREENS, ON_QUICK_WORKER, listing_pool, listing_pool_attempt, 0, 0},
    {"POST", "/v1/pool/promote", OPERATOR, ON_SLOW_WORKER, promote_post, NULL, 0, 0},
    {"DELETE", "/v1/pool/*", OPERATOR, ON_QUICK_WORKER, removal_delete_pool, NULL, 0, 0},
    {"PUT", "/v1/objects/*", OPERATOR, ON_SLOW_WORKER, upload_put, NULL, .large_body = true},
    {"POST", "/v1/generations", OPERATOR, ON_QUICK_WORKER, generations_post, .no_replay = true},
    {"GET", "/v1/generations", OPERATOR, ON_QUICK_WORKER, generations_list, NULL, 0, 0},
    {"GET", "/v1/generations/*", OPERATOR, ON_LOOP, generations_get, NULL, 0, 0},
    {"DELETE", "/v1/generations/*", OPERATOR, ON_QUICK_WORKER, generations_delete, NULL, 0, 0},
    {"GET", "/v1/trash", OPERATOR, ON_QUICK_WORKER, trash_list, NULL, 0, 0},
    {"POST", "/v1/trash/restore", OPERATOR, ON_SLOW_WORKER, trash_restore, NULL, 0, 0},
    {"DELETE", "/v1/trash/*", OPERATOR, ON_QUICK_WORKER, trash_delete, NULL, 0, 0},
    {"POST", "/v1/reconcile", OPERATOR, ON_SLOW_WORKER, forward_reconcile, NULL, 0, 0},
    {"GET", "/v1/reconcile", OPERATOR, ON_QUICK_WORKER, forward_reconcile, NULL, 0, 0},
    {"GET", "/v1/status", ANY_KEY, ON_LOOP, watch_status, NULL, 0, 0},
    {"GET", "/v1/capabilities", EVERYBODY, ON_LOOP, capabilities_get, NULL, 0, 0},
    {"GET", "/v1/openapi.yaml", EVERYBODY, ON_LOOP, pages_get, NULL, 0, 0},
    /* for whoever runs it */
    {"GET", "/healthz", EVERYBODY, ON_LOOP, watch_healthz, NULL, 0, 0},
    {"GET", "/readyz", EVERYBODY, ON_LOOP, watch_readyz, NULL, 0, 0},
    {"GET", "/metrics", ANY_KEY, ON_LOOP, meters_show, NULL, 0, 0},
    /* pages */
    {"GET", "/login", EVERYBODY, ON_LOOP, login_get, NULL, 0, 0},
    {"POST", "/login", EVERYBODY, ON_LOOP, login_post, NULL, .no_replay = true},
    {"POST", "/logout", EVERYBODY, ON_LOOP, logout_post, NULL, .no_replay = true},
    {"GET", "/", EVERYBODY, ON_LOOP, pages_get, NULL, 0, 0},
    {"GET", "/*", EVERYBODY, ON_LOOP, pages_get, NULL, 0, 0},
};
const size_t route_count = sizeof routes / sizeof *routes;

bool route_fits(const char *pattern, const char *path)
{
    size_t size = strlen(pattern);

    if (pattern[size - 1] != '*')
        return strcmp(pattern, path) == 0;
    return strncmp(pattern, path, size - 1) == 0 && path[size - 1] != '\0';
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
