/* remote_conf.c - see remote_conf.h. */
#include "services/recommender-proxy/remote_conf.h"

#include <string.h>

#include "lib/base/text.h"

#define PERSONALIZE(member) offsetof(struct remote_conf, personalize.member)
#define GORSE(member) offsetof(struct remote_conf, gorse.member)

const struct conf_field remote_fields[] = {
    {"RECOMMENDER_PERSONALIZE_REGION", CONF_STRING, "us-east-1", PERSONALIZE(region),
     "personalize: the region", 0, 0},
    {"RECOMMENDER_PERSONALIZE_RUNTIME_ENDPOINT", CONF_STRING, "", PERSONALIZE(runtime_endpoint),
     "personalize: another endpoint for recommendations, e.g. a VPC's; unset: "
     "https://personalize-runtime.<region>.amazonaws.com",
     0, 0},
    {"RECOMMENDER_PERSONALIZE_EVENTS_ENDPOINT", CONF_STRING, "", PERSONALIZE(events_endpoint),
     "personalize: another endpoint for events, items and users; unset: "
     "https://personalize-events.<region>.amazonaws.com",
     0, 0},
    {"RECOMMENDER_PERSONALIZE_CAMPAIGN", CONF_STRING, "", PERSONALIZE(campaign),
     "personalize: ARN of the campaign or the recommender", 0, 0},
    {"RECOMMENDER_PERSONALIZE_FILTER", CONF_STRING, "", PERSONALIZE(filter),
     "personalize: ARN of the filter with $MOOD and $ORIENTATION; unset: 500 results are asked "
     "for and those of other moods left out",
     0, 0},
    {"RECOMMENDER_PERSONALIZE_CONTEXT", CONF_BOOL, "1", PERSONALIZE(context),
     "personalize: 0: the schema of interactions has no columns EMOTION, GENERATION and GENDER",
     0, 0},
    {"RECOMMENDER_PERSONALIZE_TRACKING_ID", CONF_STRING, "", PERSONALIZE(tracking_id),
     "personalize: id of the event tracker; unset: it is told of no likes", 0, 0},
    {"RECOMMENDER_PERSONALIZE_ITEMS_DATASET", CONF_STRING, "", PERSONALIZE(items_dataset),
     "personalize: ARN of the dataset of items; unset: it is told of none", 0, 0},
    {"RECOMMENDER_PERSONALIZE_USERS_DATASET", CONF_STRING, "", PERSONALIZE(users_dataset),
     "personalize: ARN of the dataset of users; unset: it is told of none", 0, 0},
    {"AWS_ACCESS_KEY_ID", CONF_STRING, "", PERSONALIZE(access_key),
     "personalize: the key's name", 0, 0},
    {"AWS_SECRET_ACCESS_KEY", CONF_STRING, "", PERSONALIZE(secret_key), "personalize: the key",
     0, 0},
    {"AWS_SESSION_TOKEN", CONF_STRING, "", PERSONALIZE(session_token),
     "personalize: of temporary keys", 0, 0},
    {"RECOMMENDER_GORSE_URL", CONF_STRING, "", GORSE(url),
     "gorse: its address, e.g. http://gorse:8087", 0, 0},
    {"RECOMMENDER_GORSE_KEY", CONF_STRING, "", GORSE(key),
     "gorse: api_key of its [server]; unset: it wants none", 0, 0},
};
const size_t remote_field_count = sizeof remote_fields / sizeof *remote_fields;

static int check_arn(const char *name, const char *arn, const char *kinds, struct err *err)
{
    if (!*arn || (text_starts_with(arn, "arn:") && strstr(arn, ":personalize:")))
        return 0;
    return err_set(err, ERR_INVALID,
                   "%s is '%.60s': it takes the ARN of a %s, like "
                   "arn:aws:personalize:us-east-1:123456789012:...",
                   name, arn, kinds);
}

static int check_personalize(const struct engine_personalize_conf *conf, struct err *err)
{
    if (!*conf->campaign)
        return err_set(err, ERR_INVALID,
                       "RECOMMENDER_ENGINE is personalize, which needs "
                       "RECOMMENDER_PERSONALIZE_CAMPAIGN");
    if (!*conf->access_key || !*conf->secret_key)
        return err_set(err, ERR_INVALID,
                       "RECOMMENDER_ENGINE is personalize, which needs AWS_ACCESS_KEY_ID and "
                       "AWS_SECRET_ACCESS_KEY");
    if (check_arn("RECOMMENDER_PERSONALIZE_CAMPAIGN", conf->campaign, "campaign or recommender",
                  err) < 0 ||
        check_arn("RECOMMENDER_PERSONALIZE_FILTER", conf->filter, "filter", err) < 0 ||
        check_arn("RECOMMENDER_PERSONALIZE_ITEMS_DATASET", conf->items_dataset, "dataset",
                  err) < 0)
        return err->code;
    return check_arn("RECOMMENDER_PERSONALIZE_USERS_DATASET", conf->users_dataset, "dataset",
                     err);
}

struct rec_engine *remote_conf_open(const struct remote_conf *conf, const char *engine,
                                    struct err *err)
{
    if (strcmp(engine, "personalize") == 0)
        return check_personalize(&conf->personalize, err) < 0
                   ? NULL
                   : engine_personalize_new(&conf->personalize, err);
    if (strcmp(engine, "gorse") == 0 && *conf->gorse.url)
        return engine_gorse_new(&conf->gorse, err);
    if (strcmp(engine, "gorse") == 0)
        err_set(err, ERR_INVALID,
                "RECOMMENDER_ENGINE is gorse, which needs RECOMMENDER_GORSE_URL");
    else
        err_set(err, ERR_INVALID, "'%.40s' is no remote engine: personalize or gorse", engine);
    return NULL;
}
