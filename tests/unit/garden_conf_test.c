/* The settings that every program shares. */
#include "services/common/garden_conf.h"

#include <sys/stat.h>

#include "tests/support/process.h"
#include "tests/test.h"

static void unset_all(void)
{
    for (size_t i = 0; i < garden_field_count; i++)
        CHECK_INT(unsetenv(garden_fields[i].env), ==, 0);
}

TEST(nothing_set_is_the_embedded_engines)
{
    struct garden_conf conf;
    struct err err = {0};

    unset_all();
    CHECK_INT(setenv("GARDEN_BUS", "", 1), ==, 0); /* empty counts as unset */
    CHECK_OK(garden_conf_load(&conf, &err), err);
    CHECK_STR(conf.data, "./data");
    CHECK_STR(conf.bus, "local");
    CHECK_STR(conf.store, "fs");
    CHECK_STR(conf.catalog, "sqlite");
    CHECK(!conf.store_events);
}

static void check_refused(const char *name, const char *value, const char *allowed)
{
    struct garden_conf conf;
    struct err err = {0};

    unset_all();
    CHECK_INT(setenv(name, value, 1), ==, 0);
    CHECK_INT(garden_conf_load(&conf, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, name);
    CHECK_HAS(err.text, allowed);
    if (strstr(err.text, "secret"))
        TEST_FAIL("the error shows a password: %s", err.text);
}

TEST(what_is_not_allowed_is_named_with_what_is)
{
    check_refused("GARDEN_BUS", "rabbitmq", "kafka://host:port");
    check_refused("GARDEN_BUS", "kafka://", "kafka://host:port");
    check_refused("GARDEN_STORE", "gs://bucket", "s3://bucket");
    check_refused("GARDEN_CATALOG", "mysql://root:secret@db/x", "postgresql://");
    check_refused("GARDEN_STORE_EVENTS", "perhaps", "1 or 0");
    check_refused("GARDEN_STORE_EVENTS", "1", "fs");
}

static bool is_folder(const char *data, const char *name)
{
    char path[400];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/%s", data, name);
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

TEST(the_engines_live_in_the_data_folder)
{
    char data[300];
    struct garden_conf conf = {
        .data = data, .bus = "local", .store = "fs", .catalog = "sqlite"};
    struct err err = {0};

    (void)snprintf(data, sizeof data, "%s/a/b", folder_new());
    OWNED(bus) bus = garden_open_bus(&conf, "test", &err);
    OWNED(store) store = garden_open_store(&conf, &err);
    OWNED(catalog) catalog = garden_open_catalog(&conf, false, &err);
    CHECK_OK(err.code, err);
    CHECK(bus && store && catalog);
    CHECK(is_folder(data, "bus"));
    CHECK(is_folder(data, "store"));
    CHECK(is_folder(data, "catalog"));
}

TEST(a_data_folder_that_cannot_be_made_is_named)
{
    struct garden_conf conf = {
        .data = "/proc/none/data", .bus = "local", .store = "fs", .catalog = "sqlite"};
    struct err err = {0};

    CHECK(garden_open_bus(&conf, "test", &err) == NULL);
    CHECK_HAS(err.text, "/proc/none");
    CHECK_HAS(err.text, "GARDEN_DATA");
}
