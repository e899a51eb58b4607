/* emotion_request.h - what a request says, and answering it. */
#ifndef SERVICES_EMOTION_EMOTION_REQUEST_H
#define SERVICES_EMOTION_EMOTION_REQUEST_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/http/server.h"
#include "proto/user_event.h"

enum { EMOTION_USER_ID = USER_ID_MAX + 1 };

/* X-user-id, or a random one where there is none. ERR_INVALID says what is wrong with it. */
int emotion_user_id(const struct http_request *request, char ret_user_id[EMOTION_USER_ID],
                    struct err *err);

/* The visitor of /v1/users/{id}/mood. ERR_NOT_FOUND: it is another path. */
int emotion_path_user_id(const struct http_request *request, char ret_user_id[EMOTION_USER_ID],
                         struct err *err);

/* Answers with the body, which it takes. receipt: its header; NULL: none. */
void emotion_answer(struct http_request *request, int status, const char *type,
                    struct buf *body, const char *receipt);

/* Answers with an error: problem+json under /v1, else one line. 503 comes with Retry-After. */
void emotion_refuse(struct http_request *request, int status, const char *detail,
                    const char *receipt);

#endif
