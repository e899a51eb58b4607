/* emotion_conf.c - see emotion_conf.h. */
#include "services/emotion/emotion_conf.h"

#include <string.h>

#define FIELD(member) offsetof(struct emotion_conf, member)

const struct conf_field emotion_fields[] = {
    {"EMOTION_LISTEN", CONF_STRING, "127.0.0.1:8093", FIELD(listen),
     "address that the gateway reaches it by; it has no keys of its own", 0, 0},
    {"EMOTION_ENGINE", CONF_STRING, "local", FIELD(engine),
     "what looks at pictures: local, or rekognition, which sends them to Amazon", 0, 0},
    {"EMOTION_MODELS", CONF_STRING, "", FIELD(models),
     "local: folder of the nets; unset: those that ship (models/face); none: gardenctl up "
     "starts "
     "no emotion service",
     0, 0},
    {"EMOTION_THREADS", CONF_INT, "0", FIELD(threads),
     "local: threads that compute; 0: one for each core that the process may use", 0, 1024},
    {"EMOTION_MAX_PICTURE_MB", CONF_INT, "16", FIELD(max_picture_mb),
     "largest picture that is taken, in MiB", 1, 256},
    {"EMOTION_MAX_PIXELS", CONF_INT, "50000000", FIELD(max_pixels),
     "largest picture that is looked at, width times height", 10000, 1000000000},
    {"EMOTION_QUEUE", CONF_INT, "64", FIELD(queue),
     "pictures that may wait; more are answered 503", 1, 10000},
    {"EMOTION_QUEUE_MB", CONF_INT, "64", FIELD(queue_mb),
     "the most that pictures may take while they come in and wait, in MiB; more are answered "
     "503",
     1, 65536},
    {"EMOTION_VISIT_S", CONF_INT, "1800", FIELD(visit_s),
     "how long a visitor's own word stands against analyses, in s", 1, 604800},
    {"EMOTION_RECEIPT_KEY", CONF_STRING, "", FIELD(receipt_key),
     "file with the Ed25519 key (PEM) that signs receipts; unset: receipt.pem in GARDEN_DATA, "
     "made when missing. Replicas share one",
     0, 0},
    {"EMOTION_REQUIRE_LOCKED", CONF_BOOL, "0", FIELD(require_locked),
     "1: does not start where pictures could be swapped out to disk", 0, 0},
    {"EMOTION_REKOGNITION_REGION", CONF_STRING, "us-east-1", FIELD(region),
     "rekognition: the region", 0, 0},
    {"EMOTION_REKOGNITION_ENDPOINT", CONF_STRING, "", FIELD(endpoint),
     "rekognition: another endpoint, e.g. a VPC's; unset: "
     "https://rekognition.<region>.amazonaws.com",
     0, 0},
    {"EMOTION_REKOGNITION_DEADLINE_MS", CONF_INT, "10000", FIELD(deadline_ms),
     "rekognition: for an answer, attempts that were throttled included, in ms", 100, 25000},
    {"AWS_ACCESS_KEY_ID", CONF_STRING, "", FIELD(access_key), "rekognition: the key's name", 0,
     0},
    {"AWS_SECRET_ACCESS_KEY", CONF_STRING, "", FIELD(secret_key), "rekognition: the key", 0, 0},
    {"AWS_SESSION_TOKEN", CONF_STRING, "", FIELD(session_token),
     "rekognition: of temporary keys", 0, 0},
};
const size_t emotion_field_count = sizeof emotion_fields / sizeof *emotion_fields;

static int check(const struct emotion_conf *conf, struct err *err)
{
    const bool remote = strcmp(conf->engine, "rekognition") == 0;

    if (!remote && strcmp(conf->engine, "local") != 0)
        return err_set(err, ERR_INVALID,
                       "EMOTION_ENGINE is '%.40s': it takes local or "
                       "rekognition",
                       conf->engine);
    if (remote && (!*conf->access_key || !*conf->secret_key))
        return err_set(err, ERR_INVALID,
                       "EMOTION_ENGINE is rekognition, which needs AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY");
    if (conf->queue_mb < conf->max_picture_mb)
        return err_set(err, ERR_INVALID,
                       "EMOTION_QUEUE_MB is less than EMOTION_MAX_PICTURE_MB: no such picture "
                       "could ever be taken");
    return 0;
}

int emotion_conf_load(struct emotion_conf *conf, struct err *err)
{
    struct emotion_conf read = {0};
    int r = garden_conf_load(&read.garden, err);

    if (r == 0)
        r = conf_load(&read, emotion_fields, emotion_field_count, err);
    if (r == 0)
        r = check(&read, err);
    if (r == 0)
        *conf = read;
    return r;
}
