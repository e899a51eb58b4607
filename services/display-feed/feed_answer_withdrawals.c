/* feed_answer_withdrawals.c - POST /v1/withdrawals and GET /v1/withdrawals/{id}. On a thread.
 */
#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "proto/key.h"
#include "services/common/problem.h"
#include "services/display-feed/feed_answers.h"
#include "services/display-feed/withdrawal.h"

/* Keys that are no pictures any more are fine: that may be why they are withdrawn. */
static int check_keys(const json_t *keys, struct err *err)
{
    const size_t count = json_array_size(keys);

    if (count < 1 || count > WITHDRAWAL_KEYS)
        return err_set(err, ERR_INVALID, "keys names %zu pictures: 1 to %d can be withdrawn",
                       count, WITHDRAWAL_KEYS);
    for (size_t i = 0; i < count; i++) {
        const char *key = json_string_value(json_array_get(keys, i));

        if (!key)
            return err_set(err, ERR_INVALID, "keys[%zu] is no text", i);
        if (key_check(key, strlen(key), err) < 0)
            return err_wrap(err, "keys[%zu]", i);
    }
    return 0;
}

static void answer_note(struct display_feed_parts *parts, struct http_request *request,
                        const json_t *note, int status)
{
    OWNED_VALUE(buf) out = {0};
    char location[96];
    struct http_response *response;

    withdrawal_answer(parts, note, &out);
    (void)snprintf(location, sizeof location, "/v1/withdrawals/%s",
                   json_string_value(json_object_get(note, "id")));
    response = buf_ok(&out) ? http_response_copy(status, "application/json", out.data, out.size)
                            : NULL;
    if (response && status == 202)
        http_response_header(response, "Location", location);
    if (response)
        http_response_header(response, "Cache-Control", "no-store");
    http_respond(request, response);
}

void feed_answer_withdraw(struct display_feed_parts *parts, struct http_request *request,
                          const char *name)
{
    OWNED_JSON root = feed_answer_body(request);
    OWNED_JSON note = NULL;
    json_t *keys = NULL;
    struct err err = {0};

    (void)name;
    if (!root)
        return;
    if (json_get_array(root, "keys", &keys, &err) < 0 || check_keys(keys, &err) < 0) {
        refuse(request, keys ? 422 : 400, err.text);
    } else if (feed_refuse_start(parts, request)) {
        return;
    } else if (withdrawal_make(parts, keys, http_trace(request), &note, &err) < 0) {
        log_warn("withdrawing pictures: %s", err.text);
        refuse_err(request, &err);
    } else {
        answer_note(parts, request, note, 202);
    }
}

void feed_answer_withdrawal(struct display_feed_parts *parts, struct http_request *request,
                            const char *name)
{
    OWNED_JSON note = NULL;
    struct err err = {0};

    if (feed_refuse_start(parts, request))
        return;
    if (withdrawal_read(parts, name, &note, &err) == 0)
        answer_note(parts, request, note, 200);
    else if (err.code == ERR_NOT_FOUND)
        refuse(request, 404, "there is no such withdrawal");
    else
        refuse_err(request, &err);
}
