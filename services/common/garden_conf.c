/* garden_conf.c - see garden_conf.h. */
#include "services/common/garden_conf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/base/text.h"

enum { PATH_BYTES = 4096 };

#define FIELD(member) offsetof(struct garden_conf, member)

const struct conf_field garden_fields[] = {
    {"GARDEN_DATA", CONF_STRING, "./data", FIELD(data),
     "folder for pictures, bus, catalogue and keys; nothing is written outside it", 0, 0},
    {"GARDEN_BUS", CONF_STRING, "local", FIELD(bus),
     "local, or kafka://host:port[,host:port...]", 0, 0},
    {"GARDEN_STORE", CONF_STRING, "fs", FIELD(store),
     "fs, or s3://bucket?endpoint=http://host:port[&region=us-east-1]", 0, 0},
    {"GARDEN_CATALOG", CONF_STRING, "sqlite", FIELD(catalog),
     "sqlite, or postgresql://user:password@host:port/database", 0, 0},
    {"GARDEN_STORE_EVENTS", CONF_BOOL, "0", FIELD(store_events),
     "1 where the object store itself publishes to garden.objects", 0, 0},
};
const size_t garden_field_count = sizeof garden_fields / sizeof *garden_fields;

/* value is embedded, or starts with one of the two prefixes and goes on after it. */
static int check_engine(const char *env, const char *value, const char *embedded,
                        const char *const prefixes[2], struct err *err)
{
    const char *meaning = "";

    if (strcmp(value, embedded) == 0)
        return 0;
    for (int i = 0; i < 2; i++)
        if (prefixes[i] && text_starts_with(value, prefixes[i]) && value[strlen(prefixes[i])])
            return 0;
    for (size_t i = 0; i < garden_field_count; i++)
        if (strcmp(garden_fields[i].env, env) == 0)
            meaning = garden_fields[i].meaning;
    /* no more than the scheme is shown: the rest may hold a password */
    return err_set(err, ERR_INVALID, "%s is '%.*s', but it takes %s", env,
                   (int)strcspn(value, ":/"), value, meaning);
}

int garden_conf_load(struct garden_conf *conf, struct err *err)
{
    static const char *const kafka[2] = {"kafka://"};
    static const char *const s3[2] = {"s3://"};
    static const char *const postgresql[2] = {"postgresql://", "postgres://"};
    struct garden_conf read = {0};
    int r = conf_load(&read, garden_fields, garden_field_count, err);

    if (r == 0)
        r = check_engine("GARDEN_BUS", read.bus, "local", kafka, err);
    if (r == 0)
        r = check_engine("GARDEN_STORE", read.store, "fs", s3, err);
    if (r == 0)
        r = check_engine("GARDEN_CATALOG", read.catalog, "sqlite", postgresql, err);
    if (r == 0 && read.store_events && strcmp(read.store, "fs") == 0)
        r = err_set(err, ERR_INVALID,
                    "GARDEN_STORE_EVENTS is 1, but GARDEN_STORE is fs, which publishes no "
                    "events: unset it, or name an s3:// store");
    if (r == 0)
        *conf = read;
    return r;
}

static int make_folder(const char *path, struct err *err)
{
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return err_set_errno(err, "making the folder %s of GARDEN_DATA", path);
    return 0;
}

/* Makes "<data>", with the folders above it, and writes "<data>/name". */
static int folder_in(const struct garden_conf *conf, const char *name, char path[PATH_BYTES],
                     struct err *err)
{
    size_t size = strlen(conf->data);

    if (size + strlen(name) + 2 > PATH_BYTES)
        return err_set(err, ERR_INVALID, "GARDEN_DATA is longer than %d bytes",
                       PATH_BYTES - 16);
    memcpy(path, conf->data, size + 1);
    for (size_t i = 1; i <= size; i++) {
        int r;

        if (path[i] != '/' && path[i] != '\0')
            continue;
        path[i] = '\0';
        r = make_folder(path, err);
        if (r < 0)
            return r;
        path[i] = i < size ? '/' : '\0';
    }
    (void)snprintf(path + size, PATH_BYTES - size, "/%s", name);
    return 0;
}

struct bus *garden_open_bus(const struct garden_conf *conf, const char *client_id,
                            struct err *err)
{
    char dir[PATH_BYTES];
    const struct bus_conf bus = {.url = conf->bus, .dir = dir, .client_id = client_id};

    return folder_in(conf, "bus", dir, err) < 0 ? NULL : bus_open(&bus, err);
}

struct store *garden_open_store(const struct garden_conf *conf, struct err *err)
{
    char dir[PATH_BYTES];
    const struct store_conf store = {.url = conf->store, .dir = dir};

    return folder_in(conf, "store", dir, err) < 0 ? NULL : store_open(&store, err);
}

struct catalog *garden_open_catalog(const struct garden_conf *conf, bool read_only,
                                    struct err *err)
{
    char dir[PATH_BYTES];
    const struct catalog_conf catalog = {
        .url = conf->catalog, .dir = dir, .read_only = read_only};

    return folder_in(conf, "catalog", dir, err) < 0 ? NULL : catalog_open(&catalog, err);
}
