/* aws.h - one service of Amazon's: signed requests, tried again while throttled, and what its
 * errors mean.
 *
 * Source: the API references of services that speak JSON over HTTP (JSON 1.1 and REST-JSON),
 * and "Signature Version 4" of the IAM user guide. Thread-safe. */
#ifndef SERVICES_COMMON_AWS_H
#define SERVICES_COMMON_AWS_H

#include "lib/crypto/sigv4.h"
#include "lib/http/client.h"

/* What an error of the service means, by its type. */
struct aws_refusal {
    const char *type; /* "InvalidInputException" */
    int code;
    const char *advice;
};

struct aws_conf {
    const char *title;    /* "Amazon Rekognition", for errors; borrowed for ever */
    const char *service;  /* as signatures name it: "rekognition", "personalize" */
    const char *host;     /* the endpoint is https://<host>.<region>.amazonaws.com */
    const char *region;   /* "ap-northeast-2" */
    const char *endpoint; /* another one, "http[s]://host[:port]"; "": the region's own */
    const char *access_key, *secret_key, *session_token; /* session_token may be "" */
    const struct aws_refusal *refusals; /* before those that every service has; borrowed for
                                           ever */
    size_t refusal_count;
    size_t threads; /* that may be inside without losing a connection */
};

struct aws;

/* ERR_INVALID: the endpoint is none. */
struct aws *aws_new(const struct aws_conf *conf, struct err *err);
void aws_free(struct aws *aws); /* NULL is fine */
DEFINE_OWNED(aws)

struct aws_request {
    const char *path;         /* "/", "/recommendations": nothing in it needs an escape */
    const char *content_type; /* "application/json" */
    const char *target;       /* X-Amz-Target, or NULL */
    const void *body;
    size_t body_size;
    bool secret; /* http_client_request's */
    size_t max_answer_bytes;
    int64_t deadline_ms; /* clock_mono_ms: for all attempts */
};

/* Posts it until there is an answer other than "later", while there is time. 0: the answer is
 * 200 and the caller's to end (http_client_response_done). ERR_UNAVAILABLE, ERR_TIMEOUT: away
 * or throttled to the end; ERR_DENIED: keys or rights; ERR_REMOTE: another answer; or what the
 * table of refusals says. */
int aws_post(struct aws *aws, const struct aws_request *request,
             struct http_client_response *ret_response, struct err *err);

#endif
