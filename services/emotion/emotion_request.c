/* emotion_request.c - see emotion_request.h. */
#include "services/emotion/emotion_request.h"

#include <string.h>

#include "lib/base/text.h"
#include "proto/codec.h"
#include "proto/envelope.h"
#include "services/common/refuse.h"

#define RECEIPT_HEADER "X-Privacy-Receipt"
#define USERS "/v1/users/"
#define MOOD "/mood"

/* -- who -- */

static int check_user_id(const char *id, size_t size, const char *where, struct err *err)
{
    if (size > USER_ID_MAX)
        return err_set(err, ERR_INVALID, "%s has %zu bytes: it may have %d", where, size,
                       USER_ID_MAX);
    if (!text_is_utf8(id, size))
        return err_set(err, ERR_INVALID, "%s is not UTF-8", where);
    if (codec_check_id(id, err) < 0)
        return err_wrap(err, "%s", where);
    return 0;
}

int emotion_user_id(const struct http_request *request, char ret_user_id[EMOTION_USER_ID],
                    struct err *err)
{
    const char *id = http_header(request, "X-user-id");
    size_t size = id ? strlen(id) : 0;

    if (size == 0) {
        envelope_uuid(ret_user_id);
        return 0;
    }
    if (check_user_id(id, size, "X-user-id", err) < 0)
        return err->code;
    return text_copy(ret_user_id, EMOTION_USER_ID, id);
}

int emotion_path_user_id(const struct http_request *request, char ret_user_id[EMOTION_USER_ID],
                         struct err *err)
{
    const char *path = http_raw_path(request), *id = path + sizeof USERS - 1;
    OWNED_VALUE(buf) decoded = {0};
    size_t size;

    if (!text_starts_with(path, USERS) || !text_ends_with(id, MOOD))
        return err_set(err, ERR_NOT_FOUND, "there is nothing at this path");
    size = strlen(id) - (sizeof MOOD - 1);
    if (size == 0 || memchr(id, '/', size))
        return err_set(err, ERR_NOT_FOUND, "there is nothing at this path");
    if (text_url_decode(&decoded, id, size, false, err) < 0)
        return err->code;
    if (!buf_ok(&decoded))
        return err_set_nomem(err, "the visitor's id");
    if (check_user_id(buf_text(&decoded), decoded.size, "the visitor's id", err) < 0)
        return err->code;
    return text_copy(ret_user_id, EMOTION_USER_ID, buf_text(&decoded));
}

/* -- answers -- */

static void send(struct http_request *request, struct http_response *response,
                 const char *receipt)
{
    if (response && receipt)
        http_response_header(response, RECEIPT_HEADER, receipt);
    if (response)
        http_response_header(response, "Cache-Control", "no-store");
    http_respond(request, response);
}

void emotion_answer(struct http_request *request, int status, const char *type,
                    struct buf *body, const char *receipt)
{
    const size_t size = body->size;
    struct http_response *response = NULL;

    if (buf_ok(body))
        response = size > 0 ? http_response_owned(status, type, buf_take(body), size)
                            : http_response_static(status, type, "", 0);
    send(request, response, receipt);
}

void emotion_refuse(struct http_request *request, int status, const char *detail,
                    const char *receipt)
{
    send(request, refuse_make(request, status, detail, http_trace(request)->trace_id), receipt);
}
