/* removal.c - see removal.h. */
#include "gateway/removal.h"

#include <stdio.h>
#include <string.h>

#include "gateway/body.h"
#include "gateway/changes.h"
#include "gateway/dispatch.h"
#include "proto/key.h"

enum which { POOL_ONLY, GARDEN_ONLY, BOTH };

/* Requests for a list of keys; the strings in them are borrowed from it and from to. */
struct plan {
    struct object_change_request *requests;
    struct object_change_result *results;
    char (*to)[KEY_BYTES];
    size_t count;
};

static void plan_done(struct plan *plan)
{
    free(plan->requests);
    free(plan->results);
    free(plan->to);
}

static int plan_init(struct plan *plan, size_t count, struct err *err)
{
    size_t room = count ? count : 1;

    plan->requests = calloc(room, sizeof *plan->requests);
    plan->results = calloc(room, sizeof *plan->results);
    plan->to = calloc(room, sizeof *plan->to);
    plan->count = count;
    if (!plan->requests || !plan->results || !plan->to)
        return err_set_nomem(err, "the list of keys");
    return 0;
}

static int check_area(const char *key, enum which which, struct err *err)
{
    struct key parsed;

    if (key_parse(key, strlen(key), &parsed, err) < 0)
        return err->code;
    if (which == POOL_ONLY && parsed.area != KEY_POOL)
        return err_set(err, ERR_INVALID, "%.80s is not in the pool: its keys start with %s",
                       key, KEY_POOL_PREFIX);
    if (which == GARDEN_ONLY && parsed.area != KEY_GARDEN)
        return err_set(err, ERR_INVALID, "%.80s is not in the garden: its keys start with %s",
                       key, KEY_GARDEN_PREFIX);
    return 0;
}

static int trash_key(const char *key, char ret_key[KEY_BYTES], struct err *err)
{
    int n = snprintf(ret_key, KEY_BYTES, KEY_TRASH_PREFIX "%s", key);

    if (n < 0 || n >= KEY_BYTES)
        return err_set(err, ERR_INVALID, "%.80s... is too long to be kept in the trash", key);
    return 0;
}

/* Every key is checked before anything is done. */
static int plan_moves(struct plan *plan, const struct key_list *keys, enum which which,
                      struct err *err)
{
    if (plan_init(plan, keys->count, err) < 0)
        return err->code;
    for (size_t i = 0; i < keys->count; i++) {
        if (check_area(keys->keys[i], which, err) < 0 ||
            trash_key(keys->keys[i], plan->to[i], err) < 0)
            return err_wrap(err, "objName[%zu]", i);
        plan->requests[i] = (struct object_change_request){
            .what = OBJECT_MOVE, .key = keys->keys[i], .to = plan->to[i]};
    }
    return 0;
}

static int plan_clears(struct plan *plan, const struct key_list *keys, struct err *err)
{
    if (plan_init(plan, keys->count, err) < 0)
        return err->code;
    for (size_t i = 0; i < keys->count; i++) {
        if (check_area(keys->keys[i], BOTH, err) < 0)
            return err_wrap(err, "objName[%zu]", i);
        plan->requests[i] =
            (struct object_change_request){.what = OBJECT_CLEAR, .key = keys->keys[i]};
    }
    return 0;
}

/* The first thing that went wrong, other than that a picture was gone already. */
static int first_failure(const struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < plan->count; i++)
        if (plan->results[i].code < 0 && plan->results[i].code != ERR_NOT_FOUND)
            return err_set(err, plan->results[i].code, "%s", plan->results[i].reason);
    return 0;
}

static void answer_done(const struct plan *plan, struct reply *reply)
{
    struct buf out = {0};

    json_write_open(&out, '{');
    for (int found = 1; found >= 0; found--) {
        json_write_name(&out, found ? "done" : "notFound");
        json_write_open(&out, '[');
        for (size_t i = 0; i < plan->count; i++)
            if ((plan->results[i].code == 0) == (found == 1))
                json_write_str(&out, plan->requests[i].key);
        json_write_close(&out, ']');
    }
    json_write_close(&out, '}');
    reply_json(reply, 200, &out);
}

static int read_keys(struct http_request *request, struct key_list *keys, struct err *err)
{
    OWNED_JSON body = body_object(request, err);

    return body ? key_list_read(json_object_get(body, "objName"), "objName", keys, err)
                : err->code;
}

static void change_many(struct gateway *gateway, struct http_request *request, bool clear,
                        enum which which, struct reply *reply)
{
    OWNED_VALUE(key_list) keys = {0};
    struct plan plan = {0};
    struct err err = {0};

    if (read_keys(request, &keys, &err) < 0 ||
        (clear ? plan_clears(&plan, &keys, &err) : plan_moves(&plan, &keys, which, &err)) < 0 ||
        changes_apply(gateway, request, plan.requests, plan.count, plan.results, &err) < 0 ||
        first_failure(&plan, &err) < 0)
        reply_error(reply, request, &err);
    else
        answer_done(&plan, reply);
    plan_done(&plan);
}

void removal_remove(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    change_many(gateway, request, false, BOTH, reply);
}

void removal_remove_pool(struct gateway *gateway, struct http_request *request,
                         struct reply *reply)
{
    change_many(gateway, request, false, POOL_ONLY, reply);
}

void removal_clear_index(struct gateway *gateway, struct http_request *request,
                         struct reply *reply)
{
    change_many(gateway, request, true, BOTH, reply);
}

/* The key is what follows the route: whole ("emotions/happy/a.jpeg"). */
static void delete_one(struct gateway *gateway, struct http_request *request, const char *key,
                       enum which which, struct reply *reply)
{
    char to[KEY_BYTES];
    struct err err = {0};
    const struct object_change_request change = {.what = OBJECT_MOVE, .key = key, .to = to};

    if (check_area(key, which, &err) < 0 || trash_key(key, to, &err) < 0 ||
        changes_apply_one(gateway, request, &change, &err) < 0)
        reply_error(reply, request, &err);
    else
        reply->status = 204;
}

void removal_delete_item(struct gateway *gateway, struct http_request *request,
                         struct reply *reply)
{
    delete_one(gateway, request, dispatch_rest(request), GARDEN_ONLY, reply);
}

void removal_delete_pool(struct gateway *gateway, struct http_request *request,
                         struct reply *reply)
{
    delete_one(gateway, request, dispatch_rest(request), POOL_ONLY, reply);
}
