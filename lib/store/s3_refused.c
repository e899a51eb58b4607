/* s3_refused.c - what S3's refusals mean here, and how to mend them. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/store/s3_client.h"
#include "lib/store/s3_xml.h"

struct refusal {
    char code[64], message[160];
};

static const struct {
    const char *name; /* of S3's error */
    int code;
    const char *mend;
} known[] = {
    {"SignatureDoesNotMatch", ERR_DENIED, "check AWS_SECRET_ACCESS_KEY"},
    {"InvalidAccessKeyId", ERR_DENIED, "check AWS_ACCESS_KEY_ID"},
    {"XAdminUserNotFound", ERR_DENIED, "check AWS_ACCESS_KEY_ID"}, /* versitygw's word for it */
    {"ExpiredToken", ERR_DENIED, "get new keys, AWS_SESSION_TOKEN has expired"},
    {"InvalidToken", ERR_DENIED, "check AWS_SESSION_TOKEN"},
    {"AccessDenied", ERR_DENIED, "give the access key the right to do this to the bucket"},
    {"AllAccessDisabled", ERR_DENIED, "the bucket's owner has to allow it"},
    {"AuthorizationHeaderMalformed", ERR_INVALID, "set region= of the store URL"},
    {"PermanentRedirect", ERR_INVALID, "set endpoint= and region= to where the bucket is"},
    {"InvalidBucketName", ERR_INVALID, "check the bucket of the store URL"},
    {"KeyTooLongError", ERR_INVALID, "use a shorter key"},
    {"EntityTooLarge", ERR_TOO_LARGE, "it is more than the server takes"},
    {"QuotaExceeded", ERR_IO, "no space left: free some"},
    {"SlowDown", ERR_UNAVAILABLE, "it asks for fewer requests; try again later"},
    {"RequestTimeout", ERR_UNAVAILABLE, "try again later"},
    {"InternalError", ERR_UNAVAILABLE, "try again later"},
    {"ServiceUnavailable", ERR_UNAVAILABLE, "try again later"},
};

static int on_element(void *ctx, const char *path, const char *text, struct err *err)
{
    struct refusal *refusal = ctx;

    (void)err;
    if (strcmp(path, "Error/Code") == 0)
        (void)snprintf(refusal->code, sizeof refusal->code, "%s", text);
    if (strcmp(path, "Error/Message") == 0)
        (void)snprintf(refusal->message, sizeof refusal->message, "%s", text);
    return 0;
}

static int code_of_status(int status)
{
    if (status == 401 || status == 403)
        return ERR_DENIED;
    if (status == 409 || status == 412)
        return ERR_CONFLICT;
    if (status == 413)
        return ERR_TOO_LARGE;
    if (status == 507)
        return ERR_IO;
    return status == 429 || status >= 500 ? ERR_UNAVAILABLE : ERR_REMOTE;
}

static int clock_is_off(const struct http_client_response *response, struct err *err)
{
    char date[64];

    if (!http_client_header(response, "date", date, sizeof date))
        (void)text_copy(date, sizeof date, "unknown");
    return err_set(err, ERR_DENIED,
                   "S3 refuses the time of the request: this machine's clock is off, the "
                   "server's says %s: set it, e.g. by NTP",
                   date);
}

int s3_refused(const struct s3_client *client, const struct s3_request *request,
               const struct http_client_response *response, struct err *err)
{
    struct refusal r = {{0}, {0}};
    const char *key = request->key;
    struct err ignored = {0}; /* an answer of another kind than XML has its status still */
    size_t i = 0;

    (void)s3_xml_read(buf_text(&response->body), response->body.size, on_element, &r, &ignored);
    if (strcmp(r.code, "NoSuchBucket") == 0)
        return err_set(err, ERR_INVALID, "bucket %.63s does not exist at %.80s: create it",
                       s3_bucket(client), s3_endpoint(client));
    /* HEAD has no body to name a code in. */
    if (strcmp(r.code, "NoSuchKey") == 0 || (response->status == 404 && !*r.code && key))
        return err_set(err, ERR_NOT_FOUND, "there is no object %.100s", key);
    if (strcmp(r.code, "RequestTimeTooSkewed") == 0)
        return clock_is_off(response, err);
    while (i < sizeof known / sizeof *known && strcmp(known[i].name, r.code) != 0)
        i++;
    if (i < sizeof known / sizeof *known)
        return err_set(err, known[i].code, "S3 %s %.80s: %s: %s", request->method,
                       key ? key : "", r.code, known[i].mend);
    return err_set(err, code_of_status(response->status), "S3 %s %.80s: status %d %s %s",
                   request->method, key ? key : "", response->status, r.code, r.message);
}
