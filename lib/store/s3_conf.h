/* s3_conf.h - where an S3 store is and who asks, from its URL and the environment. */
#ifndef LIB_STORE_S3_CONF_H
#define LIB_STORE_S3_CONF_H

#include "lib/store/store_internal.h"

struct s3_conf {
    char *bucket;
    char *region;
    char *endpoint; /* "http://host:port" and perhaps a path, no '/' at its end */
    char *host;     /* as in the Host header */
    char *access_key, *secret_key;
    char *session_token; /* NULL: none */
    int timeout_ms;
};

/* ERR_INVALID says what of the URL is wrong, and how it should be. ret_conf is to be ended in
 * any case. */
int s3_conf_read(struct s3_conf *ret_conf, const struct store_conf *conf, struct err *err);
void s3_conf_done(struct s3_conf *conf);

/* The path of the endpoint, "" where there is none. */
const char *s3_conf_path(const struct s3_conf *conf);

#endif
