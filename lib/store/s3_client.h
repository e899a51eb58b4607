/* s3_client.h - signed requests to one bucket, path-style. Thread-safe: each call has an HTTP
 * client of its own while it lasts, and these are kept for the next calls. */
#ifndef LIB_STORE_S3_CLIENT_H
#define LIB_STORE_S3_CLIENT_H

#include "lib/crypto/sigv4.h"
#include "lib/http/client.h"
#include "lib/store/store_internal.h"

/* The most that one PUT may have, and so an object here: larger ones would need a multipart
 * upload. */
#define S3_OBJECT_MAX ((size_t)5 << 30)

struct s3_client;

/* From "s3://bucket?endpoint=...&region=..."; sends nothing. */
struct s3_client *s3_client_new(const struct store_conf *conf, struct err *err);
void s3_client_free(struct s3_client *client);

const char *s3_bucket(const struct s3_client *client);
const char *s3_endpoint(const struct s3_client *client); /* without a '/' at its end */

struct s3_request {
    const char *method;
    const char *key; /* NULL: the bucket itself */
    const struct sigv4_pair *query;
    size_t query_count;
    const struct sigv4_pair *headers; /* are signed */
    size_t header_count;
    struct store_bytes body;
    const struct store_file *file; /* the body, in place of those bytes; NULL: none */
    const char *file_sha256;       /* of its bytes, hex */
    uint64_t answer_size;          /* what is expected, for the deadline; 0: little */
};

/* Sends it, and again where that may help; any status is an answer and a success here. The
 * caller ends ret_response with http_client_response_done. */
int s3_call(struct s3_client *client, const struct s3_request *request,
            struct http_client_response *ret_response, struct err *err);

/* What an answer that is no success says, with how to mend it. Returns the code set. */
int s3_refused(const struct s3_client *client, const struct s3_request *request,
               const struct http_client_response *response, struct err *err);

/* s3_call, and s3_refused for all but 2xx, after which there is no response to end. */
int s3_ask(struct s3_client *client, const struct s3_request *request,
           struct http_client_response *ret_response, struct err *err);

#endif
