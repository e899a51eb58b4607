/* recommender_conf.c - see recommender_conf.h. */
#include "services/recommender-proxy/recommender_conf.h"

#include <string.h>

#define FIELD(member) offsetof(struct recommender_conf, member)

const struct conf_field recommender_fields[] = {
    {"RECOMMENDER_LISTEN", CONF_STRING, "127.0.0.1:8094", FIELD(listen),
     "address that the gateway reaches it by; it has no keys of its own", 0, 0},
    {"RECOMMENDER_ENGINE", CONF_STRING, "local", FIELD(engine),
     "what chooses pictures: local, personalize (Amazon Personalize) or gorse", 0, 0},
    {"RECOMMENDER_ENGINE_MS", CONF_INT, "300", FIELD(engine_ms),
     "personalize, gorse: how long it may take, in ms; the local one answers then", 10, 10000},
    {"RECOMMENDER_THREADS", CONF_INT, "0", FIELD(threads),
     "threads that answer; 0: one for each core, or 32 for a remote engine", 0, 1024},
    {"RECOMMENDER_QUEUE", CONF_INT, "512", FIELD(queue),
     "requests that may wait for a thread; more are answered 503", 1, 100000},
    {"RECOMMENDER_GARDEN", CONF_INT, "100", FIELD(garden_count),
     "most pictures of each orientation in an answer of /garden", 1, 250},
    {"RECOMMENDER_EXPLORATION", CONF_INT, "10", FIELD(exploration_percent),
     "local: share of the places that go to new pictures, so that they get known, in percent",
     0, 100},
    {"RECOMMENDER_EXPLORATION_DAYS", CONF_INT, "30", FIELD(exploration_days),
     "local: how long a picture is new, in days", 0, 3650},
    {"RECOMMENDER_FACTORS", CONF_INT, "64", FIELD(factors),
     "local: numbers that stand for what a visitor likes, a multiple of 16", 16, 256},
    {"RECOMMENDER_SWEEPS", CONF_INT, "8", FIELD(sweeps),
     "local: rounds of a training over visitors and pictures", 1, 100},
    {"RECOMMENDER_TRAIN_S", CONF_INT, "20", FIELD(train_s),
     "local: least time from one training to the next, in s; it is ten times as long as a "
     "training takes where that is more",
     1, 86400},
    {"RECOMMENDER_TRAIN_THREADS", CONF_INT, "0", FIELD(train_threads),
     "local: threads that train; 0: one for each core", 0, 1024},
    {"RECOMMENDER_LOOKS", CONF_BOOL, "1", FIELD(looks),
     "1: looks at each new picture once, so that those that look the same do not meet", 0, 0},
};
const size_t recommender_field_count = sizeof recommender_fields / sizeof *recommender_fields;

static int check(const struct recommender_conf *conf, struct err *err)
{
    if (strcmp(conf->engine, "local") != 0 && strcmp(conf->engine, "personalize") != 0 &&
        strcmp(conf->engine, "gorse") != 0)
        return err_set(err, ERR_INVALID,
                       "RECOMMENDER_ENGINE is '%.40s': it takes local, personalize or gorse",
                       conf->engine);
    if (conf->factors % 16 != 0)
        return err_set(err, ERR_INVALID,
                       "RECOMMENDER_FACTORS is %lld: it takes a multiple of 16",
                       (long long)conf->factors);
    return 0;
}

int recommender_conf_load(struct recommender_conf *conf, struct err *err)
{
    struct recommender_conf read = {0};
    int r = garden_conf_load(&read.garden, err);

    if (r == 0)
        r = conf_load(&read, recommender_fields, recommender_field_count, err);
    if (r == 0)
        r = conf_load(&read.remote, remote_fields, remote_field_count, err);
    if (r == 0)
        r = check(&read, err);
    if (r == 0)
        *conf = read;
    return r;
}

struct rec_local_conf recommender_conf_local(const struct recommender_conf *conf)
{
    struct rec_local_conf local = rec_local_defaults;

    local.exploration = (float)conf->exploration_percent / 100;
    local.exploration_age_ms = conf->exploration_days * 86400000;
    local.als.factors = (int)conf->factors;
    local.als.sweeps = (int)conf->sweeps;
    local.als.threads = (int)conf->train_threads;
    return local;
}
