/* promote.c - see promote.h. */
#include "gateway/promote.h"

#include <string.h>

#include "gateway/body.h"
#include "gateway/changes.h"
#include "gateway/handles.h"
#include "gateway/listing.h"
#include "proto/key.h"

/* One picture's way. */
struct step {
    char from[KEY_BYTES];
    char to[KEY_BYTES];
    bool refused;
    char reason[160];
};

struct promotion {
    struct step *steps;
    size_t count, room;
};

static int add_step(struct promotion *promotion, const char *key, struct err *err)
{
    struct step *step = &promotion->steps[promotion->count];
    struct err why = {0};
    struct key parsed;

    if (promotion->count == promotion->room)
        return err_set(err, ERR_TOO_LARGE, "promote at most %zu at a time", promotion->room);
    (void)snprintf(step->from, sizeof step->from, "%s", key);
    step->refused = key_parse(key, strlen(key), &parsed, &why) < 0;
    if (!step->refused && parsed.area != KEY_POOL)
        step->refused = err_set(&why, ERR_INVALID,
                                "this key is not in the pool: its keys start "
                                "with " KEY_POOL_PREFIX) < 0;
    if (!step->refused)
        step->refused = key_move(key, KEY_GARDEN, step->to, &why) < 0;
    (void)snprintf(step->reason, sizeof step->reason, "%.159s", why.text);
    promotion->count++;
    return 0;
}

static int add_found(void *ctx, const struct catalog_item *item, struct err *err)
{
    char key[KEY_BYTES];

    if (key_format(KEY_POOL, item->ref.search_key, item->ref.name, key, err) < 0)
        return err->code;
    return add_step(ctx, key, err);
}

static int read_filter(const json_t *filter, struct catalog_query *query, struct err *err)
{
    struct listing_filter parts = {0};
    int64_t limit = KEY_LIST_MAX;

    if (json_opt_str(filter, "emotion", &parts.emotion, err) < 0 ||
        json_opt_str(filter, "favorite", &parts.favorite, err) < 0 ||
        json_opt_str(filter, "orientation", &parts.orientation, err) < 0 ||
        json_opt_str(filter, "since", &parts.since, err) < 0 ||
        json_opt_int(filter, "limit", &limit, err) < 0 ||
        listing_filter_apply(&parts, query, err) < 0)
        return err_wrap(err, "filter");
    if (limit < 1 || limit > KEY_LIST_MAX)
        return err_set(err, ERR_INVALID, "filter: limit is not from 1 to %d", KEY_LIST_MAX);
    query->limit = (size_t)limit;
    return 0;
}

static int plan_by_filter(struct gateway *gateway, const json_t *filter,
                          struct promotion *promotion, struct err *err)
{
    struct catalog_query query = {.area = CATALOG_POOL};
    struct catalog *catalog;

    if (read_filter(filter, &query, err) < 0)
        return err->code;
    catalog = handles_take(gateway->catalogs, err);
    if (!catalog)
        return err->code;
    (void)catalog_select(catalog, &query, add_found, promotion, err);
    handles_give(gateway->catalogs, catalog);
    return err->code;
}

static int plan_by_keys(const json_t *body, struct promotion *promotion, struct err *err)
{
    OWNED_VALUE(key_list) keys = {0};

    if (key_list_read(json_object_get(body, "keys"), "keys", &keys, err) < 0)
        return err->code;
    for (size_t i = 0; i < keys.count; i++)
        if (add_step(promotion, keys.keys[i], err) < 0)
            return err->code;
    return 0;
}

static int plan(struct gateway *gateway, struct http_request *request,
                struct promotion *promotion, struct err *err)
{
    OWNED_JSON body = body_object(request, err);
    const json_t *keys, *filter;

    if (!body)
        return err->code;
    promotion->steps = calloc(KEY_LIST_MAX, sizeof *promotion->steps);
    promotion->room = KEY_LIST_MAX;
    if (!promotion->steps)
        return err_set_nomem(err, "the promotion");
    keys = json_object_get(body, "keys");
    filter = json_object_get(body, "filter");
    if ((keys != NULL) == (filter != NULL))
        return err_set(err, ERR_INVALID, "send either keys, an array, or filter, an object");
    if (filter && !json_is_object(filter))
        return err_set(err, ERR_INVALID, "filter is not an object");
    return filter ? plan_by_filter(gateway, filter, promotion, err)
                  : plan_by_keys(body, promotion, err);
}

static int copy_steps(struct gateway *gateway, struct http_request *request,
                      struct promotion *promotion, struct object_change_result *results,
                      struct err *err)
{
    struct object_change_request *requests = calloc(promotion->count + 1, sizeof *requests);
    size_t used = 0;
    int r;

    if (!requests)
        return err_set_nomem(err, "the promotion");
    for (size_t i = 0; i < promotion->count; i++)
        if (!promotion->steps[i].refused)
            requests[used++] = (struct object_change_request){
                .what = OBJECT_COPY,
                .key = promotion->steps[i].from,
                .to = promotion->steps[i].to,
            };
    r = changes_apply(gateway, request, requests, used, results, err);
    free(requests);
    return r;
}

static const char *word_of(const struct step *step, int code)
{
    if (step->refused || code == ERR_INVALID)
        return "bad_key";
    if (code == 0)
        return "promoted";
    return code == ERR_NOT_FOUND ? "not_found" : "failed";
}

static void answer(const struct promotion *promotion,
                   const struct object_change_result *results, struct reply *reply)
{
    struct buf out = {0};
    size_t promoted = 0;

    json_write_open(&out, '{');
    json_write_name(&out, "results");
    json_write_open(&out, '[');
    for (size_t i = 0; i < promotion->count; i++) {
        const struct step *step = &promotion->steps[i];
        const struct object_change_result *result = step->refused ? NULL : results++;
        int code = result ? result->code : ERR_INVALID;

        promoted += code == 0;
        json_write_open(&out, '{');
        json_put_str(&out, "key", step->from);
        json_put_str(&out, "result", word_of(step, code));
        if (code == 0)
            json_put_str(&out, "item", step->to);
        else
            json_put_str(&out, "reason", result ? result->reason : step->reason);
        json_write_close(&out, '}');
    }
    json_write_close(&out, ']');
    json_put_int(&out, "promoted", (int64_t)promoted);
    json_write_close(&out, '}');
    reply_json(reply, 200, &out);
}

/* A store that is away is the whole request's failure, for which the client tries again. */
static int store_failure(const struct object_change_result *results, size_t count,
                         struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (results[i].code < 0 && problem_status_of(results[i].code) >= 500)
            return err_set(err, results[i].code, "%s", results[i].reason);
    return 0;
}

void promote_post(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    struct promotion promotion = {0};
    struct object_change_result *results = calloc(KEY_LIST_MAX, sizeof *results);
    struct err err = {0};

    if (!results)
        return; /* a 500 */
    if (plan(gateway, request, &promotion, &err) < 0 ||
        copy_steps(gateway, request, &promotion, results, &err) < 0 ||
        store_failure(results, KEY_LIST_MAX, &err) < 0)
        reply_error(reply, request, &err);
    else
        answer(&promotion, results, reply);
    free(promotion.steps);
    free(results);
}
