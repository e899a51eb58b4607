/* remote_conf_test.c - the settings of the remote engines: what is missing or wrong is named.
 */
#include "services/recommender-proxy/remote_conf.h"

#include "tests/test.h"

#define ARN "arn:aws:personalize:us-east-1:123456789012:"

static struct rec_engine *open_named(const char *engine, struct err *err)
{
    struct remote_conf conf = {0};

    CHECK_OK(conf_load(&conf, remote_fields, remote_field_count, err), *err);
    return remote_conf_open(&conf, engine, err);
}

static void set_all(void)
{
    (void)setenv("RECOMMENDER_PERSONALIZE_CAMPAIGN", ARN "campaign/garden", 1);
    (void)setenv("RECOMMENDER_PERSONALIZE_ITEMS_DATASET", ARN "dataset/garden/ITEMS", 1);
    (void)setenv("AWS_ACCESS_KEY_ID", "AKID", 1);
    (void)setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
    (void)setenv("RECOMMENDER_GORSE_URL", "http://127.0.0.1:8087/", 1);
}

TEST(both_engines_open_with_what_they_need)
{
    OWNED(rec_engine) personalize = NULL;
    OWNED(rec_engine) gorse = NULL;
    struct err err = {0};

    set_all();
    personalize = open_named("personalize", &err);
    CHECK_OK(err.code, err);
    CHECK_STR(personalize->name, "personalize");
    CHECK(personalize->put_items && !personalize->put_users);
    gorse = open_named("gorse", &err);
    CHECK_OK(err.code, err);
    CHECK_STR(gorse->name, "gorse");
}

TEST(what_is_missing_or_wrong_is_named)
{
    static const struct {
        const char *engine, *env, *value;
    } cases[] = {
        {"personalize", "RECOMMENDER_PERSONALIZE_CAMPAIGN", ""},
        {"personalize", "RECOMMENDER_PERSONALIZE_CAMPAIGN", "garden"},
        {"personalize", "RECOMMENDER_PERSONALIZE_FILTER", "arn:aws:s3:::bucket"},
        {"personalize", "RECOMMENDER_PERSONALIZE_ITEMS_DATASET", "ITEMS"},
        {"personalize", "RECOMMENDER_PERSONALIZE_USERS_DATASET", "USERS"},
        {"personalize", "AWS_ACCESS_KEY_ID", ""},
        {"personalize", "AWS_SECRET_ACCESS_KEY", ""},
        {"gorse", "RECOMMENDER_GORSE_URL", ""},
        {"gorse", "RECOMMENDER_GORSE_KEY", "two\nlines"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};

        (void)unsetenv("RECOMMENDER_PERSONALIZE_FILTER");
        (void)unsetenv("RECOMMENDER_PERSONALIZE_USERS_DATASET");
        set_all();
        (void)setenv(cases[i].env, cases[i].value, 1);
        CHECK(!open_named(cases[i].engine, &err));
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, cases[i].env);
    }
}
