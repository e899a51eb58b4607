/* sigv4.h - AWS Signature Version 4: who asks, proved by an HMAC over the request.
 *
 * Source: "Authenticating Requests: Using the Authorization Header" of the S3 API reference,
 * and "Signature Version 4" of the IAM user guide. Works for any service; S3 differs from the
 * others in that its path is encoded once and not twice.
 *
 *   1. sigv4_target makes the path and query as they have to be sent;
 *   2. sigv4_sign makes the header lines to send with it.
 *
 * Both are pure: the time is a parameter. */
#ifndef LIB_CRYPTO_SIGV4_H
#define LIB_CRYPTO_SIGV4_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/crypto/crypto.h"

struct sigv4_pair {
    const char *name, *value;
};

enum { SIGV4_PAIRS = 16 }; /* at most so many headers, and so many query parameters */

struct sigv4_credentials {
    const char *access_key, *secret_key;
    const char *session_token; /* of temporary credentials, or NULL */
    const char *region;        /* "us-east-1" */
    const char *service;       /* "s3", "rekognition", "personalize" */
};

struct sigv4_request {
    const char *method;
    const char *host; /* as the Host header is sent: with the port where it is not the usual */
    const char *target; /* from sigv4_target */
    /* Further headers to sign, x-amz-* among them, each name once, in any case of letters. Not:
     * Host, X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token, which sigv4_sign adds. */
    const struct sigv4_pair *headers;
    size_t header_count;
    char payload_sha256[SHA256_HEX]; /* of the body, "" included: sha256_hex */
    int64_t time_ms;                 /* clock_wall_ms */
};

/* Appends the encoded path and, where there are parameters, "?" and the query: encoded and
 * sorted as the signature needs it. path and parameters are plain. ERR_INVALID for a path
 * without a leading '/' and for too many parameters. */
int sigv4_target(struct buf *out, const char *path, const struct sigv4_pair *query,
                 size_t query_count, struct err *err);

/* The lines are added to out, each "Name: value" with a NUL after it: x-amz-date,
 * x-amz-content-sha256, x-amz-security-token where there is a token, the further headers, and
 * Authorization. ERR_INVALID for a control character in a header, for a header that is given
 * twice, for too many. */
int sigv4_sign(struct buf *out, const struct sigv4_credentials *credentials,
               const struct sigv4_request *request, struct err *err);

#endif
