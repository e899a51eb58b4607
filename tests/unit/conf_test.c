/* Settings come from the environment, and a wrong one is named with what it takes. */
#include "lib/base/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/test.h"

struct settings {
    const char *brokers;
    int64_t batch;
    bool quiet;
};

static const struct conf_field fields[] = {
    {"T_BROKERS", CONF_STRING, NULL, offsetof(struct settings, brokers), "host:port,...", 0, 0},
    {"T_BATCH", CONF_INT, "1000", offsetof(struct settings, batch), "records", 1, 5000},
    {"T_QUIET", CONF_BOOL, "no", offsetof(struct settings, quiet), "say less", 0, 0},
};

static int load(struct settings *s, struct err *err)
{
    return conf_load(s, fields, sizeof fields / sizeof *fields, err);
}

TEST(defaults_fill_what_is_unset_or_empty)
{
    struct err err = {0};
    struct settings s;

    setenv("T_BROKERS", "localhost:9092", 1);
    setenv("T_BATCH", "", 1);
    unsetenv("T_QUIET");
    CHECK_OK(load(&s, &err), err);
    CHECK_STR(s.brokers, "localhost:9092");
    CHECK_INT(s.batch, ==, 1000);
    CHECK(!s.quiet);
}

TEST(a_missing_setting_is_named_with_its_meaning)
{
    struct err err = {0};
    struct settings s;

    unsetenv("T_BROKERS");
    CHECK_INT(load(&s, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "T_BROKERS is not set: host:port,...");
}

TEST(a_wrong_number_or_word_says_what_is_allowed)
{
    struct err err = {0};
    struct settings s;

    setenv("T_BROKERS", "x", 1);
    setenv("T_BATCH", "6000", 1);
    CHECK_INT(load(&s, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "T_BATCH is '6000', not a number from 1 to 5000: records");
    err_clear(&err);
    setenv("T_BATCH", "6", 1);
    setenv("T_QUIET", "maybe", 1);
    CHECK_INT(load(&s, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "T_QUIET is 'maybe', not 1 or 0: say less");
    err_clear(&err);
    setenv("T_QUIET", "YES", 1);
    CHECK_OK(load(&s, &err), err);
    CHECK(s.quiet);
}
