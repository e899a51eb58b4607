/* refuse.h - how a service says no: problem+json on /v1, a line of text elsewhere. */
#ifndef SERVICES_COMMON_REFUSE_H
#define SERVICES_COMMON_REFUSE_H

#include "lib/base/err.h"
#include "lib/http/server.h"

/* Answers; detail says what is wrong and how to mend it. 503 comes with Retry-After. */
void refuse(struct http_request *request, int status, const char *detail);

/* With the status that fits the failure. */
void refuse_err(struct http_request *request, const struct err *err);

/* The response that refuse answers with, for who adds headers to it. trace_id NULL: none. */
struct http_response *refuse_make(const struct http_request *request, int status,
                                  const char *detail, const char *trace_id);

/* front_service.refuse */
struct http_response *refuse_response(void *ctx, const struct http_request *request, int status,
                                      const char *text);

#endif
