/* s3_conf.c - see s3_conf.h. */
#include "lib/store/s3_conf.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base/text.h"

#define SCHEME "s3://"
#define FORM "write s3://bucket?endpoint=http://host:port&region=us-east-1"

enum { TIMEOUT_MS = 10000 };

void s3_conf_done(struct s3_conf *conf)
{
    free(conf->bucket);
    free(conf->region);
    free(conf->endpoint);
    free(conf->host);
    free(conf->access_key);
    free(conf->secret_key);
    free(conf->session_token);
}

static int set(char **field, const char *text, struct err *err)
{
    free(*field);
    *field = strdup(text);
    return *field ? 0 : err_set_nomem(err, "the store's settings");
}

/* One "name=value" of the URL. */
static int read_parameter(struct s3_conf *conf, const char *text, size_t size, struct err *err)
{
    const char *value = memchr(text, '=', size);
    OWNED_VALUE(buf) decoded = {0};
    size_t name = value ? (size_t)(value - text) : size;
    int rc;

    if (!value)
        return err_set(err, ERR_INVALID, "store URL: \"%.*s\" has no value: " FORM,
                       (int)(size < 60 ? size : 60), text);
    rc = text_url_decode(&decoded, value + 1, size - name - 1, false, err);
    if (rc < 0)
        return err_wrap(err, "store URL");
    if (name == 8 && memcmp(text, "endpoint", name) == 0)
        return set(&conf->endpoint, buf_text(&decoded), err);
    if (name == 6 && memcmp(text, "region", name) == 0)
        return set(&conf->region, buf_text(&decoded), err);
    return err_set(err, ERR_INVALID, "store URL: \"%.*s\" is not known: " FORM,
                   (int)(name < 60 ? name : 60), text);
}

static int read_url(struct s3_conf *conf, const char *url, struct err *err)
{
    const char *bucket = url + strlen(SCHEME), *rest = bucket + strcspn(bucket, "?");
    int rc = 0;

    conf->bucket = strndup(bucket, (size_t)(rest - bucket));
    if (!conf->bucket)
        return err_set_nomem(err, "the store's settings");
    if (!*conf->bucket || strpbrk(conf->bucket, "/@:"))
        return err_set(err, ERR_INVALID, "store URL: \"%.60s\" is no bucket: " FORM,
                       conf->bucket);
    while (rc == 0 && *rest) {
        const char *parameter = rest + 1;

        rest = parameter + strcspn(parameter, "&");
        if (rest > parameter)
            rc = read_parameter(conf, parameter, (size_t)(rest - parameter), err);
    }
    return rc;
}

/* Where the host starts; NULL: no HTTP URL. */
static const char *host_of(const char *endpoint)
{
    if (text_starts_with(endpoint, "http://"))
        return endpoint + 7;
    return text_starts_with(endpoint, "https://") ? endpoint + 8 : NULL;
}

const char *s3_conf_path(const struct s3_conf *conf)
{
    const char *host = host_of(conf->endpoint);

    return host + strcspn(host, "/");
}

/* The Host header leaves the scheme's own port out. */
static void cut_usual_port(const char *endpoint, char *host)
{
    const char *port = text_starts_with(endpoint, "https:") ? ":443" : ":80";

    if (text_ends_with(host, port))
        host[strlen(host) - strlen(port)] = '\0';
}

static int read_endpoint(struct s3_conf *conf, struct err *err)
{
    char usual[128];
    const char *host;
    size_t size;
    int rc = 0;

    (void)snprintf(usual, sizeof usual, "https://s3.%.60s.amazonaws.com", conf->region);
    if (!conf->endpoint)
        rc = set(&conf->endpoint, usual, err);
    if (rc < 0)
        return rc;
    while ((size = strlen(conf->endpoint)) > 0 && conf->endpoint[size - 1] == '/')
        conf->endpoint[size - 1] = '\0';
    host = host_of(conf->endpoint);
    if (!host || !*host || *host == '/' || strpbrk(conf->endpoint, " ?#@%"))
        return err_set(err, ERR_INVALID, "store URL: endpoint \"%.80s\": " FORM,
                       conf->endpoint);
    conf->host = strndup(host, strcspn(host, "/"));
    if (!conf->host)
        return err_set_nomem(err, "the store's settings");
    cut_usual_port(conf->endpoint, conf->host);
    return 0;
}

static const char *from_environment(const char *name)
{
    const char *value = getenv(name);

    return value && *value ? value : NULL;
}

static int read_keys(struct s3_conf *ret_conf, const struct store_conf *conf, struct err *err)
{
    bool given = conf->access_key && conf->secret_key;
    const char *access_key = given ? conf->access_key : from_environment("AWS_ACCESS_KEY_ID");
    const char *secret_key =
        given ? conf->secret_key : from_environment("AWS_SECRET_ACCESS_KEY");
    const char *token = given ? NULL : from_environment("AWS_SESSION_TOKEN");

    if (!access_key || !secret_key)
        return err_set(err, ERR_INVALID,
                       "the S3 store has no keys: set AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY");
    if (set(&ret_conf->access_key, access_key, err) < 0 ||
        set(&ret_conf->secret_key, secret_key, err) < 0)
        return err->code;
    return token ? set(&ret_conf->session_token, token, err) : 0;
}

int s3_conf_read(struct s3_conf *ret_conf, const struct store_conf *conf, struct err *err)
{
    int rc;

    *ret_conf =
        (struct s3_conf){.timeout_ms = conf->timeout_ms > 0 ? conf->timeout_ms : TIMEOUT_MS};
    rc = set(&ret_conf->region, "us-east-1", err);
    if (rc == 0)
        rc = read_url(ret_conf, conf->url, err);
    if (rc == 0)
        rc = read_endpoint(ret_conf, err);
    return rc < 0 ? rc : read_keys(ret_conf, conf, err);
}
